"""What is done with arrays of keys, many or few: for few it counts how often numpy is called."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["EMPTY", "Met", "Numbers", "count", "joined", "really", "spread", "unique", "within", "without"]

Numbers = NDArray[Any]

DENSE = 1_000_000
"""Greatest number up to which there is a counter for each."""
FEW = 1_000
"""Keys up to which sorting them is quickest."""
SPARSE = 100
"""Places for each key up to which marking them is quicker than sorting them."""

EMPTY: Numbers = np.empty(0, np.int64)


class Met:
    """Which of all keys a walk has met; used for one after the other: to make it takes longer than a small walk."""

    def __init__(self, greatest: int) -> None:
        self.marks = np.zeros(greatest + 1, bool)
        self.places = np.empty(greatest + 1, np.int32)
        """Of keys, where one stands that stands in several; else anything."""
        self.keys: list[Numbers] = []

    def first(self, keys: Numbers) -> Numbers:
        """Give those that are met for the first time, each once, sorted."""
        found = keys[~self.marks[keys]]
        order = np.arange(len(found), dtype=np.int32)
        self.places[found] = order
        found = unique(found[self.places[found] == order])
        self.marks[found] = True
        self.keys.append(found)
        return found

    def forget(self) -> None:
        """Be as new."""
        for keys in self.keys:
            self.marks[keys] = False
        self.keys.clear()


def spread(starts: Numbers, counts: Numbers) -> Numbers:
    """Give the places of many ranges."""
    ends = counts.cumsum()
    total = int(ends[-1]) if len(ends) else 0
    places: Numbers = (starts - ends + counts).repeat(counts) + np.arange(total)
    return places


def joined(found: Numbers, more: Numbers) -> Numbers:
    """Give all of both; the second is mostly empty."""
    return np.concatenate([found, more]) if len(more) else found


def without(keys: Numbers, some: Numbers) -> Numbers:
    """Leave out a few keys, which are sorted."""
    return keys[~within(keys, some)] if len(some) else keys


def within(keys: Numbers, some: Numbers) -> Numbers:
    """Tell which keys are among a few that are sorted."""
    if not len(some):
        return np.zeros(len(keys), bool)
    places = some.searchsorted(keys)
    places[places == len(some)] = 0
    return np.asarray(some[places] == keys)


def really(keys: Numbers, presented: bool) -> Numbers:
    """Leave out what was presented only, which is marked by its complement, or take the mark away."""
    if presented:
        return np.asarray(keys ^ (keys >> 63))
    kept = keys >= 0
    return keys if kept.all() else np.asarray(keys[kept])


def count(places: Numbers) -> dict[int, int]:
    """Count equal numbers."""
    if places.max(initial=0) < DENSE:
        counts = np.bincount(places)
        there = np.flatnonzero(counts)
        return dict(zip(there.tolist(), counts[there].tolist(), strict=True))
    values, counts = np.unique(places, return_counts=True)
    return dict(zip(values.tolist(), counts.tolist(), strict=True))


def unique(keys: Numbers) -> Numbers:
    """Give each key once, sorted."""
    if (keys[1:] > keys[:-1]).all():
        return keys
    if len(keys) > FEW and (greatest := int(keys.max())) < SPARSE * len(keys):
        there = np.zeros(greatest + 1, bool)
        there[keys] = True
        return there.nonzero()[0]
    found: Numbers = np.sort(keys)
    keep: Any = np.empty(len(found), bool)
    keep[0] = True
    np.not_equal(found[1:], found[:-1], out=keep[1:])
    return np.asarray(found[keep])
