"""Edges in columns: what activities used."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain, groupby, repeat
from operator import itemgetter
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Column, Connection, Select, case, select

from fitsprov.model.lineage import Usage
from fitsprov.registry.engines.compiled import compiled
from fitsprov.registry.gathering.columns import Line, built, by_keys, different, listed, read_columns
from fitsprov.registry.schema import used

__all__ = ["Uses"]

AS_STATED = itemgetter(0, 1)
HIDDEN = case((used.c.actual.is_(False), -1 - used.c.entity_id), else_=used.c.entity_id)


def columns(key: Column[int], runs: bool) -> Select[Any]:
    """Select activities, what they used, or its complement where it was presented only, in which role, and where."""
    edges = select(Line(used.c.activity_id), Line(used.c.position), Line(HIDDEN))
    return by_keys(edges.add_columns(Line(used.c.role_id), Line(used.c.actual)), key, runs)


@compiled
def by_activity(runs: bool) -> Select[Any]:
    """Select by activities."""
    return columns(used.c.activity_id, runs)


@compiled
def by_dataset(runs: bool) -> Select[Any]:
    """Select by datasets."""
    return columns(used.c.entity_id, runs)


class Part(NamedTuple):
    """Edges that were read by one statement."""

    activities: str | None
    positions: str | None
    entities: list[int]
    roles: str | None
    actual: str | None


class Uses:
    """Edges that were read by a few statements, each made into an object when one is asked for."""

    def __init__(self) -> None:
        self.parts: list[Part] = []

    def read(self, connection: Connection, activities: Iterable[int]) -> list[int]:
        """Read what activities used; give that, its complement where it was presented only."""
        return self.keep(read_columns(connection, by_activity, activities))

    def read_users(self, connection: Connection, datasets: Iterable[int]) -> list[int]:
        """Read by whom datasets were used."""
        return self.keep(read_columns(connection, by_dataset, datasets))

    def keep(self, row: Sequence[Any]) -> list[int]:
        """Keep the columns of one statement."""
        activities, positions, entities, roles, actual = row
        self.parts.append(Part(activities, positions, listed(entities), roles, actual))
        return self.parts[-1].entities

    @property
    def hidden(self) -> list[int]:
        """What was presented only: complements of keys."""
        return [key for part in self.parts for key in part.entities if key < 0]

    @property
    def role_keys(self) -> set[int]:
        """The keys of their roles."""
        return set().union(*(different(part.roles) for part in self.parts))

    def counts(self, activities: Iterable[int]) -> dict[int, int]:
        """Count the edges of some activities."""
        found = dict.fromkeys(activities, 0)
        for activity in chain.from_iterable(listed(part.activities) for part in self.parts) if found else ():
            if activity in found:
                found[activity] += 1
        return found

    def edges(self) -> Iterator[tuple[int, int, Any, bool | None]]:
        """Give activity, dataset or its complement, role, and whether it was really used; in the order stated."""
        for part in self.parts:
            places = listed(part.activities), listed(part.positions)
            rows = zip(*places, part.entities, listed(part.roles), listed(part.actual), strict=True)
            for activity, _, entity, role, actual in sorted(rows, key=AS_STATED):
                yield activity, entity, role, None if actual is None else bool(actual)

    def values(
        self, datasets: Mapping[int, UUID], activities: Mapping[int, UUID], roles: Mapping[int, str]
    ) -> dict[UUID, tuple[Usage, ...]]:
        """Make the objects: activity → what was presented to it, those that are given alone."""
        edges = list(self.edges())
        usages = built(
            Usage,
            len(edges),
            dataset=[datasets[key ^ (key >> 63)] for _, key, _, _ in edges],
            role=[roles.get(key) for _, _, key, _ in edges] if roles else repeat(None),
            actual=[actual for *_, actual in edges],
        )
        made = groupby(zip(edges, usages, strict=True), lambda pair: pair[0][0])
        return {
            activities[activity]: tuple(usage for _, usage in some) for activity, some in made if activity in activities
        }
