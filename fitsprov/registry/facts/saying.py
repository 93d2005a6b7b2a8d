"""What is said of all that can be reached in a graph, out of the registry; of nothing is looked for where none is."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, Select, Table, bindparam, exists, or_, select, type_coerce
from sqlalchemy.types import NullType

from fitsprov.model.facts import Description, Observation, Relation, TelemetrySource, ValueEntity
from fitsprov.model.said import Said
from fitsprov.registry.datasets import chunks
from fitsprov.registry.engines.compiled import Compiled, among, as_keys, compiled
from fitsprov.registry.facts.reading import (
    PLACES,
    about,
    annotated,
    as_annotation,
    as_metric,
    as_responsibility,
    sources,
)
from fitsprov.registry.schema import (
    activity,
    agent,
    annotation,
    derived,
    description,
    entity,
    informed,
    member,
    metric,
    observation,
    responsibility,
    run,
    value,
)

__all__ = ["said_of", "said_of_ids"]

TABLES = (observation, metric, annotation, value, responsibility, derived, informed, member, description)


@compiled
def kinds() -> Select[Any]:
    """Select which of the tables hold anything."""
    there: list[ColumnElement[Any]] = [
        type_coerce(exists(select(1).select_from(table)), NullType()) for table in TABLES
    ]
    return select(*there)


def concerning(table: Any) -> ColumnElement[bool]:
    """The condition that a fact is about one of some datasets, activities or runs."""
    return or_(among(table.c.entity_id), among(table.c.activity_id, "activities"), among(table.c.run_id, "runs"))


@compiled
def runs_of() -> Select[Any]:
    """Select the runs of a list of datasets."""
    return select(entity.c.run_id).distinct().where(among(entity.c.id), entity.c.run_id.is_not(None))


@compiled
def observations() -> Select[Any]:
    """Select where exposures come from."""
    joined = observation.join(entity, entity.c.id == observation.c.entity_id)
    query = select(entity.c.uuid, *(observation.c[name] for name in PLACES)).select_from(joined)
    return query.where(among(observation.c.entity_id)).order_by(entity.c.uuid)


@compiled
def metrics() -> Select[Any]:
    """Select what was measured."""
    measured = type_coerce(metric.c.value, NullType())  # a float as both drivers give it
    facts = (metric.c.uuid, metric.c.name, measured, metric.c.unit, metric.c.verdict, metric.c.time)
    query = select(entity.c.uuid, activity.c.uuid, run.c.name, *facts).select_from(about(metric))
    return query.where(concerning(metric)).order_by(metric.c.name, metric.c.uuid)


@compiled
def remarks() -> Select[Any]:
    """Select what someone said."""
    return annotated().where(concerning(annotation))


@compiled
def values() -> Select[Any]:
    """Select the values that entities are."""
    joined = value.join(entity, entity.c.id == value.c.entity_id)
    joined = joined.outerjoin(description, description.c.id == value.c.description_id)
    query = select(entity.c.uuid, value.c.value, description.c.name).select_from(joined)
    return query.where(among(value.c.entity_id)).order_by(entity.c.uuid)


@compiled
def responsibilities() -> Select[Any]:
    """Select who answers for something."""
    who = (responsibility.c.role, agent.c.uri, agent.c.name, agent.c.type)
    joined = about(responsibility).join(agent, agent.c.id == responsibility.c.agent_id)
    query = select(entity.c.uuid, activity.c.uuid, run.c.name, *who).select_from(joined)
    return query.where(concerning(responsibility)).order_by(responsibility.c.id)


@compiled
def related(table: Table, things: Table, subject: str, object: str, parameter: str) -> Select[Any]:
    """Select a relation, by a list of its subjects."""
    one, other = things.alias("one"), things.alias("other")
    joined = table.join(one, one.c.id == table.c[subject]).join(other, other.c.id == table.c[object])
    query = select(one.c.uuid, other.c.uuid.label("object")).select_from(joined)
    return query.where(among(table.c[subject], parameter)).order_by(one.c.uuid, other.c.uuid)


@compiled
def descriptions() -> Select[Any]:
    """Select what is said of all things of one name."""
    columns = (description.c.kind, description.c.name, description.c.content)
    return select(*columns).order_by(description.c.kind, description.c.name)


@compiled
def keys_of(table: Table) -> Select[Any]:
    """Select the keys of UUIDs."""
    return select(table.c.id).where(table.c.uuid.in_(bindparam("uuids", expanding=True)))


def said_of_ids(connection: Connection, datasets: Iterable[UUID], activities: Iterable[UUID]) -> Said:
    """Fetch what is said of datasets, of activities, and of the runs of the datasets."""
    some = ((entity, datasets), (activity, activities))
    found = [
        [key for chunk in chunks(ids) for (key,) in keys_of(table).rows(connection, uuids=chunk)] for table, ids in some
    ]
    return said_of(connection, *found)


def said_of(connection: Connection, datasets: Collection[int], activities: Collection[int]) -> Said:
    """Fetch what is said of datasets, of activities, and of the runs of the datasets, by their keys."""
    (row,) = kinds().rows(connection)
    there = {table.name for table, any_ in zip(TABLES, row, strict=True) if any_}
    if not there:
        return Said()
    keys, makers = as_keys(datasets), as_keys(activities)["keys"]
    runs = as_keys(key for (key,) in runs_of().rows(connection, **keys))["keys"]

    def rows(table: Table, query: Compiled, **parameters: str) -> list[tuple[Any, ...]]:
        return query.rows(connection, **parameters) if table.name in there else []

    everything = {**keys, "activities": makers, "runs": runs}
    seen = tuple(
        Observation(dataset=uuid, **dict(zip(PLACES, place, strict=True)))
        for uuid, *place in rows(observation, observations(), **keys)
    )
    between = {"derived": (derived, entity, "entity_id", "source_id", "keys")}
    between["informed"] = (informed, activity, "activity_id", "informant_id", "activities")
    between["members"] = (member, entity, "collection_id", "entity_id", "keys")
    relations = {
        name: tuple(Relation(*pair) for pair in rows(which[0], related(*which), **{which[4]: everything[which[4]]}))
        for name, which in between.items()
    }
    return Said(
        observations=seen,
        telemetry=telemetry_of(connection, seen) if seen else {},
        metrics=tuple(map(as_metric, rows(metric, metrics(), **everything))),
        annotations=tuple(map(as_annotation, rows(annotation, remarks(), **everything))),
        values=tuple(
            ValueEntity(dataset=uuid, value=held, description=name)
            for uuid, held, name in rows(value, values(), **keys)
        ),
        responsible=tuple(map(as_responsibility, rows(responsibility, responsibilities(), **everything))),
        descriptions=tuple(
            Description(kind=kind, name=name, content=json.loads(content))
            for kind, name, content in rows(description, descriptions())
        ),
        **relations,
    )


def telemetry_of(connection: Connection, seen: Iterable[Observation]) -> dict[UUID, tuple[str, ...]]:
    """Say where the telemetry of observations can be asked for."""
    known = [
        TelemetrySource(name=name, url_template=template, site=site, instrument=instrument)
        for name, template, site, instrument in sources().rows(connection)
    ]
    urls = {one.dataset: tuple(url for source in known if (url := source.url(one))) for one in seen}
    return {dataset: some for dataset, some in urls.items() if some}
