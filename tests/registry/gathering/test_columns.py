"""Columns give what rows would."""

from __future__ import annotations

import json
from itertools import islice
from typing import Any
from unittest.mock import patch
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine, column, create_engine, select, table, text
from sqlalchemy.pool import NullPool
from sqlalchemy.types import Uuid

from fitsprov.model.building import uuids_of
from fitsprov.model.lineage import Dataset
from fitsprov.registry import Registry
from fitsprov.registry.datasets import by_key, stored
from fitsprov.registry.engines.compiled import Compiled, as_keys
from fitsprov.registry.gathering import columns
from fitsprov.registry.gathering.columns import (
    BITS,
    KEY,
    MANY,
    ROOM,
    Given,
    Keys,
    Line,
    Octets,
    Texts,
    listed,
)
from fitsprov.registry.gathering.datasets import gather
from fitsprov.registry.gathering.values import Mostly, different
from fitsprov.registry.gathering.values import given as given_of
from tests.registry.making import survey

KEYS = st.sets(st.integers(1, 60) | st.integers(1, 2**40))
NUMBERS = st.lists(st.none() | st.integers(-2, 2) | st.integers())


def spelled(keys: Keys) -> list[int]:
    """The keys that are asked for."""
    given_: list[int] = json.loads(keys.text)
    return [k for run in given_ for k in range(run & KEY, (run & KEY) + (run >> BITS) + 1)] if keys.runs else given_


@given(KEYS | st.lists(st.integers(5, 60), min_size=30).map(set), st.sampled_from([1, 3, 100]))
def test_keys_are_asked_for_in_order(keys: set[int], longest: int) -> None:
    with patch.object(columns, "LONGEST", longest):
        found = Keys.of(keys)
    assert found.listed == spelled(found) == sorted(keys)


def test_runs_are_found_where_little_is_missing() -> None:
    holes = {50, 51, 700}
    assert json.loads(Keys.of(set(range(7, 1000)) - holes).text) == [
        42 << BITS | 7,
        647 << BITS | 52,
        298 << BITS | 701,
    ]
    assert Keys.of(set(range(7, 1000, 2))).runs is False


@given(st.none() | st.integers(0, 9), st.dictionaries(st.integers(0, 9), st.none() | st.integers(0, 9)))
def test_a_usual_value_is_that_of_all_others(usual: int | None, others: dict[int, int | None]) -> None:
    column = list(islice(Mostly(usual, others).of(range(12)), 12))
    assert column == [others.get(key, usual) for key in range(12)]
    assert set(column) - {None} <= Mostly(usual, others).different


@given(NUMBERS)
def test_different_values_are_found_in_a_line(numbers: list[int | None]) -> None:
    line = ",".join("null" if one is None else str(one) for one in numbers) or None
    assert listed(line) == numbers
    assert different(line) == set(numbers) - {None}


TEXTS = st.none() | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))


@given(st.dictionaries(st.integers(1, 2**40), st.tuples(st.uuids(), NUMBERS.map(json.dumps), TEXTS)))
def test_sqlite_gives_columns_whole(rows: dict[int, tuple[UUID, str, str | None]]) -> None:
    with memory().connect() as connection:
        connection.execute(text("CREATE TABLE t (id INTEGER, uuid BLOB, document TEXT, name TEXT)"))
        for key, (uuid, document, name) in rows.items():
            values = {"id": key, "uuid": uuid.bytes, "document": document, "name": name}
            connection.execute(text("INSERT INTO t VALUES (:id, :uuid, :document, :name)"), values)
        it = table("t", column("id"), column("uuid", Uuid), column("document"), column("name")).c
        query = select(Line(it.id), Octets(it.uuid), Line(it.document), Texts(it.name), Given(it.id, it.name))
        ((keys, octets, documents, names, given_names),) = Compiled(query).rows(connection)
    assert listed(keys) == list(rows)
    assert uuids_of(octets) == [uuid for uuid, _, _ in rows.values()]
    assert listed(documents) == [json.loads(document) for _, document, _ in rows.values()]
    assert json.loads(names) == [name for _, _, name in rows.values()]
    assert given_of(given_names) == {key: name for key, (_, _, name) in rows.items() if name is not None}


def memory() -> Engine:
    """A database in memory, as long as a connection to it."""
    return create_engine("sqlite://", poolclass=NullPool)


def test_datasets_in_columns_are_those_of_rows(registry: Registry) -> None:
    registry.record(survey())

    def both(connection: Any) -> tuple[dict[int, Dataset], dict[int, Dataset]]:
        rows = by_key().rows(connection, **as_keys(range(1, 100)))
        found = gather(connection, range(1, 100))
        return {row[0]: stored(row).dataset for row in rows}, dict(zip(found.keys, found.values, strict=True))

    rows, gathered = registry._reader.snapshot(both)
    assert gathered == rows
    assert len(rows) > 5
    assert any(one.uri for one in rows.values())
    assert any(one.data_id for one in rows.values())


def test_nothing_is_found_where_nothing_is_asked_for(registry: Registry) -> None:
    assert registry._reader.snapshot(lambda connection: gather(connection, []).values) == []


@pytest.mark.parametrize("number", [MANY, MANY + 1])
def test_a_server_is_asked_once_to_keep_memory_and_only_for_many(registry: Registry, number: int) -> None:
    with patch.object(columns, "room", wraps=columns.room) as room, registry._engine.connect() as connection:
        connection.info.pop(ROOM, None)
        for _ in range(2):
            assert not gather(connection, range(1, number + 1)).keys
        assert room.call_count == (connection.dialect.name == "postgresql" and number > MANY)
