"""PROV-JSON back to a lineage: what `telling` says, read from any hands.

Nothing in a document is believed to be what it should be: it may come from anywhere. What is not in our own words
(descriptions, labels, statements of other kinds) is passed over.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import astuple, replace
from datetime import UTC, datetime
from enum import StrEnum
from graphlib import CycleError, TopologicalSorter
from typing import Any, Never, TypeVar
from uuid import UUID

from fitsprov.errors import InvalidRecord, UsageError
from fitsprov.exchange.prov import legal
from fitsprov.exchange.telling import FITSPROV
from fitsprov.model.dataid import parse_data_id
from fitsprov.model.lineage import Activity, Agent, Category, Dataset, Direction, Environment, Lineage, Package, Usage
from fitsprov.model.record import cycle_message

__all__ = ["read_prov_json"]

Json = Mapping[str, Any]
Word = TypeVar("Word", bound=StrEnum)
UUID_AT_END = re.compile(r"(?:.*[^0-9a-f-])?([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})")
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


class Reader:
    """Reads one document, kind by kind."""

    def __init__(self, document: Json, source: str) -> None:
        self.document = document
        self.source = source
        self.datasets: dict[UUID, Dataset] = {}
        self.listed: dict[UUID, list[UUID]] = {}
        self.focus: list[tuple[UUID, Json]] = []
        self.setups: dict[UUID, tuple[str, Any]] = {}
        self.presented: list[tuple[UUID, int, Usage]] = []
        """To which activity, at which place among its usages."""

    def refuse(self, problem: str) -> Never:
        """Refuse the document."""
        raise InvalidRecord(f"{self.source}: {problem}")

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

    def uuid(self, name: object) -> UUID:
        """The UUID in which a name of ours ends."""
        match = UUID_AT_END.fullmatch(name) if isinstance(name, str) else None
        if match is None:
            self.refuse(f"name {str(name)[:80]!r}; expected one that ends in a UUID")
        return UUID(match[1])

    def known(self, told: Json, key: str, among: Mapping[UUID, object]) -> UUID:
        """What a statement ties, which must be described."""
        found = self.uuid(told.get(f"prov:{key}"))
        if found not in among:
            self.refuse(f"{key} {found} is nowhere described; expected it")
        return found

    def texts(self, told: Json, name: str) -> list[str]:
        """The values of an attribute, as text."""
        given = as_list(told.get(name, []))
        values = [value.get("$") if isinstance(value, dict) else value for value in given]
        texts = [legal(value) for value in values if isinstance(value, str)]
        if len(texts) < len(values):
            self.refuse(f"{name} is {str(given)[:80]}; expected text")
        return texts

    def text(self, told: Json, name: str) -> str | None:
        """The value of an attribute; None where it has none."""
        values = self.texts(told, name)
        if len(values) > 1:
            self.refuse(f"{name} has {len(values)} values; expected one")
        return values[0] if values else None

    def flag(self, told: Json, name: str) -> bool:
        """A boolean; false where it is not said."""
        value = told.get(name, False)
        if not isinstance(value, bool):
            self.refuse(f"{name} is {str(value)[:80]}; expected true or false")
        return value

    def choice(self, told: Json, name: str, among: type[Word]) -> Word:
        """One of few words."""
        text = self.text(told, name)
        if text not in list(among):
            self.refuse(f"{name} is {str(text)[:80]}; expected one of {', '.join(among)}")
        return among(text)

    def time(self, told: Json, name: str) -> datetime | None:
        """A time; one with a zone in UTC."""
        text = self.text(told, name)
        try:
            time = None if text is None else datetime.fromisoformat(text)
            return time if time is None or time.tzinfo is None else time.astimezone(UTC)
        except (ValueError, OverflowError):
            self.refuse(f"{name} is {str(text)[:80]}; expected a time")

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
        if raws := self.texts(told, "fitsprov:listedRaw"):
            self.listed[dataset.id] = [self.uuid(raw) for raw in raws]
        if "fitsprov:direction" in told:
            self.focus.append((dataset.id, told))

    def dataset(self, name: str, told: Json) -> Dataset:
        """A dataset."""
        data_id, size = self.text(told, "fitsprov:dataId"), self.text(told, "fitsprov:size")
        if size is not None and not re.fullmatch(r"[0-9]{1,19}", size):
            self.refuse(f"fitsprov:size is {size[:80]}; expected bytes")
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
            size=None if size is None else int(size),
            publisher_did=self.text(told, "fitsprov:publisherDid"),
            stub=self.flag(told, "fitsprov:stub"),
        )

    def setup(self, kind: str, told: Json) -> Mapping[str, Any] | Environment:
        """What a configuration or an environment says."""
        text = self.text(told, "prov:value")
        try:
            value = json.loads(text or "")
            json.dumps(value, ensure_ascii=False).encode()
        except (ValueError, RecursionError):
            value = None
        if not isinstance(value, dict):
            self.refuse(f"prov:value of a {kind} is {str(text)[:80]}; expected a JSON object")
        return value if kind == "fitsprov:Configuration" else self.environment(value)

    def environment(self, value: dict[str, Any]) -> Environment:
        """An environment."""
        container, packages = value.pop("container", None), value.pop("packages", [])
        try:
            rows = [Package(package["manager"], package["name"], package["version"]) for package in packages]
        except (LookupError, TypeError):
            self.refuse(f"packages {str(packages)[:80]}; expected manager, name and version of each")
        texts = [*value.values(), *(text for row in rows for text in astuple(row)), container or ""]
        if not all(isinstance(text, str) for text in texts):
            self.refuse(f"environment {str(value)[:80]}; expected container, packages and texts")
        return Environment(container=container, packages=tuple(rows), platform=value)

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
        """Refuse datasets that were made from each other."""
        graph: TopologicalSorter[UUID] = TopologicalSorter()
        for activity, usages in lineage.used.items():
            graph.add(activity, *(usage.dataset for usage in usages if usage.actual is not False))
        for dataset, maker in lineage.generated_by.items():
            graph.add(dataset, maker)
        try:
            graph.prepare()
        except CycleError as error:
            ring = [node for node in error.args[1][:-1] if node in lineage.datasets]
            raise InvalidRecord(cycle_message(self.source, ring[:5])) from None


def as_list(value: Any) -> list[Any]:
    """What one name says: a value, or a list of them (PROV-JSON, 2.2)."""
    return value if isinstance(value, list) else [value]
