"""Activities in columns, with configurations, environments and jobs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import fields
from datetime import datetime
from functools import cached_property
from itertools import islice, repeat
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Connection, Select, bindparam, select

from fitsprov.model.building import built, uuids_of
from fitsprov.model.lineage import Activity, Environment, Execution
from fitsprov.registry.activities import executions_by_key, fetch, read_configs, read_environments
from fitsprov.registry.engines.compiled import compiled
from fitsprov.registry.gathering.columns import Given, Ids, Keys, Line, Octets, Unlike, by_keys, listed, read_by_id
from fitsprov.registry.gathering.values import Mostly, given
from fitsprov.registry.gathering.words import NO_WORDS, Words
from fitsprov.registry.schema import Instant, Key, activity

__all__ = ["WIDTH", "Activities", "Part", "Setup", "compared", "first", "is_first", "usual"]

ALIKE = ("task_id", "run_id", "agent_id", "config_id", "software_env_id", "execution_id", "epoch_id", "status")
"""Columns in which most activities of one generation have what the first of them has."""
TOLD = [field.name for field in fields(Activity)][1:]
read_instant = Instant().process_result_value


first = activity.alias("first")
"""The one to which others are compared: one of them."""
is_first = first.c.id == bindparam("first", type_=Key)
usual = [first.c[name] for name in ALIKE]


def compared(runs: bool, values: Sequence[Any]) -> Select[Any]:
    """Select `Ids` and what `Part` reads, by keys, but for the values with which it is compared."""
    it = activity.c
    own = (Ids(it.id), Octets(it.uuid), Line(it.started), Line(it.ended), Given(it.id, it.n_used))
    others = (Unlike(it.id, it[name], value) for name, value in zip(ALIKE, values, strict=True))
    return by_keys(select(*own, *others), it.id, runs)


@compiled
def columns(runs: bool) -> Select[Any]:
    """Select `Ids` and what `Part` reads, by keys."""
    values = [select(column).where(is_first).scalar_subquery() for column in usual]
    return compared(runs, values).add_columns(*values)


WIDTH = 5 + 2 * len(ALIKE)
"""Of these columns."""


class Setup(NamedTuple):
    """What activities point to, by keys."""

    words: Words = NO_WORDS
    configs: Mapping[int, Mapping[str, Any]] = {}
    environments: Mapping[int, Environment] = {}
    executions: Mapping[int, Execution] = {}


class Part:
    """Activities that were read by one statement."""

    def __init__(self, keys: Sequence[int] | str | None, row: Sequence[Any]) -> None:
        self.octets, self.started, self.ended, counted, *rest = row
        self.given = keys
        self.counted: dict[int, int] = given(counted)
        """How many inputs headers count, where one does."""
        alike = map(Mostly, rest[len(ALIKE) :], map(given, rest[: len(ALIKE)]))
        self.tasks, self.runs, self.agents, self.configs, self.environments, self.jobs, self.epochs, self.statuses = (
            alike
        )

    @cached_property
    def keys(self) -> Sequence[int]:
        """Their keys."""
        return listed(self.given) if self.given is None or isinstance(self.given, str) else self.given

    def told(self, setup: Setup, time: Callable[[int | None], Any]) -> tuple[Iterable[Any], ...]:
        """Give columns of what is told of each, in the order of `Activity` without its ID; ``time`` reads instants."""
        words = setup.words
        tasks = [words.tasks.get(key, (None, None)) for key in islice(self.tasks.of(self.keys), len(self.keys))]
        return (
            [name for name, _ in tasks],
            [version for _, version in tasks],
            self.pointed(self.runs, words.runs),
            map(time, listed(self.started)),
            map(time, listed(self.ended)),
            self.statuses.of(self.keys),
            self.pointed(self.configs, setup.configs),
            self.pointed(self.environments, setup.environments),
            self.pointed(self.agents, words.agents),
            self.pointed(self.jobs, setup.executions),
            self.epochs.of(self.keys),
        )

    def pointed(self, column: Mostly, some: Mapping[int, Any]) -> Iterable[Any]:
        """Give what a column points to."""
        return map(some.get, column.of(self.keys)) if some else repeat(None)


class Activities:
    """Activities that were read by a few statements, made into objects when one is asked for."""

    def __init__(self) -> None:
        self.parts: list[Part] = []
        self.setup = Setup()

    def read(self, connection: Connection, keys: Iterable[int] | Keys) -> Part:
        """Read some more."""
        wanted = Keys.of(keys)
        return self.keep(*read_by_id(connection, columns, activity.c.id, wanted, first=wanted.first))

    def keep(self, keys: Sequence[int] | str | None, row: Sequence[Any]) -> Part:
        """Keep the columns of one statement; keys, too, may be a column."""
        self.parts.append(Part(keys, row))
        return self.parts[-1]

    def different(self, name: str) -> set[Any]:
        """Give the different values of a column."""
        return set().union(*(getattr(part, name).different for part in self.parts))

    def read_setup(self, connection: Connection, words: Words) -> None:
        """Read configurations, environments and jobs: there are few of them."""
        self.setup = Setup(
            words,
            fetch(connection, dict(words.configs), read_configs),
            fetch(connection, dict(words.environments), read_environments),
            executions_by_key(connection, self.different("jobs")),
        )

    @property
    def counted(self) -> dict[int, int]:
        """How many inputs headers count, where one does."""
        return {key: number for part in self.parts for key, number in part.counted.items()}

    @cached_property
    def uuids(self) -> dict[int, UUID]:
        """Their IDs by their keys."""
        return {key: uuid for part in self.parts for key, uuid in zip(part.keys, uuids_of(part.octets), strict=True)}

    def values(self) -> dict[UUID, Activity]:
        """Make the objects."""
        made: dict[UUID, Activity] = {}
        for part in self.parts:
            ids = [self.uuids[key] for key in part.keys]
            told = dict(zip(TOLD, part.told(self.setup, as_time), strict=True))
            made.update(zip(ids, built(Activity, len(ids), id=ids, **told), strict=True))
        return made


def as_time(microseconds: int | None) -> datetime | None:
    """Read an instant."""
    return read_instant(microseconds, None)  # type: ignore[arg-type]  # the same on every engine
