"""Activities in columns, with configurations, environments and jobs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cached_property
from itertools import repeat
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Select, literal_column, select, union_all

from fitsprov.model.lineage import Activity, Environment, Execution
from fitsprov.registry.activities import executions_by_key, fetch, read_configs, read_environments
from fitsprov.registry.engines.compiled import among, as_keys, compiled
from fitsprov.registry.gathering.columns import (
    Given,
    Line,
    Octets,
    Texts,
    built,
    by_keys,
    different,
    given,
    listed,
    read_columns,
    texts_of,
    uuids_of,
)
from fitsprov.registry.gathering.words import Words
from fitsprov.registry.schema import Instant, activity, config, software_env

__all__ = ["Activities"]


@compiled
def columns(runs: bool) -> Select[Any]:
    """Select what `Activities` reads, by keys."""
    it = activity.c
    words = (Line(it.task_id), Line(it.run_id), Line(it.agent_id))
    setup = (Line(it.config_id), Line(it.software_env_id), Line(it.execution_id), Line(it.epoch_id))
    facts = (Line(it.started), Line(it.ended), Texts(it.status), Given(it.id, it.n_used))
    return by_keys(select(Line(it.id), Octets(it.uuid), *words, *setup, *facts), it.id, runs)


@compiled
def digests() -> Select[Any]:
    """Select digests of configurations and environments by lists of their keys."""
    both = (
        select(literal_column(str(place)).label("place"), table.c.id, table.c.digest).where(
            among(table.c.id, table.name)
        )
        for place, table in enumerate((config, software_env))
    )
    return select(union_all(*both).subquery())


class Activities:
    """Activities that were read by one statement, made into objects when one is asked for."""

    def __init__(self, connection: Connection, keys: Iterable[int]) -> None:
        row = read_columns(connection, columns, keys)
        ids, self.octets, self.tasks, self.runs, self.agents, self.configs, self.environments, *rest = row
        self.jobs, self.epochs, self.started, self.ended, self.statuses, counted = rest
        self.ids = ids
        self.counted: dict[int, int] = given(counted)
        """How many inputs headers count, where one does."""
        self.words = Words({}, {}, {}, {}, {})
        self.read_setup(connection)

    def read_setup(self, connection: Connection) -> None:
        """Read configurations, environments and jobs: there are few of them."""
        wanted = {"config": different(self.configs), "software_env": different(self.environments)}
        found: tuple[dict[int, bytes], dict[int, bytes]] = {}, {}
        if any(wanted.values()):
            keys = {name: as_keys(some)["keys"] for name, some in wanted.items()}
            for place, key, digest in digests().rows(connection, **keys):
                found[place][key] = digest
        self.config_of: Mapping[int, Mapping[str, Any]] = fetch(connection, dict(found[0]), read_configs)
        self.environment_of: Mapping[int, Environment] = fetch(connection, dict(found[1]), read_environments)
        self.execution_of: Mapping[int, Execution] = executions_by_key(connection, different(self.jobs))

    @property
    def task_keys(self) -> set[int]:
        """The keys of their tasks."""
        return different(self.tasks)

    @property
    def run_keys(self) -> set[int]:
        """The keys of their runs."""
        return different(self.runs)

    @property
    def agent_keys(self) -> set[int]:
        """The keys of their agents."""
        return different(self.agents)

    @cached_property
    def keys(self) -> list[int]:
        """Their keys."""
        return listed(self.ids)

    @cached_property
    def uuids(self) -> dict[int, UUID]:
        """Their IDs by their keys."""
        return dict(zip(self.keys, uuids_of(self.octets), strict=True))

    def values(self) -> dict[UUID, Activity]:
        """Make the objects."""
        tasks = [self.words.tasks.get(key, (None, None)) for key in listed(self.tasks)]
        made = built(
            Activity,
            len(self.keys),
            id=self.uuids.values(),
            task=[name for name, _ in tasks],
            version=[version for _, version in tasks],
            run=map(self.words.runs.get, listed(self.runs)),
            started=times(self.started),
            ended=times(self.ended),
            status=texts_of(self.statuses),
            config=pointed(self.config_of, self.configs),
            environment=pointed(self.environment_of, self.environments),
            agent=pointed(self.words.agents, self.agents),
            execution=pointed(self.execution_of, self.jobs),
            epoch=listed(self.epochs),
        )
        return dict(zip(self.uuids.values(), made, strict=True))


def pointed(some: Mapping[int, Any], line: str | None) -> Iterable[Any]:
    """Give what a column points to."""
    return map(some.get, listed(line)) if some else repeat(None)


def times(line: str | None) -> list[Any]:
    """Read a column of instants."""
    read = Instant().process_result_value
    return [read(one, None) for one in listed(line)]  # type: ignore[arg-type]  # the same on every engine
