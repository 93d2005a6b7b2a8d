"""A whole registry as JSON lines, and back: the same rows with the same keys, on whatever engine.

The first line says what it is, the last how many rows there are. Between them each table is a line with its name and
columns, then a line for each row. UUIDs are text, digests hex digits, times microseconds since 1970.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import nullcontext
from typing import Any
from uuid import UUID

from sqlalchemy import (
    Column,
    Connection,
    LargeBinary,
    Table,
    delete,
    exists,
    func,
    select,
    text,
    tuple_,
    type_coerce,
)

from fitsprov.errors import Conflict, InvalidRecord
from fitsprov.registry.adjacency.changes import BUILDS
from fitsprov.registry.datasets import chunks
from fitsprov.registry.engines.loading import LARGE, unindexed
from fitsprov.registry.harvests.bulk import insert_rows
from fitsprov.registry.schema import REVISIONS, Instant, Key, Uuid, graph_change, meta, metadata

__all__ = ["dump_rows", "load_rows"]

FORMAT = "fitsprov registry"
ABOUT = ("base_url", "authority")
"""What of a registry's notes about itself moves with it."""
BATCH = 5_000
TABLES: Mapping[str, Table] = {table.name: table for table in metadata.sorted_tables if table is not graph_change}
"""What is pointed to before what points."""

Row = tuple[Any, ...]


def dump_rows(connection: Connection) -> Iterator[str]:
    """Spell all rows, in the order of their keys; lines without their ends."""
    total = 0
    yield json.dumps({"format": FORMAT, "version": 1, "revision": REVISIONS[-1]})
    for name, table in TABLES.items():
        columns = list(table.columns)
        yield json.dumps({"table": name, "columns": [column.name for column in columns]})
        query = select(*map(plain, columns)).order_by(*table.primary_key.columns)
        if table is meta:
            query = query.where(meta.c.key.in_(ABOUT))
        for row in connection.execute(query.execution_options(yield_per=BATCH)):
            total += 1
            yield json.dumps([spelled(value) for value in row], ensure_ascii=False, separators=(",", ":"))
    yield json.dumps({"rows": total})


def plain(column: Column[Any]) -> Any:
    """Select a time as the number that it is."""
    return type_coerce(column, Key) if isinstance(column.type, Instant) else column


def spelled(value: Any) -> Any:
    """Give a value as JSON has it."""
    if isinstance(value, bytes | memoryview):
        return bytes(value).hex()
    return str(value) if isinstance(value, UUID) else value


def reader(column: Column[Any]) -> Callable[[Any], Any] | None:
    """How a value is read that JSON does not have."""
    if isinstance(column.type, Uuid):
        return UUID
    return bytes.fromhex if isinstance(column.type, LargeBinary) else None


def load_rows(connection: Connection, lines: Iterable[str], source: str) -> int:
    """Load all rows, inside the caller's transaction; those that are there are left. Give the number of new ones.

    Raises
    ------
    InvalidRecord
        Where these are no lines of a whole dump, or of a newer fitsprov's.
    Conflict
        Where another row has the place of one.
    """
    stream = enumerate(lines, 1)
    refuse_foreign(next(stream, (1, ""))[1], source)
    empty = not any(connection.scalar(select(exists(select(table.c[0])))) for table in LARGE)
    with unindexed(connection) if empty else nullcontext():
        added = load_tables(connection, stream, source)
    finish(connection, added)
    return added


def load_tables(connection: Connection, stream: Iterator[tuple[int, str]], source: str) -> int:
    """Load numbered lines; give the number of new rows."""
    added, total, loader, batch = 0, 0, None, list[Row]()
    for number, line in stream:
        said = parse(line, f"{source}: line {number}")
        if isinstance(said, list) and loader is not None:
            total += 1
            batch.append(loader.read(said, number))
            if len(batch) == BATCH:
                added += loader.load(batch)
                batch.clear()
            continue
        if loader is not None:
            added += loader.load(batch)
            batch.clear()
        if isinstance(said, dict) and "rows" in said:
            if said["rows"] != total or next(stream, None) is not None:
                raise InvalidRecord(f"{source}: {total} rows; expected {said['rows']}, and nothing behind them")
            return added
        loader = Loader(connection, said, f"{source}: line {number}", source)
    raise InvalidRecord(f"{source}: ends after {total} rows; expected the line that counts them")


