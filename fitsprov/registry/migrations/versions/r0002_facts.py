"""Jobs, epochs, events with an end, observations, metrics, annotations, incidents, and ProvDM's other relations."""

import json
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from alembic import op

from fitsprov.registry.migrations.spelling import (
    add,
    index,
    index_given,
    instant,
    join,
    key,
    make,
    pointer,
    references,
    text,
    uuid,
)
from fitsprov.registry.records.statement import parameters
from fitsprov.registry.schema import Instant, String

revision = "0002"
down_revision = "0001"

ABOUT = ("entity_id", "activity_id", "run_id")


def upgrade() -> None:
    """Apply this revision."""
    create_jobs()
    create_epochs()
    widen_tables()
    create_said()
    create_observations()
    create_relations()
    create_incidents()
    fill()


def create_jobs() -> None:
    """Where activities ran, and with which values."""
    op.create_table(
        "config_param",
        pointer("config_id", False),
        text("name", False),
        text("value", False),
        sa.PrimaryKeyConstraint("config_id", "name", name="pk_config_param"),
        *references("config_param", {"config_id": "config"}),
        sqlite_with_rowid=False,
    )
    index("config_param", "name", "value")
    make("node", key(), text("name", False), text("hardware"), unique=("name",))
    op.create_table(
        "execution",
        key(),
        uuid(),
        *(text("system", False), text("job", False)),
        *(pointer("node_id"), pointer("software_env_id")),
        *(instant("started"), instant("ended"), text("status"), text("resources")),
        sa.PrimaryKeyConstraint("id", name="pk_execution"),
        sa.UniqueConstraint("uuid", name="uq_execution_uuid"),
        sa.UniqueConstraint("job", "system", name="uq_execution_job_system"),
        *references("execution", {"node_id": "node", "software_env_id": "software_env"}),
    )
    index_given("execution", "node_id")
    index_given("execution", "software_env_id")


def create_epochs() -> None:
    """What changed when."""
    make(
        "epoch",
        key(),
        instant("time", False),
        sa.Column("kind", String, nullable=False),
        *(text("component", False), text("before"), text("after")),
    )
    op.create_index("ix_epoch_component", "epoch", ["component", "kind"])
    make(
        "validity",
        key(),
        *(text("component", False), text("kind", False), text("state"), instant("since"), instant("until")),
        pointer("epoch_id"),
        epoch_id="epoch",
    )
    op.create_index("ix_validity_component", "validity", ["component", "kind", "since"])


def widen_tables() -> None:
    """New columns of known tables."""
    add("activity", "execution_id", "execution")
    add("activity", "epoch_id", "epoch")
    index_given("activity", "execution_id")
    op.add_column("entity", text("origin"))
    op.add_column("software_env", text("container_base"))
    op.add_column("software_env", text("recipe"))
    op.add_column("event", instant("until"))
    add("event", "entity_id", "entity")
    index("event", "entity_id")


def about(table: str, **pointers: str) -> dict[str, Any]:
    """Give what a table says a thing about."""
    given = " + ".join(f"CASE WHEN {name} IS NULL THEN 0 ELSE 1 END" for name in ABOUT)
    return {
        "check": sa.CheckConstraint(f"{given} <= 1", name=f"ck_{table}_about_one"),
        "pointers": {"entity_id": "entity", "activity_id": "activity", "run_id": "run", **pointers},
    }


def tell(table: str, *columns: sa.Column[Any], unique: tuple[str, ...] = (), **pointers: str) -> None:
    """Create a table of facts about datasets, activities or runs."""
    said = about(table, **pointers)
    op.create_table(
        table,
        key(),
        *columns,
        *map(pointer, ABOUT),
        sa.PrimaryKeyConstraint("id", name=f"pk_{table}"),
        *references(table, said["pointers"]),
        *(sa.UniqueConstraint(name, name=f"uq_{table}_{name}") for name in unique),
        said["check"],
    )
    index(table, "entity_id")
    index(table, "activity_id")
    index_given(table, "run_id")


