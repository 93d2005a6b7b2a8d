"""Walks through the graph: what stands above and below datasets, filtered, and the ways between two."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any
from uuid import UUID

from sqlalchemy import BindParameter, Connection, Select, bindparam, case, func, or_, select, true

from fitsprov.errors import UsageError
from fitsprov.model.later import Later, LaterSequence
from fitsprov.model.lineage import Category, Direction
from fitsprov.model.reached import Paths, Reached
from fitsprov.registry.adjacency.graph import Graph
from fitsprov.registry.datasets import datasets_by_key, datasets_later, find_one
from fitsprov.registry.engines.compiled import among, as_keys, compiled
from fitsprov.registry.gathering.words import stated_category
from fitsprov.registry.graph.reach import Bounds, Found
from fitsprov.registry.graph.stopping import Predicate, follow_until
from fitsprov.registry.schema import dataset_type, entity, role, run, used

__all__ = ["Names", "Which", "keep", "paths_between", "types_of_category", "walk"]

Names = str | Collection[str] | None


@dataclass(frozen=True, slots=True)
class Which:
    """What is given of all that is found; each of them None for everything."""

    type: Names = None
    run: Names = None
    role: Names = None
    """In which it was used by something that was found, or by which it was made from something that was."""
    category: Names = None

    def __bool__(self) -> bool:
        """Whether anything is left out."""
        return any(one is not None for one in (self.type, self.run, self.role, self.category))


def named(names: Names) -> list[str]:
    """Give names as a list."""
    return [names] if isinstance(names, str) else list(names or ())


# what `effective_category` says
category = func.coalesce(stated_category, case((entity.c.gen_aid.is_not(None), "product")))
NAMES: BindParameter[Any] = bindparam("names", expanding=True)


@compiled
def keys_named(kind: str) -> Select[Any]:
    """Select types, runs or roles by a list of names."""
    table = {"type": dataset_type, "run": run, "role": role}[kind]
    return select(table.c.id).where(table.c.name.in_(NAMES))


@compiled
def types_of() -> Select[Any]:
    """Select types by a list of names or categories."""
    return select(dataset_type.c.id).where(or_(dataset_type.c.name.in_(NAMES), stated_category.in_(NAMES)))


@compiled
def types_of_category() -> Select[Any]:
    """Select types by a list of categories."""
    return select(dataset_type.c.id).where(stated_category.in_(NAMES))


@compiled
def of_category() -> Select[Any]:
    """Select datasets of a list by a list of categories."""
    typed = entity.outerjoin(dataset_type, dataset_type.c.id == entity.c.dataset_type_id)
    return select(entity.c.id).select_from(typed).where(among(entity.c.id), category.in_(NAMES))


@compiled
def of_runs() -> Select[Any]:
    """Select datasets of a list by a list of runs."""
    return select(entity.c.id).where(among(entity.c.id), among(entity.c.run_id, "words"))


@compiled
def in_role(direction: Direction, presented: bool) -> Select[Any]:
    """Select datasets of a list by the roles in which an edge leads to them from what was found."""
    child = entity.alias("child")
    near, far = (used.c.entity_id, child.c.id) if direction is Direction.UP else (child.c.id, used.c.entity_id)
    edges = used.join(child, child.c.gen_aid == used.c.activity_id)
    here = among(near), among(far, "all"), among(used.c.role_id, "words")
    there = true() if presented else used.c.actual.is_not(False)
    return select(near).distinct().select_from(edges).where(*here, there)


@compiled
def steps_between() -> Select[Any]:
    """Select pairs of dataset and product, both of lists."""
    return (
        select(used.c.entity_id, entity.c.id)
        .distinct()
        .select_from(used.join(entity, entity.c.gen_aid == used.c.activity_id))
        .where(among(entity.c.id), among(used.c.entity_id, "parents"), used.c.actual.is_not(False))
    )


def keep(
    connection: Connection,
    found: Found,
    start: int,
    direction: Direction,
    which: Which,
    presented: bool = False,
) -> set[int]:
    """Give those of all keys found for which a filter holds."""
    keys = found.keys
    if which.type is not None:
        keys = found.of_types(keys, words_of(connection, "type", which.type))
    if which.run is not None:
        words = as_keys(words_of(connection, "run", which.run))["keys"]
        keys = [key for (key,) in of_runs().rows(connection, **as_keys(keys), words=words)]
    if which.category is not None:
        names = [Category(name).value for name in named(which.category)]
        if Category.PRODUCT in names:  # this one does not depend on the type alone
            keys = [key for (key,) in of_category().rows(connection, **as_keys(keys), names=names)]
        else:
            keys = found.of_types(keys, types_in(connection, found, names))
    if which.role is not None:
        words = as_keys(words_of(connection, "role", which.role))["keys"]
        query = in_role(direction, presented)
        everything = as_keys([start, *found.keys])["keys"]
        keys = [key for (key,) in query.rows(connection, **as_keys(keys), all=everything, words=words)]
    return set(keys)


def types_in(connection: Connection, found: Found, names: list[str]) -> list[int]:
    """Find the types of categories, where this is not known from another walk."""
    types: list[int] | None = found.known.get(tuple(names))
    if types is None:
        types = found.known[tuple(names)] = [key for (key,) in types_of_category().rows(connection, names=names)]
    return types


def words_of(connection: Connection, kind: str, names: Names) -> list[int]:
    """Find types, runs or roles."""
    return [key for (key,) in keys_named(kind).rows(connection, names=named(names))]


def stops(connection: Connection, names: Names) -> tuple[int, ...]:
    """Find the types behind which nothing is looked for.

    Raises
    ------
    UsageError
        Where there are none: a misspelt one would stop nothing, and nobody would notice.
    """
    keys = [types_of().rows(connection, names=[name]) for name in named(names)]
    for name, found in zip(named(names), keys, strict=True):
        if not found:
            raise UsageError(f"stop at '{name}': neither a dataset type nor a category here; expected one that is")
    return tuple(key for found in keys for (key,) in found)


def walk(
    connection: Connection,
    graph: Graph,
    identifier: UUID | str,
    direction: Direction,
    which: Which,
    *,
    depth: int | None,
    limit: int | None,
    stop: Names | Predicate,
    presented: bool,
) -> Reached:
    """Follow a dataset, and give what a filter leaves of what is found."""
    for name, number in (("depth", depth), ("limit", limit)):
        if number is not None and number < 0:
            raise UsageError(f"{name} {number} is none; expected 0 or more")
    start = find_one(connection, identifier).key
    bounds = Bounds(depth, None if which else limit, presented=presented)
    if callable(stop):
        found = follow_until(connection, graph, start, direction, bounds, stop)
    else:
        found = graph.follow(connection, [start], direction, replace(bounds, stop=stops(connection, stop)))
    kept = keep(connection, found, start, direction, which, presented) if which else None
    generation = {key: n for n, keys in enumerate(found.generations, 1) for key in keys if kept is None or key in kept}
    given = list(islice(generation, limit))
    datasets = datasets_later(connection, given)
    return Reached(
        datasets=LaterSequence(lambda: [datasets[key] for key in given], len(given)),
        generations=Later(lambda: {datasets[key].id: generation[key] for key in given}),
        cut=found.cut or len(given) < len(generation),
    )


def paths_between(connection: Connection, graph: Graph, above: UUID | str, below: UUID | str, limit: int) -> Paths:
    """Find the ways from one dataset down to another."""
    first, last = (find_one(connection, one).key for one in (above, below))
    up = {last, *graph.follow(connection, [last], Direction.UP, Bounds()).keys}
    products: dict[int, list[int]] = {}
    frontier = {first} & up
    while frontier:
        keys = {**as_keys(up), "parents": as_keys(frontier)["keys"]}
        rows = steps_between().rows(connection, **keys)
        products |= {key: [] for key in frontier}
        for parent, child in sorted(rows):
            products[parent].append(child)
        frontier = {child for _, child in rows} - products.keys()
    found = list(islice(ways(products, first, last), limit + 1))
    datasets = datasets_by_key(connection, {key for way in found for key in way})
    return Paths(
        paths=tuple(tuple(datasets[key].dataset for key in way) for way in found[:limit]), cut=len(found) > limit
    )


def ways(products: Mapping[int, list[int]], first: int, last: int) -> Iterator[tuple[int, ...]]:
    """Enumerate ways, the shortest first."""
    within = [{last}]
    """By a number of steps, the datasets from which so many lead to the end."""
    while within[-1]:
        within.append({key for key, made in products.items() if not within[-1].isdisjoint(made)})

    def descend(key: int, steps: int) -> Iterator[tuple[int, ...]]:
        if not steps:
            yield (key,)
            return
        for child in products[key]:
            if child in within[steps - 1]:
                yield from ((key, *rest) for rest in descend(child, steps - 1))

    for steps, keys in enumerate(within):
        if first in keys:
            yield from descend(first, steps)
