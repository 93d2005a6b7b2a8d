"""A registry moves from engine to engine, and answers alike there."""

from __future__ import annotations

import json
from collections.abc import Iterable
from contextlib import nullcontext
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any
from uuid import UUID

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import insert

from fitsprov.errors import Conflict, InvalidRecord, RegistryError
from fitsprov.model.facts import Event, Metric
from fitsprov.model.lineage import Category, Dataset, Usage
from fitsprov.model.record import Record
from fitsprov.registry import Registry
from fitsprov.registry.engines.engine import transact
from fitsprov.registry.schema import VERSION_TABLE, entity, metadata
from tests.registry.conftest import NewRegistry
from tests.registry.facts.test_writing import facts
from tests.registry.making import record, step, survey, uid
from tests.strategies import data_ids, texts


def load(registry: Registry, lines: Iterable[str]) -> int:
    return registry.load(lambda: nullcontext(lines), "dump.jsonl")


@pytest.fixture
def filled(registry: Registry) -> Registry:
    registry.record(survey())
    registry.record(facts())
    registry.retract("SC_1", "stray light", by="me")
    registry.record(record(events=(Event(component="REB", kind="firmware", time=datetime(2026, 1, 1), after="2"),)))
    return registry


def test_a_dump_is_loaded_on_the_other_engine(filled: Registry, empty_registry: Any, tmp_path: Any) -> None:
    filled.record(record(datasets=(Dataset(id=uid("bias"), category=Category.CALIBRATION, stub=True),)))
    lines = list(filled.dump())
    with Registry.create(tmp_path / "other.db") as other:
        assert load(other, lines) > 50
        assert list(other.dump()) == lines
        assert other.base_url is None  # opened before; the next time it is there
        assert other.find() == filled.find()
        assert other.dataset(uid("bias")).category is Category.CALIBRATION
        for one in filled.find():
            assert other.lineage(one.id) == filled.lineage(one.id)
            assert other.facts(one.id) == filled.facts(one.id)
        assert other.events() == filled.events()
        assert other.epochs() == filled.epochs()
        assert load(other, lines) == 0
        more = record(step("more", ["coadd"], ["catalogue"]))
        assert other.record(more).datasets == 1
    with Registry(tmp_path / "other.db") as again:
        assert again.authority == "ivo://example.org/dr1"


def test_a_dump_comes_from_the_other_engine(registry: Registry, tmp_path: Any) -> None:
    with Registry.create(
        tmp_path / "other.db", base_url="https://example.org/prov", authority="ivo://example.org/dr1"
    ) as other:
        other.record(survey())
        other.record(facts())
        lines = list(other.dump())
        assert load(registry, lines) > 50
        assert list(registry.dump()) == lines
        assert registry.lineage(uid("coadd")) == other.lineage(uid("coadd"))
    assert registry.record(record(metrics=(Metric(run="r", name="m", value=1),))).facts == 1
    assert registry.record(survey()).datasets == 0


def test_what_is_no_whole_dump_is_refused_and_nothing_loaded(filled: Registry, tmp_path: Any) -> None:
    lines = list(filled.dump())
    with Registry.create(tmp_path / "other.db") as other:
        before = list(other.dump())
        newer = json.dumps({"format": "fitsprov registry", "version": 1, "revision": "9999"})
        for bad, problem in (
            ([], "expected the dump of a registry"),
            (["fitsprov: 1"], "expected the dump of a registry"),
            (lines[:-1], "expected the line that counts them"),
            ([*lines[:40], *lines[41:]], "rows; expected"),
            ([*lines, "[]"], "nothing behind them"),
            ([newer, *lines[1:]], "schema 9999; expected"),
            ([*lines[:30], lines[30][:-3], *lines[31:]], "line 31: .*; expected JSON"),
            ([lines[0], '{"table": "nonsense", "columns": []}'], "expected a table and its columns"),
        ):
            with pytest.raises(InvalidRecord, match=problem):
                load(other, bad)
        assert list(other.dump()) == before


def test_a_registry_with_something_else_is_not_mixed_up(filled: Registry, tmp_path: Any) -> None:
    lines = list(filled.dump())
    with Registry.create(tmp_path / "other.db") as other:
        other.record(record(step("x", ["a"], ["b"], task="t")))
        before = list(other.dump())
        with pytest.raises(Conflict, match=r"dump.jsonl: .* but stands as"):
            load(other, lines)
        assert list(other.dump()) == before


def test_indexes_and_checks_are_there_after_a_load(registry: Registry, tmp_path: Any) -> None:
    with Registry.create(tmp_path / "other.db") as other:
        other.record(survey())
        assert load(registry, other.dump()) > 50
    with registry._engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"version_table": VERSION_TABLE})
        assert compare_metadata(context, metadata) == []
    with pytest.raises(Exception, match=r"(?i)unique"):
        insert_one(registry, uid("coadd"))


def insert_one(registry: Registry, uuid: UUID) -> None:
    """Insert a dataset."""
    row = insert(entity).values(uuid=uuid, stub=False)
    transact(registry._engine, registry._url, lambda connection: connection.execute(row))


def test_a_row_of_another_kind_is_refused(registry: Registry, tmp_path: Any) -> None:
    with Registry.create(tmp_path / "other.db") as other:
        other.record(record(*(step(f"s{n}", ["a"], [f"d{n}"]) for n in range(200))))
        lines = list(other.dump())
    start = next(number for number, line in enumerate(lines) if '"table": "used"' in line)
    lines[start + 5] = '["one", 2, 3, null, null]'
    with pytest.raises((InvalidRecord, RegistryError)):
        load(registry, lines)
    assert registry.find() == []


@st.composite
def records(draw: st.DrawFn) -> Record:
    """A chain of activities with facts of hostile text."""
    names = [f"d{n}" for n in range(draw(st.integers(1, 6)))]
    safe = texts.filter(lambda text: "\0" not in text)
    times = st.datetimes(datetime(1900, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))
    steps = [
        step(
            f"make {made}",
            [Usage(uid(one), draw(st.none() | safe), draw(st.sampled_from([None, True, False]))) for one in {used}],
            [Dataset(id=uid(made), type=draw(safe), data_id=draw(st.none() | data_ids), name=f"{made}{draw(safe)}")],
            task=draw(safe),
            started=draw(st.none() | times),
            config=draw(st.none() | st.dictionaries(safe, st.none() | st.floats(-1e9, 1e9) | safe, max_size=3)),
        )
        for used, made in pairwise(names)
    ]
    metrics = [
        Metric(dataset=uid(name), name=draw(safe), value=draw(st.floats(allow_nan=False, allow_infinity=False)))
        for name in names
    ]
    return record(*steps, metrics=tuple(metrics))


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(given_record=records())
def test_any_registry_comes_back(new_registry: NewRegistry, given_record: Record, tmp_path_factory: Any) -> None:
    with new_registry() as url, Registry(url) as one:
        one.record(given_record)
        lines = [line if "\n" not in line else pytest.fail("a row on two lines") for line in one.dump()]
        with Registry.create(tmp_path_factory.mktemp("load") / "r.db") as other:
            load(other, lines)
            assert list(other.dump()) == lines
            for dataset in one.find():
                assert other.lineage(dataset.id) == one.lineage(dataset.id)
