"""Registries in SQLite files.

SQLite runs in WAL mode: readers go on while one process writes, however long a bulk load takes, and a durable commit is
one fsync. Writers queue with BEGIN IMMEDIATE, so that no transaction fails half-way because another one was first.
"""

from __future__ import annotations

import os
import sqlite3
import time
from contextlib import closing
from functools import lru_cache, partial
from pathlib import Path
from urllib.parse import quote

from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.pool import NullPool, QueuePool

from fitsprov.errors import RegistryError
from fitsprov.registry.engines.version import number_changes

__all__ = ["connect_new", "connect_old", "file_of", "is_full", "may_write", "meaning", "prepare"]

BUSY_SECONDS = 60.0
"""How long one waits for another process that writes."""
FULL = (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR_SHMSIZE)
NO_SPACE = "no space is left; nothing of this was taken in, expected room on the disk"


def file_of(url: URL) -> Path:
    """Give the file of a registry."""
    return Path(url.database or "").absolute()


def connect_old(url: URL) -> Engine:
    """Open the file that is there.

    A process has one engine for one file, because compiling the statements of a lineage takes longer than running
    them. A forked child has its own, since no SQLite connection survives a fork.

    Raises
    ------
    RegistryError
        Where there is no file.
    """
    path = file_of(url)
    if not path.is_file():
        raise RegistryError(f"{url}: no registry; expected one (fitsprov init makes it)")
    status = path.stat()
    return shared_engine(path, status.st_dev, status.st_ino, os.getpid(), may_write(path))


@lru_cache(maxsize=16)
def shared_engine(path: Path, device: int, inode: int, process: int, writable: bool) -> Engine:
    """Make the engine of one file in one process."""
    engine = make_engine(path, "rw" if writable else "ro")
    number_changes(engine)
    return engine


def connect_new(url: URL) -> Engine:
    """Make an engine that creates the file where there is none.

    Raises
    ------
    RegistryError
        Where there is no folder for it.
    """
    path = file_of(url)
    if not path.parent.is_dir():
        raise RegistryError(f"{url}: no folder {path.parent}; expected one for the registry")
    return make_engine(path, "rwc")


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


def connect_file(path: Path, mode: str, *statements: str) -> sqlite3.Connection:
    """Open an SQLite file, and run statements; transactions are begun by `begin` alone."""
    connection = sqlite3.connect(
        f"file:{quote(str(path))}?mode={mode}",
        uri=True,
        timeout=BUSY_SECONDS,
        isolation_level=None,
        check_same_thread=False,
    )
    try:
        for statement in statements:
            connection.execute(statement)
    except BaseException:
        connection.close()
        raise
    return connection


def connect_writable(path: Path, mode: str) -> sqlite3.Connection:
    """Open a file so that what is committed survives a power cut and points to what is there."""
    return connect_file(path, mode, "PRAGMA synchronous=FULL", "PRAGMA foreign_keys=ON")


def connect_readonly(path: Path) -> sqlite3.Connection:
    """Open a file on a medium, or in a folder, where nothing may be written.

    WAL needs its shared-memory file even to read. Where a writer has the registry open, it is there; where it is not
    and cannot be made, nobody writes, and the file may be taken for immutable.
    """
    try:
        return connect_file(path, "ro", "SELECT 1 FROM sqlite_master")
    except sqlite3.OperationalError:
        log = path.with_name(path.name + "-wal")
        if log.exists() and log.stat().st_size:
            raise
        return connect_file(path, "ro&immutable=1")


def begin(connection: Connection) -> None:
    """Begin: writers take their lock at once, so that they wait here or nowhere."""
    writes = connection.get_execution_options().get("writes", False)
    connection.connection.cursor().execute("BEGIN IMMEDIATE" if writes else "BEGIN")


def prepare(engine: Engine) -> None:
    """Switch a new registry to WAL; the file remembers it.

    No transaction may be open. SQLite does not wait for others here, as it does everywhere else.
    """
    deadline = time.monotonic() + BUSY_SECONDS
    with closing(engine.raw_connection()) as connection:
        while True:
            try:
                connection.cursor().execute("PRAGMA journal_mode=WAL")
            except sqlite3.OperationalError as error:
                if "locked" not in str(error) or time.monotonic() > deadline:
                    raise
                time.sleep(0.005)
            else:
                return


def meaning(error: BaseException) -> str:
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
    if is_full(error):
        return NO_SPACE
    return text


def is_full(error: BaseException) -> bool:
    """Whether no space is left, for what is written or for the memory that readers and writers share."""
    return getattr(error, "sqlite_errorcode", None) in FULL
