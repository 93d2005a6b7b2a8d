"""Edges in columns: what activities used."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from itertools import chain, groupby
from typing import Any
from uuid import UUID

from sqlalchemy import Column, Connection, Integer, Select, cast, func, literal_column, select

from fitsprov.model.building import built
from fitsprov.model.lineage import Usage
from fitsprov.registry.engines.compiled import compiled
from fitsprov.registry.gathering.columns import Each, Keys, Places, by_keys, listed, read_columns
from fitsprov.registry.gathering.values import different
from fitsprov.registry.schema import used

__all__ = ["WIDTH", "Part", "Uses", "columns"]

ACTUAL = (None, False, True)
SIZE, ONE, NONE = (literal_column(str(number), Integer) for number in (len(ACTUAL), 1, 0))
HOW = func.coalesce(used.c.role_id, NONE) * SIZE + func.coalesce(cast(used.c.actual, Integer) + ONE, NONE)
"""Role and whether it was really used in one number: a column is what costs."""


def columns(key: Column[int], runs: bool, place: type[Each] | type[Places]) -> Select[Any]:
    """Select activities, where, what they used, and how."""
    it = used.c
    return by_keys(select(Each(it.activity_id), place(it.position), Each(it.entity_id), Each(HOW)), key, runs)


WIDTH = 4
"""Of these columns."""


@compiled
def by_activity(runs: bool) -> Select[Any]:
    """Select by activities; SQLite reads a table that is in the order stated."""
    return columns(used.c.activity_id, runs, Places)


@compiled
def by_dataset(runs: bool) -> Select[Any]:
    """Select by datasets."""
    return columns(used.c.entity_id, runs, Each)


def is_hidden(how: int) -> bool:
    """Whether it was presented only."""
    return ACTUAL[how % len(ACTUAL)] is False


class Part:
    """Edges that were read by one statement."""

    def __init__(self, row: Sequence[Any]) -> None:
        self.activities, self.positions, self.line, self.hows = row
        kinds = different(self.hows)
        self.roles = {how // len(ACTUAL) for how in kinds} - {0}
        """The keys of their roles."""
        self.hides = any(is_hidden(how) for how in kinds)
        """Whether anything was presented only."""

    @cached_property
    def entities(self) -> list[int]:
        """What was used, its complement where it was presented only."""
        keys: list[int] = listed(self.line)
        if not self.hides:
            return keys
        return [~key if is_hidden(how) else key for key, how in zip(keys, listed(self.hows), strict=True)]

    @property
    def presented(self) -> set[int]:
        """What was presented only, to one of the activities at least."""
        return {~key for key in self.entities if key < 0} if self.hides else set()

    @property
    def really(self) -> set[int]:
        """What was really used."""
        return {key for key in self.entities if key > 0} if self.hides else set(self.entities)

    def as_stated(self, roles: Mapping[int, str]) -> tuple[Sequence[Any], ...]:
        """Give activities, what they used, in which role, and whether really; in the order in which they stated it."""
        hows = listed(self.hows)
        role_of = {how: roles.get(how // len(ACTUAL)) for how in set(hows)}
        actual_of = {how: ACTUAL[how % len(ACTUAL)] for how in role_of}
        stated = (
            listed(self.activities),
            self.entities,
            list(map(role_of.get, hows)),
            list(map(actual_of.get, hows)),
        )
        if self.positions is None:
            return stated
        places = list(zip(stated[0], listed(self.positions), strict=True))
        order = sorted(range(len(places)), key=places.__getitem__)
        return tuple([column[place] for place in order] for column in stated)


class Uses:
    """Edges that were read by a few statements, each made into an object when one is asked for."""

    def __init__(self) -> None:
        self.parts: list[Part] = []

    def read(self, connection: Connection, activities: Iterable[int] | Keys) -> Part:
        """Read what activities used."""
        return self.keep(read_columns(connection, by_activity, activities, alone=True))

    def read_users(self, connection: Connection, datasets: Iterable[int]) -> Part:
        """Read by whom datasets were used."""
        return self.keep(read_columns(connection, by_dataset, datasets, alone=True))

    def keep(self, row: Sequence[Any]) -> Part:
        """Keep the columns of one statement."""
        self.parts.append(Part(row))
        return self.parts[-1]

    @property
    def role_keys(self) -> set[int]:
        """The keys of their roles."""
        return set().union(*(part.roles for part in self.parts))

    def counts(self, activities: Iterable[int]) -> dict[int, int]:
        """Count the edges of some activities."""
        found = dict.fromkeys(activities, 0)
        for activity in chain.from_iterable(listed(part.activities) for part in self.parts) if found else ():
            if activity in found:
                found[activity] += 1
        return found

    def values(
        self, datasets: Mapping[int, UUID], activities: Mapping[int, UUID], roles: Mapping[int, str]
    ) -> dict[UUID, tuple[Usage, ...]]:
        """Make the objects: activity → what was presented to it, those that are given alone."""
        made: dict[UUID, tuple[Usage, ...]] = {}
        for users, entities, named, actual in (part.as_stated(roles) for part in self.parts):
            ids = [datasets[key ^ (key >> 63)] for key in entities]
            usages = built(Usage, len(users), dataset=ids, role=named, actual=actual)
            begin = 0
            for activity, some in groupby(users):
                end = begin + len(list(some))
                if activity in activities:
                    made[activities[activity]] = tuple(usages[begin:end])
                begin = end
        return made
