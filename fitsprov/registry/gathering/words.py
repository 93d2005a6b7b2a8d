"""The words that datasets, edges and activities point to: types, runs, roles, tasks, agents."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from sqlalchemy import Column, ColumnElement, Connection, Select, Table, literal_column, select, union_all

from fitsprov.model.lineage import Agent
from fitsprov.registry.engines.compiled import among, as_keys, compiled
from fitsprov.registry.schema import agent, dataset_type, role, run, task

__all__ = ["Words", "words_of"]


class Words(NamedTuple):
    """Words by their keys."""

    types: dict[int, tuple[str, str | None]]
    """Names and categories, as stated."""
    runs: dict[int, str]
    roles: dict[int, str]
    tasks: dict[int, tuple[str, str | None]]
    """Names and versions."""
    agents: dict[int, Agent]


@compiled
def words() -> Select[Any]:
    """Select words of each kind by a list of keys."""

    def of(place: int, table: Table, *columns: Column[Any]) -> Select[Any]:
        missing: list[ColumnElement[Any]] = [literal_column("NULL")] * (3 - len(columns))
        named = (column.label(name) for name, column in zip("abc", (*columns, *missing), strict=True))
        query = select(literal_column(str(place)).label("place"), table.c.id, *named)
        return query.where(among(table.c.id, Words._fields[place]))

    found = union_all(
        of(0, dataset_type, dataset_type.c.name, dataset_type.c.category),
        of(1, run, run.c.name),
        of(2, role, role.c.name),
        of(3, task, task.c.name, task.c.version),
        of(4, agent, agent.c.uri, agent.c.name, agent.c.type),
    ).subquery()
    return select(found)


def words_of(
    connection: Connection,
    types: Iterable[int],
    runs: Iterable[int],
    roles: Iterable[int] = (),
    tasks: Iterable[int] = (),
    agents: Iterable[int] = (),
) -> Words:
    """Fetch words by their keys."""
    wanted = zip(Words._fields, (types, runs, roles, tasks, agents), strict=True)
    rows = words().rows(connection, **{name: as_keys(keys)["keys"] for name, keys in wanted})
    kinds: tuple[dict[int, tuple[Any, ...]], ...] = ({}, {}, {}, {}, {})
    for place, key, *told in rows:
        kinds[place][key] = tuple(told)
    return Words(
        types={key: told[:2] for key, told in kinds[0].items()},
        runs={key: name for key, (name, *_) in kinds[1].items()},
        roles={key: name for key, (name, *_) in kinds[2].items()},
        tasks={key: told[:2] for key, told in kinds[3].items()},
        agents={key: Agent(id=uri, name=name, type=kind) for key, (uri, name, kind) in kinds[4].items()},
    )
