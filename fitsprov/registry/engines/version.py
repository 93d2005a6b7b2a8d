"""A number that grows with every transaction that changed something, kept in the registry itself."""

from __future__ import annotations

from sqlalchemy import Connection, Engine, Select, event, select

from fitsprov.registry.engines.compiled import compiled
from fitsprov.registry.schema import meta

__all__ = ["number_changes", "version_of"]

KEY = "version"
NEXT = f"""
INSERT INTO meta (key, value) SELECT '{KEY}', '1' WHERE %s
ON CONFLICT (key) DO UPDATE SET value = CAST(CAST(meta.value AS BIGINT) + 1 AS TEXT)
"""
ALWAYS = NEXT % "TRUE"
IF_WRITTEN = NEXT % "pg_current_xact_id_if_assigned() IS NOT NULL"


@compiled
def version_query() -> Select[tuple[str]]:
    """Select the number."""
    return select(meta.c.value).where(meta.c.key == KEY)


def version_of(connection: Connection) -> int:
    """Read the number; 0 where nothing was ever written."""
    return next((int(value) for (value,) in version_query().rows(connection)), 0)


def number_changes(engine: Engine) -> None:
    """Let each transaction of an engine that writes count itself, if it changed something."""
    if not event.contains(engine, "commit", count):
        event.listen(engine, "begin", remember)
        event.listen(engine, "commit", count)


def remember(connection: Connection) -> None:
    """Note how many rows SQLite has changed so far; PostgreSQL knows by itself whether a transaction writes."""
    connection.info["changes"] = getattr(connection.connection.dbapi_connection, "total_changes", None)


def count(connection: Connection) -> None:
    """Count this transaction."""
    before, after = connection.info["changes"], getattr(connection.connection.dbapi_connection, "total_changes", None)
    if before is None or before != after:
        connection.connection.cursor().execute(ALWAYS if before is not None else IF_WRITTEN)
