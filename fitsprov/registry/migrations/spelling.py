"""How revisions spell the columns and constraints that every table has; what stands here never changes its meaning."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

from fitsprov.registry.schema import Instant, Key, Text, Uuid, WordKey

__all__ = [
    "add",
    "digest",
    "index",
    "index_given",
    "instant",
    "join",
    "key",
    "make",
    "pointer",
    "references",
    "text",
    "uuid",
    "word_key",
]

WORDS = ("agent_id", "config_id", "dataset_type_id", "role_id", "run_id", "software_env_id", "task_id")
"""Columns that hold the keys of small tables."""


def key() -> sa.Column[int]:
    """The surrogate key of a table."""
    return sa.Column("id", Key, nullable=False)


def word_key() -> sa.Column[int]:
    """The surrogate key of a small table."""
    return sa.Column("id", WordKey, nullable=False)


def pointer(name: str, nullable: bool = True) -> sa.Column[int]:
    """A column that holds another table's key."""
    return sa.Column(name, WordKey if name in WORDS else Key, nullable=nullable)


def text(name: str, nullable: bool = True) -> sa.Column[str]:
    """A column of text."""
    return sa.Column(name, Text, nullable=nullable)


def digest() -> sa.Column[bytes]:
    """The SHA-256 of a content."""
    return sa.Column("digest", sa.LargeBinary(32), nullable=False)


def uuid() -> sa.Column[Any]:
    """The identity to the outside."""
    return sa.Column("uuid", Uuid(), nullable=False)


def make(table: str, *columns: sa.Column[Any], unique: tuple[str, ...] = (), **pointers: str) -> None:
    """Create a table with key ``id``; ``pointers`` are column → table."""
    constraints = [sa.UniqueConstraint(*unique, name=f"uq_{table}_{'_'.join(unique)}")] if unique else []
    op.create_table(
        table,
        *columns,
        sa.PrimaryKeyConstraint("id", name=f"pk_{table}"),
        *references(table, pointers),
        *constraints,
    )


def references(table: str, pointers: dict[str, str]) -> list[sa.ForeignKeyConstraint]:
    """Give the foreign keys of a table."""
    return [
        sa.ForeignKeyConstraint([column], [f"{target}.id"], name=f"fk_{table}_{column}")
        for column, target in pointers.items()
    ]


def instant(name: str, nullable: bool = True) -> sa.Column[Any]:
    """A column of times."""
    return sa.Column(name, Instant(), nullable=nullable)


def index(table: str, *columns: str, name: str | None = None) -> None:
    """Index columns of a table."""
    op.create_index(f"ix_{table}_{name or '_'.join(columns)}", table, list(columns))


def index_given(table: str, column: str) -> None:
    """Index a column where it has a value."""
    given = sa.text(f"{column} IS NOT NULL")
    op.create_index(f"ix_{table}_{column}", table, [column], sqlite_where=given, postgresql_where=given)


def join(table: str, *columns: sa.Column[Any], **pointers: str) -> None:
    """Create a table whose key is all its pointers (column → table), clustered by it."""
    op.create_table(
        table,
        *(pointer(name, False) for name in pointers),
        *columns,
        sa.PrimaryKeyConstraint(*pointers, name=f"pk_{table}"),
        *references(table, pointers),
        sqlite_with_rowid=False,
    )


def add(table: str, column: str, target: str) -> None:
    """Add a pointer to a table; in one statement, because SQLite adds no constraint later."""
    kind = "INTEGER" if op.get_bind().dialect.name == "sqlite" else "BIGINT"
    op.execute(
        f"ALTER TABLE {table} ADD COLUMN {column} {kind} CONSTRAINT fk_{table}_{column} REFERENCES {target} (id)"
    )
