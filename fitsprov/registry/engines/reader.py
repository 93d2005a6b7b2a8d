"""Reading many times a second: connections that are kept, and no more than one statement where one is enough."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import TypeVar

from sqlalchemy import URL, Connection, Engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from fitsprov.registry.engines import postgres
from fitsprov.registry.engines.engine import persist
from fitsprov.registry.engines.overdue import deadline_here

__all__ = ["Reader"]

T = TypeVar("T")

KEPT = 16
"""Connections that wait for the next reader, at most."""
# each statement finds rows by their keys: one plan is good for all times, and to make it takes longer than to run it
SETTINGS = "SET plan_cache_mode = force_generic_plan; SET enable_seqscan = off; SET max_parallel_workers_per_gather = 0"


class Reader:
    """Runs what only reads; threads may share it.

    A kept connection stands in a transaction of SQLAlchemy's that nobody ends, and that the database does not know of:
    to begin and to end one for each look-up takes longer than the look-up.
    """

    def __init__(self, engine: Engine, url: URL) -> None:
        self.engine = engine
        self.url = url
        self.kept: deque[Connection] = deque()
        self.size = 0 if isinstance(engine.pool, NullPool) else KEPT

    def look(self, work: Callable[[Connection], T]) -> T:
        """Do what needs one statement, which is one snapshot by itself."""
        return self.run(work, alone=True)

    def snapshot(self, work: Callable[[Connection], T]) -> T:
        """Do what needs several statements; they see one state of the registry."""
        return self.run(work, alone=False)

    def run(self, work: Callable[[Connection], T], *, alone: bool) -> T:
        """Do it, with another connection where this one was lost."""
        return persist(self.url, lambda: self.run_once(work, alone))

    def run_once(self, work: Callable[[Connection], T], alone: bool) -> T:
        """Do it; after an error of the database no connection that was there before is trusted."""
        connection, deadline = self.take(), deadline_here()
        try:
            if deadline is None:
                return run_on(connection, work, alone)
            with deadline.hold(connection):
                return run_on(connection, work, alone)
        except (DBAPIError, self.engine.dialect.loaded_dbapi.Error):
            connection.invalidate()
            self.close()
            raise
        finally:
            self.keep(connection)

    def take(self) -> Connection:
        """Give a connection that was kept and is good, or else a new one."""
        try:
            while (connection := self.kept.pop()).dialect.name == "postgresql" and not postgres.has_ended(connection):
                release(connection)
        except IndexError:
            connection = self.engine.connect()
        else:
            return connection
        server = connection.dialect.name == "postgresql"
        if server:
            connection = connection.execution_options(isolation_level="AUTOCOMMIT")
        connection.begin()
        cursor = connection.connection.cursor()
        cursor.execute("ROLLBACK")
        if server:
            cursor.execute(SETTINGS)
        return connection

    def keep(self, connection: Connection) -> None:
        """Keep a connection for the next, if it is good and there are not enough."""
        if connection.invalidated or len(self.kept) >= self.size:
            release(connection)
        else:
            self.kept.append(connection)

    def close(self) -> None:
        """Close the connections that are kept."""
        while self.kept:
            release(self.kept.pop())


def release(connection: Connection) -> None:
    """Give a connection back; one with settings of its own is closed."""
    if connection.dialect.name == "postgresql" and not connection.invalidated:
        connection.invalidate()
    connection.close()


def run_on(connection: Connection, work: Callable[[Connection], T], alone: bool) -> T:
    """Do it on a connection, in a transaction if it is more than one statement."""
    if alone:
        return work(connection)
    server = connection.dialect.name == "postgresql"
    cursor = connection.connection.cursor()
    cursor.execute(postgres.BEGIN_READING if server else "BEGIN")
    try:
        return work(connection)
    finally:
        if server:
            postgres.leave(connection)
        else:
            cursor.execute("ROLLBACK")
