"""The in-place protocol: hide, write, reveal, inside END's own block.

END on the separator hides all that stands behind it, so the cards there may be written in any order. The separator is
8 aligned bytes, which no page and no disk sector divides. Whoever dies on the way leaves the old header, the new one,
or the header without a stamp; a first stamp needs no hiding, a strip no reveal.

A reader copies the header piece by piece, and may be held up between two of them. One who had taken the first cards of
an old stamp before the hiding would take the rest from the new stamp. So what hides needs a file that nobody else has
open, and where C does it, one call that no other thread of Python runs beside. Where the system cannot tell, a stamp
that stands in two pages is copied; in one page the moment is short.
"""

from __future__ import annotations

import contextlib

from fitsprov.cards.grammar import CARD, END
from fitsprov.compiled import compiled
from fitsprov.files.clone import PAGE, write_at
from fitsprov.files.layout import FlipPlan
from fitsprov.files.locks import TAKEN, UNKNOWN, alone, together
from fitsprov.files.sync import sync
from fitsprov.files.units import HeaderUnit, read_descriptor

__all__ = ["flip"]

KEYWORD = 8


def flip(descriptor: int, unit: HeaderUnit, plan: FlipPlan, *, fsync: bool) -> bool:
    """Do what was planned; where the system refuses a write, or the user interrupts, put back what was there.

    With `fsync`, each step is on the disk before the next, unless one page holds them all, which reaches the disk
    as a whole in any case.

    Returns
    -------
    bool
        Whether it is done; not where a reader could take a mixture from it, as far as the system can tell.
    """
    apart = fsync and in_pages(plan) > 1
    at = plan.at - unit.start
    old = unit.header[at : at + CARD + len(plan.behind)]
    done = flip_alone(descriptor, plan.at, plan.behind, old, plan.reveal) if plan.hide and not apart else None
    if done is False or (done is None and not may_flip(descriptor, plan)):
        return False
    try:
        if not done:
            flip_by_steps(descriptor, plan, apart=apart)
        if fsync:
            sync(descriptor, data=True)
    except BaseException:
        put_back(descriptor, old, plan)
        raise
    finally:
        if plan.hide and not done:
            together(descriptor)
    return True


def flip_by_steps(descriptor: int, plan: FlipPlan, *, apart: bool) -> None:
    """Hide, write, reveal; `apart` puts each on the disk before the next."""
    if plan.hide:
        write_at(descriptor, END[:KEYWORD], plan.at)
        if apart:
            sync(descriptor, data=True)
    write_at(descriptor, plan.behind, plan.at + CARD)
    if plan.reveal:
        if apart:
            sync(descriptor, data=True)
        write_at(descriptor, b" " * KEYWORD, plan.at)


@compiled
def flip_alone(descriptor: int, at: int, behind: bytes, old: bytes, reveal: bool) -> bool | None:
    """Hide, write and reveal at once, while nobody else has the file open, whatever threads there are.

    No thread that keeps the interpreter can wait for the file meanwhile, as it could where Python does that.

    Parameters
    ----------
    old : bytes
        What stands from the separator on, to put back where the system refuses a write.

    Returns
    -------
    bool, optional
        Whether it is done; False where another has the file open, None where that cannot be told.

    Raises
    ------
    OSError
        Where the system refuses a write; what was there stands again.
    """
    return None


def may_flip(descriptor: int, plan: FlipPlan) -> bool:
    """Whether no reader takes a mixture from a flip by steps, as far as the system can tell."""
    if not plan.hide:
        return True
    lease = alone(descriptor)
    return lease is TAKEN or (lease is UNKNOWN and in_pages(plan) == 1)


def in_pages(plan: FlipPlan) -> int:
    """Count the pages that a flip touches."""
    return (plan.at + CARD + len(plan.behind) - 1) // PAGE - plan.at // PAGE + 1


def put_back(descriptor: int, old: bytes, plan: FlipPlan) -> None:
    """Write the old cards again, and reveal them only where all of them are there."""
    behind = old[CARD:]
    with contextlib.suppress(OSError):
        write_at(descriptor, END[:KEYWORD], plan.at)
        write_at(descriptor, behind, plan.at + CARD)
    if read_descriptor(descriptor, plan.at + CARD, len(behind)) == behind:
        with contextlib.suppress(OSError):
            write_at(descriptor, old[:KEYWORD], plan.at)
