"""A record: what someone says has happened, before a registry has taken it in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from graphlib import CycleError, TopologicalSorter
from uuid import UUID

from fitsprov.errors import InvalidRecord
from fitsprov.model.facts import (
    Annotation,
    Description,
    Event,
    Metric,
    Observation,
    Relation,
    Responsibility,
    TelemetrySource,
    ValueEntity,
)
from fitsprov.model.lineage import Activity, Agent, Category, Dataset, Environment, Execution, Usage

__all__ = ["Record", "Step", "cycle_message"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One activity with what it used and what it generated."""

    activity: Activity
    used: tuple[Usage, ...] = ()
    generated: tuple[Dataset, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """A document of provenance, complete in itself; IDs are settled, times are UTC, files are absolute URIs.

    Raises
    ------
    InvalidRecord
        Where it gives an ID twice, a dataset two makers or a type two categories, or makes datasets from each other.
    """

    source: str
    """Where it came from, for messages."""
    run: str | None = None
    agent: Agent | None = None
    environment: Environment | None = None
    categories: Mapping[str, Category] = field(default_factory=dict)
    """Dataset type → category, as stated."""
    datasets: tuple[Dataset, ...] = ()
    """Those that no step of this record made."""
    steps: tuple[Step, ...] = ()
    executions: tuple[Execution, ...] = ()
    """Jobs, also those that no step of this record belongs to."""
    events: tuple[Event, ...] = ()
    observations: tuple[Observation, ...] = ()
    telemetry_sources: tuple[TelemetrySource, ...] = ()
    metrics: tuple[Metric, ...] = ()
    annotations: tuple[Annotation, ...] = ()
    descriptions: tuple[Description, ...] = ()
    values: tuple[ValueEntity, ...] = ()
    responsible: tuple[Responsibility, ...] = ()
    derived: tuple[Relation, ...] = ()
    """Dataset, and the dataset that it was derived from."""
    members: tuple[Relation, ...] = ()
    """Collection, and its member."""
    informed: tuple[Relation, ...] = ()
    """Activity, and the activity that informed it."""

    def __post_init__(self) -> None:
        refuse_repeats(self)
        refuse_categories(self)
        refuse_cycle(self)


def refuse_repeats(record: Record) -> None:
    """Refuse an ID that is given twice."""
    origin: dict[UUID, str] = {}
    for dataset, given in (
        *((dataset, "as it is") for dataset in record.datasets),
        *((dataset, f"by activity {step.activity.id}") for step in record.steps for dataset in step.generated),
    ):
        if dataset.id in origin:
            raise InvalidRecord(
                f"{record.source}: dataset {dataset.name or dataset.id}: given {origin[dataset.id]} and again {given};"
                " expected once, with one maker"
            )
        origin[dataset.id] = given
    activities: set[UUID] = set()
    for step in record.steps:
        if step.activity.id in activities:
            raise InvalidRecord(f"{record.source}: activity {step.activity.id}: given twice; expected once")
        activities.add(step.activity.id)


def refuse_categories(record: Record) -> None:
    """Refuse a type of two categories."""
    stated = dict(record.categories)
    for dataset in (*record.datasets, *(dataset for step in record.steps for dataset in step.generated)):
        if dataset.type is None or dataset.category is None:
            continue
        if stated.setdefault(dataset.type, dataset.category) is not dataset.category:
            both = f"{stated[dataset.type]} and {dataset.category}"
            raise InvalidRecord(f"{record.source}: type '{dataset.type}': {both}; expected one category")


def refuse_cycle(record: Record) -> None:
    """Refuse datasets that were made from each other."""
    graph: TopologicalSorter[UUID | int] = TopologicalSorter()
    for number, step in enumerate(record.steps):
        graph.add(number, *(usage.dataset for usage in step.used))
        for dataset in step.generated:
            graph.add(dataset.id, number)
    try:
        graph.prepare()
    except CycleError as error:
        ring = [node for node in error.args[1][:-1] if isinstance(node, UUID)]
        raise InvalidRecord(cycle_message(record.source, ring)) from None


def cycle_message(source: str, ring: Iterable[UUID]) -> str:
    """Say that datasets were made from each other."""
    names = [str(dataset) for dataset in ring]
    return f"{source}: a cycle: {' → '.join([*names, names[0]])}; expected no dataset among its own ancestors"
