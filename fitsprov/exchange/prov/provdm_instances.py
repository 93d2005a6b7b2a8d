"""How the statements of a document are instances of the classes of IVOA ProvenanceDM 1.0."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from functools import cached_property
from typing import Any, NamedTuple

from fitsprov.exchange.prov.prov import FORMAL, Document, Name, Statement, json_text, legal
from fitsprov.exchange.prov.saying import PLACES

__all__ = ["Class", "Column", "Instances"]


ENTITIES = tuple(f"fitsprov:{kind}" for kind in ("Dataset", "Environment", "Metric", "Annotation", "Run"))
OBSERVED = {f"fitsprov:{name}" for name in (*PLACES.values(), "observationStart", "observationEnd")}


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

    def entities(self) -> Iterator[dict[str, Any]]:
        """All entities that are no descriptions or configurations, with the time at which they were generated."""
        ends = {told["id"]: told["endTime"] for told in self.of("activity")}
        times = {told["entity"]: ends.get(told["activity"]) for told in self.of("wasGeneratedBy")}
        return (told | {"generated": times.get(told["id"])} for told in self.of(*ENTITIES))

    def values(self) -> Iterator[dict[str, Any]]:
        """Entities that are a value, without configurations, which are told as parameters."""
        return (told for told in self.of("voprov:ValueEntity") if told["id"] not in self.configurations)

    def observations(self) -> Iterator[dict[str, Any]]:
        """Where datasets were observed; there is telemetry only of these."""
        return (told for told in self.of("fitsprov:Dataset") if not OBSERVED.isdisjoint(told))

    def telemetry(self) -> Iterator[dict[str, Any]]:
        """Where the telemetry of observations can be asked for, all of each."""
        for statement in self.known.get("fitsprov:Dataset", ()):
            for name, value in statement.attributes:
                if name == "fitsprov:telemetry":
                    yield {"id": self.uri(statement.id or ""), "url": value}

    def config_files(self) -> dict[str, dict[str, Any]]:
        """URI → datasets of types that are described as configuration files."""
        kinds = {told["id"] for told in self.of("voprov:ConfigFileDescription")}
        told = self.of("fitsprov:Dataset") if kinds else iter(())
        return {one["id"]: one for one in told if one.get("voprov:entityDescription") in kinds}

    def uses(self) -> Iterator[dict[str, Any]]:
        """What was used, without configurations."""
        return (told for told in self.of("used") if told["entity"] not in self.configurations)

    def configured(self) -> Iterator[dict[str, Any]]:
        """Which activity had which configuration."""
        files = self.config_files()
        for told in self.of("used"):
            if told["entity"] in self.configurations:
                yield told | {"is": "Parameter", "parameter": told["entity"]}
            elif told["entity"] in files:
                yield told | {"is": "Configfile", "configFile": told["entity"]}

    def parameters(self) -> Iterator[dict[str, Any]]:
        """The parameters of each configuration: a string as it is, anything else as JSON."""
        described = {told["voprov:name"]: told["id"] for told in self.of("voprov:ParameterDescription")}
        for uri, parameters in self.configurations.items():
            for name, value in parameters.items():
                text = legal(value) if isinstance(value, str) else json_text(value)
                yield {"id": uri, "name": legal(name), "value": text, "description": described.get(legal(name))}

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
