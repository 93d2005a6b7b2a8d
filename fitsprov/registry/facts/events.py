"""What happened, in one query: annotations, metrics, logs, events and incidents by time and dataset."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, Float, Select, and_, cast, func, literal, null, select, union_all

from fitsprov.model.facts import Happening
from fitsprov.model.impact import Cause
from fitsprov.registry.datasets import Stored, resembles
from fitsprov.registry.gathering.words import stated_category
from fitsprov.registry.schema import (
    Instant,
    Key,
    Text,
    activity,
    annotation,
    dataset_type,
    entity,
    event,
    incident,
    incident_hit,
    metric,
    observation,
    run,
    utc,
)

__all__ = ["Window", "happenings"]

COLUMNS = {
    "source": Text,
    "uuid": annotation.c.uuid.type,
    "time": Instant(),
    "until": Instant(),
    "kind": Text,
    "component": Text,
    "text": Text,
    "before": Text,
    "after": Text,
    "value": Float(53),
    "unit": Text,
    "entity_id": Key,
    "activity_id": Key,
    "run_id": Key,
}
FOREVER = datetime(9999, 12, 31, tzinfo=UTC)
Columns = dict[str, ColumnElement[Any]]


class Window(NamedTuple):
    """Which happenings are asked for."""

    dataset: Stored | None = None
    """Those of this dataset, of its activity and of its run; and events while it was observed."""
    run: int | None = None
    """Key of that run."""
    since: datetime | None = None
    until: datetime | None = None
    component: str | None = None
    """Those of events alone; ``*`` and ``?`` match."""
    limit: int | None = None


def happenings(connection: Connection, window: Window) -> list[Happening]:
    """Collate what happened, in the order of time."""
    happened = union_all(*branches(window)).subquery()
    query = (
        select(happened, entity.c.uuid.label("dataset"), activity.c.uuid.label("activity"), run.c.name.label("run"))
        .select_from(
            happened.outerjoin(entity, entity.c.id == happened.c.entity_id)
            .outerjoin(activity, activity.c.id == happened.c.activity_id)
            .outerjoin(run, run.c.id == happened.c.run_id)
        )
        .order_by(*(happened.c[name].nulls_first() for name in ("time", "source", "kind", "uuid")))
        .limit(window.limit)
    )
    # what was seen from two sides, as an incident that hit a dataset, is one
    return list({row.uuid: as_happening(row) for row in connection.execute(query)}.values())


def as_happening(row: Any) -> Happening:
    """Read a row; a change of state is told as such, and what is about several things is about the nearest."""
    text, component = row.text, row.component
    if row.source == "incident":
        component = str(Cause.from_json(json.loads(component)))
    if text is None and (row.before, row.after) != (None, None):
        text = " → ".join(state for state in (row.before or "", row.after or "") if state or row.before)
    return Happening(
        source=row.source,
        id=row.uuid,
        time=row.time,
        until=row.until,
        kind=row.kind,
        component=component,
        text=text,
        value=row.value,
        unit=row.unit,
        dataset=row.dataset,
        activity=row.activity if row.dataset is None else None,
        run=row.run if row.dataset is None and row.activity is None else None,
    )


def branches(window: Window) -> Iterator[Select[Any]]:
    """Give the parts of the query; each of its conditions has an index of its own."""
    times = partial_times(window)
    yield from events(window, times)
    if window.component is not None:
        return
    said = {
        annotation: {"kind": annotation.c.kind, "text": annotation.c.text},
        metric: {
            "kind": metric.c.name,
            "text": metric.c.verdict,
            "value": metric.c.value,
            "unit": metric.c.unit,
        },
    }
    for table, facts in said.items():
        about = {name: table.c[name] for name in ("uuid", "time", "entity_id", "activity_id", "run_id")}
        part = row_of(table.name, {**about, **facts}).where(*times(table.c.time, table.c.time))
        yield from (part.where(condition) for condition in mine(window, table))
    yield from logs(window, times)
    yield from incidents(window, times)


def row_of(source: str, given: Columns) -> Select[Any]:
    """Select one kind of happening with the columns of all kinds."""
    columns: Columns = {"source": literal(source), **given}
    return select(
        *((columns[name] if name in columns else cast(null(), kind)).label(name) for name, kind in COLUMNS.items())
    )


def partial_times(window: Window) -> Any:
    """Give a function that makes the conditions for an interval."""

    def overlaps(begin: ColumnElement[Any], end: ColumnElement[Any]) -> list[ColumnElement[bool]]:
        found: list[ColumnElement[bool]] = []
        if window.until is not None:
            found.append(begin <= utc(window.until))
        if window.since is not None:
            found.append(end >= utc(window.since))
        return found

    return overlaps


def mine(window: Window, table: Any) -> list[ColumnElement[bool]]:
    """The conditions that something is about the dataset, its activity or its run."""
    if window.dataset is None:
        return [literal(True)]
    pointers = {"entity_id": window.dataset.key, "activity_id": window.dataset.maker, "run_id": window.run}
    return [table.c[name] == key for name, key in pointers.items() if key is not None]


def events(window: Window, times: Any) -> Iterator[Select[Any]]:
    """Events of a dataset, and those of no dataset while it was observed."""
    names = ("uuid", "time", "until", "kind", "component", "before", "after", "entity_id")
    part = row_of("event", {name: event.c[name] for name in names})
    part = part.where(*times(event.c.time, func.coalesce(event.c.until, event.c.time)))
    if window.component is not None:
        part = part.where(resembles(event.c.component, window.component))
    if window.dataset is None:
        yield part
        return
    key = window.dataset.key
    yield part.where(event.c.entity_id == key)
    began, ended = (
        select(observation.c[name]).where(observation.c.entity_id == key).scalar_subquery()
        for name in ("started", "ended")
    )
    while_observed = and_(event.c.time <= ended, func.coalesce(event.c.until, event.c.time) >= began)
    yield part.where(event.c.entity_id.is_(None), while_observed)


def logs(window: Window, times: Any) -> Iterator[Select[Any]]:
    """Logs, at the time when their activity ended."""
    time = func.coalesce(activity.c.ended, activity.c.started)
    given: Columns = {
        "uuid": entity.c.uuid,
        "time": time,
        "kind": dataset_type.c.name,
        "text": entity.c.name,
        "entity_id": entity.c.id,
        "activity_id": entity.c.gen_aid,
        "run_id": entity.c.run_id,
    }
    part = (
        row_of("log", given)
        .select_from(
            dataset_type.join(entity, entity.c.dataset_type_id == dataset_type.c.id).outerjoin(
                activity, activity.c.id == entity.c.gen_aid
            )
        )
        .where(stated_category == "log", *times(time, time))
    )
    if window.dataset is None:
        yield part
    elif window.dataset.maker is not None:
        yield part.where(entity.c.gen_aid == window.dataset.maker)


def incidents(window: Window, times: Any) -> Iterator[Select[Any]]:
    """Incidents, from when they were opened until they were closed."""
    given: Columns = {
        "uuid": incident.c.uuid,
        "time": incident.c.opened,
        "until": incident.c.closed,
        "component": incident.c.cause,
        "text": incident.c.title,
    }
    open_until = times(incident.c.opened, func.coalesce(incident.c.closed, literal(FOREVER, Instant())))
    if window.dataset is not None:
        part = row_of("incident", given | {"entity_id": incident_hit.c.entity_id})
        hit = incident_hit.join(incident, incident.c.id == incident_hit.c.incident_id)
        yield part.select_from(hit).where(incident_hit.c.entity_id == window.dataset.key, *open_until)
    else:
        yield row_of("incident", given).where(*open_until)
