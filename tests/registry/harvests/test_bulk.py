"""Rows by the thousand are what the same rows would be one by one."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from fitsprov.errors import RegistryError
from fitsprov.registry import Registry
from fitsprov.registry.engines.engine import is_file, transact
from fitsprov.registry.harvests.bulk import MANY, insert_rows
from fitsprov.registry.schema import artifact, entity, metric
from tests.registry.conftest import NewRegistry
from tests.registry.making import record, step, uid

COUNTS = (1, MANY, MANY + 1, 3 * MANY)
NASTY = "a\tb\nc\\\\d'e \\N ☃"


def insert(registry: Registry, table: Any, columns: tuple[str, ...], rows: list[tuple[Any, ...]]) -> None:
    """Insert rows in a transaction."""
    transact(registry._engine, registry._url, lambda connection: insert_rows(connection, table, columns, rows))


@pytest.mark.parametrize("count", COUNTS)
def test_values_of_every_kind_come_back(registry: Registry, count: int) -> None:
    ids = [uid(str(n)) for n in range(count)]
    names = ("id", "uuid", "name", "stub")
    insert(registry, entity, names, [(n, one.bytes, NASTY if n % 2 else None, True) for n, one in enumerate(ids)])
    insert(registry, artifact, ("entity_id", "uri", "size"), [(n, f"f{n}", 2**40 + n) for n in range(count)])
    names = ("uuid", "entity_id", "name", "value", "time")
    insert(registry, metric, names, [(one.bytes, n, "m", n / 8, -n) for n, one in enumerate(ids)])
    with registry._engine.connect() as connection:
        found = connection.execute(select(entity.c.uuid, entity.c.name, entity.c.stub).order_by(entity.c.id)).all()
        assert [*map(tuple, found)] == [(one, NASTY if n % 2 else None, True) for n, one in enumerate(ids)]
        assert list(connection.scalars(select(artifact.c.size).order_by(artifact.c.entity_id)))[-1] == 2**40 + count - 1
        assert list(connection.scalars(select(metric.c.value).order_by(metric.c.entity_id)))[-1] == (count - 1) / 8


@pytest.mark.parametrize("count", COUNTS)
def test_a_row_that_does_not_fit_takes_the_others_with_it(registry: Registry, count: int) -> None:
    if is_file(registry._url):
        pytest.skip("SQLite takes any value")
    rows = [(n, uid(str(n)).bytes, False) for n in range(count)]
    rows[-1] = (2**63, *rows[-1][1:])
    with pytest.raises(RegistryError, match=r"entity|out of range"):
        insert(registry, entity, ("id", "uuid", "stub"), rows)
    assert registry.find() == []


def test_a_large_record_is_taken_in_as_many_small_ones(registry: Registry, new_registry: NewRegistry) -> None:
    steps = [step(f"make {n}", [f"raw {n}", "flat"], [f"image {n}"], task="isr") for n in range(MANY)]
    for each in steps:
        registry.record(record(each))
    with new_registry() as url, Registry(url) as other:
        assert other.record(record(*steps)).activities == MANY
        for n in (0, MANY - 1):
            assert other.lineage(uid(f"image {n}")) == registry.lineage(uid(f"image {n}"))
        assert other.descendants(uid("flat")).generations == registry.descendants(uid("flat")).generations
