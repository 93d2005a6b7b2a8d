"""Reading the graph out of the tables: into columns for the adjacency file, or what is newer than that."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from sqlalchemy import ColumnElement, Connection, Select, Text, and_, bindparam, case, func, select, union_all
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from fitsprov.registry.adjacency.arrays import Numbers
from fitsprov.registry.adjacency.changes import Marks, changed_since
from fitsprov.registry.adjacency.file import About
from fitsprov.registry.adjacency.layers import Newer
from fitsprov.registry.engines.compiled import Compiled, among, as_keys, compiled
from fitsprov.registry.graph.seeds import WORDS
from fitsprov.registry.schema import Key, activity, entity, used

__all__ = ["arrange", "read_graph", "read_newer"]

ACTIVITIES, ROWS = 20_000, 200_000
"""Keys that are read at once: of activities with all they used, and of datasets or activities alone."""

LAST = 2**63 - 1
"""Greater than any key."""
HIDDEN = used.c.actual.is_(False)
FACTS = (entity.c.id, *(func.coalesce(entity.c[fact], 0) for fact in ("gen_aid", "dataset_type_id", "run_id")))
FOUND_BY = (activity.c.id, *(func.coalesce(activity.c[word], 0) for word in WORDS))


class Line(FunctionElement[str]):
    """All numbers of a group as text, with commas."""

    name = "line"
    type = Text()
    inherit_cache = True


@compiles(Line)
def spell_line(element: Line, compiler: SQLCompiler, **options: Any) -> str:
    """Spell it for SQLite."""
    return f"group_concat({compiler.process(element.clauses, **options)})"


@compiles(Line, "postgresql")
def spell_line_of_text(element: Line, compiler: SQLCompiler, **options: Any) -> str:
    """Spell it for PostgreSQL, which takes text only."""
    return f"string_agg(CAST({compiler.process(element.clauses, **options)} AS text), ',')"


def in_lines(key: ColumnElement[int], *values: ColumnElement[int]) -> Select[Any]:
    """Select values as text, all of a range of keys in one row: a row for each would take ten times as long."""
    return select().add_columns(*map(Line, (key, *values))).where(between(key))


@compiled
def edges_query() -> Select[Any]:
    """Select activities and what they used; its complement where it was presented only."""
    return in_lines(used.c.activity_id, case((HIDDEN, -1 - used.c.entity_id), else_=used.c.entity_id))


@compiled
def facts_query() -> Select[Any]:
    """Select datasets with makers, types and runs."""
    return in_lines(*FACTS)


@compiled
def words_query() -> Select[Any]:
    """Select activities with what they are found by."""
    return in_lines(*FOUND_BY)


def read_lines(connection: Connection, query: Compiled, greatest: int, step: int) -> list[Numbers]:
    """Read the columns of a query."""
    parts = []
    for after in range(0, max(greatest, 1), step):
        last = min(after + step, greatest)
        (row,) = query.rows(connection, after=after, last=last)
        parts.append([np.fromstring(text or "", np.int64, sep=",") for text in row])
    return [np.concatenate(columns) for columns in zip(*parts, strict=True)]


def read_graph(connection: Connection, marks: Marks) -> tuple[About, dict[str, Numbers]]:
    """Read the graph as far as it was marked, in a transaction that began after that.

    What was changed in between may be as it was or as it is: it is noted, and read again.
    """
    edges = read_lines(connection, edges_query(), marks.activities, ACTIVITIES)
    facts = read_lines(connection, facts_query(), marks.entities, ROWS)
    words = read_lines(connection, words_query(), marks.activities, ROWS)
    return arrange(marks, edges, facts, words)


def arrange(
    marks: Marks, edges: Sequence[Numbers], facts: Sequence[Numbers], words: Sequence[Numbers]
) -> tuple[About, dict[str, Numbers]]:
    """Arrange a graph as a file has it.

    Parameters
    ----------
    edges : sequence of array
        Activities and what they used, its complement where it was presented only.
    facts : sequence of array
        Datasets, makers, types and runs; 0 where there is none, as below.
    words : sequence of array
        Activities, and their `WORDS`.
    """
    users, inputs = ordered(edges[0], edges[1], marks.entities)
    keys, makers = facts[:2]
    columns = {}
    for name, values in zip(("maker", "type", "run"), facts[1:], strict=True):
        columns[name] = np.zeros(marks.entities + 1, least(values))
        columns[name][keys] = values
    columns |= listing("input", users, inputs, marks.activities)
    hidden = inputs < 0
    there, backwards = ordered(np.where(hidden, ~inputs, inputs), np.where(hidden, ~users, users), marks.activities)
    columns |= listing("user", there, backwards, marks.entities)
    made = (makers > 0) & (makers <= marks.activities)
    columns |= listing("output", *ordered(makers[made], keys[made], marks.entities), marks.activities)
    for word, values in zip(WORDS, words[1:], strict=True):
        has = values > 0
        found = ordered(values[has], words[0][has], marks.activities)
        columns |= listing(word, *found, int(values.max(initial=0)))
    return About(marks.build, marks.activities, marks.entities, len(users), marks.position), columns


def ordered(firsts: Numbers, seconds: Numbers, greatest: int) -> tuple[Numbers, Numbers]:
    """Sort pairs by the first; what leads beyond the marks was changed since, and is left out."""
    within = (seconds <= greatest) & (seconds >= ~greatest)
    if not within.all():
        firsts, seconds = firsts[within], seconds[within]
    if (firsts[1:] >= firsts[:-1]).all():
        return firsts, seconds
    order = np.argsort(firsts, kind="stable")
    return firsts[order], seconds[order]


def listing(name: str, firsts: Numbers, seconds: Numbers, greatest: int) -> Mapping[str, Numbers]:
    """Make the two columns of a list: the seconds, and where those of each first end."""
    ends = np.cumsum(np.bincount(firsts, minlength=greatest + 1))
    return {f"{name}_ends": ends.astype(least(ends)), name: seconds.astype(least(seconds))}


def least(values: Numbers) -> type[np.signedinteger[Any]]:
    """Give the smallest type that holds all values."""
    greatest = max(int(values.max(initial=0)), -int(values.min(initial=0)))
    return next(kind for kind in (np.int16, np.int32, np.int64) if greatest <= np.iinfo(kind).max)


@compiled
def edges_after() -> Select[Any]:
    """Select the edges of new activities, and of a list of older ones."""
    edges = select(used.c.activity_id, used.c.entity_id, case((HIDDEN, 1), else_=0))
    return either(edges, used.c.activity_id)


@compiled
def facts_after() -> Select[Any]:
    """Select new datasets, and a list of older ones."""
    return either(select(*FACTS), entity.c.id)


@compiled
def words_after() -> Select[Any]:
    """Select what new activities, and a list of older ones, are found by."""
    return either(select(*FOUND_BY), activity.c.id)


def either(query: Select[Any], key: ColumnElement[int]) -> Select[Any]:
    """Select what is new, and what is of a list."""
    both = union_all(query.where(between(key)), query.where(among(key))).subquery()
    return select(both)


def between(key: ColumnElement[int]) -> ColumnElement[bool]:
    """Narrow a query to a range of keys; with one end only, a planner that does not know it fears a third of all."""
    return and_(key > bindparam("after", type_=Key), key <= bindparam("last", type_=Key))


def read_newer(connection: Connection, about: About) -> Newer:
    """Read what a file has not, and what of it is out of date."""
    activities, entities = changed_since(connection, about.position)
    activities = {key for key in activities if key <= about.activities}
    entities = {key for key in entities if key <= about.entities}
    edges = edges_after().rows(connection, after=about.activities, last=LAST, **as_keys(activities))
    facts = facts_after().rows(connection, after=about.entities, last=LAST, **as_keys(entities))
    words = words_after().rows(connection, after=about.activities, last=LAST, **as_keys(activities))
    return Newer(edges, facts, words, activities, entities)
