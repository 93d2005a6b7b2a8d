"""Statements that the driver runs by itself."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.pool import NullPool

from fitsprov.model.lineage import Direction
from fitsprov.registry import Registry
from fitsprov.registry.activities import by_uuid as activities_by_uuid
from fitsprov.registry.datasets import by_key, by_text, by_uuid, datasets_by_uuid
from fitsprov.registry.engines.compiled import Form, as_keys
from tests.registry.making import survey, uid


def test_rows_are_those_of_sqlalchemy(registry: Registry) -> None:
    registry.record(survey())
    ids = [dataset.id for dataset in registry.find()]
    activities = [uid(f"activity isr {n}") for n in (1, 2, 10)]
    name = {"text": "SC_1", "uuid": uid("coadd")}
    with registry._engine.connect() as connection:
        for query, values in (
            (by_uuid(), {"uuids": ids}),
            (by_key(), as_keys(range(1, 100))),
            (by_text(), name),
            (activities_by_uuid(), {"uuids": activities}),
        ):
            expected = [tuple(row) for row in connection.execute(query.statement, values)]
            found = query.rows(connection, **values)
            assert sorted(found, key=str) == sorted(expected, key=str)
            assert found
            assert [[type(one) for one in row] for row in found] == [[type(one) for one in row] for row in expected]


@given(st.integers(0, 70))
def test_lists_of_any_length_find_what_is_there(number: int) -> None:
    engine = create_engine("sqlite://", poolclass=NullPool)
    with engine.connect() as connection:
        connection.execute(text("CREATE TABLE t (uuid BLOB)"))
        form = Form(by_uuid().statement, engine.dialect)
        spelled, values = form.bound({"uuids": [UUID(int=n) for n in range(number)]})
        marks = spelled.rpartition("IN (")[2]
        assert marks.count("?") == len(values) >= number
        assert {*values} == {UUID(int=n).bytes for n in range(number)}
        assert len(values) & (len(values) - 1) == 0


def scans_of(connection: Connection, statement: str, values: Any) -> list[str]:
    """The tables that a statement can but read whole."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
        plan = [row[0] for row in connection.exec_driver_sql(f"EXPLAIN {statement}", values)]
        return [line for line in plan if "Seq Scan" in line]
    plan = [row[3] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", tuple(values))]
    allowed = ("json_each", "reached", "anon_", "(", "CONSTANT")
    scans = [line.removeprefix("SCAN ") for line in plan if line.startswith("SCAN")]
    return [line for line in scans if not line.startswith(allowed) and "VIRTUAL TABLE" not in line]


def test_no_look_up_reads_a_whole_table(registry: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    registry.record(survey())
    asked: list[tuple[str, Any]] = []
    bound = Form.bound

    def spy(form: Form, values: dict[str, Any]) -> tuple[str, Any]:
        asked.append(bound(form, values))
        return asked[-1]

    monkeypatch.setattr(Form, "bound", spy)
    registry.dataset(uid("coadd"))
    registry.dataset("SC_1")
    registry.neighbourhoods([uid("coadd"), uid("flat")])
    registry.surroundings([str(uid("coadd")), str(uid("flat"))])
    registry.ids_of(["SC_1", "ivo://x/y?z"])
    registry.activity(uid("activity assemble"))
    registry.parents(uid("coadd"))
    registry.descendants(uid("flat"))
    registry.facts(uid("coadd"))
    for direction in Direction:
        for depth in (None, 1):
            registry.lineage(uid("flat"), direction=direction, depth=depth)
            registry.lineage(uid("coadd"), direction=direction, depth=depth)
    with registry._engine.connect() as connection:
        scanned = {statement: scans_of(connection, statement, values) for statement, values in asked}
    assert not {statement: scans for statement, scans in scanned.items() if scans}
    assert len(asked) > 10


def test_they_see_the_transaction_of_their_connection(registry: Registry) -> None:
    with registry._engine.connect() as connection:
        assert datasets_by_uuid(connection, [uid("coadd")]) == {}
        registry.record(survey())
        assert datasets_by_uuid(connection, [uid("coadd")]) == {}, "the snapshot began before"
    assert registry.dataset(uid("coadd")).type == "deep_coadd"
