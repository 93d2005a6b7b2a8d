"""Every registry that was ever released becomes one of today, with all that it holds."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, MetaData, Table, select

from fitsprov.errors import RegistryError
from fitsprov.model.lineage import Category, Dataset
from fitsprov.registry import Registry
from fitsprov.registry.engines import postgres as on_postgres
from fitsprov.registry.engines.engine import is_file, new_engine, open_engine, parse_url, reading, release, transact
from fitsprov.registry.engines.migrate import migrate
from fitsprov.registry.graph.seeds import WORDS
from fitsprov.registry.schema import REVISIONS, VERSION_TABLE, metadata
from tests.registry.making import record, step, survey, uid

KEY = 1000
"""Of the row that each table gets."""


def differences(connection: Connection) -> list[Any]:
    """What Alembic would still change."""
    options = {"version_table": VERSION_TABLE, "compare_type": True, "compare_server_default": True}
    return list(compare_metadata(MigrationContext.configure(connection, opts=options), metadata))


def make_old(url: str, revision: str) -> dict[str, dict[str, Any]]:
    """Make a registry as it was, with a row in each of its tables; give these rows."""
    parsed = parse_url(url)
    engine = new_engine(parsed)

    def fill(connection: Connection) -> dict[str, dict[str, Any]]:
        if not is_file(parsed):
            on_postgres.prepare(connection, parsed)
        migrate(connection, revision)
        tables = tables_of(connection)
        rows = {table.name: row_for(table) for table in tables}
        for table in tables:
            connection.execute(table.insert(), rows[table.name])
        return rows

    made = transact(engine, parsed, fill)
    release(engine)
    return made


def tables_of(connection: Connection) -> list[Table]:
    """The tables that there are."""
    found = MetaData()
    found.reflect(connection)
    return [table for table in found.sorted_tables if table.name != VERSION_TABLE]


def row_for(table: Table) -> dict[str, Any]:
    """Make a row of all that a table must have; and of what it may have, but for pointers."""
    return {c.name: value_for(c) for c in table.c if not (c.nullable and c.foreign_keys)}


def value_for(column: sa.Column[Any]) -> Any:
    """Make a value of a type."""
    match column.type:
        case sa.Uuid():
            return "01a1f86f-ec58-7674-bbaf-ebb2d628a976"
        case sa.LargeBinary():
            return b"sixteen bytes..." * (2 if column.name == "digest" else 1)
        case sa.Boolean():
            return True
        case sa.Float():
            return 0.5
        case sa.Integer():
            return KEY
    return '{"key": "é"}' if column.name in ("content", "platform") else f"{column.table.name} {column.name} é"


@pytest.mark.parametrize("revision", REVISIONS)
def test_every_revision_becomes_the_newest_and_keeps_its_rows(place: str, revision: str) -> None:
    rows = make_old(place, revision)
    with Registry.create(place) as registry:
        assert registry.status().revision == REVISIONS[-1]
        assert registry.record(survey()).activities == 4
    engine = open_engine(parse_url(place))
    with reading(engine, parse_url(place)) as connection:
        assert differences(connection) == []
        for table in tables_of(connection):
            if row := rows.get(table.name):
                found = connection.execute(select(*(table.c[name] for name in row))).mappings()
                texts = [{name: str(value) for name, value in one.items()} for one in found]
                assert {name: str(value) for name, value in row.items()} in texts
    release(engine)


def test_what_points_to_types_still_does(place: str) -> None:
    engine = new_engine(parse_url(place))
    make_old(place, "0005")
    point = f"UPDATE entity SET data_id = NULL, dataset_type_id = {KEY}"
    view = "CREATE VIEW provtap_datasetdescription AS SELECT name FROM dataset_type"  # as it was
    for statement in (point, "UPDATE dataset_type SET category = 'calibration'", view):
        transact(engine, parse_url(place), lambda connection, s=statement: connection.execute(sa.text(s)))
    with Registry.create(place) as registry:
        assert [(one.type, one.category) for one in registry.find()] == [("dataset_type name é", "calibration")]
        registry.record(record(step("s", ["a"], ["b"]), datasets=(Dataset(id=uid("a"), category=Category.LOG),)))
        assert registry.dataset(uid("a")).category is Category.LOG
    with pytest.raises(RegistryError, match=r"(?i)foreign key"):  # as before
        transact(engine, parse_url(place), lambda connection: connection.execute(sa.text(f"{point}000")))
    release(engine)


@pytest.mark.parametrize("revision", REVISIONS[REVISIONS.index("0003") :])
def test_every_revision_comes_to_note_what_activities_are_found_by(place: str, revision: str) -> None:
    engine = new_engine(parse_url(place))
    make_old(place, revision)
    with Registry.create(place) as registry:
        registry.record(survey())
        registry.index()
    for word in WORDS:
        for statement in ("DELETE FROM graph_change", f"UPDATE activity SET {word} = {KEY}"):
            transact(engine, parse_url(place), lambda connection, s=statement: connection.execute(sa.text(s)))
        with reading(engine, parse_url(place)) as connection:
            noted = connection.scalars(sa.text("SELECT activity_id FROM graph_change ORDER BY 1")).all()
            assert noted == connection.scalars(sa.text("SELECT id FROM activity ORDER BY 1")).all(), word
    release(engine)


def test_a_new_registry_leaves_nothing_to_migrate(url: str) -> None:
    engine = open_engine(parse_url(url))
    with reading(engine, parse_url(url)) as connection:
        assert differences(connection) == []
    release(engine)


def test_tables_without_rowid_are_migrated_so(path: Path) -> None:
    """What autogeneration does not compare."""
    with sqlite3.connect(path) as raw:
        tables = dict(raw.execute("SELECT name, sql FROM sqlite_master WHERE type = 'table'").fetchall())
    raw.close()
    for name, table in metadata.tables.items():
        assert ("WITHOUT ROWID" in tables[name]) is (table.dialect_options["sqlite"]["with_rowid"] is False), name
