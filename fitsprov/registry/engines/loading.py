"""Rows by the million into a registry: one transaction, rows in the order of their keys, indexes at the end."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import URL, Connection, Constraint, Engine, UniqueConstraint, text
from sqlalchemy.schema import AddConstraint, CreateIndex, DropConstraint, DropIndex

from fitsprov.registry.engines.engine import explained
from fitsprov.registry.harvests.bulk import uncollected
from fitsprov.registry.schema import activity, entity, used

__all__ = ["LARGE", "loading", "unindexed"]

USUAL = {"foreign_keys": "ON", "cache_size": -2000}
LARGE = (activity, entity, used)
"""The tables of the graph."""
TUNED = "SET LOCAL maintenance_work_mem = '512MB'; SET LOCAL enable_seqscan = on"
"""PostgreSQL reads all rows at the end, as no other writer does."""
QUICK = {"foreign_keys": "OFF", "cache_size": -262144}
"""No look whether keys lead anywhere, and 256 MiB for what changes; SQLite heeds the first outside a transaction."""


@contextmanager
def loading(engine: Engine, url: URL) -> Iterator[Connection]:
    """Give a transaction for more rows than there are: what it loads is there whole, or not at all.

    The keys of SQLite are not held against each other: that is left to who gives them.
    """
    with explained(url), uncollected(), engine.connect().execution_options(writes=True) as connection:
        tune(connection, QUICK)
        try:
            with connection.begin(), unindexed(connection):
                yield connection
        finally:
            tune(connection, USUAL)


@contextmanager
def unindexed(connection: Connection) -> Iterator[None]:
    """Take the indexes of the graph's tables away, and what a server checks of their rows; all is back when it ends.

    To make them of all rows at once is faster than to change them with each.
    """
    indexes = [index for table in LARGE for index in sorted(table.indexes, key=lambda one: str(one.name))]
    server = connection.dialect.name == "postgresql"
    unique, foreign = removable() if server else ([], [])
    if server:
        connection.execute(text(TUNED))
    for index in indexes:
        connection.execute(DropIndex(index))
    for key in (*foreign, *unique):
        connection.execute(DropConstraint(key))
    yield
    for key in unique:
        connection.execute(AddConstraint(key))
    for index in indexes:
        connection.execute(CreateIndex(index))
    if server:  # before pointers are followed, so that it is known how many there are
        connection.execute(text(f"ANALYZE {', '.join(table.name for table in LARGE)}"))
    for key in foreign:
        connection.execute(AddConstraint(key))


def removable() -> tuple[list[Constraint], list[Constraint]]:
    """Give what PostgreSQL checks faster at the end: what is unique, but for keys that others point to; pointers."""
    unique: list[Constraint] = []
    foreign: list[Constraint] = []
    for table in LARGE:
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
