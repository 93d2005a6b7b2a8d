"""What is said beside the graph: about a dataset, an activity or a run, or about what happened around them.

Who says something, measures something or notes a change says it at some time and, where it can, of one thing. What has
no UUID of its own gets one that follows from what it says, so that the same is never stored twice.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, NamedTuple
from urllib.parse import quote
from uuid import UUID

from fitsprov.errors import UsageError
from fitsprov.model.identifiers import name_id
from fitsprov.model.lineage import Agent, Environment, Execution

__all__ = [
    "About",
    "Annotation",
    "Change",
    "Copy",
    "DatasetFacts",
    "Description",
    "Epoch",
    "Event",
    "Happening",
    "Job",
    "Metric",
    "Observation",
    "Relation",
    "Responsibility",
    "TelemetrySource",
    "Validity",
    "ValueEntity",
    "fact_id",
]


def fact_id(kind: str, *said: object) -> UUID:
    """Identify what has no UUID of its own by its kind and by what it says."""
    return name_id(json.dumps([*map(spelled, said)], separators=(",", ":"), ensure_ascii=False), kind)


def spelled(value: object) -> str | None:
    """Spell a part of what is said; a time in UTC, one without a zone is UTC already."""
    if isinstance(value, datetime):
        value = value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
        return value.isoformat()
    return None if value is None else str(value)


class Relation(NamedTuple):
    """What points, and what it points to."""

    subject: UUID
    object: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """Something that is said of one thing.

    Raises
    ------
    UsageError
        Where it is said of two.
    """

    dataset: UUID | None = None
    activity: UUID | None = None
    run: str | None = None

    def __post_init__(self) -> None:
        if sum(one is not None for one in (self.dataset, self.activity, self.run)) > 1:
            raise UsageError(f"about {self.dataset or self.activity} and {self.activity or self.run}; expected one")


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """A change outside any activity: firmware, maintenance, a schema applied."""

    component: str
    kind: str
    time: datetime
    until: datetime | None = None
    """When it was over, where it took its time."""
    before: str | None = None
    after: str | None = None
    dataset: UUID | None = None
    """What it was noted in, or is about."""
    id: UUID | None = None

    def identify(self) -> UUID:
        """Its UUID, else the one that follows from what it says; its end may be said later."""
        return self.id or fact_id("event", self.component, self.kind, self.time, self.before, self.after)


@dataclass(frozen=True, slots=True, kw_only=True)
class Annotation(About):
    """What someone said: who, what, when and why.

    The kinds ``retracted``, ``superseded``, ``missing`` and ``restored`` say how a dataset stands; the latest counts.
    """

    kind: str
    time: datetime
    text: str | None = None
    agent: Agent | None = None
    successor: UUID | None = None
    """What supersedes the dataset."""
    id: UUID | None = None

    def identify(self) -> UUID:
        """Its UUID, else the one that follows from what it says."""
        who = self.agent and self.agent.id
        about = (self.dataset, self.activity, self.run)
        return self.id or fact_id("annotation", *about, self.kind, self.time, self.text, who, self.successor)


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric(About):
    """A measured value, or a verdict."""

    name: str
    value: float | None = None
    unit: str | None = None
    verdict: str | None = None
    """``pass``, ``fail`` …"""
    time: datetime | None = None
    id: UUID | None = None

    def identify(self) -> UUID:
        """Its UUID, else the one of this name at this time: one thing has one value then."""
        return self.id or fact_id("metric", self.dataset, self.activity, self.run, self.name, self.time)


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """Where an exposure comes from."""

    dataset: UUID
    instrument: str | None = None
    sensor: str | None = None
    site: str | None = None
    program: str | None = None
    field: str | None = None
    script: str | None = None
    script_version: str | None = None
    started: datetime | None = None
    ended: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TelemetrySource:
    """Where the telemetry of an interval can be asked for."""

    name: str
    url_template: str
    """A URL with ``{start}``, ``{end}``, and names of what an observation has: ``{instrument}``, ``{sensor}`` …"""
    site: str | None = None
    """Only of observations there."""
    instrument: str | None = None
    """Only of observations with it."""

    def url(self, observation: Observation) -> str | None:
        """Point to the telemetry of an observation; None where it has none of what the template needs."""
        mine = (self.site, observation.site), (self.instrument, observation.instrument)
        if any(wanted is not None and wanted != given for wanted, given in mine):
            return None
        names = ("instrument", "sensor", "site", "program", "field", "script", "script_version")
        values: dict[str, object] = {name: getattr(observation, name) for name in names}
        values |= {"start": observation.started, "end": observation.ended}
        url = self.url_template
        for name, value in values.items():
            if f"{{{name}}}" in url:
                text = spelled(value)
                if text is None:
                    return None
                url = url.replace(f"{{{name}}}", quote(text.replace("+00:00", "Z"), safe=":"))
        return url


@dataclass(frozen=True, slots=True, kw_only=True)
class Description:
    """What is said of all things of one name: a class of description of ProvenanceDM 1.0, 2.5 to 2.7."""

    kind: str
    """``activity``, ``dataset``, ``value``, ``usage``, ``generation``, ``parameter`` or ``configfile``."""
    name: str
    content: Mapping[str, Any]
    """Attributes by ProvenanceDM's names: ``doculink``, ``version``, ``unit``, ``ucd`` …"""


