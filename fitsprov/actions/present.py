"""What of our cards, and of others', stands in a header, and where."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from fitsprov.actions.conventions import native
from fitsprov.cards.grammar import CARD
from fitsprov.cards.search import find_card
from fitsprov.conventions.convention import Group
from fitsprov.conventions.reading import group_of, read_group, read_whole
from fitsprov.conventions.spotting import find_first
from fitsprov.model.stamp import Stamp

if TYPE_CHECKING:
    from fitsprov.files.units import HeaderUnit

__all__ = ["Ours", "Spans", "find_ours", "has_foreign", "joined", "spans"]

Spans = tuple[tuple[int, int], ...]
"""Card-aligned pieces of a header, in order."""


class Ours(NamedTuple):
    """Our own stamp, as a header has it."""

    stamp: Stamp | None = None
    """None where there is none."""
    spans: Spans = ()
    cards: bytes = b""
    whole: bool = False
    """Whether it surely stands as we wrote it, its seal unbroken."""


def find_ours(unit: HeaderUnit) -> Ours:
    """Find our stamp; one that stands as we wrote it is read in one pass."""
    first = find_first(unit.header, native(), unit.end)
    if first < 0:
        return Ours()
    told = read_whole(unit.cards, native(), first)
    if told is not None:
        stop = find_card(unit.header, unit.end, b"FPV_SEAL", first) + CARD
        return Ours(told[0].stamp, ((first, stop),), unit.header[first:stop], whole=True)
    group = group_of(unit.header, native(), unit.end)
    if not group:
        return Ours()
    found = spans((), group)
    return Ours(read_group(group, native()), found, joined(unit, found))


def joined(unit: HeaderUnit, pieces: Spans) -> bytes:
    """The bytes of some pieces of a header."""
    return b"".join([unit.header[start:stop] for start, stop in pieces])


def spans(ours: Spans, *groups: Group) -> Spans:
    """Where cards stand, each once: ours, and those of groups; neighbours of one group are one span."""
    if not any(groups):
        return ours
    found = list(ours)
    taken = {at for start, stop in ours for at in range(start, stop, CARD)}
    for group in groups:
        last = -1
        for card, _ in group:
            if card.start in taken:
                continue
            taken.add(card.start)
            start = found.pop()[0] if card.start == last else card.start
            last = card.stop
            found.append((start, last))
    return tuple(sorted(found))


def has_foreign(unit: HeaderUnit, keyword: bytes, ours: Ours) -> bool:
    """Whether a keyword stands in a header outside our stamp."""
    at = find_card(unit.header, unit.end, keyword)
    return at >= 0 and not any(start <= at < stop for start, stop in ours.spans)
