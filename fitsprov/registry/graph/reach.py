"""Following the graph by statements, one for each generation: what they find is the truth."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, Select, func, or_, select, true

from fitsprov.model.lineage import Direction
from fitsprov.registry.engines.compiled import among, as_keys, compiled
from fitsprov.registry.schema import entity, used

__all__ = ["Bounds", "Found", "Tally", "follow", "of_types", "tally"]


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


class Found(NamedTuple):
    """What was found: keys by generation, without those begun from, which are of generation 0."""

    generations: list[list[int]]
    cut: bool
    """Whether there was more behind the depth or the limit."""

    @property
    def keys(self) -> list[int]:
        """All keys, the nearest first."""
        return [key for generation in self.generations for key in generation]


class Tally(NamedTuple):
    """How many datasets of one type in one run."""

    type: int
    """Its key; 0 for none."""
    run: int
    datasets: int
    direct: int
    """Of them, those that the activities made with which it began."""


def goes_on(stopping: bool, presented: bool) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    """Spell which datasets are followed, and which edges."""
    kind = entity.c.dataset_type_id
    stops = or_(kind.is_(None), ~among(kind, "stop")) if stopping else true()
    return stops, true() if presented else used.c.actual.is_not(False)


@compiled
def parents(stopping: bool, presented: bool) -> Select[Any]:
    """Select what a list of datasets was made from."""
    made = entity.join(used, used.c.activity_id == entity.c.gen_aid)
    return (
        select(used.c.entity_id).distinct().select_from(made).where(among(entity.c.id), *goes_on(stopping, presented))
    )


@compiled
def children(stopping: bool, presented: bool) -> Select[Any]:
    """Select what was made from a list of datasets."""
    product = entity.alias("product")
    steps = used.join(product, product.c.gen_aid == used.c.activity_id)
    if stopping:
        steps = steps.join(entity, entity.c.id == used.c.entity_id)
    return (
        select(product.c.id).distinct().select_from(steps).where(among(used.c.entity_id), *goes_on(stopping, presented))
    )


def follow(connection: Connection, start: Iterable[int], direction: Direction, bounds: Bounds) -> Found:
    """Follow datasets by statements, one for each generation."""
    steps = parents if direction is Direction.UP else children
    seen = set(start)
    frontier, number = list(seen), 0
    generations: list[list[int]] = []
    stop = as_keys(bounds.stop)["keys"]
    while frontier:
        stopping = bool(bounds.stop and generations)
        options = {"stop": stop} if stopping else {}
        rows = steps(stopping, bounds.presented).rows(connection, **as_keys(frontier), **options)
        frontier = sorted({key for (key,) in rows} - seen)
        if frontier and len(generations) == bounds.depth:
            return Found(generations, True)
        if bounds.limit is not None and number + len(frontier) > bounds.limit:
            return Found([*generations, frontier[: bounds.limit - number]], True)
        if frontier:
            generations.append(frontier)
        seen.update(frontier)
        number += len(frontier)
    return Found(generations, False)


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
