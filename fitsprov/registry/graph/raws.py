"""The raw observations above a dataset: what is met on the way to them is read there and then."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Select, select

from fitsprov.model.later import LaterSequence
from fitsprov.model.lineage import Category, Dataset, Direction
from fitsprov.registry.adjacency.graph import Graph
from fitsprov.registry.engines.compiled import Asked, among, as_keys, compiled
from fitsprov.registry.gathering.datasets import Datasets, by_uuid
from fitsprov.registry.gathering.generations import read_inputs
from fitsprov.registry.gathering.words import words_of
from fitsprov.registry.graph.lineage import as_raw
from fitsprov.registry.graph.reach import Bounds, Walk
from fitsprov.registry.graph.walking import Which, keep, types_of_category
from fitsprov.registry.schema import listed_raw
from fitsprov.registry.stamping import in_order

__all__ = ["asked_for_raws", "raws_above"]


def asked_for_raws(focus: UUID) -> list[Asked]:
    """Say what `raws_above` asks in any case."""
    return [by_uuid().asked(uuid=focus), types_of_category().asked(names=[Category.RAW.value])]


def raws_above(connection: Connection, graph: Graph, focus: UUID) -> Sequence[Dataset]:
    """Find the raw observations among the ancestors, and those that headers list; in order.

    Raises
    ------
    DatasetNotFound
    """
    climb = Climb(connection, focus)
    datasets = climb.datasets
    found = graph.follow(connection, [climb.start], Direction.UP, Bounds(), climb)
    keys = keep(connection, found, climb.start, Direction.UP, Which(category=Category.RAW))
    listed = [] if datasets.stand_alone else raws_listed().rows(connection, **as_keys([climb.start, *found.keys]))
    keys |= {key for (key,) in listed}
    if others := keys.difference(datasets.keys):
        datasets.read(connection, others)
    datasets.read_beside(connection, keys)
    datasets.words = words_of(connection, types=datasets.type_keys, runs=datasets.run_keys)

    def made() -> list[Dataset]:
        some = datasets.some(keys)
        return in_order(map(as_raw, some) if listed else some)

    return LaterSequence(made, len(keys), list)


class Climb(Walk):
    """Goes up from a dataset, and reads all that it meets: the last of it is what is looked for."""

    def __init__(self, connection: Connection, focus: UUID) -> None:
        self.datasets = Datasets()
        first = self.datasets.begin(connection, focus)
        super().__init__(connection, first.keys, Direction.UP, Bounds())
        (self.start,) = first.keys
        self.front = first.different_makers

    def step_up(self, front: Collection[int]) -> dict[int, int | None]:
        """Find what was not met before, with its type, and whose inputs to find behind that."""
        self.passed.update(front)
        part = read_inputs(self.connection, self.datasets, front, self.seen)
        self.front = part.different_makers - self.passed
        found = zip(part.keys, part.types.of(part.keys), strict=False)
        return {key: kind for key, kind in found if key not in self.seen}


@compiled
def raws_listed() -> Select[Any]:
    """Select the raws that the headers of datasets list."""
    return select(listed_raw.c.raw_id).distinct().where(among(listed_raw.c.entity_id))
