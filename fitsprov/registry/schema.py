"""The tables: IVOA ProvenanceDM 1.0 with integer keys inside and UUIDs outside.

Vocabulary (run, type, role, task, agent), configurations and environments stand once and are pointed to. An edge of
the provenance graph is four small integers: an `entity` knows its one maker (``gen_aid`` is wasGeneratedBy), and `used`
is clustered by activity in the order in which the activity stated its inputs, with one covering index the other way.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Dialect,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
    types,
)

__all__ = [
    "REVISIONS",
    "VERSION_TABLE",
    "Instant",
    "Key",
    "Uuid",
    "activity",
    "agent",
    "artifact",
    "config",
    "dataset_type",
    "entity",
    "env_package",
    "event",
    "listed_raw",
    "meta",
    "metadata",
    "package",
    "role",
    "run",
    "software_env",
    "task",
    "used",
    "utc",
]

REVISIONS = ("0001",)
"""Every schema revision that this fitsprov knows, oldest first."""
VERSION_TABLE = "alembic_version"
"""Where Alembic notes the revision."""

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)


def utc(time: datetime) -> datetime:
    """Give a time in UTC; one without a zone is UTC already."""
    return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)


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
        return None if value is None else (utc(value) - EPOCH) // MICROSECOND

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:
        """Give a time with its zone."""
        return None if value is None else EPOCH + value * MICROSECOND


Key = BigInteger().with_variant(Integer, "sqlite")  # SQLite's rowid is spelled INTEGER

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


def points_to(table: str, name: str | None = None, **options: Any) -> Column[int]:
    """A column that holds another table's key."""
    return Column(name or f"{table}_id", Key, ForeignKey(f"{table}.id"), **options)


meta = Table("meta", metadata, Column("key", String, primary_key=True), Column("value", Text))

run = Table("run", metadata, key(), Column("name", Text, nullable=False, unique=True))
role = Table("role", metadata, key(), Column("name", Text, nullable=False, unique=True))
dataset_type = Table(
    "dataset_type",
    metadata,
    key(),
    Column("name", Text, nullable=False, unique=True),
    Column("category", String),  # only where a record stated it
)
task = Table(
    "task",
    metadata,
    key(),
    Column("name", Text, nullable=False),
    Column("version", Text),
    UniqueConstraint("name", "version"),
)
agent = Table(
    "agent",
    metadata,
    key(),
    Column("uri", Text, nullable=False, unique=True),
    Column("name", Text),
    Column("type", String),
)
config = Table(
    "config",
    metadata,
    key(),
    Column("digest", LargeBinary(32), nullable=False, unique=True),
    Column("content", Text, nullable=False),
)
software_env = Table(
    "software_env",
    metadata,
    key(),
    Column("digest", LargeBinary(32), nullable=False, unique=True),
    Column("container", Text),
    Column("platform", Text, nullable=False),
)
package = Table(
    "package",
    metadata,
    key(),
    Column("manager", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("version", Text, nullable=False),
    UniqueConstraint("name", "version", "manager"),
)
env_package = Table(
    "env_package",
    metadata,
    points_to("software_env", primary_key=True),
    points_to("package", primary_key=True, index=True),
    sqlite_with_rowid=False,
)

activity = Table(
    "activity",
    metadata,
    key(),
    Column("uuid", Uuid, nullable=False, unique=True),
    points_to("task"),
    points_to("run"),
    points_to("agent"),
    points_to("config"),
    points_to("software_env"),
    Column("started", Instant),
    Column("ended", Instant),
    Column("status", Text),
    Column("n_used", Integer),  # only where a header counts more inputs than it lists
)
entity = Table(
    "entity",
    metadata,
    key(),
    Column("uuid", Uuid, nullable=False, unique=True),
    points_to("dataset_type"),
    points_to("run"),
    points_to("activity", "gen_aid", index=True),
    Column("data_id", Text),
    Column("name", Text),
    Column("publisher_did", Text),
    Column("stub", Boolean, nullable=False),
    Index("ix_entity_type_run", "dataset_type_id", "run_id"),
)
for column in (entity.c.name, entity.c.publisher_did):
    given = column.is_not(None)
    Index(f"ix_entity_{column.name}", column, sqlite_where=given, postgresql_where=given)

used = Table(
    "used",
    metadata,
    points_to("activity", primary_key=True),
    Column("position", Integer, primary_key=True),
    points_to("entity", nullable=False),
    points_to("role"),
    Column("actual", Boolean),
    Index("ix_used_entity", "entity_id", "activity_id", "actual"),
    sqlite_with_rowid=False,
)

listed_raw = Table(
    "listed_raw",  # what headers say without the steps between; no edges of the graph
    metadata,
    points_to("entity", primary_key=True),
    points_to("entity", "raw_id", primary_key=True),
    sqlite_with_rowid=False,
)

artifact = Table(
    "artifact",
    metadata,
    key(),
    points_to("entity", nullable=False, index=True),
    Column("uri", Text, nullable=False),
    Column("size", BigInteger),
    Column("modified", BigInteger),  # nanoseconds since 1970, when its header was harvested
    Column("fingerprint", Text),
    UniqueConstraint("uri", "entity_id"),
)
given = artifact.c.fingerprint.is_not(None)
Index("ix_artifact_fingerprint", artifact.c.fingerprint, sqlite_where=given, postgresql_where=given)
event = Table(
    "event",
    metadata,
    key(),
    Column("uuid", Uuid, nullable=False, unique=True),
    Column("component", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("time", Instant, nullable=False, index=True),
    Column("before", Text),
    Column("after", Text),
)
