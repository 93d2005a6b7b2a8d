"""The words that datasets, edges and activities point to: types, runs, roles, tasks, agents; and digests of setups."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    LargeBinary,
    Select,
    String,
    Table,
    case,
    cast,
    func,
    literal_column,
    null,
    select,
    union_all,
)

from fitsprov.model.lineage import Agent
from fitsprov.registry.engines.compiled import among, as_keys, compiled
from fitsprov.registry.gathering.values import Mostly
from fitsprov.registry.schema import agent, config, dataset_type, role, run, software_env, task

__all__ = ["NO_WORDS", "Words", "stated_category", "words_of"]

RAW: ColumnElement[str] = literal_column("'raw'", String)
stated_category = func.coalesce(dataset_type.c.category, case((dataset_type.c.name == RAW, RAW)), dataset_type.c.own)
"""What is stated of a type, or its name says, holds for all its datasets; else what is stated of some of them."""


class Words(NamedTuple):
    """Words by their keys."""

    types: dict[int, tuple[str | None, str | None]]
    """Names and categories, as stated."""
    runs: dict[int, str]
    roles: dict[int, str]
    tasks: dict[int, tuple[str, str | None]]
    """Names and versions."""
    agents: dict[int, Agent]
    configs: dict[int, bytes]
    """Digests of configurations."""
    environments: dict[int, bytes]
    """Digests of environments."""

    def of_types(self, types: Mostly) -> dict[int | None, tuple[str | None, str | None]]:
        """Give the names and categories of a column of types; of none where there is no type."""
        return {key: self.types.get(key, (None, None)) for key in (types.usual, *types.others.values())}


NO_WORDS = Words({}, {}, {}, {}, {}, {}, {})


@compiled
def words() -> Select[Any]:
    """Select words of each kind by a list of keys."""

    def of(kind: str, table: Table, *texts: ColumnElement[Any], digest: Column[bytes] | None = None) -> Select[Any]:
        told = (*texts, *[null()] * (3 - len(texts)), cast(null(), LargeBinary) if digest is None else digest)
        named = (column.label(name) for name, column in zip("abcd", told, strict=True))
        place: ColumnElement[int] = literal_column(str(Words._fields.index(kind)))
        return select(place.label("place"), table.c.id, *named).where(among(table.c.id, kind))

    found = union_all(
        of("types", dataset_type, dataset_type.c.name, stated_category),
        of("runs", run, run.c.name),
        of("roles", role, role.c.name),
        of("tasks", task, task.c.name, task.c.version),
        of("agents", agent, agent.c.uri, agent.c.name, agent.c.type),
        of("configs", config, digest=config.c.digest),
        of("environments", software_env, digest=software_env.c.digest),
    ).subquery()
    return select(found)


def words_of(connection: Connection, **wanted: Iterable[int]) -> Words:
    """Fetch words by their keys, which are given by the names of their kinds."""
    rows = words().rows(connection, **{kind: as_keys(wanted.get(kind, ()))["keys"] for kind in Words._fields})
    kinds: list[dict[int, tuple[Any, ...]]] = [{} for _ in Words._fields]
    for place, key, *told in rows:
        kinds[place][key] = tuple(told)
    types, runs, roles, tasks, agents, configs, environments = kinds
    return Words(
        types={key: told[:2] for key, told in types.items()},
        runs={key: name for key, (name, *_) in runs.items()},
        roles={key: name for key, (name, *_) in roles.items()},
        tasks={key: told[:2] for key, told in tasks.items()},
        agents={key: Agent(id=uri, name=name, type=kind) for key, (uri, name, kind, _) in agents.items()},
        configs={key: digest for key, (*_, digest) in configs.items()},
        environments={key: digest for key, (*_, digest) in environments.items()},
    )
