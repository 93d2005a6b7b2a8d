"""The resolved answer: datasets, activities, and the graph that they form (W3C PROV, IVOA ProvenanceDM 1.0)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple
from uuid import UUID

from fitsprov.model.dataid import DataId
from fitsprov.model.later import whole

__all__ = [
    "Activity",
    "Agent",
    "Category",
    "Dataset",
    "Direction",
    "Environment",
    "Execution",
    "Lineage",
    "Linked",
    "Neighbourhood",
    "Node",
    "Package",
    "Surroundings",
    "Usage",
]


class Category(StrEnum):
    """What kind of thing a dataset type is."""

    RAW = "raw"
    CALIBRATION = "calibration"
    REFERENCE = "reference"
    PRODUCT = "product"
    LOG = "log"
    METRIC = "metric"


class Direction(StrEnum):
    """Which way a lineage is followed."""

    UP = "up"
    """To what a dataset was made from."""
    DOWN = "down"
    """To what was made from it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dataset:
    """An entity: a dataset that is described, or a stub that is only named."""

    id: UUID
    type: str | None = None
    run: str | None = None
    data_id: DataId | None = None
    name: str | None = None
    category: Category | None = None
    uri: str | None = None
    """Where a copy of it is known to be."""
    size: int | None = None
    """Of that copy, in bytes."""
    publisher_did: str | None = None
    origin: str | None = None
    """``external`` where it was made elsewhere, with other tools, and brought back."""
    stub: bool = False
    """Named by something that used it, not yet described."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Agent:
    """Who is responsible: a person, an organization or a software agent."""

    id: str
    name: str | None = None
    type: str | None = None


@dataclass(frozen=True, slots=True, order=True)
class Package:
    """One piece of software in an environment."""

    manager: str
    """``conda``, ``eups``, ``pip``, ``apt`` …"""
    name: str
    version: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Environment:
    """The software and hardware that an activity ran in, stored once per content."""

    container: str | None = None
    """Image with its digest."""
    container_base: str | None = None
    """Image, with its digest, that the container was built on."""
    recipe: str | None = None
    """Revision of what the container was built by."""
    packages: tuple[Package, ...] = ()
    """A source tree is a package of the manager ``git``; its version is the commit, ``+dirty`` where it was edited."""
    platform: Mapping[str, str] = field(default_factory=dict)
    """``os``, ``kernel``, ``libc``, ``python``, ``hardware``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """A computer that activities ran on."""

    name: str
    hardware: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Execution:
    """The job above activities."""

    id: UUID
    system: str
    """Who ran it: ``slurm``, ``htcondor``, ``panda`` …"""
    job: str
    """Its ID in that system."""
    node: Node | None = None
    environment: Environment | None = None
    started: datetime | None = None
    ended: datetime | None = None
    status: str | None = None
    resources: Mapping[str, Any] | None = None
    """What it took, as the system says: ``cpu_seconds``, ``max_rss_bytes`` …"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Activity:
    """Something that used datasets and generated datasets (Butler: quantum)."""

    id: UUID
    task: str | None = None
    version: str | None = None
    run: str | None = None
    started: datetime | None = None
    ended: datetime | None = None
    status: str | None = None
    config: Mapping[str, Any] | None = None
    environment: Environment | None = None
    agent: Agent | None = None
    execution: Execution | None = None
    epoch: int | None = field(default=None, compare=False)
    """The epoch in which it started, as it was recorded or as the registry placed it."""


@dataclass(frozen=True, slots=True)
class Usage:
    """One dataset presented to one activity."""

    dataset: UUID
    role: str | None = None
    actual: bool | None = None
    """False where it was presented to the task and not used by it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Neighbourhood:
    """A dataset with all that stands one step from it."""

    dataset: Dataset
    activity: Activity | None = None
    """The activity that made it."""
    parents: tuple[tuple[Dataset, Usage], ...] = ()
    """What was really used to make it, calibrations included."""
    products: tuple[Dataset, ...] = ()
    """What was made from it."""
    siblings: tuple[Dataset, ...] = ()
    """What the same activity made beside it."""


