"""Which conventions a header has, at a glance: what every header is asked, and most deny."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from itertools import chain

from fitsprov.cards.grammar import CARD
from fitsprov.cards.search import find_card
from fitsprov.compiled import compiled
from fitsprov.conventions.convention import Convention, Spotted

__all__ = ["find_first", "find_prefix", "spot"]

HIERARCH = b"HIERARCH "
FEW = 4
"""Columns that are looked at first, in all cards at once."""
ANY = -1
"""For prefixes of fewer columns."""


def as_number(start: bytes) -> int:
    """The first columns as one number."""
    return memoryview(start[:FEW]).cast("I")[0]


LONG = as_number(HIERARCH)
"""How keywords begin that stand behind HIERARCH."""


def spot(header: bytes, conventions: Sequence[Spotted]) -> list[tuple[int, Spotted]]:
    """Find the conventions that some keyword betrays, in their order, each with where the first such card stands."""
    known = tuple(conventions)
    numbers, prefixes = prefixes_of(known)
    found = prefixes.find(header, len(header))
    if not found:
        return []
    first: dict[int, int] = {}
    for prefix, at in found.items():
        number = numbers[prefix]
        first[number] = min(at, first.get(number, at))
    return [(first[number], known[number]) for number in sorted(first)]


def find_first(header: bytes, convention: Convention, stop: int) -> int:
    """Where the first card stands, of those before an offset, that betrays a convention; -1 where there is none."""
    found = own_prefixes(convention).find(header, stop)
    return min(found.values()) if found else -1


@lru_cache(maxsize=64)
def own_prefixes(convention: Convention) -> Prefixes:
    """The prefixes of one convention."""
    return Prefixes(convention.prefixes)


@lru_cache(maxsize=64)
def prefixes_of(conventions: tuple[Spotted, ...]) -> tuple[list[int], Prefixes]:
    """The prefixes of all conventions, and the number of the convention for each."""
    found = [(number, prefix) for number, each in enumerate(conventions) for prefix in each.prefixes]
    return [number for number, _ in found], Prefixes([prefix for _, prefix in found])


@compiled
class Prefixes:
    """How keywords begin that are looked for, in many headers."""

    def __init__(self, prefixes: Sequence[bytes]) -> None:
        self.prefixes = prefixes
        self.starts: dict[int, list[int]] = {LONG: []}
        """First columns of a prefix → the numbers of the prefixes that have them; HIERARCH is among them."""
        for number, prefix in enumerate(prefixes):
            self.starts.setdefault(as_number(prefix) if len(prefix) >= FEW else ANY, []).append(number)
        self.among = lru_cache(maxsize=256)(self.starts_among)

    def find(self, header: bytes, stop: int) -> dict[int, int]:
        """Number of a prefix → where the first card stands whose keyword begins so.

        Only whole cards before an offset count.
        """
        stop = min(stop, len(header))
        header = header[: stop - stop % CARD]
        found: dict[int, int] = {}
        columns = first_columns(header, 0)
        starts = self.among(columns)
        for number in chain.from_iterable(map(self.starts.__getitem__, starts)):
            found[number] = find_short(header, columns, self.prefixes[number])
        behind = {ANY} & self.starts.keys()
        if LONG in starts:
            behind |= self.among(first_columns(header, len(HIERARCH)))
        for number in chain.from_iterable(map(self.starts.__getitem__, behind)):
            found[number] = find_prefix(header, self.prefixes[number])
        return {number: at for number, at in found.items() if at >= 0}

    def starts_among(self, columns: bytes) -> frozenset[int]:
        """Which beginnings stand in these columns; files of one program mostly have the same keywords in one order."""
        return frozenset(self.starts.keys() & memoryview(columns).cast("I"))


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
