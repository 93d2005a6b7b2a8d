"""A deadline: when it has passed, what a thread still does in a registry ends soon.

There is no clock here: whoever waits for the work says when the deadline has passed. A statement that runs then is
interrupted, and none is begun any more; one that was begun meanwhile is interrupted as well. Threads that have no
deadline work on for as long as they need.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from threading import Lock, Thread
from types import TracebackType
from typing import Any, ParamSpec, TypeVar

from sqlalchemy import Connection

from fitsprov.registry.engines import postgres
from fitsprov.registry.engines.overdue import Overdue, deadline_here, here

__all__ = ["Deadline", "within_deadline"]

P = ParamSpec("P")
T = TypeVar("T")

AGAIN = 0.05
"""Seconds until work that has not ended is interrupted once more: between two statements nothing is."""


class Deadline:
    """Until when the work of one thread is waited for."""

    def __init__(self) -> None:
        self.passed = False
        self.at_work = False
        self.lock = Lock()
        self.held: list[tuple[Connection, Any]] = []
        """Connections that the work has, each with the driver's own."""

    def bound(self, work: Callable[P, T], *given: P.args, **named: P.kwargs) -> T:
        """Do work that this deadline bounds, in this thread.

        Raises
        ------
        Overdue
            Where a registry is asked, or a statement runs, when the deadline has passed.
        """
        here.deadline, self.at_work = self, True
        try:
            return work(*given, **named)
        finally:
            here.deadline, self.at_work = None, False

    def end(self) -> None:
        """Say that the deadline has passed; work that is done already stays done."""
        self.passed = True
        if self.at_work:
            Thread(target=self.interrupt, name="fitsprov-deadline", daemon=True).start()

    def interrupt(self) -> None:
        """Interrupt statements until the work has ended."""
        while self.at_work:
            with self.lock:
                for _, driver in self.held:
                    driver.interrupt() if isinstance(driver, sqlite3.Connection) else postgres.cancel(driver)
            time.sleep(AGAIN)

    def hold(self, connection: Connection) -> Deadline:
        """Note a connection for as long as the context lasts that this gives."""
        if self.passed:
            raise Overdue
        self.held.append((connection, connection.connection.dbapi_connection))
        return self

    def __enter__(self) -> None: ...

    def __exit__(self, kind: object, error: BaseException | None, trace: TracebackType | None) -> None:
        with self.lock:
            connection, _ = self.held.pop()
        if self.passed:
            connection.invalidate()  # an interrupt that is still under way must meet nobody else's statement
            if isinstance(error, Exception):
                raise Overdue from error


def within_deadline(connection: Connection) -> AbstractContextManager[None]:
    """Give a context in which a connection is used no longer than the thread's deadline allows, if it has one.

    Raises
    ------
    Overdue
        Where that has passed.
    """
    deadline = deadline_here()
    return nullcontext() if deadline is None else deadline.hold(connection)