def refuse_foreign(line: str, source: str) -> None:
    """Refuse what is no dump, or of another version."""
    said = parse(line, f"{source}: line 1") if line.startswith("{") else None
    if not isinstance(said, dict) or said.get("format") != FORMAT:
        raise InvalidRecord(f"{source}: {line[:40]!r}; expected the dump of a registry")
    if said.get("version") != 1 or said.get("revision") not in REVISIONS:
        raise InvalidRecord(f"{source}: schema {said.get('revision')}; expected {REVISIONS[-1]} or older")


def parse(line: str, where: str) -> Any:
    """Read a line."""
    try:
        return json.loads(line)
    except ValueError as error:
        raise InvalidRecord(f"{where}: {error}; expected JSON") from None


class Loader:
    """Loads the rows of one table.

    Parameters
    ----------
    said : object
        What the line says that leads them.
    """

    def __init__(self, connection: Connection, said: Any, where: str, source: str) -> None:
        names = said.get("columns") if isinstance(said, dict) else None
        table = TABLES.get(said.get("table", "")) if isinstance(said, dict) else None
        if table is None or not isinstance(names, list) or not set(names) <= set(table.columns.keys()):
            raise InvalidRecord(f"{where}: {str(said)[:60]}; expected a table and its columns")
        self.connection = connection
        self.table = table
        self.source = source
        self.names = names
        self.columns = [table.c[name] for name in names]
        self.readers = [(place, read) for place, column in enumerate(self.columns) if (read := reader(column))]
        self.key = [names.index(column.name) for column in table.primary_key.columns]
        self.empty = connection.execute(select(*table.primary_key.columns).limit(1)).first() is None

    def read(self, values: list[Any], number: int) -> Row:
        """Read a row."""
        try:
            for place, convert in self.readers:
                if values[place] is not None:
                    values[place] = convert(values[place])
        except (ValueError, TypeError, AttributeError, IndexError):
            raise InvalidRecord(f"{self.source}: line {number}: {str(values)[:60]}; expected a row") from None
        if len(values) != len(self.columns):
            raise InvalidRecord(f"{self.source}: line {number}: {len(values)} values; expected {len(self.columns)}")
        return tuple(values)

    def load(self, rows: list[Row]) -> int:
        """Add what is not there."""
        held = {} if self.empty else self.held(rows)
        new = [row for row in rows if self.address(row) not in held]
        for row in rows:
            known = held.get(self.address(row))
            if known is not None and known != row and self.table is not meta:
                name = f"{self.table.name} {' '.join(map(str, self.address(row)))}"
                raise Conflict(f"{self.source}: {name} is {row} but stands as {known}; expected no other rows")
        try:
            insert_rows(self.connection, self.table, self.names, [self.spell(row) for row in new])
        except self.connection.dialect.loaded_dbapi.DataError as error:
            raise InvalidRecord(f"{self.source}: rows of {self.table.name}: {error}; expected others") from None
        return len(new)

    def spell(self, row: Row) -> Row:
        """Give a row as it is inserted."""
        return tuple(value.bytes if isinstance(value, UUID) else value for value in row)

    def address(self, row: Row) -> Row:
        """The primary key of a row."""
        return tuple(row[place] for place in self.key)

    def held(self, rows: list[Row]) -> dict[Row, Row]:
        """Fetch the rows that have the places of some."""
        columns = [self.columns[place] for place in self.key]
        found = {}
        for chunk in chunks(map(self.address, rows), 2_000):
            where = columns[0].in_([key for (key,) in chunk]) if len(columns) == 1 else tuple_(*columns).in_(chunk)
            for row in self.connection.execute(select(*map(plain, self.columns)).where(where)):
                plainly = tuple(bytes(value) if isinstance(value, memoryview) else value for value in row)
                found[self.address(plainly)] = plainly
        return found


def finish(connection: Connection, added: int) -> None:
    """Let new rows get keys behind those that were loaded; disown adjacency files, which do not have them."""
    if added:
        connection.execute(delete(meta).where(meta.c.key == BUILDS))
    if connection.dialect.name == "postgresql":
        for table in TABLES.values():
            if "id" in table.columns:
                last = connection.scalar(select(func.max(table.c.id)))
                sequence = connection.scalar(select(func.pg_get_serial_sequence(table.name, "id")))
                if last is not None and sequence is not None:
                    connection.execute(text("SELECT setval(:sequence, :last)"), {"sequence": sequence, "last": last})
