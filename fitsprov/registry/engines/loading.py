"""Rows by the million into a registry: one transaction, rows in the order of their keys, indexes at the end."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import URL, Connection, Constraint, Engine, Table, UniqueConstraint, text
from sqlalchemy.schema import AddConstraint, CreateIndex, DropConstraint, DropIndex

from fitsprov.registry.engines.engine import explained, is_file
from fitsprov.registry.harvests.bulk import insert_rows, uncollected
from fitsprov.registry.schema import activity, entity, used

__all__ = ["load_rows", "loading"]

USUAL = {"foreign_keys": "ON", "cache_size": -2000}
BEGIN = "SET LOCAL maintenance_work_mem = '512MB'; SET LOCAL enable_seqscan = on"
"""PostgreSQL reads all rows at the end, as no other writer does."""
BYTES, UUID = 17, 2950
"""Numbers that PostgreSQL has given to types."""
QUICK = {"foreign_keys": "OFF", "cache_size": -262144}
"""No look whether keys lead anywhere, and 256 MiB for what changes; SQLite heeds the first outside a transaction."""


@contextmanager
def loading(engine: Engine, url: URL, tables: Sequence[Table] = (activity, entity, used)) -> Iterator[Connection]:
    """Give a transaction for more rows than there are: what it loads is there whole, or not at all.

    Indexes of the tables, and what a server checks of their rows, are taken away and are back when it ends. The keys
    of SQLite are not held against each other: that is left to who gives them.

    Parameters
    ----------
    tables : sequence of Table
        Which tables will be loaded.
    """
    indexes = [index for table in tables for index in sorted(table.indexes, key=lambda one: str(one.name))]
    unique, foreign = ([], []) if is_file(url) else removable(tables)
    with explained(url), uncollected(), engine.connect().execution_options(writes=True) as connection:
        tune(connection, QUICK)
        try:
            with connection.begin():
                if not is_file(url):
                    connection.execute(text(BEGIN))
                for index in indexes:
                    connection.execute(DropIndex(index))
                for key in (*foreign, *unique):
                    connection.execute(DropConstraint(key))
                yield connection
                for key in unique:
                    connection.execute(AddConstraint(key))
                for index in indexes:
                    connection.execute(CreateIndex(index))
                if not is_file(url):  # before pointers are followed, so that it is known how many there are
                    connection.execute(text(f"ANALYZE {', '.join(table.name for table in tables)}"))
                for key in foreign:
                    connection.execute(AddConstraint(key))
        finally:
            tune(connection, USUAL)


def removable(tables: Sequence[Table]) -> tuple[list[Constraint], list[Constraint]]:
    """Give what PostgreSQL checks faster at the end: what is unique, but for keys that others point to; pointers."""
    unique: list[Constraint] = []
    foreign: list[Constraint] = []
    for table in tables:
        if len(table.primary_key) > 1:
            unique.append(table.primary_key)
        unique += (one for one in table.constraints if isinstance(one, UniqueConstraint))
        foreign += table.foreign_key_constraints
    return unique, foreign


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
    names = ", ".join(columns)
    cursor: Any = connection.connection.cursor()
    described = cursor.execute(f"SELECT {names} FROM {table.name} LIMIT 0").description
    with cursor.copy(f"COPY {table.name} ({names}) FROM STDIN (FORMAT BINARY)") as copy:
        # a UUID goes over the wire as the 16 bytes that it is
        copy.set_types([BYTES if column.type_code == UUID else column.type_code for column in described])
        for row in rows:
            copy.write_row(row)
