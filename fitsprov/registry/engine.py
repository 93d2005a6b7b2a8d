"""Connections to a registry, and what a database error means to its user.

SQLite runs in WAL mode: readers go on while one process writes, however long a bulk load takes, and a durable commit is
one fsync. Writers queue with BEGIN IMMEDIATE, so that no transaction fails half-way because another one was first.
"""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import lru_cache, partial
from pathlib import Path
from urllib.parse import quote

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.pool import NullPool, QueuePool

from fitsprov.errors import RegistryError

__all__ = ["file_of", "journal", "make_engine", "open_engine", "parse_url", "reading", "shown", "writing"]

BUSY_SECONDS = 60.0
"""How long one waits for another process that writes."""


def parse_url(url: str | Path) -> URL:
    """Read a registry's URL; a path stands for the SQLite file there.

    Raises
    ------
    RegistryError
        Where the text is no URL, or names an engine that is not supported.
    """
    if isinstance(url, Path) or "://" not in url:
        return URL.create("sqlite", database=os.fspath(url))
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise RegistryError(f"{url}: not a registry URL; expected sqlite:///FILE") from None
    if parsed.get_backend_name() != "sqlite":
        raise RegistryError(f"{shown(parsed)}: no engine {parsed.drivername}; expected sqlite:///FILE")
    if not parsed.database or parsed.database == ":memory:":
        raise RegistryError(f"{shown(parsed)}: a registry in memory is lost at once; expected sqlite:///FILE")
    return parsed


def shown(url: URL) -> str:
    """Spell a URL for people: without its password."""
    return url.render_as_string(hide_password=True)


def file_of(url: URL) -> Path:
    """Give the file of an SQLite registry."""
    return Path(url.database or "")


def open_engine(url: URL) -> Engine:
    """Open the registry that is there.

    A process has one engine for one file, because compiling the statements of a lineage takes longer than running
    them. A forked child has its own, since no SQLite connection survives a fork.

    Raises
    ------
    RegistryError
        Where there is no file.
    """
    path = file_of(url).absolute()
    if not path.is_file():
        raise RegistryError(f"{shown(url)}: no registry; expected one (fitsprov init makes it)")
    status = path.stat()
    return shared_engine(path, status.st_dev, status.st_ino, os.getpid(), may_write(path))


@lru_cache(maxsize=16)
def shared_engine(path: Path, device: int, inode: int, process: int, writable: bool) -> Engine:
    """Make the engine of one file in one process."""
    return make_engine(path, "rw") if writable else make_engine(path, "ro")


def make_engine(path: Path, mode: str) -> Engine:
    """Make an engine that opens a file for reading (``ro``), writing (``rw``), or creates it (``rwc``)."""
    connect = partial(connect_readonly, path) if mode == "ro" else partial(connect_writable, path, mode)
    # read-only connections are not kept: one that takes the file for immutable must not outlive a query
    engine = create_engine("sqlite://", creator=connect, poolclass=NullPool if mode == "ro" else QueuePool)
    event.listen(engine, "begin", begin)
    return engine


def may_write(path: Path) -> bool:
    """Whether SQLite could write here: it needs the folder, too, for its log."""
    return os.access(path, os.W_OK) and os.access(path.parent, os.W_OK)


def connect_file(path: Path, mode: str) -> sqlite3.Connection:
    """Open an SQLite file; transactions are begun by `begin` alone."""
    return sqlite3.connect(
        f"file:{quote(str(path))}?mode={mode}",
        uri=True,
        timeout=BUSY_SECONDS,
        isolation_level=None,
        check_same_thread=False,
    )


def connect_writable(path: Path, mode: str) -> sqlite3.Connection:
    """Open a file so that what is committed survives a power cut and points to what is there."""
    connection = connect_file(path, mode)
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("PRAGMA foreign_keys=ON")
    return connection


def connect_readonly(path: Path) -> sqlite3.Connection:
    """Open a file on a medium, or in a folder, where nothing may be written.

    WAL needs its shared-memory file even to read. Where a writer has the registry open, it is there; where it is not
    and cannot be made, nobody writes, and the file may be taken for immutable.
    """
    connection = connect_file(path, "ro")
    try:
        connection.execute("SELECT 1 FROM sqlite_master")
    except sqlite3.OperationalError:
        connection.close()
        log = path.with_name(path.name + "-wal")
        if log.exists() and log.stat().st_size:
            raise
        return connect_file(path, "ro&immutable=1")
    return connection


def begin(connection: Connection) -> None:
    """Begin: writers take their lock at once, so that they wait here or nowhere."""
    writes = connection.get_execution_options().get("writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def journal(engine: Engine, url: URL) -> None:
    """Switch a new registry to WAL; the file remembers it.

    No transaction may be open. SQLite does not wait for others here, as it does everywhere else.
    """
    deadline = time.monotonic() + BUSY_SECONDS
    with explained(url), closing(engine.raw_connection()) as connection:
        while True:
            try:
                connection.cursor().execute("PRAGMA journal_mode=WAL")
            except sqlite3.OperationalError as error:
                if "locked" not in str(error) or time.monotonic() > deadline:
                    raise
                time.sleep(0.005)
            else:
                return


@contextmanager
def reading(engine: Engine, url: URL) -> Iterator[Connection]:
    """Give one snapshot of the registry, however many queries are made of it."""
    with explained(url), engine.connect() as connection:
        yield connection


@contextmanager
def writing(engine: Engine, url: URL) -> Iterator[Connection]:
    """Give one transaction: committed whole, or not at all."""
    with explained(url), engine.connect().execution_options(writes=True) as connection, connection.begin():
        yield connection


@contextmanager
def explained(url: URL) -> Iterator[None]:
    """Say in one line what a database error means."""
    try:
        yield
    except DBAPIError as error:
        raise RegistryError(f"{shown(url)}: {meaning(error.orig)}") from error
    except sqlite3.Error as error:
        raise RegistryError(f"{shown(url)}: {meaning(error)}") from error


def meaning(error: BaseException | None) -> str:
    """Say what to do about a driver's error."""
    text = str(error)
    if "is locked" in text:
        return f"another process has been writing for {BUSY_SECONDS:.0f} s; try again later"
    if "not a database" in text:
        return "not a registry; expected an SQLite file that fitsprov init made"
    if "readonly" in text:
        return "the registry is read-only here; expected a file and a folder that may be written"
    if "unable to open" in text:
        return "cannot be opened; expected a file that this user may read, in a folder"
    return text
