"""What all tables are made of: types that mean the same on every engine, keys and pointers."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Column,
    Dialect,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    TypeDecorator,
    types,
)

__all__ = [
    "Instant",
    "Key",
    "String",
    "Text",
    "Uuid",
    "WordKey",
    "index_given",
    "key",
    "metadata",
    "microseconds",
    "points_to",
    "utc",
    "uuid",
    "word_key",
]

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)


def utc(time: datetime) -> datetime:
    """Give a time in UTC; one without a zone is UTC already."""
    return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)


def microseconds(time: datetime | None) -> int | None:
    """Count the microseconds since 1970."""
    return None if time is None else (utc(time) - EPOCH) // MICROSECOND


class Uuid(TypeDecorator[UUID]):
    """A UUID in 16 bytes; PostgreSQL's own type there."""

    impl = LargeBinary
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> types.TypeEngine[Any]:
        """Take the native type where there is one."""
        return dialect.type_descriptor(types.Uuid() if dialect.name == "postgresql" else LargeBinary(16))

    def process_bind_param(self, value: UUID | None, dialect: Dialect) -> Any:
        """Give the driver what it stores."""
        return value if value is None or dialect.name == "postgresql" else value.bytes

    def process_result_value(self, value: Any, dialect: Dialect) -> UUID | None:
        """Give the program a UUID."""
        return value if value is None or isinstance(value, UUID) else UUID(bytes=value)


class Instant(TypeDecorator[datetime]):
    """A moment as microseconds since 1970, UTC: exact, sortable, and the same on every engine."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        """Count microseconds."""
        return microseconds(value)

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:
        """Give a time with its zone."""
        return None if value is None else EPOCH + value * MICROSECOND


Key = BigInteger().with_variant(Integer, "sqlite")  # SQLite's rowid is spelled INTEGER
WordKey = Integer()
WORDS = ("agent", "config", "dataset_type", "role", "run", "software_env", "task")
"""Tables of few rows that millions of others point to: PostgreSQL keeps half as many bytes for each pointer."""
# text is ordered by its bytes, as in SQLite: an index outlives the locales of an operating system
String = types.String().with_variant(types.String(collation="C"), "postgresql")
Text = types.Text().with_variant(types.Text(collation="C"), "postgresql")

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def key() -> Column[int]:
    """The surrogate key of a table."""
    return Column("id", Key, primary_key=True)


def word_key() -> Column[int]:
    """The surrogate key of one of `WORDS`."""
    return Column("id", WordKey, primary_key=True)


def points_to(table: str, name: str | None = None, **options: Any) -> Column[int]:
    """A column that holds another table's key."""
    kind = WordKey if table in WORDS else Key
    return Column(name or f"{table}_id", kind, ForeignKey(f"{table}.id"), **options)


def uuid() -> Column[UUID]:
    """The identity of a row to the outside."""
    return Column("uuid", Uuid, nullable=False, unique=True)


def index_given(column: Column[Any]) -> Index:
    """Index a column where it has a value: many rows have none."""
    given = column.is_not(None)
    return Index(f"ix_{column.table.name}_{column.name}", column, sqlite_where=given, postgresql_where=given)
