"""PROV-JSON back to a lineage: what `telling` says, read from any hands.

Nothing in a document is believed to be what it should be: it may come from anywhere. What is not in our own words
(descriptions, labels, statements of other kinds) is passed over.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import astuple, replace
from graphlib import CycleError, TopologicalSorter
from typing import Any
from uuid import UUID

from fitsprov.errors import InvalidRecord, UsageError
from fitsprov.exchange.prov.prov import legal
from fitsprov.exchange.prov.prov_attributes import Attributes, Json
from fitsprov.exchange.prov.words import FITSPROV
from fitsprov.model.dataid import parse_data_id
from fitsprov.model.identifiers import publisher_did
from fitsprov.model.lineage import (
    Activity,
    Agent,
    Category,
    Dataset,
    Direction,
    Environment,
    Execution,
    Lineage,
    Node,
    Package,
    Usage,
)
from fitsprov.model.record import cycle_message

__all__ = ["read_prov_json"]

GENERATIONS = 1_000
"""More than any pipeline makes; a drawing indents each."""
SETUPS = {"fitsprov:Configuration": "config", "fitsprov:Environment": "environment"}
"""Type of an entity → the field of the activities that used it."""


def read_prov_json(text: str | bytes, *, source: str) -> Lineage:
    """Read a lineage from PROV-JSON as `write_prov_json` writes it.

    Parameters
    ----------
    text : str or bytes
    source : str
        What the document is called in messages.

    Returns
    -------
    Lineage
        The one that was told: what can be reached from its focus, texts without what XML cannot hold.

    Raises
    ------
    InvalidRecord
        Where it is no PROV-JSON, not in our words, or contradicts itself.
    """
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InvalidRecord(f"{source}: {str(error)[:120]}; expected PROV-JSON") from None
    if not isinstance(document, dict) or not isinstance(document.get("prefix"), dict):
        raise InvalidRecord(f"{source}: no object with prefixes; expected PROV-JSON")
    if document["prefix"].get("fitsprov") != FITSPROV:
        raise InvalidRecord(f"{source}: no prefix fitsprov for {FITSPROV}; expected provenance in our words")
    return Reader(document, source).lineage()


class Reader(Attributes):
    """Reads one document, kind by kind."""

    def __init__(self, document: Json, source: str) -> None:
        super().__init__(source)
        self.document = document
        self.datasets: dict[UUID, Dataset] = {}
        self.listed: dict[UUID, list[UUID]] = {}
        self.focus: list[tuple[UUID, Json]] = []
        self.setups: dict[UUID, tuple[str, Any]] = {}
        self.presented: list[tuple[UUID, int, Usage]] = []
        """To which activity, at which place among its usages."""
        self.authority: str | None = None

    def lineage(self) -> Lineage:
        """Read all of it."""
        for name, told in self.statements("entity"):
            self.entity(name, told)
        if len(self.focus) != 1:
            self.refuse(f"{len(self.focus)} datasets from which it is seen; expected one, with fitsprov:direction")
        agents = {self.uuid(name): self.agent(name, told) for name, told in self.statements("agent")}
        activities = {a.id: a for name, told in self.statements("activity") for a in [self.activity(name, told)]}
        used: dict[UUID, list[Usage]] = {}
        setups = self.uses(activities, used)
        for activity, place, usage in sorted(self.presented, key=lambda one: one[1]):
            used.setdefault(activity, []).insert(place, usage)
        for _, told in self.statements("wasAssociatedWith"):
            activity, agent = self.known(told, "activity", activities), self.known(told, "agent", agents)
            setups.setdefault(activity, {})["agent"] = agents[agent]
        focus, told = self.focus[0]
        lineage = Lineage(
            focus=focus,
            direction=self.choice(told, "fitsprov:direction", Direction),
            datasets=self.datasets,
            activities={key: replace(a, **setups[key]) if key in setups else a for key, a in activities.items()},
            generated_by=self.generations(activities),
            used={key: tuple(usages) for key, usages in used.items()},
            listed_raws={key: tuple(map(self.listed_raw, raws)) for key, raws in self.listed.items()},
            complete=self.flag(told, "fitsprov:complete"),
            authority=self.authority,
        )
        self.refuse_cycle(lineage)
        return lineage

    def statements(self, kind: str) -> Iterator[tuple[str, Json]]:
        """The statements of a kind, with their names (PROV-JSON, 2.1)."""
        found = self.document.get(kind, {})
        if not isinstance(found, dict):
            self.refuse(f"{kind} is {type(found).__name__}; expected an object of statements")
        for name, told in found.items():
            for each in told if isinstance(told, list) else [told]:
                if not isinstance(each, dict):
                    self.refuse(f"{kind} {name[:80]} is {type(each).__name__}; expected an object")
                yield name, each

    def known(self, told: Json, key: str, among: Mapping[UUID, object]) -> UUID:
        """What a statement ties, which must be described."""
        found = self.uuid(told.get(f"prov:{key}"))
        if found not in among:
            self.refuse(f"{key} {found} is nowhere described; expected it")
        return found

    def entity(self, name: str, told: Json) -> None:
        """A dataset, a configuration or an environment."""
        types = self.texts(told, "prov:type")
        for kind in types:
            if kind in SETUPS:
                self.setups[self.uuid(name)] = SETUPS[kind], self.setup(kind, told)
                return
        if "fitsprov:Dataset" not in types:
            return
        dataset = self.dataset(name, told)
        if dataset.id in self.datasets:
            self.refuse(f"dataset {dataset.id} twice; expected it once")
        self.datasets[dataset.id] = dataset
        if dataset.publisher_did is None and self.authority is None:
            self.authority = self.authority_in(name)
        if raws := self.texts(told, "fitsprov:listedRaw"):
            self.listed[dataset.id] = [self.uuid(raw) for raw in raws]
        if "fitsprov:direction" in told:
            self.focus.append((dataset.id, told))

    def authority_in(self, name: str) -> str | None:
        """The IVOID that begins a name, where it is a publisher DID (`publisher_did`)."""
        space = self.document["prefix"].get(name.partition(":")[0])
        if not isinstance(space, str) or not space.endswith("?"):
            return None
        try:
            publisher_did(space[:-1], self.uuid(name))
        except UsageError:
            return None
        return space[:-1]

    def dataset(self, name: str, told: Json) -> Dataset:
        """A dataset."""
        data_id = self.text(told, "fitsprov:dataId")
        try:
            place = None if data_id is None else parse_data_id(data_id)
        except UsageError as error:
            self.refuse(str(error)[:200])
        return Dataset(
            id=self.uuid(name),
            type=self.text(told, "fitsprov:type"),
            run=self.text(told, "fitsprov:run"),
            data_id=place,
            name=self.text(told, "fitsprov:name"),
            category=self.choice(told, "fitsprov:category", Category) if "fitsprov:category" in told else None,
            uri=self.text(told, "prov:location"),
            size=self.number(told, "fitsprov:size"),
            publisher_did=self.text(told, "fitsprov:publisherDid"),
            origin=self.text(told, "fitsprov:origin"),
            stub=self.flag(told, "fitsprov:stub"),
        )

    def setup(self, kind: str, told: Json) -> Mapping[str, Any] | Environment:
        """What a configuration or an environment says."""
        value = self.object(self.text(told, "prov:value") or "", f"prov:value of a {kind}")
        return value if kind == "fitsprov:Configuration" else self.environment(value)

    def environment(self, value: dict[str, Any]) -> Environment:
        """An environment."""
        packages = value.pop("packages", [])
        containers = {name: value.pop(name, None) for name in ("container", "container_base", "recipe")}
        try:
            rows = [Package(package["manager"], package["name"], package["version"]) for package in packages]
        except (LookupError, TypeError):
            self.refuse(f"packages {str(packages)[:80]}; expected manager, name and version of each")
        texts = [*value.values(), *(text for row in rows for text in astuple(row)), *filter(None, containers.values())]
        if not all(isinstance(text, str) for text in texts):
            self.refuse(f"environment {str(value)[:80]}; expected container, packages and texts")
        return Environment(**containers, packages=tuple(rows), platform=value)

    def job(self, told: Json) -> Execution | None:
        """The job above an activity."""
        text = self.text(told, "fitsprov:job")
        if text is None:
            return None
        said = self.object(text, "fitsprov:job")
        node, environment, resources = said.get("node"), said.get("environment"), said.get("resources")
        texts = {name: self.text(said, name) for name in ("system", "job", "status")}
        if (
            not texts["system"]
            or not texts["job"]
            or not all(one is None or isinstance(one, dict) for one in (node, environment, resources))
        ):
            self.refuse(f"fitsprov:job is {text[:80]}; expected a system and a job")
        return Execution(
            id=self.uuid(said.get("id")),
            system=texts["system"],
            job=texts["job"],
            node=node and Node(name=self.text(node, "name") or "", hardware=self.text(node, "hardware")),
            environment=environment and self.environment(environment),
            started=self.time(said, "started"),
            ended=self.time(said, "ended"),
            status=texts["status"],
            resources=resources,
        )

    def agent(self, name: str, told: Json) -> Agent:
        """An agent."""
        key = self.text(told, "fitsprov:agentId") or ""
        return Agent(id=key, name=self.text(told, "fitsprov:name"), type=self.text(told, "fitsprov:agentType"))

    def activity(self, name: str, told: Json) -> Activity:
        """An activity; what was presented to it and not used is kept aside."""
        activity = Activity(
            id=self.uuid(name),
            task=self.text(told, "fitsprov:task"),
            version=self.text(told, "fitsprov:version"),
            run=self.text(told, "fitsprov:run"),
            status=self.text(told, "fitsprov:status"),
            started=self.time(told, "prov:startTime"),
            ended=self.time(told, "prov:endTime"),
            execution=self.job(told),
            epoch=self.number(told, "fitsprov:epoch"),
        )
        for text in self.texts(told, "fitsprov:presented"):
            try:
                said = json.loads(text)
                key, place, role = said["id"], int(said["place"]), said["role"]
            except (ValueError, RecursionError, LookupError, TypeError, OverflowError):
                self.refuse(f"fitsprov:presented is {text[:80]}; expected id, place and role")
            found = self.known({"prov:entity": key}, "entity", self.datasets)
            usage = Usage(found, legal(role) if isinstance(role, str) else None, False)
            self.presented.append((activity.id, place, usage))
        return activity

    def uses(self, activities: Mapping[UUID, Activity], used: dict[UUID, list[Usage]]) -> dict[UUID, dict[str, Any]]:
        """What activities used: datasets go to the usages, setups are given back by activity."""
        setups: dict[UUID, dict[str, Any]] = {}
        for _, told in self.statements("used"):
            activity = self.known(told, "activity", activities)
            entity = self.uuid(told.get("prov:entity"))
            if entity in self.setups:
                field, value = self.setups[entity]
                setups.setdefault(activity, {})[field] = value
                continue
            self.known(told, "entity", self.datasets)
            actual = True if self.flag(told, "fitsprov:actual") else None
            used.setdefault(activity, []).append(Usage(entity, self.text(told, "prov:role"), actual))
        return setups

    def generations(self, activities: Mapping[UUID, Activity]) -> dict[UUID, UUID]:
        """Which activity made which dataset."""
        made: dict[UUID, UUID] = {}
        for _, told in self.statements("wasGeneratedBy"):
            dataset, maker = self.known(told, "entity", self.datasets), self.known(told, "activity", activities)
            if made.setdefault(dataset, maker) != maker:
                self.refuse(f"dataset {dataset} has two makers; expected one")
        return made

    def listed_raw(self, raw: UUID) -> Dataset:
        """A raw that a header lists, called so where nothing else says what it is."""
        dataset = self.datasets[self.known({"prov:entity": str(raw)}, "entity", self.datasets)]
        return dataset if dataset.category is not None else replace(dataset, category=Category.RAW)

    def refuse_cycle(self, lineage: Lineage) -> None:
        """Refuse datasets that were made from each other, and those of too many generations to be shown."""
        below: dict[UUID, list[UUID]] = {
            activity: [usage.dataset for usage in usages if usage.actual is not False]
            for activity, usages in lineage.used.items()
        }
        below |= {dataset: [maker] for dataset, maker in lineage.generated_by.items()}
        depth: dict[UUID, int] = {}
        try:
            for node in TopologicalSorter(below).static_order():
                depth[node] = 1 + max((depth[other] for other in below.get(node, ())), default=0)
        except CycleError as error:
            ring = [node for node in error.args[1][:-1] if node in lineage.datasets]
            raise InvalidRecord(cycle_message(self.source, ring[:5])) from None
        if max(depth.values(), default=0) > 2 * GENERATIONS:  # each is a dataset and an activity
            self.refuse(f"more than {GENERATIONS} generations; expected fewer")
