"""Following the graph by statements, one for each generation: what they find is the truth."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain, repeat
from typing import Any, NamedTuple

from sqlalchemy import Column, ColumnElement, Connection, FromClause, Select, func, select

from fitsprov.model.lineage import Direction
from fitsprov.registry.engines.compiled import among, as_keys, compiled
from fitsprov.registry.gathering.columns import InOrder, Line, by_keys, listed, read_columns
from fitsprov.registry.schema import entity, used

__all__ = ["Bounds", "Found", "OfTypes", "Tally", "Walk", "follow", "of_types", "tally"]

FEW = 20
"""Datasets or activities that are asked first whether there is more behind them."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """Where to stop."""

    depth: int | None = None
    """How many generations."""
    limit: int | None = None
    """How many datasets are found at most."""
    stop: tuple[int, ...] = ()
    """Keys of types behind which nothing is looked for; what is begun from is not held against them."""
    presented: bool = False
    """Whether what was presented to an activity counts as used."""


OfTypes = Callable[[Sequence[int], Collection[int]], list[int]]


@dataclass(frozen=True, slots=True)
class Found:
    """What was found: keys by generation, without those begun from, which are of generation 0."""

    generations: list[list[int]]
    cut: bool
    """Whether there was more behind the depth or the limit."""
    of_types: OfTypes = field(compare=False)
    """Gives those of what was found that are of some types: who found it has met these on the way."""
    known: dict[Any, Any] = field(default_factory=dict, compare=False)
    """A place for what stays as it is as long as the registry does; who finds more in the same state gives it again."""

    @property
    def keys(self) -> list[int]:
        """All keys, the nearest first."""
        return list(chain.from_iterable(self.generations))


class Tally(NamedTuple):
    """How many datasets of one type in one run."""

    type: int
    """Its key; 0 for none."""
    run: int
    datasets: int
    direct: int
    """Of them, those that the activities made with which it began."""


def above(key: Column[int], runs: bool, presented: bool, *steps: tuple[FromClause, ColumnElement[bool]]) -> Select[Any]:
    """Select what was used, each once, who made that, and its types."""
    edges = select(used.c.entity_id).distinct()
    source = by_keys(edges if presented else edges.where(used.c.actual.is_not(False)), key, runs, *steps).subquery()
    found = select(Line(entity.c.id), Line(entity.c.gen_aid), Line(entity.c.dataset_type_id))
    return found.select_from(InOrder(source, entity, entity.c.id == source.c.entity_id))


@compiled
def inputs(runs: bool, presented: bool) -> Select[Any]:
    """Select what activities used."""
    return above(used.c.activity_id, runs, presented)


@compiled
def parents(runs: bool, presented: bool) -> Select[Any]:
    """Select what datasets were made from."""
    product = entity.alias("product")
    return above(product.c.id, runs, presented, (used, used.c.activity_id == product.c.gen_aid))


@compiled
def children(runs: bool, presented: bool, typed: bool) -> Select[Any]:
    """Select what was made from datasets, each once; with its types, for which its own rows must be read."""
    made = select(entity.c.id, *[entity.c.dataset_type_id][:typed]).distinct()
    made = made if presented else made.where(used.c.actual.is_not(False))
    it = by_keys(made, used.c.entity_id, runs, (entity, entity.c.gen_aid == used.c.activity_id)).subquery().c
    return select().add_columns(*map(Line, it))


class Walk:
    """Follows datasets by statements, one for each generation; between two of them it may be interrupted."""

    def __init__(self, connection: Connection, start: Iterable[int], direction: Direction, bounds: Bounds) -> None:
        self.connection = connection
        self.step = self.step_up if direction is Direction.UP else self.step_down
        self.bounds = bounds
        self.front = set(start)
        """What is followed next: datasets; on the way up, behind the first generation, their makers."""
        self.seen = set(self.front)
        self.passed: set[int] = set()
        """Activities whose inputs were found."""
        self.types: dict[int, int | None] = {}
        self.generations: list[list[int]] = []
        self.cut = False

    def go(self, pause: int | None = None) -> bool:
        """Go to the end, or until more datasets than these were found; say whether it is the end."""
        while self.front:
            if pause is not None and len(self.types) > pause:
                return False
            if len(self.generations) == self.bounds.depth:
                self.cut = self.leads_on()
                break
            fresh = self.step(self.front)
            more = None if self.bounds.limit is None else self.bounds.limit - len(self.types)
            self.types |= fresh
            if fresh:
                self.generations.append(sorted(fresh)[:more])
            self.seen.update(fresh)
            if more is not None and len(fresh) > more:
                self.cut = True
                break
        self.front = set()
        return True

    def leads_on(self) -> bool:
        """Whether there is more; it is seldom that a few have nothing behind them and others have."""
        front = sorted(self.front)
        return any(self.step(some) for some in (front[:FEW], front[FEW:]) if some)

    def step_up(self, front: Collection[int]) -> dict[int, int | None]:
        """Find what was not met before, with its type, and whom to follow behind that."""
        query = inputs if self.generations else parents
        row = read_columns(self.connection, lambda runs: query(runs, self.bounds.presented), front)
        keys, makers, types = map(listed, row)
        fresh = {key: kind for key, kind in zip(keys, types, strict=True) if key not in self.seen}
        if self.generations:
            self.passed.update(front)
        behind = zip(keys, makers, strict=True)
        followed = self.followed(fresh)
        self.front = {maker for key, maker in behind if maker is not None and key in followed} - self.passed
        return fresh

    def step_down(self, front: Collection[int]) -> dict[int, int | None]:
        """Find what was not met before, with its type, and what to follow behind that."""
        typed = bool(self.bounds.stop)
        row = read_columns(self.connection, lambda runs: children(runs, self.bounds.presented, typed), front)
        keys, *types = map(listed, row)
        found = zip(keys, *types, strict=True) if typed else zip(keys, repeat(None))
        fresh = {key: kind for key, kind in found if key not in self.seen}
        self.front = set(self.followed(fresh))
        return fresh

    def followed(self, fresh: Mapping[int, int | None]) -> Collection[int]:
        """Give those that are followed."""
        stop = self.bounds.stop
        return [key for key, kind in fresh.items() if kind not in stop] if stop else fresh.keys()

    @property
    def found(self) -> Found:
        """What was found."""
        return Found(self.generations, self.cut, self.of_types)

    def of_types(self, keys: Sequence[int], types: Collection[int]) -> list[int]:
        """Give those of what was found that are of some types."""
        if self.step == self.step_down and not self.bounds.stop:
            rows = of_types().rows(self.connection, **as_keys(keys), types=as_keys(types)["keys"])
            return [key for (key,) in rows]
        return [key for key in keys if self.types[key] in types]


def follow(connection: Connection, start: Iterable[int], direction: Direction, bounds: Bounds) -> Found:
    """Follow datasets by statements."""
    walk = Walk(connection, start, direction, bounds)
    walk.go()
    return walk.found


@compiled
def of_types() -> Select[Any]:
    """Select datasets of a list by a list of types."""
    return select(entity.c.id).where(among(entity.c.id), among(entity.c.dataset_type_id, "types"))


@compiled
def outputs() -> Select[Any]:
    """Select what a list of activities made."""
    return select(entity.c.id).where(among(entity.c.gen_aid))


@compiled
def counts() -> Select[Any]:
    """Count datasets of a list by type and run."""
    place = [func.coalesce(column, 0) for column in (entity.c.dataset_type_id, entity.c.run_id)]
    return select(*place, func.count()).where(among(entity.c.id)).group_by(*place)


def tally(connection: Connection, activities: Iterable[int]) -> list[Tally]:
    """Count what activities made, and all that was made from that, by statements."""
    direct = [key for (key,) in outputs().rows(connection, **as_keys(activities))]
    found = follow(connection, direct, Direction.DOWN, Bounds())
    made, more = (
        {(kind, run): number for kind, run, number in counts().rows(connection, **as_keys(keys))}
        for keys in (direct, found.keys)
    )
    places = sorted(made.keys() | more.keys())
    return [Tally(*one, made.get(one, 0) + more.get(one, 0), made.get(one, 0)) for one in places]
