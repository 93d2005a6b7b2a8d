"""Say something of datasets, and list what was said and what happened."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from fitsprov.actions.fact_objects import annotation_object, happening_object
from fitsprov.actions.registering import open_registry

__all__ = ["annotate", "happenings"]


def annotate(
    registry_url: str,
    subjects: Iterable[str],
    kind: str,
    text: str | None = None,
    *,
    by: str | None = None,
    successor: str | None = None,
) -> list[dict[str, Any]]:
    """Note the same of several datasets or activities, as JSON objects."""
    with open_registry(registry_url) as registry:
        said = [registry.annotate(subject, kind, text, by=by, successor=successor) for subject in subjects]
    return [annotation_object(one) for one in said]


def happenings(
    registry_url: str,
    dataset: str | None = None,
    *,
    since: datetime | None = None,
    until: datetime | None = None,
    component: str | None = None,
    limit: int | None = None,
) -> list[dict[str, Any]]:
    """List what happened by time, as JSON objects."""
    with open_registry(registry_url) as registry:
        found = registry.events(dataset, since=since, until=until, component=component, limit=limit)
    return [happening_object(one) for one in found]
