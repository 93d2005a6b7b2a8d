"""Columns of many rows, each in one value: to fetch a row as a tuple takes several times longer than to read it."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from itertools import repeat
from struct import iter_unpack
from typing import Any, TypeVar
from uuid import UUID, SafeUUID

from sqlalchemy import (
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
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import NullType

from fitsprov.registry.engines.compiled import Compiled, among, as_keys

__all__ = [
    "Given",
    "InOrder",
    "Line",
    "Octets",
    "Texts",
    "as_runs",
    "built",
    "by_keys",
    "different",
    "given",
    "listed",
    "read_columns",
    "texts_of",
    "uuids_of",
]

T = TypeVar("T")

BITS = 16
"""Of a run of keys, for how many follow the first."""
LONGEST = (1 << BITS) - 1
FEW, SHORT = 16, 256
"""Different values of a column up to which each is looked for; characters from which on that is quicker."""
NOTHING = "{}"

read_json = json.JSONDecoder().raw_decode  # without its looks for blanks


class Aggregate(FunctionElement[Any]):
    """A whole column; all columns of one statement are in the same order."""

    type = NullType()  # as the driver gives it
    inherit_cache = True


class Line(Aggregate):
    """Numbers, truth values or JSON texts behind one another, to be read by `listed`."""

    name = "line"
    inherit_cache = True


class Texts(Aggregate):
    """Texts, as a JSON array."""

    name = "texts"


class Given(Aggregate):
    """Keys and texts, where there is a text: what few rows have."""

    name = "given"


class Octets(Aggregate):
    """UUIDs, 16 bytes each, to be read by `uuids_of`."""

    name = "octets"


@compiles(Line)
def spell_line(element: Line, compiler: SQLCompiler, **options: Any) -> str:
    """Spell it for SQLite."""
    return f"group_concat(coalesce({compiler.process(element.clauses, **options)}, 'null'))"


@compiles(Line, "postgresql")
def spell_line_of_text(element: Line, compiler: SQLCompiler, **options: Any) -> str:
    """Spell it for PostgreSQL, which joins texts only."""
    return f"string_agg(coalesce(CAST({compiler.process(element.clauses, **options)} AS text), 'null'), ',')"


@compiles(Texts)
def spell_texts(element: Texts, compiler: SQLCompiler, **options: Any) -> str:
    """Spell it for SQLite."""
    return f"json_group_array({compiler.process(element.clauses, **options)})"


@compiles(Texts, "postgresql")
def spell_texts_as_text(element: Texts, compiler: SQLCompiler, **options: Any) -> str:
    """Spell it for PostgreSQL; the driver shall not read what nobody may ask for."""
    return f"CAST(json_agg({compiler.process(element.clauses, **options)}) AS text)"


@compiles(Given)
def spell_given(element: Given, compiler: SQLCompiler, **options: Any) -> str:
    """Spell it for SQLite."""
    key, value = (compiler.process(clause, **options) for clause in element.clauses)
    return f"json_group_object({key}, {value}) FILTER (WHERE {value} IS NOT NULL)"


@compiles(Given, "postgresql")
def spell_given_as_text(element: Given, compiler: SQLCompiler, **options: Any) -> str:
    """Spell it for PostgreSQL."""
    key, value = (compiler.process(clause, **options) for clause in element.clauses)
    return f"CAST(json_object_agg({key}, {value}) FILTER (WHERE {value} IS NOT NULL) AS text)"


@compiles(Octets)
def spell_octets(element: Octets, compiler: SQLCompiler, **options: Any) -> str:
    """Spell it for SQLite, which joins bytes as it joins texts, and leaves them as they are."""
    return f"CAST(group_concat({compiler.process(element.clauses, **options)}, '') AS BLOB)"


@compiles(Octets, "postgresql")
def spell_octets_of_uuids(element: Octets, compiler: SQLCompiler, **options: Any) -> str:
    """Spell it for PostgreSQL."""
    return f"string_agg(uuid_send({compiler.process(element.clauses, **options)}), '')"


class InOrder(Join):
    """A join whose left side SQLite reads first: of runs it knows nothing, and would read tables whole."""

    inherit_cache = True


@compiles(InOrder)
def spell_join(element: InOrder, compiler: SQLCompiler, asfrom: bool = False, **options: Any) -> str:
    """Spell it for SQLite, whose cross joins are not reordered."""
    assert element.onclause is not None
    kind = "JOIN" if compiler.dialect.name == "postgresql" else "CROSS JOIN"
    left, right = (compiler.process(side, asfrom=True, **options) for side in (element.left, element.right))
    return f"{left} {kind} {right} ON {compiler.process(element.onclause, **options)}"


def by_keys(
    query: Select[Any], key: Column[int], runs: bool, *more: tuple[FromClause, ColumnElement[bool]]
) -> Select[Any]:
    """Narrow a query to a list of keys, or to runs of them, which SQLite looks up quicker than their members.

    Parameters
    ----------
    more : tuple
        Other tables, in the order in which rows lead to rows, and how these belong to those before.
    """
    source: FromClause = key.table
    if runs:
        table = func.json_each(bindparam("runs", type_=String())).table_valued("value", name="runs")
        first = table.c.value.bitwise_rshift(literal_column(str(BITS)))
        last = first + table.c.value.bitwise_and(literal_column(str(LONGEST)))
        source = InOrder(table, source, key.between(first, last))
    for table_, belongs in more:
        source = InOrder(source, table_, belongs)
    found = query.select_from(source)
    return found if runs else found.where(among(key))


def as_runs(keys: Iterable[int]) -> str:
    """Spell keys as runs: the first of each, and how many follow it."""
    ordered = sorted(keys)
    number = len(ordered)
    if not ordered or ordered[-1] - ordered[0] == number - 1 <= LONGEST:
        return str([ordered[0] << BITS | number - 1] if ordered else [])
    runs = []
    first = last = ordered[0]
    for key in ordered:
        if key - last > 1 or key - first > LONGEST:
            runs.append(first << BITS | last - first)
            first = key
        last = key
    runs.append(first << BITS | last - first)
    return str(runs)


def read_columns(connection: Connection, query: Callable[[bool], Compiled], keys: Iterable[int]) -> Sequence[Any]:
    """Read the columns of a query that `by_keys` made."""
    if connection.dialect.name == "sqlite":
        (row,) = query(True).rows(connection, runs=as_runs(keys))
    else:
        (row,) = query(False).rows(connection, **as_keys(keys))
    return row


def listed(line: str | None) -> list[Any]:
    """Read a `Line`."""
    values: list[Any] = read_json(f"[{line}]")[0] if line else []
    return values


def texts_of(texts: str | None) -> list[Any]:
    """Read `Texts`."""
    values: list[Any] = read_json(texts)[0] if texts else []
    return values


def given(text: str | None) -> dict[int, Any]:
    """Read what `Given` gave."""
    return {int(key): value for key, value in read_json(text)[0].items()} if text and text != NOTHING else {}


def different(line: str | None) -> set[Any]:
    """Give the different values of a `Line`, which often are few."""
    if not line or len(line) < SHORT:
        return set(listed(line)) - {None}
    rest = f",{line.replace(',', ',,')},"
    found: set[str] = set()
    while rest and len(found) < FEW:
        value = rest[1 : rest.index(",", 1)]
        found.add(value)
        rest = rest.replace(f",{value},", "")
    return set(listed(f"{','.join(found)}{rest[:-1].replace(',,', ',')}")) - {None}


def uuids_of(octets: bytes | None) -> list[UUID]:
    """Read `Octets`; it is what UUID does for one, without checks."""
    numbers = [int.from_bytes(one) for (one,) in iter_unpack("16s", octets or b"")]
    return built(UUID, len(numbers), int=numbers, is_safe=repeat(SafeUUID.unknown))


def built(kind: type[T], number: int, **columns: Iterable[Any]) -> list[T]:
    """Make many values of a class with slots from columns of its parts, which need no checks.

    It takes a third of the time of making them one by one.
    """
    made = list(map(object.__new__, repeat(kind, number)))
    for name, values in columns.items():
        deque(map(getattr(kind, name).__set__, made, values), maxlen=0)
    return made