@dataclass(frozen=True, slots=True, kw_only=True)
class ValueEntity:
    """An entity that is a value (ProvenanceDM 1.0, 2.6.2)."""

    dataset: UUID
    value: str
    description: str | None = None
    """Name of the value's description."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Responsibility(About):
    """Who answers for something, and how: wasAttributedTo and wasAssociatedWith."""

    agent: Agent
    role: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Copy:
    """A file that holds a dataset."""

    dataset: UUID
    uri: str
    size: int
    """In bytes."""
    modified: int
    """Nanoseconds since 1970."""
    fingerprint: str
    """Of its data, ``sha256:…``."""
    conventions: tuple[str, ...] = ()
    """Those that its header carries."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Epoch:
    """From here on something that results depend on was another (the LSST prototype's provHistoryId)."""

    number: int
    time: datetime
    kind: str
    """``start``, ``config``, ``packages``, ``node``, or that of an event."""
    component: str
    before: str | None = None
    after: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Validity:
    """Which state of a component held from when to when."""

    component: str
    kind: str
    state: str | None
    since: datetime | None
    until: datetime | None
    epoch: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One thing that changed, and mattered to a task."""

    epoch: int
    time: datetime | None
    kind: str
    component: str
    name: str | None
    """Of the parameter or package."""
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A job by its ID: what it was, and what ran in it."""

    execution: Execution
    environments: tuple[Environment, ...] = ()
    """Its own, then others that its activities ran in."""
    tasks: tuple[tuple[str | None, str | None, int], ...] = ()
    """Name, version, and how many activities."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening(About):
    """An annotation, metric, log, event or incident among others, whatever system it came from."""

    source: str
    """``annotation``, ``metric``, ``log``, ``event`` or ``incident``."""
    id: UUID
    time: datetime | None
    until: datetime | None = None
    kind: str | None = None
    """Of annotation, event, or dataset; the name of a metric."""
    component: str | None = None
    text: str | None = None
    value: float | None = None
    unit: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DatasetFacts:
    """What is said of one dataset, of the activity that made it, and of its run."""

    observation: Observation | None = None
    telemetry: Mapping[str, str] = field(default_factory=dict)
    """Name of a source → URL of this dataset's interval."""
    metrics: tuple[Metric, ...] = ()
    annotations: tuple[Annotation, ...] = ()
    value: ValueEntity | None = None
    derived_from: tuple[UUID, ...] = ()
    members: tuple[UUID, ...] = ()
    collections: tuple[UUID, ...] = ()
    responsible: tuple[Responsibility, ...] = ()
