"""Reading many times a second: connections that are kept, and no more than one statement where one is enough."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from functools import partial
from typing import TypeVar

from sqlalchemy import URL, Connection, Engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from fitsprov.registry.engines import postgres
from fitsprov.registry.engines.compiled import Asked, ask_ahead, forget_answers
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
        return persist(self.url, lambda: self.run(work))

    def snapshot(self, work: Callable[[Connection], T], *ahead: Asked) -> T:
        """Do what needs several statements; they see one state of the registry.

        Parameters
        ----------
        ahead : Asked
            What it asks in any case: a server is sent all of this together, and waited for once.
        """
        return persist(self.url, lambda: self.run(partial(in_transaction, work, ahead)))

    def run(self, work: Callable[[Connection], T]) -> T:
        """Do it; after an error of the database no connection that was there before is trusted."""
        connection, deadline = self.take(), deadline_here()
        try:
            if deadline is None:
                return work(connection)
            with deadline.hold(connection):
                return work(connection)
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


def in_transaction(work: Callable[[Connection], T], ahead: Sequence[Asked], connection: Connection) -> T:
    """Do it in a transaction."""
    cursor = connection.connection.cursor()
    if connection.dialect.name == "sqlite":
        cursor.execute("BEGIN")
        try:
            return work(connection)
        finally:
            cursor.execute("ROLLBACK")
    try:
        with postgres.pipeline(connection) if ahead else nullcontext():
            cursor.execute(postgres.BEGIN_READING)
            ask_ahead(connection, ahead)
        return work(connection)
    finally:
        forget_answers(connection)
        postgres.leave(connection)
