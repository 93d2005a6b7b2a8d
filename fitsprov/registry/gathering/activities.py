"""Activities in columns, with configurations, environments and jobs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields
from datetime import datetime
from functools import cached_property
from itertools import repeat
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Select, bindparam, select

from fitsprov.model.lineage import Activity, Environment, Execution
from fitsprov.registry.activities import executions_by_key, fetch, read_configs, read_environments
from fitsprov.registry.engines.compiled import compiled
from fitsprov.registry.gathering.columns import Given, Ids, Line, Octets, Unlike, by_keys, listed, read_by_id
from fitsprov.registry.gathering.values import Mostly, built, different, given, uuids_of
from fitsprov.registry.gathering.words import NO_WORDS, Words
from fitsprov.registry.schema import Instant, Key, activity

__all__ = ["Activities"]

ALIKE = ("run_id", "agent_id", "software_env_id", "execution_id", "epoch_id", "status")
"""Columns in which most activities that led to one dataset have what the first of them has."""
TOLD = [field.name for field in fields(Activity)][1:]
read_instant = Instant().process_result_value


@compiled
def columns(runs: bool) -> Select[Any]:
    """Select what `Activities` reads, by keys."""
    it, first = activity.c, activity.alias("first")
    own = (Octets(it.uuid), Line(it.task_id), Line(it.config_id), Line(it.started), Line(it.ended))
    usual = [
        select(first.c[name]).where(first.c.id == bindparam("first", type_=Key)).scalar_subquery() for name in ALIKE
    ]
    others = (Unlike(it.id, it[name], value) for name, value in zip(ALIKE, usual, strict=True))
    return by_keys(select(Ids(it.id), *own, Given(it.id, it.n_used), *others, *usual), it.id, runs)


class Activities:
    """Activities that were read by one statement, made into objects when one is asked for."""

    def __init__(self, connection: Connection, keys: set[int]) -> None:
        if keys:
            ids, row = read_by_id(connection, columns, activity.c.id, keys, first=min(keys))
        else:
            ids, row = [], [None] * (6 + 2 * len(ALIKE))
        self.octets, self.tasks, self.configs, self.started, self.ended, counted, *rest = row
        self.keys = ids
        self.counted: dict[int, int] = given(counted)
        """How many inputs headers count, where one does."""
        others, usual = map(given, rest[: len(ALIKE)]), rest[len(ALIKE) :]
        alike = map(Mostly, usual, others)
        self.runs, self.agents, self.environments, self.jobs, self.epochs, self.statuses = alike
        self.words = NO_WORDS
        self.config_of: Mapping[int, Mapping[str, Any]] = {}
        self.environment_of: Mapping[int, Environment] = {}
        self.execution_of: Mapping[int, Execution] = {}

    @property
    def word_keys(self) -> dict[str, set[int]]:
        """The keys of the words that they point to, by kind."""
        return {
            "tasks": different(self.tasks),
            "configs": different(self.configs),
            "runs": self.runs.different,
            "agents": self.agents.different,
            "environments": self.environments.different,
        }

    def read_setup(self, connection: Connection, words: Words) -> None:
        """Read configurations, environments and jobs: there are few of them."""
        self.words = words
        self.config_of = fetch(connection, dict(words.configs), read_configs)
        self.environment_of = fetch(connection, dict(words.environments), read_environments)
        self.execution_of = executions_by_key(connection, self.jobs.different)

    @cached_property
    def uuids(self) -> dict[int, UUID]:
        """Their IDs by their keys."""
        return dict(zip(self.keys, uuids_of(self.octets), strict=True))

    def told(self, time: Callable[[int | None], Any]) -> tuple[Iterable[Any], ...]:
        """Give columns of what is told of each, in the order of `Activity` without its ID; ``time`` reads instants."""
        tasks = [self.words.tasks.get(key, (None, None)) for key in listed(self.tasks)]
        return (
            [name for name, _ in tasks],
            [version for _, version in tasks],
            self.pointed(self.runs, self.words.runs),
            map(time, listed(self.started)),
            map(time, listed(self.ended)),
            self.statuses.of(self.keys),
            map(self.config_of.get, listed(self.configs)),
            self.pointed(self.environments, self.environment_of),
            self.pointed(self.agents, self.words.agents),
            self.pointed(self.jobs, self.execution_of),
            self.epochs.of(self.keys),
        )

    def pointed(self, column: Mostly, some: Mapping[int, Any]) -> Iterable[Any]:
        """Give what a column points to."""
        return map(some.get, column.of(self.keys)) if some else repeat(None)

    def values(self) -> dict[UUID, Activity]:
        """Make the objects."""
        told = dict(zip(TOLD, self.told(as_time), strict=True))
        made = built(Activity, len(self.keys), id=self.uuids.values(), **told)
        return dict(zip(self.uuids.values(), made, strict=True))


def as_time(microseconds: int | None) -> datetime | None:
    """Read an instant."""
    return read_instant(microseconds, None)  # type: ignore[arg-type]  # the same on every engine