class Linked(NamedTuple):
    """A dataset as far as links tell of it: no more than that, because it is made by the hundred thousand."""

    id: str
    """Its UUID, in lower case."""
    type: str | None = None
    run: str | None = None
    data_id: DataId | None = None
    name: str | None = None
    category: Category | None = None
    uri: str | None = None
    size: int | None = None
    stub: bool = False


class Surroundings(NamedTuple):
    """A dataset with all that stands one step from it, as far as links tell of it."""

    dataset: Linked
    parents: Sequence[tuple[Linked, str | None]] = ()
    """What was really used to make it, calibrations included, and the roles that it was used in."""
    products: Sequence[Linked] = ()
    siblings: Sequence[Linked] = ()
    made: bool = False
    """Whether the activity that made it is known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lineage:
    """A part of the provenance graph, seen from one dataset."""

    focus: UUID
    direction: Direction = Direction.UP
    datasets: Mapping[UUID, Dataset]
    activities: Mapping[UUID, Activity] = field(default_factory=dict)
    generated_by: Mapping[UUID, UUID] = field(default_factory=dict)
    """Dataset → the activity that made it."""
    used: Mapping[UUID, tuple[Usage, ...]] = field(default_factory=dict)
    """Activity → what was presented to it."""
    listed_raws: Mapping[UUID, tuple[Dataset, ...]] = field(default_factory=dict)
    """Dataset → raws that its header lists; the steps between may be known or not."""
    complete: bool = True
    """False where it ends in a stub, was cut by a depth, or headers speak of more than is known."""
    authority: str | None = None
    """The IVOID, ``ivo://…``, under which those are published that bring no publisher DID, where a document says so."""

    @property
    def dataset(self) -> Dataset:
        """The dataset from which the graph is seen."""
        return self.datasets[self.focus]

    def activity_of(self, dataset: UUID) -> Activity | None:
        """The activity that made a dataset, where it is known."""
        maker = self.generated_by.get(dataset)
        return None if maker is None else self.activities.get(maker)

    def parents(self, dataset: UUID | None = None) -> tuple[tuple[Dataset, Usage], ...]:
        """What was really used to make a dataset, in the order in which the activity stated it."""
        maker = self.generated_by.get(dataset or self.focus)
        usages = () if maker is None else self.used.get(maker, ())
        really = {u.dataset: u for u in reversed(usages) if u.actual is not False}
        datasets = whole(self.datasets)
        return tuple((datasets[u.dataset], u) for u in usages if really.get(u.dataset) is u)

    def products(self, dataset: UUID | None = None) -> tuple[Dataset, ...]:
        """What was made from a dataset."""
        source = dataset or self.focus
        makers = {
            activity
            for activity, usages in self.used.items()
            if any(usage.dataset == source and usage.actual is not False for usage in usages)
        }
        return tuple(self.datasets[d] for d, maker in self.generated_by.items() if maker in makers)

    def ancestors(self) -> Iterator[Dataset]:
        """Every dataset upstream of the focus, breadth first, each once."""
        datasets, makers, used = whole(self.datasets), whole(self.generated_by), whole(self.used)
        seen, frontier, passed = {self.focus}, [self.focus], set[UUID]()
        while frontier:
            below, frontier = frontier, []
            for child in below:
                maker = makers.get(child)
                if maker is None or maker in passed:
                    continue
                passed.add(maker)
                for usage in used.get(maker, ()):
                    parent = usage.dataset
                    if usage.actual is not False and parent not in seen:
                        seen.add(parent)
                        frontier.append(parent)
                        yield datasets[parent]

    def raws(self) -> tuple[Dataset, ...]:
        """The raw observations among the ancestors, in their order, then those that only headers list."""
        ancestors = list(self.ancestors())
        found = {dataset.id: dataset for dataset in ancestors if dataset.category is Category.RAW}
        for dataset in (self.focus, *(ancestor.id for ancestor in ancestors)) if self.listed_raws else ():
            for raw in self.listed_raws.get(dataset, ()):
                found.setdefault(raw.id, raw)
        return tuple(found.values())
