"""The first tables.

A revision stands by itself: it names its columns in full and imports no table from the package, because the package
will have moved on when it is run again.
"""

import sqlalchemy as sa
from alembic import op

from fitsprov.registry.migrations.spelling import (
    digest,
    index_given,
    key,
    make,
    pointer,
    references,
    text,
    uuid,
    word_key,
)
from fitsprov.registry.schema import Instant, String

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Apply this revision."""
    op.create_table(
        "meta",
        sa.Column("key", String, nullable=False),
        text("value"),
        sa.PrimaryKeyConstraint("key", name="pk_meta"),
    )
    create_vocabulary()
    create_graph()


def create_vocabulary() -> None:
    """What stands once and is pointed to."""
    make("run", word_key(), text("name", False), unique=("name",))
    make("role", word_key(), text("name", False), unique=("name",))
    make("dataset_type", word_key(), text("name", False), sa.Column("category", String), unique=("name",))
    make("task", word_key(), text("name", False), text("version"), unique=("name", "version"))
    make("agent", word_key(), text("uri", False), text("name"), sa.Column("type", String), unique=("uri",))
    make("config", word_key(), digest(), text("content", False), unique=("digest",))
    make("software_env", word_key(), digest(), text("container"), text("platform", False), unique=("digest",))
    make(
        "package",
        key(),
        text("manager", False),
        text("name", False),
        text("version", False),
        unique=("name", "version", "manager"),
    )
    op.create_table(
        "env_package",
        pointer("software_env_id", False),
        pointer("package_id", False),
        sa.PrimaryKeyConstraint("software_env_id", "package_id", name="pk_env_package"),
        *references("env_package", {"software_env_id": "software_env", "package_id": "package"}),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_env_package_package_id", "env_package", ["package_id"])


def create_graph() -> None:
    """Activities, datasets, the edges between them, copies, and events."""
    make(
        "activity",
        key(),
        uuid(),
        *map(pointer, ("task_id", "run_id", "agent_id", "config_id", "software_env_id")),
        sa.Column("started", Instant()),
        sa.Column("ended", Instant()),
        text("status"),
        sa.Column("n_used", sa.Integer()),
        unique=("uuid",),
        task_id="task",
        run_id="run",
        agent_id="agent",
        config_id="config",
        software_env_id="software_env",
    )
    index_given("activity", "software_env_id")
    make(
        "entity",
        key(),
        uuid(),
        *map(pointer, ("dataset_type_id", "run_id", "gen_aid")),
        *map(text, ("data_id", "name", "publisher_did")),
        sa.Column("stub", sa.Boolean(), nullable=False),
        unique=("uuid",),
        dataset_type_id="dataset_type",
        run_id="run",
        gen_aid="activity",
    )
    op.create_index("ix_entity_type_run", "entity", ["dataset_type_id", "run_id"])
    op.create_index("ix_entity_gen_aid", "entity", ["gen_aid"])
    for column in ("name", "publisher_did"):
        index_given("entity", column)
    op.create_table(
        "used",
        pointer("activity_id", False),
        pointer("entity_id", False),
        sa.Column("position", sa.Integer(), nullable=False),
        pointer("role_id"),
        sa.Column("actual", sa.Boolean()),
        sa.PrimaryKeyConstraint("activity_id", "position", name="pk_used"),
        *references("used", {"activity_id": "activity", "entity_id": "entity", "role_id": "role"}),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_used_entity", "used", ["entity_id", "activity_id", "actual"])
    op.create_table(
        "listed_raw",
        pointer("entity_id", False),
        pointer("raw_id", False),
        sa.PrimaryKeyConstraint("entity_id", "raw_id", name="pk_listed_raw"),
        *references("listed_raw", {"entity_id": "entity", "raw_id": "entity"}),
        sqlite_with_rowid=False,
    )
    make(
        "artifact",
        key(),
        pointer("entity_id", False),
        text("uri", False),
        sa.Column("size", sa.BigInteger()),
        sa.Column("modified", sa.BigInteger()),
        text("fingerprint"),
        unique=("uri", "entity_id"),
        entity_id="entity",
    )
    index_given("artifact", "fingerprint")
    op.create_index("ix_artifact_entity_id", "artifact", ["entity_id"])
    make(
        "event",
        key(),
        uuid(),
        text("component", False),
        text("kind", False),
        sa.Column("time", Instant(), nullable=False),
        text("before"),
        text("after"),
        unique=("uuid",),
    )
    op.create_index("ix_event_time", "event", ["time"])
