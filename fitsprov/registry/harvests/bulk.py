"""Thousands of rows at once, straight to the driver: what stands around each value would cost more than the row."""

from __future__ import annotations

import gc
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Table

from fitsprov.registry.datasets import chunks

__all__ = ["MANY", "insert_rows", "select_by", "select_by_uuid", "uncollected", "update_rows"]

MANY = 100
"""Rows behind which PostgreSQL's COPY is faster than an INSERT for each."""
BYTES, UUIDS = 17, 2950
"""Numbers of PostgreSQL's types."""


def insert_rows(connection: Connection, table: Table, columns: Sequence[str], rows: list[tuple[Any, ...]]) -> None:
    """Insert rows; UUIDs are 16 bytes. No more than `MANY` may be inserted together with other statements."""
    if len(rows) > MANY and connection.dialect.name == "postgresql":
        copy_rows(connection, table, columns, rows)
    elif rows:
        text = insert_text(table, tuple(columns), mark(connection))
        send(connection, text, spelled(connection, columns, rows))


def copy_rows(connection: Connection, table: Table, columns: Sequence[str], rows: list[tuple[Any, ...]]) -> None:
    """Insert rows into PostgreSQL in its binary format, where a UUID is the 16 bytes that it is."""
    names = ", ".join(columns)
    cursor: Any = connection.connection.cursor()
    types = [column.type_code for column in cursor.execute(f"SELECT {names} FROM {table.name} LIMIT 0").description]
    try:
        with cursor.copy(f"COPY {table.name} ({names}) FROM STDIN (FORMAT BINARY)") as copy:
            copy.set_types([BYTES if one == UUIDS else one for one in types])
            for row in rows:
                copy.write_row(row)
    except (TypeError, OverflowError) as error:  # the server sees only what fits
        raise connection.dialect.loaded_dbapi.DataError(f"{table.name}: {error}") from error


def update_rows(connection: Connection, table: Table, columns: Sequence[str], rows: list[tuple[Any, ...]]) -> None:
    """Change rows; the last value of each is its key."""
    if rows:
        sets = ", ".join(f"{name} = {mark(connection)}" for name in columns)
        text = f"UPDATE {table.name} SET {sets} WHERE id = {mark(connection)}"
        send(connection, text, spelled(connection, columns, rows))


def send(connection: Connection, text: str, rows: list[tuple[Any, ...]]) -> None:
    """Run a statement for each row."""
    cursor = connection.connection.cursor()
    if len(rows) == 1:
        cursor.execute(text, rows[0])
    else:
        cursor.executemany(text, rows)


def select_by_uuid(
    connection: Connection, table: Table, columns: Sequence[str], ids: Iterable[bytes]
) -> Iterator[tuple[Any, ...]]:
    """Select rows by their UUIDs; the UUID, 16 bytes, comes first."""
    if connection.dialect.name != "postgresql":
        yield from select_by(connection, table, "uuid", columns, ids)
        return
    for uuid, *rest in select_by(connection, table, "uuid", columns, [UUID(bytes=one) for one in ids]):
        yield (uuid.bytes, *rest)


def select_by(
    connection: Connection, table: Table, column: str, columns: Sequence[str], values: Iterable[Any]
) -> Iterator[tuple[Any, ...]]:
    """Select rows by the values of one column, which comes first."""
    for chunk in chunks(values):
        marks = ", ".join([mark(connection)] * len(chunk))
        text = f"SELECT {', '.join([column, *columns])} FROM {table.name} WHERE {column} IN ({marks})"
        yield from map(tuple, connection.exec_driver_sql(text, tuple(chunk)))


@cache
def insert_text(table: Table, columns: tuple[str, ...], mark: str) -> str:
    """Spell an insert."""
    return f"INSERT INTO {table.name} ({', '.join(columns)}) VALUES ({', '.join([mark] * len(columns))})"


def mark(connection: Connection) -> str:
    """What stands for a value."""
    return "?" if connection.dialect.paramstyle == "qmark" else "%s"


def spelled(connection: Connection, columns: Sequence[str], rows: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """Give UUIDs as the driver takes them."""
    if connection.dialect.name != "postgresql" or "uuid" not in columns:
        return rows
    at = columns.index("uuid")
    return [(*row[:at], UUID(bytes=row[at]), *row[at + 1 :]) for row in rows]


@contextmanager
def uncollected() -> Iterator[None]:
    """Work without the garbage collector, which would look at every row again and again and find nothing."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()
