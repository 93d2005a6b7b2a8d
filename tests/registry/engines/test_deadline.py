"""Work that nobody waits for any more ends, and what comes next is answered right."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import Connection, text

from fitsprov.errors import DatasetNotFound
from fitsprov.registry import Registry
from fitsprov.registry.datasets import datasets_by_uuid
from fitsprov.registry.engines.deadline import Deadline
from fitsprov.registry.engines.engine import reading
from fitsprov.registry.engines.overdue import Overdue
from tests.registry.making import dataset, record, survey, uid

COUNT = text("SELECT count(*) FROM entity")
ENDLESS = text(
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 4000000000000) SELECT count(*) FROM n"
)
"""A statement that would take days."""
PATIENCE = 20
"""Seconds after which a test is lost: never so many are needed."""


@pytest.fixture
def caller() -> Iterator[ThreadPoolExecutor]:
    """A thread that works."""
    with ThreadPoolExecutor(1) as pool:
        yield pool


def work(registry: Registry, how: str, statement: Callable[[Connection], object]) -> object:
    """Use a connection in one of the ways that there are."""
    if how == "reading":
        with reading(registry._engine, registry._url) as connection:
            return statement(connection)
    return getattr(registry._reader, how)(statement)


@pytest.mark.parametrize("how", ["look", "snapshot", "reading"])
def test_a_statement_ends_when_the_deadline_has_passed(
    registry: Registry, how: str, caller: ThreadPoolExecutor
) -> None:
    registry.record(survey())
    deadline, begun = Deadline(), threading.Event()

    def endless(connection: Connection) -> object:
        begun.set()
        return connection.scalar(ENDLESS)

    working = caller.submit(deadline.bound, work, registry, how, endless)
    assert begun.wait(PATIENCE)
    time.sleep(0.1)
    deadline.end()
    with pytest.raises(Overdue):
        working.result(PATIENCE)
    assert caller.submit(registry.dataset, "SC_1").result(PATIENCE).type == "raw"
    assert work(registry, how, lambda connection: connection.scalar(COUNT)) == 8


def test_work_of_many_short_statements_ends_too(registry: Registry, caller: ThreadPoolExecutor) -> None:
    deadline, begun = Deadline(), threading.Event()

    def count_for_ever(connection: Connection) -> None:
        while True:
            connection.scalar(COUNT)
            begun.set()

    working = caller.submit(deadline.bound, registry._reader.snapshot, count_for_ever)
    assert begun.wait(PATIENCE)
    deadline.end()
    with pytest.raises(Overdue):
        working.result(PATIENCE)


def test_nothing_is_asked_behind_the_deadline(registry: Registry) -> None:
    registry.record(survey())
    deadline = Deadline()

    def ask() -> None:
        assert registry.dataset("SC_1").type == "raw"
        deadline.end()
        registry.dataset("SC_1")

    with pytest.raises(Overdue):
        deadline.bound(ask)
    assert registry.dataset("SC_1").type == "raw"


def test_no_statement_is_begun_behind_the_deadline(registry: Registry) -> None:
    registry.record(survey())
    deadline, begun = Deadline(), list[object]()

    def ask(connection: Connection) -> None:
        begun.append(datasets_by_uuid(connection, [uid("coadd")]))
        deadline.passed = True  # and nothing is interrupted
        begun.append(datasets_by_uuid(connection, [uid("coadd")]))

    with pytest.raises(Overdue):
        deadline.bound(registry._reader.snapshot, ask)
    assert len(begun) == 1


def test_what_is_wrong_before_the_deadline_is_said(registry: Registry) -> None:
    with pytest.raises(DatasetNotFound):
        Deadline().bound(registry.dataset, uid("nothing"))


def test_others_work_on_while_one_is_ended(registry: Registry, url: str) -> None:
    """Kept connections go from thread to thread; no interrupt reaches who has one now."""
    registry.record(survey())
    stop, wrong, ended = threading.Event(), list[object](), list[object]()

    def right() -> None:
        while not stop.is_set():
            try:
                found = registry._reader.snapshot(lambda c: [c.scalar(COUNT) for _ in range(3)])
            except Exception as error:
                found = error
            if found != [8] * 3:
                wrong.append(found)

    def late() -> None:
        for _ in range(15):
            deadline = Deadline()
            timer = threading.Timer(0.02, deadline.end)
            timer.start()
            try:
                deadline.bound(registry._reader.snapshot, lambda c: c.scalar(ENDLESS))
            except Overdue as error:
                ended.append(error)
            timer.join()

    threads = [threading.Thread(target=right) for _ in range(2)]
    for thread in threads:
        thread.start()
    late()
    stop.set()
    for thread in threads:
        thread.join()
    assert (len(ended), wrong) == (15, [])
    with Registry(url) as other:
        other.record(record(datasets=(dataset("after"),)))
    assert registry.dataset(uid("after")).id == uid("after")