def create_said() -> None:
    """What someone said, measured, or is responsible for."""
    tell(
        "annotation",
        uuid(),
        *(pointer("agent_id"), pointer("successor_id")),
        sa.Column("kind", String, nullable=False),
        *(text("text"), instant("time", False)),
        unique=("uuid",),
        agent_id="agent",
        successor_id="entity",
    )
    index("annotation", "time")
    tell(
        "metric",
        uuid(),
        text("name", False),
        sa.Column("value", sa.Float(53)),
        *(text("unit"), text("verdict"), instant("time")),
        unique=("uuid",),
    )
    index("metric", "time")
    index("metric", "name", "value")
    tell("responsibility", pointer("agent_id", False), text("role"), agent_id="agent")


def create_observations() -> None:
    """Exposures and their telemetry."""
    names = ("instrument", "sensor", "site", "program", "field", "script", "script_version")
    op.create_table(
        "observation",
        pointer("entity_id", False),
        *map(text, names),
        *(instant("started"), instant("ended")),
        sa.PrimaryKeyConstraint("entity_id", name="pk_observation"),
        *references("observation", {"entity_id": "entity"}),
    )
    index("observation", "program", "field", name="program")
    make(
        "telemetry_source",
        key(),
        *(text("name", False), text("site"), text("instrument"), text("url_template", False)),
        unique=("name",),
    )


def create_relations() -> None:
    """ProvDM's descriptions, values, and relations beside used and wasGeneratedBy; copies coming in."""
    make(
        "description",
        key(),
        sa.Column("kind", String, nullable=False),
        *(text("name", False), text("content", False)),
        unique=("kind", "name"),
    )
    op.create_table(
        "value",
        pointer("entity_id", False),
        text("value", False),
        pointer("description_id"),
        sa.PrimaryKeyConstraint("entity_id", name="pk_value"),
        *references("value", {"entity_id": "entity", "description_id": "description"}),
    )
    join("derived", entity_id="entity", source_id="entity")
    index("derived", "source_id")
    join("informed", activity_id="activity", informant_id="activity")
    index("informed", "informant_id")
    join("member", collection_id="entity", entity_id="entity")
    index("member", "entity_id")
    make(
        "ingest",
        key(),
        *(pointer("artifact_id", False), pointer("agent_id")),
        sa.Column("state", String, nullable=False),
        instant("time", False),
        artifact_id="artifact",
        agent_id="agent",
    )
    index("ingest", "artifact_id")
    op.create_table(
        "stamp",
        pointer("artifact_id", False),
        sa.Column("convention", String, nullable=False),
        instant("time"),
        sa.PrimaryKeyConstraint("artifact_id", "convention", name="pk_stamp"),
        *references("stamp", {"artifact_id": "artifact"}),
        sqlite_with_rowid=False,
    )


def create_incidents() -> None:
    """Saved impacts."""
    make(
        "incident",
        key(),
        uuid(),
        *(text("title", False), text("cause", False), pointer("agent_id")),
        *(instant("opened", False), instant("closed"), text("text")),
        unique=("uuid",),
        agent_id="agent",
    )
    index("incident", "opened")
    join(
        "incident_hit",
        sa.Column("direct", sa.Boolean(), nullable=False),
        *(instant("done"), text("text")),
        incident_id="incident",
        entity_id="entity",
    )
    index("incident_hit", "entity_id")


def fill() -> None:
    """Begin the first epoch, and lay out the configurations that are there."""
    first = {"id": 1, "time": datetime(1970, 1, 1, tzinfo=UTC), "kind": "start", "component": "registry"}
    columns = (sa.column("time", Instant), *map(sa.column, ("id", "kind", "component")))
    op.bulk_insert(sa.table("epoch", *columns), [first])
    config = sa.table("config", *map(sa.column, ("id", "content")))
    names = ("config_id", "name", "value")
    params = sa.table("config_param", *map(sa.column, names))
    connection = op.get_bind()
    for number, content in connection.execute(sa.select(config.c.id, config.c.content)).all():
        rows = [dict(zip(names, (number, *leaf), strict=True)) for leaf in parameters(json.loads(content)).items()]
        if rows:
            connection.execute(params.insert(), rows)
