"""How far an adjacency file knows the graph, and what has changed of that since."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import uuid4

from sqlalchemy import (
    Connection,
    ScalarSelect,
    Select,
    String,
    bindparam,
    cast,
    delete,
    func,
    insert,
    literal_column,
    or_,
    select,
)

from fitsprov.registry.engines.compiled import among, as_keys, compiled
from fitsprov.registry.schema import Key, activity, entity, graph_change, meta

if TYPE_CHECKING:
    from fitsprov.registry.adjacency.file import About

__all__ = ["Marks", "State", "behind", "changed_since", "mark_graph", "note_grown", "state_of", "tell_built"]

NAME, BUILDS, BUILT, FLOOR, VERSION = "graph_registry", "graph_builds", "graph_built", "graph_floor", "version"
MARKS = {"graph_activity": activity, "graph_entity": entity}
"""Where the triggers of revision 0003 find up to which keys a change is to be noted."""
BUILDS_KNOWN = 8
"""Files that may be in use at once; machines that share a server have one each."""
MOST = 100_000
"""Notes that are kept for files older than the newest."""


class State(NamedTuple):
    """What a registry says of its graph."""

    registry: str
    """A name, where others must tell their files from ours; empty where no file was ever made."""
    builds: tuple[str, ...]
    """The names of the files that were made of it, the newest last."""
    version: int
    floor: int
    """The last note that was thrown away."""


class Marks(NamedTuple):
    """How far a graph goes."""

    build: str
    activities: int
    """The greatest key."""
    entities: int
    position: int
    """The last note of a change."""


@compiled
def said() -> Select[Any]:
    """Select what `state_of` reads."""
    # to bind the keys takes a fifth of the time
    wanted = [meta.c.key == literal_column(f"'{key}'", String()) for key in (NAME, BUILDS, FLOOR, VERSION)]
    return select(meta.c.key, meta.c.value).where(or_(*wanted))


def state_of(connection: Connection) -> State:
    """Read the state of the graph."""
    found = dict(said().rows(connection))
    builds = tuple(found.get(BUILDS, "").split())
    return State(found.get(NAME, ""), builds, int(found.get(VERSION, 0)), int(found.get(FLOOR, 0)))


@compiled
def notes() -> Select[Any]:
    """Select what was noted after a note."""
    after = graph_change.c.id > bindparam("position", type_=Key)
    return select(graph_change.c.activity_id, graph_change.c.entity_id).where(after)


def changed_since(connection: Connection, position: int) -> tuple[set[int], set[int]]:
    """Read which activities, or their inputs, and which datasets were changed after a note."""
    rows = notes().rows(connection, position=position)
    return {row[0] for row in rows} - {None}, {row[1] for row in rows} - {None}


def behind(connection: Connection, about: About) -> int:
    """Count what a file has not: the activities that are newer, and the notes of what was changed behind it."""
    newest = (activity.c.id, about.activities), (graph_change.c.id, about.position)
    return sum(max(0, (connection.scalar(select(func.max(column))) or 0) - known) for column, known in newest)


def mark_graph(connection: Connection) -> Marks:
    """Have changes of all that is there noted from now on; say what that is.

    In a transaction that writes, before the one that reads the graph: what changes between the two is noted, too.
    """
    before = state_of(connection)
    build = uuid4().hex
    put(connection, NAME, before.registry or uuid4().hex)
    put(connection, BUILDS, " ".join((*before.builds, build)[-BUILDS_KNOWN:]))
    marks = {}
    for key, table in MARKS.items():
        marks[key] = connection.scalar(select(func.max(table.c.id))) or 0
        put(connection, key, max(connection.scalar(select(number(key))) or 0, marks[key]))
    last = connection.scalar(select(func.max(graph_change.c.id))) or 0
    connection.execute(delete(graph_change).where(graph_change.c.id <= last - MOST))
    put(connection, FLOOR, max(0, last - MOST))
    return Marks(build, marks["graph_activity"], marks["graph_entity"], last)


def tell_built(connection: Connection, build: str) -> None:
    """Have others look for the file that was made."""
    put(connection, BUILT, build)


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
