"""What a flaw touched, counted and listed, and incidents that are worked off."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from fitsprov.actions.causes import parse_cause
from fitsprov.actions.choosing import mint
from fitsprov.actions.json_objects import found_object, iso
from fitsprov.actions.registering import open_registry
from fitsprov.errors import MalformedID, UsageError
from fitsprov.model.identifiers import parse_id
from fitsprov.model.impact import Impact, Incident
from fitsprov.model.lineage import Agent, Dataset

__all__ = [
    "close_incident",
    "impact",
    "incident_hits",
    "list_incidents",
    "open_incident",
    "work_off",
]


def impact(
    registry_url: str, identifier: str | None = None, *, listed: bool = False, limit: int | None = None, **given: Any
) -> dict[str, Any]:
    """Say what a flaw touched, as a JSON object.

    Parameters
    ----------
    listed : bool
        List the datasets, too.
    given
        The other parts of a cause: see `parse_cause`.
    """
    with open_registry(registry_url) as registry:
        cause = parse_cause(registry, identifier, **given)
        answer = impact_object(registry.impact(cause))
        if listed:
            answer["hits"] = [hit_object(*hit) for hit in registry.touched(cause, limit=limit)]
    return answer


def impact_object(found: Impact) -> dict[str, Any]:
    """An impact as a JSON object."""
    return {
        "cause": found.cause.to_json(),
        "activities": found.activities,
        "datasets": found.datasets,
        "direct": found.direct,
        "touched": [
            {"type": one.type, "run": one.run, "datasets": one.datasets, "direct": one.direct} for one in found.touched
        ],
    }


def hit_object(dataset: Dataset, direct: bool) -> dict[str, Any]:
    """One dataset that was touched."""
    return {**found_object(dataset), "direct": direct}


def incident_object(one: Incident) -> dict[str, Any]:
    """An incident as a JSON object."""
    return {
        "id": str(one.id),
        "title": one.title,
        "cause": one.cause.to_json(),
        "agent": one.agent,
        "opened": iso(one.opened),
        "closed": iso(one.closed),
        "text": one.text,
        "hits": one.hits,
        "done": one.done,
    }


def list_incidents(registry_url: str) -> list[dict[str, Any]]:
    """List incidents, oldest first."""
    with open_registry(registry_url) as registry:
        return [incident_object(one) for one in registry.incidents]


def open_incident(
    registry_url: str,
    title: str,
    identifier: str | None = None,
    *,
    agent: str | None = None,
    text: str | None = None,
    **given: Any,
) -> dict[str, Any]:
    """Save what a flaw touched; ``given`` are the other parts of a cause: see `parse_cause`."""
    with open_registry(registry_url) as registry:
        return incident_object(
            registry.incidents.open(
                parse_cause(registry, identifier, **given),
                title,
                id=mint(),
                time=datetime.now(UTC),
                agent=None if agent is None else Agent(id=agent),
                text=text,
            )
        )


def incident_id(text: str) -> UUID:
    """Read the ID of an incident."""
    try:
        return parse_id(text)
    except MalformedID:
        raise UsageError(f"'{text}' is no ID of an incident; expected a UUID that `incident list` tells") from None


def incident_hits(registry_url: str, id: str, *, done: bool | None = None) -> dict[str, Any]:
    """Give an incident with its hits: all, or those that are dealt with, or are not."""
    with open_registry(registry_url) as registry:
        uuid = incident_id(id)
        hits = [
            {
                **hit_object(one.dataset, one.direct),
                "done": one.done is not None,
                "time": iso(one.done),
                "text": one.text,
            }
            for one in registry.incidents.hits(uuid, done=done)
        ]
        return {**incident_object(registry.incidents[uuid]), "datasets": hits}


def work_off(registry_url: str, id: str, datasets: Iterable[str], *, text: str | None = None) -> int:
    """Note that datasets, by ID, are dealt with; give how many were not so yet."""
    with open_registry(registry_url) as registry:
        uuids = [registry.dataset(one).id for one in datasets]
        return registry.incidents.work_off(incident_id(id), uuids, time=datetime.now(UTC), text=text)


def close_incident(registry_url: str, id: str, *, text: str | None = None) -> dict[str, Any]:
    """Close an incident whose hits are all dealt with."""
    with open_registry(registry_url) as registry:
        return incident_object(registry.incidents.close(incident_id(id), time=datetime.now(UTC), text=text))
