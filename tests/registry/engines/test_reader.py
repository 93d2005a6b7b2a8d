"""Kept connections: quick, and as good as new ones."""

from __future__ import annotations

import threading
from contextlib import suppress

import psycopg
import pytest
from sqlalchemy import Connection, column, func, select, table, text

from fitsprov.errors import DatasetNotFound, RegistryError
from fitsprov.registry import Registry
from fitsprov.registry.datasets import by_uuid
from fitsprov.registry.engines.compiled import Asked, Compiled
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


def test_what_is_asked_ahead_is_answered_as_if_it_were_asked_then(registry: Registry, url: str) -> None:
    registry.record(survey())
    asked = by_uuid().asked(uuids=[uid("coadd")])

    def look(connection: Connection) -> list[list[tuple[object, ...]]]:
        with Registry(url) as other:
            other.record(record(datasets=(dataset("late"),)))
        return [by_uuid().rows(connection, uuids=[uid(name)]) for name in ("coadd", "coadd", "image 1", "late")]

    (coadd,), (again,), (image,), late = registry._reader.snapshot(look, asked, by_uuid().asked(uuids=[uid("flat")]))
    assert coadd == again
    assert (coadd[2], image[2]) == (uid("coadd"), uid("image 1"))
    assert not late or registry._engine.dialect.name == "sqlite", "a state begins with what is asked first"


def test_what_was_asked_ahead_and_by_nobody_is_no_answer_later(registry: Registry) -> None:
    asked = by_uuid().asked(uuids=[uid("coadd")])
    assert registry._reader.snapshot(lambda connection: None, asked) is None
    registry.record(survey())
    rows = registry._reader.snapshot(lambda connection: by_uuid().rows(connection, **asked.values))
    assert [row[2] for row in rows] == [uid("coadd")]


def test_an_error_in_what_is_asked_ahead_is_one_line(registry: Registry) -> None:
    wrong = Compiled(select(table("nowhere", column("id"))))
    with pytest.raises(RegistryError, match="nowhere"):
        registry._reader.snapshot(lambda connection: wrong.rows(connection), by_uuid().asked(uuids=[]), wrong.asked())
    assert not registry._reader.kept
    assert registry.version() >= 0


KILL = Compiled(select(func.pg_terminate_backend(func.pg_backend_pid())))


@pytest.mark.parametrize("ahead", [(), (by_uuid().asked(uuids=[uid("coadd")]),)])
def test_what_a_server_ended_midway_is_asked_again(database: str, ahead: tuple[Asked, ...]) -> None:
    attempts = []

    def work(connection: Connection) -> int:
        attempts.append(connection)
        if len(attempts) < 3:
            KILL.rows(connection)
        return len(by_uuid().rows(connection, uuids=[uid("coadd")]))

    with Registry(database) as registry:
        registry.record(survey())
        assert registry._reader.snapshot(work, *ahead) == 1
        assert len(attempts) == 3


def test_a_connection_lost_behind_the_last_answer_costs_no_answer(database: str) -> None:
    def work(connection: Connection) -> str:
        with suppress(psycopg.Error):
            KILL.rows(connection)
        return "answer"

    with Registry(database) as registry:
        registry.record(survey())
        assert registry._reader.snapshot(work) == "answer"
        assert registry.account("SC_1").lineage == registry.lineage("SC_1")


def test_what_is_asked_ahead_needs_no_pipeline(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(psycopg.Pipeline, "is_supported", lambda: False)
    monkeypatch.delattr(psycopg.Connection, "pipeline")
    with Registry(database) as registry:
        registry.record(survey())
        assert registry.account("SC_1").lineage == registry.lineage("SC_1")
