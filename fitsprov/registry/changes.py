"""How far an adjacency file knows the graph, and what has changed of that since."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple
from uuid import uuid4

from sqlalchemy import Connection, ScalarSelect, Select, bindparam, cast, delete, func, insert, or_, select

from fitsprov.registry.compiled import among, as_keys, compiled
from fitsprov.registry.schema import Key, activity, entity, graph_change, meta

__all__ = ["State", "changed_since", "mark_graph", "note_grown", "state_of"]

NAME, FLOOR, VERSION = "graph_registry", "graph_floor", "version"
MARKS = {"graph_activity": activity, "graph_entity": entity}
"""Where the triggers of revision 0003 find up to which keys a change is to be noted."""
MOST = 100_000
"""Notes that are kept for files older than the newest."""


class State(NamedTuple):
    """What a registry says of its graph."""

    registry: str
    """By which a file knows that it is of this registry; empty where none was ever made."""
    version: int
    floor: int
    """The last note that was thrown away."""


@compiled
def said() -> Select[Any]:
    """Select what `state_of` reads."""
    return select(meta.c.key, meta.c.value).where(or_(*(meta.c.key == key for key in (NAME, FLOOR, VERSION))))


def state_of(connection: Connection) -> State:
    """Read the state of the graph."""
    found = dict(said().rows(connection))
    return State(found.get(NAME, ""), int(found.get(VERSION, 0)), int(found.get(FLOOR, 0)))


@compiled
def notes() -> Select[Any]:
    """Select what was noted after a note."""
    return select(graph_change.c.id, graph_change.c.activity_id, graph_change.c.entity_id).where(
        graph_change.c.id > bindparam("position", type_=Key)
    )


def changed_since(connection: Connection, position: int) -> tuple[int, set[int], set[int]]:
    """Read which activities' inputs, and which datasets, were changed after a note; give the last note, too."""
    rows = notes().rows(connection, position=position)
    last = max((row[0] for row in rows), default=position)
    return last, {row[1] for row in rows} - {None}, {row[2] for row in rows} - {None}


def mark_graph(connection: Connection) -> tuple[int, int]:
    """Have changes of all that is there noted from now on; give the greatest keys of activities and of datasets.

    In a transaction that writes, before the one that reads the graph.
    """
    known = dict(said().rows(connection))
    if NAME not in known:
        put(connection, NAME, uuid4().hex)
    marks = {}
    for key, table in MARKS.items():
        marks[key] = connection.scalar(select(func.max(table.c.id))) or 0
        before = connection.scalar(select(number(key))) or 0
        put(connection, key, max(before, marks[key]))
    last = connection.scalar(select(func.max(graph_change.c.id))) or 0
    connection.execute(delete(graph_change).where(graph_change.c.id <= last - MOST))
    put(connection, FLOOR, max(0, last - MOST))
    return marks["graph_activity"], marks["graph_entity"]


def put(connection: Connection, key: str, value: object) -> None:
    """Write one line of `meta`."""
    connection.execute(delete(meta).where(meta.c.key == key))
    connection.execute(insert(meta).values(key=key, value=str(value)))


def note_grown(connection: Connection, activities: Iterable[int]) -> None:
    """Note that activities that are not new will get inputs; triggers see what is changed, not what is added."""
    known = select(activity.c.id).where(among(activity.c.id), activity.c.id <= number("graph_activity"))
    connection.execute(insert(graph_change).from_select(["activity_id"], known), as_keys(activities))


def number(key: str) -> ScalarSelect[int]:
    """Read a number of `meta` in SQL."""
    return select(cast(meta.c.value, Key)).where(meta.c.key == key).scalar_subquery()
