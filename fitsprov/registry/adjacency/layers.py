"""The graph in memory: what the file has, and over it what is newer; columns of keys, no objects."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np

from fitsprov.model.lineage import Direction
from fitsprov.registry.adjacency.arrays import (
    EMPTY,
    Met,
    Numbers,
    count,
    joined,
    really,
    spread,
    unique,
    within,
    without,
)
from fitsprov.registry.adjacency.file import Column, GraphFile
from fitsprov.registry.graph.reach import Bounds, Found, OfTypes, Tally
from fitsprov.registry.graph.seeds import USED, WORDS, Having

__all__ = ["Layers", "Newer"]


SPARE = 4
"""Notes of walks that are kept for others."""


class Newer:
    """What the registry has and the file has not, and what of the file is out of date.

    Parameters
    ----------
    used : iterable of tuple
        Activity, dataset, and whether it was presented only.
    made : iterable of tuple
        Dataset, its maker, type and run; 0 where there is none, as below.
    words : sequence of tuple
        Activity, and its `WORDS`.
    """

    def __init__(
        self,
        used: Sequence[tuple[int, int, bool]],
        made: Sequence[tuple[int, int, int, int]],
        words: Sequence[tuple[int, ...]],
        activities: Iterable[int] = (),
        entities: Iterable[int] = (),
    ) -> None:
        edges = np.array([(maker, ~key if hidden else key) for maker, key, hidden in used])
        self.inputs = Pairs(edges[:, 0], edges[:, 1]) if len(edges) else Pairs(EMPTY, EMPTY)
        backwards = np.where(self.inputs.seconds < 0, ~self.inputs.firsts, self.inputs.firsts)
        self.users = Pairs(self.inputs.seconds ^ (self.inputs.seconds >> 63), backwards)
        facts = np.array(sorted(made), np.int64).reshape(-1, 4)
        self.entities, self.makers, self.types, self.runs = facts.T
        self.outputs = Pairs(self.makers[self.makers > 0], self.entities[self.makers > 0])
        keys, *columns = np.array(words, np.int64).reshape(-1, 1 + len(WORDS)).T
        self.listed = {word: Pairs(column, keys) for word, column in zip(WORDS, columns, strict=True)}
        self.old_activities = np.array(sorted(activities), np.int64)
        """Activities of the file that are not what they are there, or whose inputs are not."""
        self.old_entities = np.array(sorted(entities), np.int64)
        """Datasets of the file whose maker, type or run is not what it is there."""
        self.is_empty = not (len(facts) or len(keys) or len(self.old_activities) or len(self.old_entities))
        self.greatest = int(max(self.entities[-1:].tolist() + self.users.firsts[-1:].tolist(), default=0))


class Pairs:
    """Pairs of keys, to be looked up by the first."""

    def __init__(self, firsts: Numbers, seconds: Numbers) -> None:
        order = np.argsort(firsts, kind="stable")
        self.firsts, self.seconds = firsts[order], seconds[order]

    def of(self, keys: Numbers) -> Numbers:
        """Give the seconds of some firsts, each of which is there once, sorted."""
        if not len(self.firsts) or not len(keys) or keys[-1] < self.firsts[0] or self.firsts[-1] < keys[0]:
            return EMPTY
        if len(self.firsts) < len(keys):
            return np.asarray(self.seconds[within(self.firsts, keys)])
        start, stop = (self.firsts.searchsorted(keys, side) for side in ("left", "right"))
        return self.seconds[spread(start, stop - start)]


class Layers:
    """Both together."""

    def __init__(self, file: GraphFile, newer: Newer) -> None:
        self.file = file
        self.newer = newer
        self.greatest = max(file.about.entities, newer.greatest)
        self.known: dict[Any, Any] = {}
        """What else is known of this state of the registry."""
        self.spare: list[Met] = []
        """Of walks that have ended."""

    def follow(
        self, start: Iterable[int], direction: Direction, bounds: Bounds, of_types: OfTypes | None = None
    ) -> Found:
        """Follow datasets; gives what `fitsprov.registry.graph.reach.follow` gives.

        Parameters
        ----------
        of_types : callable, optional
            Is asked for types instead of `of_types`.

        Raises
        ------
        DamagedGraph
            Where the file is not what was written.
        """
        generations: list[list[int]] = []
        number = 0
        rest = of_types or self.of_types, self.known
        for found in self.generations(np.array([*start], np.int64), direction, bounds):
            if len(generations) == bounds.depth:
                return Found(generations, True, *rest)
            if bounds.limit is not None and number + len(found) > bounds.limit:
                return Found([*generations, found[: bounds.limit - number].tolist()], True, *rest)
            generations.append(found.tolist())
            number += len(found)
        return Found(generations, False, *rest)

    def generations(self, start: Numbers, direction: Direction, bounds: Bounds) -> Iterator[Numbers]:
        """Follow datasets to the end, or as long as somebody asks."""
        steps = self.parents if direction is Direction.UP else self.children
        stop = np.array(sorted(bounds.stop), np.int64)
        met = self.met()
        try:
            frontier = met.first(start)
            while len(frontier):
                found = met.first(steps(frontier, bounds.presented))
                if len(found):
                    yield found
                frontier = found[~within(self.types(found), stop)] if len(stop) else found
        finally:
            met.forget()
            if len(self.spare) < SPARE:
                self.spare.append(met)

    def met(self) -> Met:
        """Begin to note which datasets a walk meets."""
        try:
            return self.spare.pop()
        except IndexError:
            return Met(self.greatest)

    def of_types(self, keys: Sequence[int], types: Iterable[int]) -> list[int]:
        """Give those datasets that are of some types."""
        found = np.array(keys, np.int64)
        kept: list[int] = found[within(self.types(found), np.array(sorted(types), np.int64))].tolist()
        return kept

    def having(self, conditions: Iterable[Iterable[Having]]) -> Numbers:
        """Give the activities for which of each condition one alternative holds; there is a condition."""
        first, *others = (unique(np.concatenate([*map(self.listed_by, one)])) for one in conditions)
        for keys in others:
            first = first[within(first, keys)]
        return first

    def listed_by(self, having: Having) -> Numbers:
        """Give the activities that are listed by a word, or by a dataset."""
        words = np.array(sorted(having.keys), np.int64)
        if having.column == USED:
            return self.users(words, presented=False)
        found = without(self.ranges(having.column, words), self.newer.old_activities)
        return joined(found, self.newer.listed[having.column].of(words))

    def tally(self, activities: Sequence[int] | Numbers) -> list[Tally]:
        """Count what activities made, and all that was made from it."""
        direct = self.outputs(unique(np.asarray(activities, np.int64)))
        found = np.concatenate([direct, *self.generations(direct, Direction.DOWN, Bounds())])
        types, runs = self.types(found), self.runs(found)
        width = int(runs.max(initial=0)) + 1
        places = types * width + runs
        counted, directly = (count(some) for some in (places, places[: len(direct)]))
        return [
            Tally(*divmod(place, width), number, directly.get(place, 0)) for place, number in sorted(counted.items())
        ]

    def parents(self, keys: Numbers, presented: bool) -> Numbers:
        """Give what datasets were made from, some of it several times."""
        return self.inputs(unique(self.makers(keys)), presented)

    def children(self, keys: Numbers, presented: bool) -> Numbers:
        """Give what was made from datasets, some of it several times."""
        return self.outputs(unique(self.users(keys, presented)))

    def makers(self, keys: Numbers) -> Numbers:
        """Give the makers of datasets, where they have one."""
        found = self.fact("maker", self.newer.makers, keys)
        return found[found > 0]

    def inputs(self, activities: Numbers, presented: bool) -> Numbers:
        """Give what activities used."""
        found = self.ranges("input", without(activities, self.newer.old_activities))
        return really(joined(found, self.newer.inputs.of(activities)), presented)

    def users(self, keys: Numbers, presented: bool) -> Numbers:
        """Give the activities that used datasets."""
        found = without(really(self.ranges("user", keys), presented), self.newer.old_activities)
        return joined(found, really(self.newer.users.of(keys), presented))

    def outputs(self, activities: Numbers) -> Numbers:
        """Give what activities made."""
        found = without(self.ranges("output", activities), self.newer.old_entities)
        return joined(found, self.newer.outputs.of(activities))

    def types(self, keys: Numbers) -> Numbers:
        """Give the types of datasets; 0 for none."""
        return self.fact("type", self.newer.types, keys)

    def runs(self, keys: Numbers) -> Numbers:
        """Give the runs of datasets; 0 for none."""
        return self.fact("run", self.newer.runs, keys)

    def fact(self, name: str, newer: Numbers, keys: Numbers) -> Numbers:
        """Give what is known of each dataset, from the file or what is newer."""
        here = self.newer.is_empty or (
            not len(self.newer.old_entities) and keys.max(initial=0) <= self.file.about.entities
        )
        if here:
            return self.file.columns[name].take(keys).astype(np.int64)
        theirs = (keys > self.file.about.entities) | within(keys, self.newer.old_entities)
        found = np.zeros(len(keys), np.int64)
        found[~theirs] = self.file.columns[name].take(keys[~theirs])
        others = keys[theirs]
        places = self.newer.entities.searchsorted(others)
        places[places == len(self.newer.entities)] = 0
        found[theirs] = np.where(self.newer.entities[places] == others, newer[places], 0) if len(newer) else 0
        return found

    def ranges(self, name: str, keys: Numbers) -> Numbers:
        """Give what the file lists under keys, those that it knows."""
        if not len(keys):
            return EMPTY
        ends: Column = self.file.columns[f"{name}_ends"]
        keys = keys[keys < len(ends.values)]
        start = ends.take(keys - 1).astype(np.int64)
        found: Numbers = self.file.columns[name].take(spread(start, ends.take(keys) - start))
        return found.astype(np.int64)
