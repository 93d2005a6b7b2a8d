"""Say something of datasets, and list what was said, what happened, and what changed."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from fitsprov.actions.fact_objects import annotation_object, change_object, happening_object
from fitsprov.actions.registering import open_registry
from fitsprov.model.identifiers import parse_id

__all__ = ["annotate", "changes", "happenings"]


def annotate(
    registry_url: str,
    subjects: Iterable[str],
    kind: str,
    text: str | None = None,
    *,
    by: str | None = None,
    successor: str | None = None,
) -> list[dict[str, Any]]:
    """Note the same of several datasets or activities, as JSON objects; of none where one of them is not known."""
    with open_registry(registry_url) as registry:
        for subject in (subjects := tuple(subjects)):
            registry.named(subject)
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


def changes(
    registry_url: str, task: str, a: int | datetime | str, b: int | datetime | str | None = None
) -> list[dict[str, Any]]:
    """Say what changed between two moments that matters to a task, as JSON objects.

    Parameters
    ----------
    a, b : int, datetime or str
        The number of an epoch; a time; or the ID of an activity or dataset. B is the current epoch by default.
    """
    with open_registry(registry_url) as registry:
        moments = [parse_id(one) if isinstance(one, str) else one for one in (a, b) if one is not None]
        first, last = moments if len(moments) == 2 else (*moments, registry.epoch().number)
        return [change_object(one) for one in registry.changes(task, first, last)]
