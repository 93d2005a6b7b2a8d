"""Kept connections: quick, and as good as new ones."""

from __future__ import annotations

import threading

import pytest
from sqlalchemy import Connection, text

from fitsprov.errors import DatasetNotFound, RegistryError
from fitsprov.registry import Registry
from fitsprov.registry.engines.reader import KEPT
from tests.registry.making import dataset, record, survey, uid

COUNT = text("SELECT count(*) FROM entity")


def test_a_snapshot_stays_what_it_is_while_others_write(registry: Registry, url: str) -> None:
    with Registry(url) as other:

        def look_twice(connection: Connection) -> tuple[int | None, int | None]:
            before = connection.scalar(COUNT)
            other.record(survey())
            return before, connection.scalar(COUNT)

        assert registry._reader.snapshot(look_twice) == (0, 0)
    assert registry._reader.look(lambda connection: connection.scalar(COUNT)) == 8


def test_every_look_sees_what_was_committed_before(registry: Registry, url: str) -> None:
    with Registry(url) as other:
        for number in range(5):
            other.record(record(datasets=(dataset(str(number)),)))
            assert registry.dataset(uid(str(number))).id == uid(str(number))


def test_what_is_not_found_leaves_the_connection_good(registry: Registry) -> None:
    for _ in range(3):
        with pytest.raises(DatasetNotFound):
            registry.lineage(uid("nothing"))
    assert len(registry._reader.kept) == 1
    registry.record(survey())
    assert registry.dataset("SC_1").type == "raw"


def test_few_connections_are_kept_however_many_threads_ask(registry: Registry) -> None:
    registry.record(survey())
    together = threading.Barrier(8)
    found: list[object] = []

    def ask() -> None:
        def wait(connection: Connection) -> object:
            together.wait(10)
            return connection.scalar(COUNT)

        found.append(registry._reader.snapshot(wait))

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [8] * 8
    assert len(registry._reader.kept) <= KEPT


def test_an_error_of_the_database_is_one_line_and_costs_its_connection(registry: Registry) -> None:
    registry.version()
    with pytest.raises(RegistryError, match="nowhere"):
        registry._reader.look(lambda connection: connection.connection.cursor().execute("SELECT 1 FROM nowhere"))
    assert not registry._reader.kept
    assert registry.version() >= 0
