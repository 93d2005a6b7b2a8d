"""A record: what someone says has happened, before a registry has taken it in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from graphlib import CycleError, TopologicalSorter
from uuid import UUID

from fitsprov.model.lineage import Activity, Agent, Category, Dataset, Environment, Usage

__all__ = ["Event", "Record", "Step", "find_cycle"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One activity with what it used and what it generated."""

    activity: Activity
    used: tuple[Usage, ...] = ()
    generated: tuple[Dataset, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """A change outside any activity: firmware, maintenance, a schema applied."""

    component: str
    kind: str
    time: datetime
    before: str | None = None
    after: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """A document of provenance, complete in itself; IDs are settled, times are UTC, files are absolute URIs."""

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
    events: tuple[Event, ...] = ()


def find_cycle(record: Record) -> tuple[UUID, ...]:
    """Give datasets of a record that were made from each other, the first one again at the end; none if all is well."""
    graph: TopologicalSorter[UUID | int] = TopologicalSorter()
    for number, step in enumerate(record.steps):
        graph.add(number, *(usage.dataset for usage in step.used))
        for dataset in step.generated:
            graph.add(dataset.id, number)
    try:
        graph.prepare()
    except CycleError as error:
        ring = [node for node in error.args[1][:-1] if isinstance(node, UUID)]
        return (*ring, ring[0])
    return ()
