"""Rows by the million into a registry: one transaction, rows in the order of their keys, indexes at the end."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import URL, Connection, Constraint, Engine, Table, text
from sqlalchemy.schema import AddConstraint, CreateIndex, DropConstraint, DropIndex

from fitsprov.registry.engines.engine import explained, is_file
from fitsprov.registry.harvests.bulk import insert_rows, uncollected
from fitsprov.registry.schema import activity, entity, used

__all__ = ["load_rows", "loading"]

USUAL = {"foreign_keys": "ON", "cache_size": -2000}
QUICK = {"foreign_keys": "OFF", "cache_size": -262144}
"""No look whether keys lead anywhere, and 256 MiB for what changes; SQLite heeds the first outside a transaction."""


@contextmanager
def loading(engine: Engine, url: URL, tables: Sequence[Table] = (activity, entity, used)) -> Iterator[Connection]:
    """Give a transaction for more rows than there are: what it loads is there whole, or not at all.

    Indexes and foreign keys of the tables are taken away, and are back when it ends. The keys of SQLite are not held
    against each other: that is left to who gives them.

    Parameters
    ----------
    tables : sequence of Table
        Which tables will be loaded.
    """
    indexes = [index for table in tables for index in sorted(table.indexes, key=lambda one: str(one.name))]
    keys = [] if is_file(url) else [*removable(tables)]
    with explained(url), uncollected(), engine.connect().execution_options(writes=True) as connection:
        tune(connection, QUICK)
        try:
            with connection.begin():
                if not is_file(url):
                    connection.execute(text("SET LOCAL maintenance_work_mem = '512MB'"))
                for index in indexes:
                    connection.execute(DropIndex(index))
                for key in keys:
                    connection.execute(DropConstraint(key))
                yield connection
                for index in indexes:
                    connection.execute(CreateIndex(index))
                for key in keys:
                    connection.execute(AddConstraint(key))
                if not is_file(url):
                    connection.execute(text(f"ANALYZE {', '.join(table.name for table in tables)}"))
        finally:
            tune(connection, USUAL)


def removable(tables: Sequence[Table]) -> Iterator[Constraint]:
    """Give the constraints that PostgreSQL checks faster at the end: nothing points to a key of several columns."""
    for table in tables:
        if len(table.primary_key) > 1:
            yield table.primary_key
        yield from table.foreign_key_constraints


def tune(connection: Connection, pragmas: dict[str, Any]) -> None:
    """Set what SQLite can be told."""
    if connection.dialect.name == "sqlite":
        cursor = connection.connection.cursor()
        for name, value in pragmas.items():
            cursor.execute(f"PRAGMA {name}={value}")


def load_rows(connection: Connection, table: Table, columns: Sequence[str], rows: list[tuple[Any, ...]]) -> None:
    """Load rows; UUIDs are 16 bytes."""
    if connection.dialect.name != "postgresql":
        insert_rows(connection, table, columns, rows)
        return
    at = columns.index("uuid") if "uuid" in columns else None
    cursor: Any = connection.connection.cursor()
    with cursor.copy(f"COPY {table.name} ({', '.join(columns)}) FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row if at is None else (*row[:at], row[at].hex(), *row[at + 1 :]))
