"""The classes of IVOA ProvenanceDM 1.0, as tables, and how the statements of a document are their instances."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from functools import cached_property
from typing import Any, NamedTuple

from fitsprov.exchange.prov.prov import FORMAL, Document, Name, Statement, json_text, legal

__all__ = ["CLASSES", "Class", "Column", "Instances"]


class Column(NamedTuple):
    """A FIELD of a table."""

    name: str
    key: str
    """Under which `Instances` has it."""
    utype: str = ""
    ucd: str = ""
    type: str = "text"
    """``id``, ``text``, ``time``, ``flag`` or ``size``."""
    description: str = ""


class Instances:
    """The statements of a document by kind and by ``prov:type``, with whole URIs."""

    def __init__(self, document: Document) -> None:
        self.spaces = document.namespaces
        self.known: dict[str, list[Statement]] = {}
        for statement in document.statements:
            self.known.setdefault(statement.kind, []).append(statement)
            for name, value in statement.attributes:
                if name == "prov:type":
                    self.known.setdefault(str(value), []).append(statement)

    def uri(self, name: str) -> str:
        """A qualified name in full."""
        prefix, _, local = name.partition(":")
        return self.spaces[prefix] + local

    def of(self, *keys: str) -> Iterator[dict[str, Any]]:
        """What is said by the statements of a kind or type: arguments and attributes."""
        for statement in (each for key in keys for each in self.known.get(key, ())):
            told: dict[str, Any] = {"id": statement.id and self.uri(statement.id)}
            for name, argument in zip(FORMAL[statement.kind], statement.arguments, strict=True):
                told[name] = argument if argument is None or name.endswith("Time") else self.uri(argument)
            for name, value in statement.attributes:
                if name == "prov:type":
                    told[name] = value.partition(":")[2] if isinstance(value, Name) else value
                else:
                    told[name] = self.uri(value) if isinstance(value, Name) else value
            yield told

    def about(self) -> Iterator[tuple[str, str]]:
        """From which dataset the lineage is seen, which way, and whether it is whole."""
        for told in self.of("fitsprov:Dataset"):
            if "fitsprov:direction" in told:
                yield "focus", told["id"]
                yield "direction", told["fitsprov:direction"]
                yield "complete", str(told["fitsprov:complete"]).lower()

    @cached_property
    def configurations(self) -> dict[str, dict[str, Any]]:
        """URI → parameters."""
        return {told["id"]: json.loads(told["prov:value"]) for told in self.of("fitsprov:Configuration")}

    def uses(self) -> Iterator[dict[str, Any]]:
        """What was used, without configurations."""
        return (told for told in self.of("used") if told["entity"] not in self.configurations)

    def configured(self) -> Iterator[dict[str, Any]]:
        """Which activity had which configuration."""
        return (told | {"is": "Parameter"} for told in self.of("used") if told["entity"] in self.configurations)

    def parameters(self) -> Iterator[dict[str, Any]]:
        """The parameters of each configuration: a string as it is, anything else as JSON."""
        for uri, parameters in self.configurations.items():
            for name, value in parameters.items():
                text = legal(value) if isinstance(value, str) else json_text(value)
                yield {"id": uri, "name": legal(name), "value": text}

    def presented(self) -> Iterator[dict[str, Any]]:
        """What was presented to an activity and not used by it."""
        uris = {name.partition(":")[2]: self.uri(name) for each in self.known["entity"] if (name := each.id)}
        for statement in self.known.get("activity", ()):
            for name, value in statement.attributes:
                if name == "fitsprov:presented":
                    usage = json.loads(str(value))
                    role = usage["role"] and legal(usage["role"])
                    yield {"activity": self.uri(statement.id or ""), "entity": uris[usage["id"]], "role": role}


class Class(NamedTuple):
    """A class of the model, as a table."""

    name: str
    description: str
    columns: tuple[Column, ...]
    rows: Callable[[Instances], Iterable[dict[str, Any]]]
    utype: str = ""


# ProvenanceDM 1.0, 2.2 to 2.7; the order is that of the text
CLASSES = (
    Class(
        "Entity",
        "Datasets, and the environments that activities ran in",
        (
            Column("id", "id", "Entity.id", "meta.id;meta.main", "id"),
            Column("name", "voprov:name", "Entity.name", "meta.title"),
            Column("location", "prov:location", "Entity.location", "meta.ref.url"),
            Column("entityDescription", "voprov:entityDescription", "Entity.entityDescription", "meta.ref", "id"),
            Column("type", "fitsprov:type", description="Dataset type"),
            Column("run", "fitsprov:run", description="Run collection"),
            Column("dataId", "fitsprov:dataId", description="Data identifier, as JSON"),
            Column("category", "fitsprov:category", description="Kind of dataset"),
            Column("datasetName", "fitsprov:name", description="Name that a header or record gave it"),
            Column("size", "fitsprov:size", "", "phys.size;meta.file", "size", "Of the copy at the location"),
            Column("stub", "fitsprov:stub", type="flag", description="Whether it is only named, and not described"),
        ),
        lambda instances: instances.of("fitsprov:Dataset", "fitsprov:Environment"),
        "Entity",
    ),
    Class(
        "ValueEntity",
        "Entities that are a value, here JSON",
        (
            Column("id", "id", "ValueEntity.id", "meta.id", "id"),
            Column("value", "prov:value", "ValueEntity.value"),
        ),
        lambda instances: instances.of("fitsprov:Environment"),
        "ValueEntity",
    ),
    Class(
        "Activity",
        "What made the entities",
        (
            Column("id", "id", "Activity.id", "meta.id;meta.main", "id"),
            Column("name", "voprov:name", "Activity.name", "meta.title"),
            Column("startTime", "startTime", "Activity.startTime", "time.start", "time"),
            Column("endTime", "endTime", "Activity.endTime", "time.end", "time"),
            Column(
                "activityDescription", "voprov:activityDescription", "Activity.activityDescription", "meta.ref", "id"
            ),
            Column("run", "fitsprov:run", description="Run collection"),
            Column("status", "fitsprov:status", "", "meta.code.status", description="How it ended"),
        ),
        lambda instances: instances.of("activity"),
        "Activity",
    ),
    Class(
        "Used",
        "Which activity used which entity",
        (
            Column("activity", "activity", "Activity.id", "meta.ref", "id"),
            Column("entity", "entity", "Used.entity", "meta.ref", "id"),
            Column("role", "prov:role", "Used.role", "meta.code"),
            Column("type", "prov:type", "UsageDescription.type", "meta.code.class"),
        ),
        Instances.uses,
        "Used",
    ),
    Class(
        "WasGeneratedBy",
        "Which activity made which entity",
        (
            Column("entity", "entity", "Entity.id", "meta.ref", "id"),
            Column("activity", "activity", "WasGeneratedBy.activity", "meta.ref", "id"),
        ),
        lambda instances: instances.of("wasGeneratedBy"),
        "WasGeneratedBy",
    ),
    Class(
        "Agent",
        "Who is responsible",
        (
            Column("id", "id", "Agent.id", "meta.id;meta.main", "id"),
            Column("name", "voprov:name", "Agent.name", "meta.title"),
            Column("type", "voprov:type", "Agent.type", "meta.code.class"),
            Column("agentId", "fitsprov:agentId", "", "meta.id", description="As it was recorded"),
        ),
        lambda instances: instances.of("agent"),
        "Agent",
    ),
    Class(
        "WasAssociatedWith",
        "Who is responsible for which activity",
        (
            Column("activity", "activity", "Activity.id", "meta.ref", "id"),
            Column("agent", "agent", "WasAssociatedWith.agent", "meta.ref", "id"),
        ),
        lambda instances: instances.of("wasAssociatedWith"),
        "WasAssociatedWith",
    ),
    Class(
        "EntityDescription",
        "What entities of one dataset type have in common",
        (
            Column("id", "id", "", "meta.id;meta.main", "id"),
            Column("name", "voprov:name", "EntityDescription.name", "meta.title"),
        ),
        lambda instances: instances.of("voprov:EntityDescription"),
        "EntityDescription",
    ),
    Class(
        "ActivityDescription",
        "What activities of one task have in common",
        (
            Column("id", "id", "", "meta.id;meta.main", "id"),
            Column("name", "voprov:name", "ActivityDescription.name", "meta.title"),
            Column("version", "voprov:version", "ActivityDescription.version", "meta.version"),
        ),
        lambda instances: instances.of("voprov:ActivityDescription"),
        "ActivityDescription",
    ),
    Class(
        "Parameter",
        "How activities were configured",
        (
            Column("id", "id", "", "meta.id", "id", "Of the configuration to which it belongs"),
            Column("name", "name", "ActivityConfiguration.Parameter.name", "meta.title"),
            Column("value", "value", "ActivityConfiguration.Parameter.value", "", "text", "A string, else JSON"),
        ),
        Instances.parameters,
        "ActivityConfiguration.Parameter",
    ),
    Class(
        "WasConfiguredBy",
        "Which activity had which configuration",
        (
            Column("activity", "activity", "Activity.id", "meta.ref", "id"),
            Column("parameter", "entity", "ActivityConfiguration.WasConfiguredBy.parameter", "meta.ref", "id"),
            Column("artefactType", "is", "ActivityConfiguration.WasConfiguredBy.artefactType", "meta.code.class"),
        ),
        Instances.configured,
        "ActivityConfiguration.WasConfiguredBy",
    ),
    Class(
        "Presented",
        "Which entity was presented to which activity and not used by it",
        (
            Column("activity", "activity", "Activity.id", "meta.ref", "id"),
            Column("entity", "entity", "Entity.id", "meta.ref", "id"),
            Column("role", "role", "", "meta.code"),
        ),
        Instances.presented,
    ),
)
