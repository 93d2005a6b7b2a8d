"""Rows by the million: there whole with their indexes, or not at all."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import inspect

from fitsprov.errors import RegistryError
from fitsprov.registry import Registry
from fitsprov.registry.engines.engine import is_file
from fitsprov.registry.engines.loading import loading
from fitsprov.registry.harvests.bulk import insert_rows
from fitsprov.registry.schema import VERSION_TABLE, activity, entity, metadata, task, used
from tests.registry.making import record, step, survey, uid

ENTITY = ("id", "uuid", "gen_aid", "name", "stub")
USED = ("activity_id", "position", "entity_id", "actual")
QUOTES = "a\tb\nc\\d'e"


def load_few(registry: Registry, last: int = 3) -> None:
    """Two datasets, one made from the other."""
    with loading(registry._engine, registry._url) as connection:
        insert_rows(connection, activity, ("id", "uuid"), [(7, uid("activity a").bytes)])
        rows: list[tuple[Any, ...]] = [(2, uid("x").bytes, None, QUOTES, False), (3, uid("y").bytes, 7, None, False)]
        insert_rows(connection, entity, ENTITY, rows)
        insert_rows(connection, used, USED, [(7, 0, 2, None), (7, 1, last, False)])


def indexes(registry: Registry) -> list[object]:
    """All indexes of the large tables."""
    found = inspect(registry._engine)
    return [sorted(str(one["name"]) for one in found.get_indexes(table.name)) for table in (activity, entity, used)]


def test_what_is_loaded_is_as_if_it_were_recorded(registry: Registry) -> None:
    before = indexes(registry)
    load_few(registry)
    assert registry.dataset(uid("x")).name == QUOTES
    assert [one.id for one in registry.parents(uid("y"))] == [uid("x")]
    assert indexes(registry) == before
    with registry._engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"version_table": VERSION_TABLE})
        assert compare_metadata(context, metadata) == []
    registry.record(record(step("b", ["y"], ["z"])))
    assert {one.id for one in registry.ancestors(uid("z"))} == {uid("x"), uid("y")}


def test_a_load_that_fails_leaves_nothing(registry: Registry) -> None:
    before, version = indexes(registry), registry.version()

    def load_and_fail() -> None:
        with loading(registry._engine, registry._url) as connection:
            insert_rows(connection, entity, ENTITY, [(2, uid("x").bytes, None, None, False)])
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        load_and_fail()
    assert registry.find() == []
    assert indexes(registry) == before
    assert registry.version() == version
    registry.record(survey())
    assert len(registry.raws(uid("coadd"))) == 2


def test_rows_that_are_there_twice_are_refused(registry: Registry) -> None:
    load_few(registry)
    with pytest.raises(RegistryError):
        load_few(registry)
    assert len(registry.find()) == 2


def test_a_uuid_that_is_there_twice_is_refused(registry: Registry) -> None:
    load_few(registry)
    with (
        pytest.raises(RegistryError, match=r"(?i)unique"),
        loading(registry._engine, registry._url) as connection,
    ):
        insert_rows(connection, entity, ENTITY, [(9, uid("x").bytes, None, None, False)])
    assert len(registry.find()) == 2


def test_times_and_words_are_loaded_as_they_are(registry: Registry) -> None:
    with loading(registry._engine, registry._url) as connection:
        insert_rows(connection, task, ("id", "name", "version"), [(4, "isr", None)])
        columns = ("id", "uuid", "task_id", "started", "status", "n_used")
        insert_rows(connection, activity, columns, [(7, uid("a").bytes, 4, -1, "ended ✓", 3)])
        insert_rows(connection, entity, ENTITY, [(2, uid("x").bytes, 7, None, False)])
    (made,) = registry.lineage(uid("x")).activities.values()
    assert (made.task, made.version, made.status) == ("isr", None, "ended ✓")
    assert made.started == datetime(1969, 12, 31, 23, 59, 59, 999999, tzinfo=UTC)


def test_keys_are_held_against_each_other_where_the_engine_can(registry: Registry) -> None:
    if is_file(registry._url):
        pytest.skip("SQLite cannot look at the end")
    with pytest.raises(RegistryError, match="foreign key"):
        load_few(registry, last=99)
    assert registry.find() == []


def test_checks_are_back_after_a_load(registry: Registry) -> None:
    load_few(registry)
    with (
        pytest.raises(Exception, match=r"(?i)foreign key"),
        registry._engine.connect().execution_options(writes=True) as connection,
        connection.begin(),
    ):
        insert_rows(connection, used, USED, [(7, 2, 99, None)])
