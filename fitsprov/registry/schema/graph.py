"""The tables: IVOA ProvenanceDM 1.0 with integer keys inside and UUIDs outside.

Vocabulary (run, type, role, task, agent), configurations and environments stand once and are pointed to. An edge of
the provenance graph is four small integers: an `entity` knows its one maker (``gen_aid`` is wasGeneratedBy), and `used`
is clustered by activity in the order in which the activity stated its inputs, with one covering index the other way.

A `dataset_type` is what all datasets of its row have in common, so that whoever goes by types goes by categories, too.
What headers name as a calibration, and say no type of, has a row of its own: the name is none, or becomes that of the
type once somebody states it.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, LargeBinary, Table, UniqueConstraint

from fitsprov.registry.schema.columns import (
    Instant,
    String,
    Text,
    index_given,
    key,
    metadata,
    points_to,
    uuid,
    word_key,
)

__all__ = [
    "activity",
    "agent",
    "artifact",
    "config",
    "config_param",
    "dataset_type",
    "entity",
    "env_package",
    "execution",
    "listed_raw",
    "meta",
    "node",
    "package",
    "role",
    "run",
    "software_env",
    "task",
    "used",
]

meta = Table("meta", metadata, Column("key", String, primary_key=True), Column("value", Text))

run = Table("run", metadata, word_key(), Column("name", Text, nullable=False, unique=True))
role = Table("role", metadata, word_key(), Column("name", Text, nullable=False, unique=True))
dataset_type = Table(
    "dataset_type",
    metadata,
    word_key(),
    Column("name", Text),
    Column("own", String),  # the category of those datasets of this name, or of none, that have one of their own
    Column("category", String),  # of all of this name; only where a record or a header stated it
    UniqueConstraint("name", "own"),
)
task = Table(
    "task",
    metadata,
    word_key(),
    Column("name", Text, nullable=False),
    Column("version", Text),
    UniqueConstraint("name", "version"),
)
agent = Table(
    "agent",
    metadata,
    word_key(),
    Column("uri", Text, nullable=False, unique=True),
    Column("name", Text),
    Column("type", String),
)
config = Table(
    "config",
    metadata,
    word_key(),
    Column("digest", LargeBinary(32), nullable=False, unique=True),
    Column("content", Text, nullable=False),
)
software_env = Table(
    "software_env",
    metadata,
    word_key(),
    Column("digest", LargeBinary(32), nullable=False, unique=True),
    Column("container", Text),
    Column("container_base", Text),
    Column("recipe", Text),
    Column("platform", Text, nullable=False),
)
config_param = Table(
    "config_param",  # the leaves of a configuration, so that a value finds the activities that ran with it
    metadata,
    points_to("config", primary_key=True),
    Column("name", Text, primary_key=True),
    Column("value", Text, nullable=False),
    Index("ix_config_param_name_value", "name", "value"),
    sqlite_with_rowid=False,
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

node = Table(
    "node",
    metadata,
    key(),
    Column("name", Text, nullable=False, unique=True),
    Column("hardware", Text),
)
execution = Table(
    "execution",  # the job above activities
    metadata,
    key(),
    uuid(),
    Column("system", Text, nullable=False),
    Column("job", Text, nullable=False),
    points_to("node"),
    points_to("software_env"),
    Column("started", Instant),
    Column("ended", Instant),
    Column("status", Text),
    Column("resources", Text),
    UniqueConstraint("job", "system"),
)

activity = Table(
    "activity",
    metadata,
    key(),
    uuid(),
    points_to("task"),
    points_to("run"),
    points_to("agent"),
    points_to("config"),
    points_to("software_env"),
    Column("started", Instant),
    Column("ended", Instant),
    Column("status", Text),
    points_to("execution"),
    points_to("epoch"),
    Column("n_used", Integer),  # only where a header counts more inputs than it lists
)
entity = Table(
    "entity",
    metadata,
    key(),
    uuid(),
    points_to("dataset_type"),
    points_to("run"),
    points_to("activity", "gen_aid", index=True),
    Column("data_id", Text),
    Column("name", Text),
    Column("publisher_did", Text),
    Column("origin", Text),  # what came from outside says from where
    Column("stub", Boolean, nullable=False),
    Index("ix_entity_type_run", "dataset_type_id", "run_id"),
)
index_given(execution.c.node_id)
index_given(execution.c.software_env_id)
index_given(activity.c.software_env_id)
index_given(activity.c.execution_id)
index_given(entity.c.name)
index_given(entity.c.publisher_did)

used = Table(
    "used",
    metadata,
    points_to("activity", primary_key=True),
    points_to("entity", nullable=False),  # wide before narrow: PostgreSQL fills up before a number of eight bytes
    Column("position", Integer, primary_key=True),
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
index_given(artifact.c.fingerprint)
