"""Whether there is a registry, of which version, and making one."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from urllib.parse import urlsplit
from uuid import UUID, uuid4

from sqlalchemy import URL, Connection, Engine, String, column, delete, insert, inspect, select, table

from fitsprov.errors import RegistryError, UsageError
from fitsprov.model.identifiers import publisher_did
from fitsprov.registry.engines import postgres, sqlite
from fitsprov.registry.engines.engine import explained, is_file, new_engine, reading, release, shown, transact
from fitsprov.registry.records.memory import IDENTITY
from fitsprov.registry.schema import REVISIONS, VERSION_TABLE, entity, meta, used

__all__ = ["create_registry", "read_about"]

NIL = UUID(int=0)
OURS = (meta.name, entity.name, used.name)
"""Tables that every revision has; other applications use Alembic, too."""
revisions = select(column("version_num", String)).select_from(table(VERSION_TABLE))


def read_about(engine: Engine, url: URL) -> dict[str, str]:
    """Check that a registry of this version is there; give what it says about itself."""
    with reading(engine, url) as connection:
        revision = revision_of(connection)
        if revision is None:
            raise RegistryError(f"{shown(url)}: not a registry; expected one that fitsprov init made")
        if revision != REVISIONS[-1]:
            refuse_unknown(url, revision)
            raise RegistryError(
                f"{shown(url)}: schema {revision}; expected {REVISIONS[-1]} (fitsprov init migrates it)"
            )
        return {row.key: row.value for row in connection.execute(select(meta.c.key, meta.c.value))}


def create_registry(url: URL, base_url: str | None, authority: str | None) -> None:
    """Make or migrate a registry, and note what it is told about itself."""
    about = {"base_url": checked_base_url(base_url), "authority": checked_authority(authority)}
    engine = new_engine(url)
    try:
        with reading(engine, url) as connection:
            refuse_foreign(connection, url)
        if is_file(url):
            with explained(url):
                sqlite.prepare(engine)
        transact(engine, url, partial(fill, url, about))
    finally:
        release(engine)


def fill(url: URL, about: Mapping[str, str | None], connection: Connection) -> None:
    """Make or migrate the tables, and note what a registry is told about itself."""
    if not is_file(url):
        postgres.prepare(connection, url)
    if refuse_foreign(connection, url) != REVISIONS[-1]:
        from fitsprov.registry.engines.migrate import migrate  # Alembic takes longer to load than a resolve

        migrate(connection)
    if connection.scalar(select(meta.c.value).where(meta.c.key == IDENTITY)) is None:
        connection.execute(insert(meta).values(key=IDENTITY, value=str(uuid4())))
    for key, value in about.items():
        if value is not None:
            connection.execute(delete(meta).where(meta.c.key == key))
            connection.execute(insert(meta).values(key=key, value=value))


def revision_of(connection: Connection) -> str | None:
    """Read the schema's revision; None where this is no registry."""
    if not {VERSION_TABLE, *OURS} <= set(inspect(connection).get_table_names()):
        return None
    return connection.scalar(revisions)


def refuse_foreign(connection: Connection, url: URL) -> str | None:
    """Refuse a database of something else, and a newer registry; give the revision, None for an empty file."""
    revision = revision_of(connection)
    if revision is None and inspect(connection).get_table_names():
        raise RegistryError(f"{shown(url)}: a database of something else; expected a registry, or nothing at all")
    if revision is not None:
        refuse_unknown(url, revision)
    return revision


def refuse_unknown(url: URL, revision: str) -> None:
    """Refuse a registry that a newer fitsprov has made."""
    if revision not in REVISIONS:
        known = REVISIONS[-1]
        raise RegistryError(f"{shown(url)}: schema {revision} is newer than {known}; expected a newer fitsprov")


def checked_base_url(base_url: str | None) -> str | None:
    """Refuse what no DATALINK card could begin with."""
    if base_url is None:
        return None
    parts = urlsplit(base_url)
    if (
        parts.scheme not in ("http", "https")
        or not parts.netloc
        or parts.query
        or parts.fragment
        or not base_url.isascii()
    ):
        raise UsageError(f"base URL '{base_url}' is not one; expected http(s)://host[/path]")
    return base_url.rstrip("/")


def checked_authority(authority: str | None) -> str | None:
    """Refuse what no publisher DID could begin with."""
    if authority is not None:
        publisher_did(authority, NIL)
    return authority
