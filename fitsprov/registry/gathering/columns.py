"""Columns of many rows, each in one value: to fetch a row as a tuple takes several times longer than to read it."""

from __future__ import annotations

import json
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, ClassVar, NamedTuple

from sqlalchemy import (
    BinaryExpression,
    Column,
    ColumnElement,
    Connection,
    FromClause,
    Join,
    Select,
    String,
    bindparam,
    func,
    literal_column,
    select,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import NullType

from fitsprov.compiled import compiled as twinned
from fitsprov.registry.engines.compiled import Compiled, among, compiled

__all__ = [
    "Each",
    "Given",
    "Ids",
    "InOrder",
    "Keys",
    "Line",
    "Octets",
    "Places",
    "Texts",
    "Unlike",
    "by_keys",
    "listed",
    "read_by_id",
    "read_columns",
]

BITS = 44
"""Of a run, for its first key; those above them say how many follow."""
KEY = (1 << BITS) - 1
LONGEST = 1 << 62 - BITS
"""Keys of a run, at most."""
HOLES = 8
"""Keys for each one missing between them, at least, where runs are looked for."""
MANY = 500
"""Keys above which columns take much of a server's memory."""
ROOM = "room"
"""Where a connection says that its server keeps such memory."""

read_json = json.JSONDecoder().raw_decode  # without its looks for blanks


class Aggregate(FunctionElement[Any]):
    """A whole column; all columns of one statement are in the same order.

    How each engine spells it stands with it.
    """

    type = NullType()  # as the driver gives it
    inherit_cache = True
    sqlite: ClassVar[str]
    postgresql: ClassVar[str]


class Line(Aggregate):
    """Numbers, truth values or JSON texts behind one another, to be read by `listed`."""

    name = "line"
    inherit_cache = True  # of no use where it is inherited
    sqlite = "group_concat(coalesce({}, 'null'))"
    postgresql = "string_agg(coalesce(CAST({} AS text), 'null'), ',')"


class Each(Aggregate):
    """Numbers of which every row has one, as a `Line`."""

    name = "each"
    sqlite = "group_concat({})"
    postgresql = "string_agg(CAST({} AS text), ',')"


class Ids(Aggregate):
    """The keys of the rows; of SQLite, which gives rows in the order in which they were asked for, their number."""

    name = "ids"
    sqlite = "count(*)"
    postgresql = Each.postgresql


class Places(Aggregate):
    """Places within what the rows belong to; nothing of SQLite, which gives them in this order."""

    name = "places"
    sqlite = "NULL"
    postgresql = Each.postgresql


class Texts(Aggregate):
    """Texts, as a JSON array."""

    name = "texts"
    sqlite = "json_group_array({})"
    postgresql = "CAST(json_agg({}) AS text)"  # as text: the driver shall not read what nobody may ask for


class Given(Aggregate):
    """Keys and values, where there is a value: what few rows have."""

    name = "given"
    sqlite = "json_group_object({0}, {1}) FILTER (WHERE {1} IS NOT NULL)"
    postgresql = "CAST(json_object_agg({0}, {1}) FILTER (WHERE {1} IS NOT NULL) AS text)"


class Unlike(Aggregate):
    """Keys and values, where the value is not a certain one: what most rows have."""

    name = "unlike"
    sqlite = "json_group_object({0}, {1}) FILTER (WHERE {1} IS NOT {2})"
    postgresql = "CAST(json_object_agg({0}, {1}) FILTER (WHERE {1} IS DISTINCT FROM {2}) AS text)"


class Octets(Aggregate):
    """UUIDs, 16 bytes each, to be read by `uuids_of`; SQLite joins bytes as it joins texts, and leaves them as such."""

    name = "octets"
    sqlite = "CAST(group_concat({}, '') AS BLOB)"
    postgresql = "string_agg(uuid_send({}), '')"


class Asked(FunctionElement[Any]):
    """The keys, or runs of them, that are asked for, one row each; the table has to be called as its column is."""

    name = "asked"
    inherit_cache = True
    sqlite = "json_each({})"
    postgresql = "unnest(CAST(translate({}, '[]', '{{}}') AS bigint[]))"


@compiles(Aggregate)
@compiles(Asked)
def spell(element: Aggregate | Asked, compiler: SQLCompiler, **options: Any) -> str:
    """Spell it for an engine."""
    spelling: str = getattr(element, compiler.dialect.name)
    return spelling.format(*(compiler.process(clause, **options) for clause in element.clauses))


class InOrder(Join):
    """A join whose left side SQLite reads first: of keys it knows nothing, and would read tables whole."""

    inherit_cache = True


@compiles(InOrder)
def spell_join(element: InOrder, compiler: SQLCompiler, asfrom: bool = False, **options: Any) -> str:
    """Spell it for SQLite, whose cross joins are not reordered."""
    assert element.onclause is not None
    kind = "JOIN" if compiler.dialect.name == "postgresql" else "CROSS JOIN"
    left, right = (compiler.process(side, asfrom=True, **options) for side in (element.left, element.right))
    return f"{left} {kind} {right} ON {compiler.process(element.onclause, **options)}"


class OfList(InOrder):
    """A list of keys, and the table that has them: SQLite looks up one by one, PostgreSQL all at once."""

    inherit_cache = True


@compiles(OfList, "postgresql")
def spell_at_once(element: OfList, compiler: SQLCompiler, asfrom: bool = False, **options: Any) -> str:
    """Spell it for PostgreSQL, in which a query without columns or tables has one row."""
    assert isinstance(element.onclause, BinaryExpression)
    right = compiler.process(element.right, asfrom=True, **options)
    return f"(SELECT) AS one JOIN {right} ON {compiler.process(among(element.onclause.left), **options)}"


def by_keys(
    query: Select[Any], key: Column[int], runs: bool, *more: tuple[FromClause, ColumnElement[bool]]
) -> Select[Any]:
    """Narrow a query to a list of keys, or to runs of them.

    Parameters
    ----------
    more : tuple
        Other tables, in the order in which rows lead to rows, and how these belong to those before.
    """
    wanted = Asked(bindparam("keys", type_=String())).table_valued("value", name="value")
    value = wanted.c.value
    if runs:
        first = value.bitwise_and(literal_column(str(KEY)))
        last = first + value.bitwise_rshift(literal_column(str(BITS)))
        source = InOrder(wanted, key.table, key.between(first, last))
    else:
        source = OfList(wanted, key.table, key == value)
    for table, belongs in more:
        source = InOrder(source, table, belongs)
    return query.select_from(source)


class Keys(NamedTuple):
    """Keys as they are asked for."""

    listed: list[int]
    """Each once, in the order in which SQLite gives what it finds."""
    text: str
    """They themselves, or runs of them, as a JSON array."""
    runs: bool

    @property
    def first(self) -> int:
        """One of them; 0 where there are none."""
        return self.listed[0] if self.listed else 0

    @classmethod
    def of(cls, keys: Iterable[int] | Keys) -> Keys:
        """Spell keys; where few are missing between them, engines find their runs sooner than each of them."""
        if isinstance(keys, Keys):
            return keys
        ordered = sorted(keys if isinstance(keys, set) else set(keys))
        if not ordered or (ordered[-1] - ordered[0] + 1 - len(ordered)) * HOLES > len(ordered):
            return cls(ordered, str(ordered), False)
        return cls(ordered, str(list(runs_of(ordered))), True)


def runs_of(ordered: list[int]) -> Iterator[int]:
    """Spell the runs of keys, which have few holes: behind a hole all keys are further from their places."""
    places, place = range(len(ordered)), 0
    while place < len(ordered):
        first = ordered[place]
        hole = bisect_right(places, first - place, place, key=lambda at: ordered[at] - at)
        for at in range(place, hole, LONGEST):
            yield min(hole - at, LONGEST) - 1 << BITS | first + at - place
        place = hole


def read_columns(
    connection: Connection,
    query: Callable[[bool], Compiled],
    keys: Iterable[int] | Keys,
    *,
    alone: bool = False,
    **more: Any,
) -> Sequence[Any]:
    """Read the columns of a query that `by_keys` made.

    Parameters
    ----------
    alone : bool
        Whether it leads to no other table: PostgreSQL expects a great part of one behind runs, and joins it as such.
    more
        Other parameters of the query.
    """
    wanted = Keys.of(keys)
    if len(wanted.listed) > MANY and connection.dialect.name == "postgresql" and ROOM not in connection.info:
        connection.info[ROOM] = room().rows(connection)
    runs = wanted.runs and (alone or connection.dialect.name == "sqlite")
    (row,) = query(runs).rows(connection, keys=wanted.text if runs else str(wanted.listed), **more)
    return row


@compiled
def room() -> Select[Any]:
    """Select what makes a server take 2 MiB at once, and give them back.

    Its memory is that of the C library, and glibc lets go of no less than twice what was given back so. Otherwise it
    gives back what columns took after each statement, and to get it anew from the system is a fifth of their time.
    """
    kibibyte = func.repeat("x", 1024)
    return select(func.length(func.repeat(kibibyte, 2048)))


@compiled
def there(key: Column[int], runs: bool) -> Select[Any]:
    """Select the keys that there are."""
    return by_keys(select(Each(key)), key, runs)


def read_by_id(
    connection: Connection, query: Callable[[bool], Compiled], key: Column[int], keys: Iterable[int] | Keys, **more: Any
) -> tuple[list[int], Sequence[Any]]:
    """Read the columns of a query by the keys of its rows, of which the first is `Ids`; give these, and the others."""
    wanted = Keys.of(keys)
    found, *row = read_columns(connection, query, wanted, alone=True, **more)
    if found == len(wanted.listed):
        return wanted.listed, row
    if isinstance(found, int):  # some are not there
        (found,) = read_columns(connection, lambda runs: there(key, runs), wanted, alone=True)
    return listed(found), row


@twinned
def listed(line: str | None) -> list[Any]:
    """Read a `Line`, or `Each`."""
    values: list[Any] = read_json(f"[{line}]")[0] if line else []
    return values
