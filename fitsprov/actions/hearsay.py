"""What a service says of a dataset beside its lineage: how it stands, and the facts about it.

Only services of ours say it, as the JSON that ``resolve`` prints. It is anyone's text: what is not of its form is
passed over, and no character of it acts on a terminal.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from typing import Any, NamedTuple, TypeVar
from uuid import UUID

from fitsprov.actions.standing import ANCESTOR, FOCUS
from fitsprov.errors import UsageError
from fitsprov.exchange.drawings.labels import printable
from fitsprov.model.facts import Annotation, DatasetFacts, Metric, Observation, Responsibility, ValueEntity
from fitsprov.model.finding import Finding
from fitsprov.model.lineage import Agent

__all__ = ["Hearsay", "read_hearsay"]

STANDING = frozenset({*FOCUS.values(), *ANCESTOR.values()})
"""Codes of what is said about a dataset after it was made."""
MOST_SAID, LONGEST = 50, 500
"""Findings of a service, and characters of a text."""
MOST = 10_000
"""Facts of one kind."""
MALFORMED = (ValueError, RecursionError, LookupError, TypeError, AttributeError, UsageError)
OBSERVED = ("instrument", "sensor", "site", "program", "field", "script", "script_version")
ABOUT = ("dataset", "activity", "run")
T = TypeVar("T")


class Hearsay(NamedTuple):
    """What was said."""

    findings: list[Finding]
    facts: DatasetFacts | None = None


def read_hearsay(text: bytes, dataset: UUID) -> Hearsay:
    """Read what a service says of a dataset; nothing where it does not say it."""
    try:
        (said,) = json.loads(text)
        if said["dataset"]["id"] != str(dataset):
            return Hearsay([])
        told = [(one["code"], string(one["message"]) or "") for one in said["findings"][:MOST_SAID]]
        findings = [Finding(code, message) for code, message in told if code in STANDING]
    except MALFORMED:
        return Hearsay([])
    try:
        return Hearsay(findings, read_facts(said["facts"], dataset))
    except MALFORMED:
        return Hearsay(findings)


def read_facts(said: dict[str, Any], dataset: UUID) -> DatasetFacts:
    """Read the facts of a dataset, as `fact_objects` spells them."""
    observation, value = said["observation"], said["value"]
    return DatasetFacts(
        observation=None if observation is None else read_observation(observation, dataset),
        telemetry={string(name) or "": string(url) or "" for name, url in said["telemetry"].items()},
        metrics=each(said["metrics"], read_metric),
        annotations=each(said["annotations"], read_annotation),
        value=None if value is None else read_value(value, dataset),
        derived_from=each(said["derived_from"], UUID),
        members=each(said["members"], UUID),
        collections=each(said["collections"], UUID),
        responsible=each(said["responsible"], read_responsibility),
    )


def each(items: list[Any], read: Callable[[Any], T]) -> tuple[T, ...]:
    """Read a list, as far as it is one that people look at."""
    return tuple(map(read, items[:MOST]))


def read_observation(said: dict[str, Any], dataset: UUID) -> Observation:
    """Where an exposure comes from."""
    words: dict[str, Any] = {name: string(said[name]) for name in OBSERVED}
    return Observation(dataset=dataset, started=time(said["started"]), ended=time(said["ended"]), **words)


def read_value(said: dict[str, Any], dataset: UUID) -> ValueEntity:
    """What a dataset that is a value is."""
    return ValueEntity(dataset=dataset, value=string(said["value"]) or "", description=string(said["description"]))


def read_metric(said: dict[str, Any]) -> Metric:
    """A measured value, or a verdict."""
    value = said["value"]
    return Metric(
        name=string(said["name"]) or "",
        value=None if value is None else float(value),
        unit=string(said["unit"]),
        verdict=string(said["verdict"]),
        time=time(said["time"]),
        **about(said),
    )


def read_annotation(said: dict[str, Any]) -> Annotation:
    """What someone said."""
    when, successor = time(said["time"]), said["successor"]
    if when is None:
        raise ValueError("an annotation without a time")
    return Annotation(
        kind=string(said["kind"]) or "",
        time=when,
        text=string(said["text"]),
        agent=None if said["agent"] is None else read_agent(said["agent"]),
        successor=None if successor is None else UUID(successor),
        **about(said),
    )


def read_responsibility(said: dict[str, Any]) -> Responsibility:
    """Who answers for something."""
    return Responsibility(agent=read_agent(said["agent"]), role=string(said["role"]), **about(said))


def read_agent(said: dict[str, Any]) -> Agent:
    """Who."""
    return Agent(id=string(said["id"]) or "", name=string(said["name"]), type=string(said["type"]))


def about(said: dict[str, Any]) -> dict[str, Any]:
    """What something is said of."""
    dataset, activity, run = (string(said[name]) for name in ABOUT)
    return {"dataset": dataset and UUID(dataset), "activity": activity and UUID(activity), "run": run}


def string(said: Any) -> str | None:
    """A text that is not too long and does nothing."""
    return None if said is None else printable(str(said)[:LONGEST])


def time(said: Any) -> datetime | None:
    """A time in ISO 8601."""
    return None if said is None else datetime.fromisoformat(said)
