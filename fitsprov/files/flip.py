"""The in-place protocol: hide, write, reveal, inside END's own block.

END on the separator hides all that stands behind it, so the cards there may be written in any order. The separator is
8 aligned bytes, which no page and no disk sector divides. Whoever dies on the way leaves the old header, the new one,
or the header without a stamp; a first stamp needs no hiding, a strip no reveal.

A reader copies the header piece by piece, and may be held up between two of them. One who had taken the first cards of
an old stamp before the hiding would take the rest from the new stamp. So what hides needs a file that nobody else has
open. Where the system cannot tell, a stamp that stands in two pages is copied; in one page the moment is short.
"""

from __future__ import annotations

import contextlib

from fitsprov.cards.grammar import CARD, END
from fitsprov.files.clone import PAGE, write_at
from fitsprov.files.layout import FlipPlan
from fitsprov.files.locks import TAKEN, UNKNOWN, alone, together
from fitsprov.files.sync import sync
from fitsprov.files.units import HeaderUnit, read_descriptor

__all__ = ["flip", "may_flip"]

KEYWORD = 8


def flip(descriptor: int, unit: HeaderUnit, plan: FlipPlan, *, fsync: bool) -> None:
    """Do what was planned; where the system refuses a write, or the user interrupts, put back what was there.

    With `fsync`, each step is on the disk before the next, unless one page holds them all, which reaches the disk
    as a whole in any case.
    """
    behind = plan.at + CARD
    apart = (plan.hide or fsync) and in_pages(plan) > 1
    try:
        if plan.hide:
            write_at(descriptor, END[:KEYWORD], plan.at)
            if fsync and apart:
                sync(descriptor, data=True)
        write_at(descriptor, plan.behind, behind)
        if fsync and apart and plan.reveal:
            sync(descriptor, data=True)
        if plan.reveal:
            write_at(descriptor, b" " * KEYWORD, plan.at)
        if fsync:
            sync(descriptor, data=True)
    except BaseException:
        put_back(descriptor, unit, plan)
        raise
    finally:
        if plan.hide:
            together(descriptor)


def may_flip(descriptor: int, plan: FlipPlan) -> bool:
    """Whether no reader takes a mixture from a flip, as far as the system can tell; `flip` lets them in again."""
    if not plan.hide:
        return True
    lease = alone(descriptor)
    return lease is TAKEN or (lease is UNKNOWN and in_pages(plan) == 1)


def in_pages(plan: FlipPlan) -> int:
    """Count the pages that a flip touches."""
    return (plan.at + CARD + len(plan.behind) - 1) // PAGE - plan.at // PAGE + 1


def put_back(descriptor: int, unit: HeaderUnit, plan: FlipPlan) -> None:
    """Write the old cards again, and reveal them only where all of them are there."""
    at = plan.at - unit.start
    old = unit.header[at + CARD : at + CARD + len(plan.behind)]
    with contextlib.suppress(OSError):
        write_at(descriptor, END[:KEYWORD], plan.at)
        write_at(descriptor, old, plan.at + CARD)
    if read_descriptor(descriptor, plan.at + CARD, len(old)) == old:
        with contextlib.suppress(OSError):
            write_at(descriptor, unit.header[at : at + KEYWORD], plan.at)
