"""What is said of a dataset, out of the registry: where it was observed, what was measured, who said what."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Select, bindparam, exists, or_, select, type_coerce
from sqlalchemy.types import NullType

from fitsprov.errors import DatasetNotFound
from fitsprov.model.facts import (
    Annotation,
    DatasetFacts,
    Metric,
    Observation,
    Responsibility,
    TelemetrySource,
    ValueEntity,
)
from fitsprov.model.later import Later
from fitsprov.model.lineage import Agent
from fitsprov.registry.datasets import chunks
from fitsprov.registry.engines.compiled import Compiled, among, as_keys, compiled, has_rows
from fitsprov.registry.gathering.datasets import Origin
from fitsprov.registry.schema import (
    Key,
    activity,
    agent,
    annotation,
    derived,
    description,
    entity,
    member,
    metric,
    observation,
    responsibility,
    run,
    telemetry_source,
    value,
)

__all__ = ["STANDINGS", "facts_of", "heard_of", "standing_of"]

STANDINGS = ("retracted", "superseded", "missing", "restored")
"""Kinds of annotation that say how a dataset stands."""
PLACES = ("instrument", "sensor", "site", "program", "field", "script", "script_version", "started", "ended")
PLACED = (("entity", entity.c.id), ("activity", entity.c.gen_aid), ("run", entity.c.run_id))
"""What a fact may be about, as a dataset points to it."""

successor = entity.alias("successor")


def of_key(table: Any, *columns: Any) -> Select[Any]:
    """Select what one table says of one dataset."""
    return select(*columns).where(table.c.entity_id == bindparam("key", type_=Key))


def about(table: Any) -> Any:
    """Join what a fact is about."""
    return (
        table.outerjoin(entity, entity.c.id == table.c.entity_id)
        .outerjoin(activity, activity.c.id == table.c.activity_id)
        .outerjoin(run, run.c.id == table.c.run_id)
    )


def concerning(table: Any) -> Any:
    """The condition that a fact is about a dataset, its activity or its run."""
    return or_(
        table.c.entity_id == bindparam("key", type_=Key),
        table.c.activity_id == bindparam("maker", type_=Key),
        table.c.run_id == bindparam("run", type_=Key),
    )


@compiled
def observations() -> Select[Any]:
    """Select where an exposure comes from."""
    return of_key(observation, *(observation.c[name] for name in PLACES))


@compiled
def sources() -> Select[Any]:
    """Select all telemetry."""
    names = ("name", "url_template", "site", "instrument")
    return select(*(telemetry_source.c[name] for name in names)).order_by(telemetry_source.c.name)


@compiled
def metrics() -> Select[Any]:
    """Select what was measured."""
    measured = type_coerce(metric.c.value, NullType())  # a float as both drivers give it
    facts = (metric.c.uuid, metric.c.name, measured, metric.c.unit, metric.c.verdict, metric.c.time)
    query = select(entity.c.uuid, activity.c.uuid, run.c.name, *facts)
    return (
        query.select_from(about(metric)).where(concerning(metric)).order_by(metric.c.name, metric.c.time.nulls_first())
    )


def annotated() -> Select[Any]:
    """Select what `as_annotation` reads."""
    query = select(
        entity.c.uuid,
        activity.c.uuid,
        run.c.name,
        annotation.c.uuid,
        annotation.c.kind,
        annotation.c.text,
        annotation.c.time,
        successor.c.uuid,
        agent.c.uri,
        agent.c.name,
        agent.c.type,
    )
    joined = about(annotation).outerjoin(agent, agent.c.id == annotation.c.agent_id)
    joined = joined.outerjoin(successor, successor.c.id == annotation.c.successor_id)
    return query.select_from(joined).order_by(annotation.c.time, annotation.c.id)


@compiled
def remarks() -> Select[Any]:
    """Select what someone said."""
    return annotated().where(concerning(annotation))


@compiled
def standings(keyed: bool) -> Select[Any]:
    """Select what was said of how datasets stand, by a list of their keys or UUIDs."""
    said = annotated().where(or_(*(annotation.c.kind == kind for kind in STANDINGS)))
    if keyed:
        return said.where(among(annotation.c.entity_id))
    return said.where(entity.c.uuid.in_(bindparam("uuids", expanding=True)))


@compiled
def values() -> Select[Any]:
    """Select the value that an entity is."""
    query = of_key(value, value.c.value, description.c.name)
    return query.select_from(value.outerjoin(description, description.c.id == value.c.description_id))


@compiled
def responsibilities() -> Select[Any]:
    """Select who answers for something."""
    query = select(
        entity.c.uuid, activity.c.uuid, run.c.name, responsibility.c.role, agent.c.uri, agent.c.name, agent.c.type
    )
    joined = about(responsibility).join(agent, agent.c.id == responsibility.c.agent_id)
    return query.select_from(joined).where(concerning(responsibility)).order_by(responsibility.c.id)


@compiled
def related(table: Any, mine: str, other: str) -> Select[Any]:
    """Select the other sides of a relation."""
    query = select(entity.c.uuid).select_from(table.join(entity, entity.c.id == table.c[other]))
    return query.where(table.c[mine] == bindparam("key", type_=Key)).order_by(entity.c.uuid)


@compiled
def heard_of() -> Select[Any]:
    """Select a dataset, its activity and its run, and which tables say anything of one of them."""
    mine = (observation.c.entity_id, value.c.entity_id, derived.c.entity_id, member.c.collection_id, member.c.entity_id)
    others = (
        exists().where(or_(*(table.c[f"{name}_id"] == place for name, place in PLACED)))
        for table in (metric, annotation, responsibility)
    )
    found = (type_coerce(one, NullType()) for one in (*(exists().where(it == entity.c.id) for it in mine), *others))
    places = (place for _, place in PLACED)
    return select(*places, *found).where(entity.c.uuid == bindparam("uuid"))


def facts_of(connection: Connection, uuid: UUID) -> DatasetFacts:
    """Fetch what is said of a dataset, of the activity that made it, and of its run; of most, nothing is.

    Raises
    ------
    DatasetNotFound
    """
    row = first(heard_of().rows(connection, uuid=uuid))
    if row is None:
        raise DatasetNotFound(uuid)
    key, maker, run_key, observed, held, sourced, collected, collects, measured, remarked, answered = row
    here = {"key": key, "maker": maker, "run": run_key}
    place = first(observations().rows(connection, key=key)) if observed else None
    seen = None if place is None else Observation(dataset=uuid, **dict(zip(PLACES, place, strict=True)))
    telemetry = {}
    if seen is not None:
        for name, template, site, instrument in sources().rows(connection):
            source = TelemetrySource(name=name, url_template=template, site=site, instrument=instrument)
            if url := source.url(seen):
                telemetry[name] = url
    told = first(values().rows(connection, key=key)) if held else None
    return DatasetFacts(
        observation=seen,
        telemetry=telemetry,
        metrics=tuple(map(as_metric, metrics().rows(connection, **here))) if measured else (),
        annotations=tuple(map(as_annotation, remarks().rows(connection, **here))) if remarked else (),
        value=None if told is None else ValueEntity(dataset=uuid, value=told[0], description=told[1]),
        derived_from=ids(connection, related(derived, "entity_id", "source_id"), key) if sourced else (),
        members=ids(connection, related(member, "collection_id", "entity_id"), key) if collected else (),
        collections=ids(connection, related(member, "entity_id", "collection_id"), key) if collects else (),
        responsible=tuple(map(as_responsibility, responsibilities().rows(connection, **here))) if answered else (),
    )


def standing_of(connection: Connection, uuids: Iterable[UUID]) -> dict[UUID, Annotation]:
    """Find the datasets that do not stand as they were recorded: the last word about each, unless it restores it."""
    if not has_rows(connection, annotation):
        return {}
    source = uuids.source if isinstance(uuids, Later) else None
    if isinstance(source, Origin) and source.engine is connection.engine:
        rows = standings(True).rows(connection, **as_keys(source.keys()))
    else:
        rows = [row for chunk in chunks(uuids) for row in standings(False).rows(connection, uuids=chunk)]
    found = {row[0]: as_annotation(row) for row in rows}
    return {uuid: said for uuid, said in found.items() if said.kind != "restored"}


def first(rows: Sequence[Sequence[Any]]) -> Sequence[Any] | None:
    """The only row there is."""
    return rows[0] if rows else None


def ids(connection: Connection, query: Compiled, key: int) -> tuple[UUID, ...]:
    """The UUIDs that a query gives."""
    return tuple(uuid for (uuid,) in query.rows(connection, key=key))


def as_metric(row: Sequence[Any]) -> Metric:
    """Read a row."""
    dataset, maker, run_name, uuid, name, measured, unit, verdict, time = row
    about = {"dataset": dataset, "activity": maker, "run": run_name}
    return Metric(**about, id=uuid, name=name, value=measured, unit=unit, verdict=verdict, time=time)


def as_annotation(row: Sequence[Any]) -> Annotation:
    """Read a row."""
    dataset, maker, run_name, uuid, kind, text, time, instead, *who = row
    about = {"dataset": dataset, "activity": maker, "run": run_name}
    return Annotation(**about, id=uuid, kind=kind, text=text, time=time, successor=instead, agent=as_agent(who))


def as_responsibility(row: Sequence[Any]) -> Responsibility:
    """Read a row."""
    dataset, maker, run_name, role, *who = row
    answering = as_agent(who)
    assert answering is not None  # the table requires it
    return Responsibility(dataset=dataset, activity=maker, run=run_name, role=role, agent=answering)


def as_agent(who: Sequence[Any]) -> Agent | None:
    """Read the columns of an agent."""
    uri, name, kind = who
    return None if uri is None else Agent(id=uri, name=name, type=kind)
