"""Edges in columns: what activities used."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import chain, groupby, repeat
from operator import itemgetter
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, Select, case, select

from fitsprov.model.lineage import Usage
from fitsprov.registry.engines.compiled import compiled
from fitsprov.registry.gathering.columns import Line, built, by_keys, different, listed, read_columns
from fitsprov.registry.schema import used

__all__ = ["Uses"]

HIDDEN = case((used.c.actual.is_(False), -1 - used.c.entity_id), else_=used.c.entity_id)


def columns(key: ColumnElement[int], runs: bool) -> Select[Any]:
    """Select activities, what they used, or its complement where it was presented only, in which role; as stated."""
    edges = select(used.c.activity_id, HIDDEN.label("entity"), used.c.role_id, used.c.actual)
    it = by_keys(edges, key, runs).order_by(used.c.activity_id, used.c.position).subquery().c
    return select(Line(it.activity_id), Line(it.entity), Line(it.role_id), Line(it.actual))


@compiled
def by_activity(runs: bool) -> Select[Any]:
    """Select by activities."""
    return columns(used.c.activity_id, runs)


@compiled
def by_dataset(runs: bool) -> Select[Any]:
    """Select by datasets."""
    return columns(used.c.entity_id, runs)


class Uses:
    """Edges that were read by a few statements, each made into an object when one is asked for."""

    def __init__(self) -> None:
        self.parts: list[tuple[str, list[int], str, str]] = []

    def read(self, connection: Connection, activities: Iterable[int]) -> list[int]:
        """Read what activities used; give that, its complement where it was presented only."""
        return self.keep(read_columns(connection, by_activity, activities))

    def read_users(self, connection: Connection, datasets: Iterable[int]) -> list[int]:
        """Read by whom datasets were used."""
        return self.keep(read_columns(connection, by_dataset, datasets))

    def keep(self, row: Sequence[Any]) -> list[int]:
        """Keep the columns of one statement."""
        activities, entities, roles, actual = row
        self.parts.append((activities, listed(entities), roles, actual))
        return self.parts[-1][1]

    @property
    def hidden(self) -> list[int]:
        """What was presented only: complements of keys."""
        return [key for _, entities, *_ in self.parts for key in entities if key < 0]

    @property
    def role_keys(self) -> set[int]:
        """The keys of their roles."""
        return set().union(*(different(roles) for _, _, roles, _ in self.parts))

    def counts(self, activities: Iterable[int]) -> dict[int, int]:
        """Count the edges of some activities."""
        found = dict.fromkeys(activities, 0)
        for activity in chain.from_iterable(listed(part[0]) for part in self.parts) if found else ():
            if activity in found:
                found[activity] += 1
        return found

    def values(
        self, datasets: Mapping[int, UUID], activities: Mapping[int, UUID], roles: Mapping[int, str]
    ) -> dict[UUID, tuple[Usage, ...]]:
        """Make the objects: activity → what was presented to it, those that are given alone."""
        made: dict[UUID, tuple[Usage, ...]] = {}
        for users, entities, role_keys, actual in self.parts:
            usages = built(
                Usage,
                len(entities),
                dataset=[datasets[key ^ (key >> 63)] for key in entities],
                role=map(roles.get, listed(role_keys)) if roles else repeat(None),
                actual=[None if one is None else bool(one) for one in listed(actual)],
            )
            for activity, edges in groupby(zip(listed(users), usages, strict=True), itemgetter(0)):
                if activity in activities:
                    made[activities[activity]] = tuple(usage for _, usage in edges)
        return made
