"""The tables beside the graph: what is known about datasets, activities and runs, and what happened around them.

A fact that is said by someone at some time has a UUID and a time of its own, so that one query collates all of them,
whatever system they came from. ProvDM's other classes and relations have their places here, too.
"""

from __future__ import annotations

from sqlalchemy import Boolean, CheckConstraint, Column, Float, Index, Table, UniqueConstraint

from fitsprov.registry.schema.columns import Instant, String, Text, index_given, key, metadata, points_to, uuid

__all__ = [
    "annotation",
    "derived",
    "description",
    "epoch",
    "event",
    "incident",
    "incident_hit",
    "informed",
    "ingest",
    "member",
    "metric",
    "observation",
    "responsibility",
    "stamp",
    "telemetry_source",
    "validity",
    "value",
]


def about_one(table: str) -> CheckConstraint:
    """A fact is about one thing: a dataset, an activity or a run."""
    columns = ("entity_id", "activity_id", "run_id")
    given = " + ".join(f"CASE WHEN {name} IS NULL THEN 0 ELSE 1 END" for name in columns)
    return CheckConstraint(f"{given} <= 1", name=f"ck_{table}_about_one")


epoch = Table(
    "epoch",  # opened whenever something that results depend on changes; its key is its number
    metadata,
    key(),
    Column("time", Instant, nullable=False),
    Column("kind", String, nullable=False),
    Column("component", Text, nullable=False),
    Column("before", Text),
    Column("after", Text),
    Index("ix_epoch_component", "component", "kind"),
)
validity = Table(
    "validity",  # which state of a component held from when to when
    metadata,
    key(),
    Column("component", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("state", Text),
    Column("since", Instant),
    Column("until", Instant),
    points_to("epoch"),
    Index("ix_validity_component", "component", "kind", "since"),
)
event = Table(
    "event",
    metadata,
    key(),
    uuid(),
    Column("component", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("time", Instant, nullable=False, index=True),
    Column("until", Instant),
    Column("before", Text),
    Column("after", Text),
    points_to("entity", index=True),
)
annotation = Table(
    "annotation",  # who said what and why; retracted, superseded and missing are annotations, too
    metadata,
    key(),
    uuid(),
    points_to("entity", index=True),
    points_to("activity", index=True),
    points_to("run"),
    points_to("agent"),
    Column("kind", String, nullable=False),
    Column("text", Text),
    Column("time", Instant, nullable=False, index=True),
    points_to("entity", "successor_id"),
    about_one("annotation"),
)
metric = Table(
    "metric",
    metadata,
    key(),
    uuid(),
    points_to("entity", index=True),
    points_to("activity", index=True),
    points_to("run"),
    Column("name", Text, nullable=False),
    Column("value", Float(53)),
    Column("unit", Text),
    Column("verdict", Text),
    Column("time", Instant, index=True),
    Index("ix_metric_name_value", "name", "value"),
    about_one("metric"),
)

observation = Table(
    "observation",
    metadata,
    points_to("entity", primary_key=True, autoincrement=False),
    *(Column(name, Text) for name in ("instrument", "sensor", "site", "program", "field", "script", "script_version")),
    Column("started", Instant),
    Column("ended", Instant),
    Index("ix_observation_program", "program", "field"),
)
telemetry_source = Table(
    "telemetry_source",
    metadata,
    key(),
    Column("name", Text, nullable=False),
    Column("site", Text),
    Column("instrument", Text),
    Column("url_template", Text, nullable=False),
    UniqueConstraint("name"),
)

description = Table(
    "description",  # ProvDM's description classes, by the name of what they describe
    metadata,
    key(),
    Column("kind", String, nullable=False),
    Column("name", Text, nullable=False),
    Column("content", Text, nullable=False),
    UniqueConstraint("kind", "name"),
)
value = Table(
    "value",  # ValueEntity
    metadata,
    points_to("entity", primary_key=True, autoincrement=False),
    Column("value", Text, nullable=False),
    points_to("description"),
)
derived = Table(
    "derived",
    metadata,
    points_to("entity", primary_key=True),
    points_to("entity", "source_id", primary_key=True, index=True),
    sqlite_with_rowid=False,
)
informed = Table(
    "informed",
    metadata,
    points_to("activity", primary_key=True),
    points_to("activity", "informant_id", primary_key=True, index=True),
    sqlite_with_rowid=False,
)
member = Table(
    "member",
    metadata,
    points_to("entity", "collection_id", primary_key=True),
    points_to("entity", primary_key=True, index=True),
    sqlite_with_rowid=False,
)
responsibility = Table(
    "responsibility",
    metadata,
    key(),
    points_to("agent", nullable=False),
    points_to("entity", index=True),
    points_to("activity", index=True),
    points_to("run"),
    Column("role", Text),
    about_one("responsibility"),
)

ingest = Table(
    "ingest",  # how a copy came in: reserved, then stored
    metadata,
    key(),
    points_to("artifact", nullable=False, index=True),
    points_to("agent"),
    Column("state", String, nullable=False),
    Column("time", Instant, nullable=False),
)
stamp = Table(
    "stamp",  # what the header of a copy carried when it was read
    metadata,
    points_to("artifact", primary_key=True, autoincrement=False),
    Column("convention", String, primary_key=True),
    Column("time", Instant),
    sqlite_with_rowid=False,
)

incident = Table(
    "incident",  # a saved impact: what a flaw touched, to be worked off
    metadata,
    key(),
    uuid(),
    Column("title", Text, nullable=False),
    Column("cause", Text, nullable=False),
    points_to("agent"),
    Column("opened", Instant, nullable=False, index=True),
    Column("closed", Instant),
    Column("text", Text),
)
incident_hit = Table(
    "incident_hit",
    metadata,
    points_to("incident", primary_key=True),
    points_to("entity", primary_key=True, index=True),
    Column("direct", Boolean, nullable=False),  # made by what the cause names, not only from it
    Column("done", Instant),
    Column("text", Text),
    sqlite_with_rowid=False,
)

for said in (annotation, metric, responsibility):
    index_given(said.c.run_id)
