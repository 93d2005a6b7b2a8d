"""Connections to a registry, on either engine, and what a database error means to its user."""

from __future__ import annotations

import os
import sqlite3
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from threading import Lock
from typing import TypeVar

from sqlalchemy import URL, Connection, Engine, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError

from fitsprov.errors import RegistryError
from fitsprov.registry.engines import postgres, sqlite
from fitsprov.registry.engines.deadline import within_deadline
from fitsprov.registry.engines.outage import forget_outage, note_outage, tell_outage

__all__ = [
    "explained",
    "is_file",
    "new_engine",
    "open_engine",
    "parse_url",
    "persist",
    "reading",
    "release",
    "shown",
    "size_of",
    "together",
    "transact",
]

T = TypeVar("T")

holders: Counter[Engine] = Counter()
"""How many use each engine: those of one registry in one process share one."""
counting = Lock()

EXPECTED = "expected sqlite:///FILE or postgresql+psycopg://USER@HOST/DATABASE"


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
        raise RegistryError(f"{url}: not a registry URL; {EXPECTED}") from None
    if parsed.drivername in ("postgresql", "postgresql+psycopg"):
        if not parsed.database:
            raise RegistryError(f"{shown(parsed)}: no database is named; {EXPECTED}")
        return parsed.set(drivername="postgresql+psycopg")
    if parsed.drivername not in ("sqlite", "sqlite+pysqlite"):
        raise RegistryError(f"{shown(parsed)}: no engine {parsed.drivername}; {EXPECTED}")
    if not parsed.database or parsed.database == ":memory:":
        raise RegistryError(f"{shown(parsed)}: a registry in memory is lost at once; expected sqlite:///FILE")
    return parsed


def shown(url: URL) -> str:
    """Spell a URL for people: without its password."""
    return url.render_as_string(hide_password=True)


def is_file(url: URL) -> bool:
    """Whether a registry is a file, not on a server."""
    return url.get_backend_name() == "sqlite"


def open_engine(url: URL) -> Engine:
    """Open the registry that is there; `release` ends it.

    Raises
    ------
    RegistryError
        Where there is no file.
    MissingExtra
        Where the engine's driver is not installed.
    """
    return held(sqlite.connect_old(url) if is_file(url) else postgres.connect_old(url))


def new_engine(url: URL) -> Engine:
    """Open the registry that is there, or a place for a new one; `release` ends it."""
    return held(sqlite.connect_new(url) if is_file(url) else postgres.connect_new(url))


def held(engine: Engine) -> Engine:
    """Note one more who uses an engine."""
    with counting:
        holders[engine] += 1
    return engine


def release(engine: Engine) -> None:
    """Close the connections of an engine that nobody uses any more."""
    with counting:
        holders[engine] -= 1
        last = holders[engine] <= 0
        if last:
            del holders[engine]
    if last:
        engine.dispose()


def size_of(connection: Connection, url: URL) -> int:
    """Count the bytes on disk."""
    return sqlite.file_of(url).stat().st_size if is_file(url) else postgres.size_of(connection)


@contextmanager
def reading(engine: Engine, url: URL) -> Iterator[Connection]:
    """Give one snapshot of the registry, however many queries are made of it."""
    with explained(url), engine.connect() as connection, within_deadline(connection):
        yield connection


@contextmanager
def together(connection: Connection) -> Iterator[None]:
    """Send statements to a server without waiting for each; none of them may be asked for rows."""
    with nullcontext() if connection.dialect.name == "sqlite" else postgres.pipeline(connection):
        yield


def transact(engine: Engine, url: URL, work: Callable[[Connection], T]) -> T:
    """Do work in one transaction that writes; again where a server was restarted meanwhile.

    Where no space is left that is noted, and told as an event by the next transaction for which there is.

    Parameters
    ----------
    work : callable
        Must do the same however often it is done: whether a commit that was cut off went through, nobody can tell.
    """

    def once() -> T:
        try:
            with engine.connect().execution_options(writes=True) as connection, connection.begin():
                done = work(connection)
                told = tell_outage(connection, url)
        except driver_errors(url) as error:
            if (sqlite if is_file(url) else postgres).is_full(original(error)):
                note_outage(url)
            raise
        if told:
            forget_outage(url)
        return done

    return persist(url, once)


def persist(url: URL, work: Callable[[], T]) -> T:
    """Do work, again where a server was restarted meanwhile."""
    deadline, pause = None, 0.05
    with explained(url):
        while True:
            try:
                return work()
            except driver_errors(url) as error:
                deadline = deadline or time.monotonic() + postgres.RESTART_SECONDS
                if is_file(url) or not postgres.is_passing(original(error)) or time.monotonic() > deadline:
                    raise
                time.sleep(pause)
                pause = min(2 * pause, 1.0)


@contextmanager
def explained(url: URL) -> Iterator[None]:
    """Say in one line what a database error means."""
    try:
        yield
    except driver_errors(url) as error:
        cause = original(error)
        text = sqlite.meaning(cause) if is_file(url) else postgres.meaning(cause)
        raise RegistryError(f"{shown(url)}: {text}") from error


def driver_errors(url: URL) -> tuple[type[Exception], ...]:
    """What may come from the driver, wrapped or not."""
    if is_file(url):
        return DBAPIError, sqlite3.Error
    import psycopg

    return DBAPIError, psycopg.Error


def original(error: BaseException) -> BaseException:
    """The driver's own error."""
    return error.orig or error if isinstance(error, DBAPIError) else error
