"""Which conventions a header has, at a glance: what every header is asked, and most deny."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from fitsprov.cards.grammar import CARD
from fitsprov.cards.search import find_card
from fitsprov.conventions.convention import Spotted

__all__ = ["find_prefix", "spot"]

HIERARCH = b"HIERARCH "
FEW = 4
"""Columns that are looked at first, in all cards at once."""
ANY = -1
"""For prefixes of fewer columns."""

Starts = dict[int, list[tuple[int, bytes]]]
"""First columns of a prefix → the number of its convention, the prefix."""


def as_number(start: bytes) -> int:
    """The first columns as one number."""
    return memoryview(start[:FEW]).cast("I")[0]


LONG = as_number(HIERARCH)
"""How keywords begin that stand behind HIERARCH."""


def spot(header: bytes, conventions: Sequence[Spotted]) -> list[tuple[int, Spotted]]:
    """Find the conventions that some keyword betrays, in their order, each with where the first such card stands."""
    known = tuple(conventions)
    starts = starts_of(known)
    columns = first_columns(header, 0)
    found = starts_among(columns, known)
    if not found and ANY not in starts:
        return []
    hits = [(number, find_short(header, columns, prefix)) for start in found for number, prefix in starts[start]]
    behind = {ANY} & starts.keys()
    if LONG in found:
        behind |= starts_among(first_columns(header, len(HIERARCH)), known)
    hits += [(number, find_prefix(header, prefix)) for start in behind for number, prefix in starts[start]]
    first: dict[int, int] = {}
    for number, at in hits:
        if at >= 0:
            first[number] = min(at, first.get(number, at))
    return [(first[number], conventions[number]) for number in sorted(first)]


@lru_cache(maxsize=256)
def starts_among(columns: bytes, conventions: tuple[Spotted, ...]) -> frozenset[int]:
    """Which beginnings stand in these columns; files of one program mostly have the same keywords in one order."""
    return frozenset(starts_of(conventions).keys() & memoryview(columns).cast("I"))


@lru_cache(maxsize=64)
def starts_of(conventions: tuple[Spotted, ...]) -> Starts:
    """Index conventions by how their keywords begin; HIERARCH is among them."""
    starts: Starts = {LONG: []}
    for number, convention in enumerate(conventions):
        for prefix in convention.prefixes:
            start = as_number(prefix) if len(prefix) >= FEW else ANY
            starts.setdefault(start, []).append((number, prefix))
    return starts


def first_columns(header: bytes, start: int) -> bytes:
    """The first few of the columns of all cards, from a column on, card after card."""
    stop = len(header) - len(header) % CARD
    taken = bytearray(FEW * (stop // CARD))
    for at in range(FEW):
        taken[at::FEW] = header[start + at : stop : CARD]
    return bytes(taken)


def find_short(header: bytes, columns: bytes, prefix: bytes) -> int:
    """Where the first card stands whose keyword, not behind HIERARCH, begins so; -1 where there is none."""
    at = columns.find(prefix[:FEW])
    while at >= 0 and (at % FEW or not header.startswith(prefix, at // FEW * CARD)):
        at = columns.find(prefix[:FEW], at + 1)
    return at if at < 0 else at // FEW * CARD


def find_prefix(header: bytes, prefix: bytes) -> int:
    """Where the first card stands whose keyword begins so; -1 where there is none."""
    plain = find_card(header, len(header), prefix)
    behind = find_card(header, len(header), HIERARCH + prefix)
    return max(plain, behind) if plain < 0 or behind < 0 else min(plain, behind)
