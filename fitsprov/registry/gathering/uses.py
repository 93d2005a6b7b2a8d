"""Edges in columns: what activities used."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain, groupby, repeat
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Column, Connection, Select, case, select

from fitsprov.model.lineage import Usage
from fitsprov.registry.engines.compiled import compiled
from fitsprov.registry.gathering.columns import Line, built, by_keys, different, listed, read_columns
from fitsprov.registry.schema import used

__all__ = ["Uses"]

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
        for part in map(as_stated, self.parts):
            yield from zip(*part, strict=True)

    def values(
        self, datasets: Mapping[int, UUID], activities: Mapping[int, UUID], roles: Mapping[int, str]
    ) -> dict[UUID, tuple[Usage, ...]]:
        """Make the objects: activity → what was presented to it, those that are given alone."""
        made: dict[UUID, tuple[Usage, ...]] = {}
        for users, entities, role_keys, actual in map(as_stated, self.parts):
            usages = built(
                Usage,
                len(users),
                dataset=[datasets[key ^ (key >> 63)] for key in entities],
                role=map(roles.get, role_keys) if roles else repeat(None),
                actual=actual,
            )
            begin = 0
            for activity, some in groupby(users):
                end = begin + len(list(some))
                if activity in activities:
                    made[activities[activity]] = tuple(usages[begin:end])
                begin = end
        return made


def as_stated(part: Part) -> tuple[Sequence[Any], ...]:
    """Give activities, datasets or their complements, roles, and whether they were really used; as it was stated."""
    users, positions = listed(part.activities), listed(part.positions)
    columns = (
        users,
        part.entities,
        listed(part.roles),
        [one if one is None else bool(one) for one in listed(part.actual)],
    )
    places = list(zip(users, positions, strict=True))
    if places == sorted(places):
        return columns
    order = sorted(range(len(places)), key=places.__getitem__)
    return tuple([column[place] for place in order] for column in columns)
