"""Which conventions a header has, at a glance: what every header is asked, and most deny."""

from __future__ import annotations

from collections.abc import Sequence

from fitsprov.cards.grammar import CARD
from fitsprov.conventions.convention import Spotted

__all__ = ["find_prefix", "spot"]

SHORT = 8
"""Columns of a keyword (FITS 4.0, 4.1.2.1)."""
HIERARCH = b"HIERARCH "
LONG = 12
"""Columns behind HIERARCH in which a keyword is looked for, before all of it is compared."""


def spot(header: bytes, conventions: Sequence[Spotted]) -> list[tuple[int, Spotted]]:
    """Find the conventions that some keyword betrays, in their order, each with where the first such card stands."""
    keywords = columns(header, 0, SHORT)
    words = columns(header, len(HIERARCH), LONG) if HIERARCH[:SHORT] in keywords else None
    found = []
    for convention in conventions:
        cards = []
        for prefix in convention.prefixes:
            if len(prefix) <= SHORT and (card := find_short(keywords, prefix)) >= 0:
                cards.append(card)
            if words is not None and (card := find_long(header, words, prefix)) >= 0:
                cards.append(card)
        if cards:
            found.append((min(cards) * CARD, convention))
    return found


def columns(header: bytes, start: int, width: int) -> bytearray:
    """Some columns of all cards, card after card."""
    stop = len(header) - len(header) % CARD
    taken = bytearray(width * (stop // CARD))
    for at in range(width):
        taken[at::width] = header[start + at : stop : CARD]
    return taken


def find_short(keywords: bytearray, prefix: bytes) -> int:
    """The number of the first card whose keyword begins so; -1 where there is none."""
    at = keywords.find(prefix)
    while at >= 0 and at % SHORT:
        at = keywords.find(prefix, at + 1)
    return at if at < 0 else at // SHORT


def find_long(header: bytes, words: bytearray, prefix: bytes) -> int:
    """The same of keywords behind HIERARCH."""
    at = words.find(prefix[:LONG])
    while at >= 0:
        start = at // LONG * CARD
        if at % LONG == 0 and header.startswith(HIERARCH + prefix, start):
            return at // LONG
        at = words.find(prefix[:LONG], at + 1)
    return -1


def find_prefix(header: bytes, prefix: bytes) -> int:
    """Where the first card stands whose keyword begins so; -1 where there is none."""
    at = header.find(prefix)
    while at >= 0 and at % CARD and not (at % CARD == 9 and header.startswith(HIERARCH, at - 9)):
        at = header.find(prefix, at + 1)
    return at - at % CARD if at >= 0 else -1
