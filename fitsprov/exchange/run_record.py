"""Run records: what a pipeline writes down about a run, in YAML or JSON.

``run_record.schema.json`` beside this module is the format; what a schema cannot say is said here.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any
from uuid import UUID

import fastjsonschema

from fitsprov.errors import InvalidRecord, MalformedID
from fitsprov.exchange.document import read_document
from fitsprov.model.facts import Event
from fitsprov.model.identifiers import activity_id, is_id, name_id, parse_id
from fitsprov.model.lineage import Activity, Agent, Category, Dataset, Environment, Package, Usage
from fitsprov.model.record import Record, Step

__all__ = ["parse_record"]

Json = Mapping[str, Any]

# what was meant for an ID and is none must not become a name in silence
LIKE_ID = re.compile(
    r"(?:urn:uuid:|ivo://|butler://).*"
    r"|[0-9A-Fa-f]{32}"
    r"|[0-9A-Za-z]{7,9}-[0-9A-Za-z]{3,5}-[0-9A-Za-z]{3,5}-[0-9A-Za-z]{3,5}-[0-9A-Za-z]{11,13}",
    re.IGNORECASE,
)
PLATFORM = ("os", "kernel", "libc", "python", "hardware")
SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://")


def parse_record(text: str, *, source: str, root: Path) -> Record:
    """Read a run record.

    Parameters
    ----------
    text : str
        YAML or JSON.
    source : str
        What the record is called in messages.
    root : Path
        What its ``file`` names are relative to; they need not exist.

    Raises
    ------
    InvalidRecord
        Where it has a wrong key or value, an ID twice, or a cycle: ``source: where: what stands there; expected …``.
    """
    document = read_document(
        text, source=source, free=frozenset({"data_id", "config"}), typed=frozenset({"fitsprov", "actual"})
    )
    validate(document, source)
    return Reader(document, source, root.absolute()).record()


@cache
def validator() -> Callable[[Any], Any]:
    """Compile the schema, on first use: 20 ms."""
    schema = files("fitsprov.exchange").joinpath("run_record.schema.json").read_text(encoding="utf-8")
    compiled: Callable[[Any], Any] = fastjsonschema.compile(json.loads(schema))
    return compiled


def validate(document: Any, source: str) -> None:
    """Hold a document against the schema."""
    try:
        validator()(document)
    except fastjsonschema.JsonSchemaValueException as error:
        where = str(error.name).removeprefix("data").lstrip(".") or "the record"
        raise InvalidRecord(f"{source}: {where}: {complaint(error)}") from None


def complaint(error: Any) -> str:
    """Say what is wrong, and what was expected."""
    value, rule = error.value, error.rule_definition
    match error.rule:
        case "additionalProperties":
            known = sorted(error.definition["properties"])
            return f"key '{next(key for key in value if key not in known)}'; expected one of {', '.join(known)}"
        case "required":
            return f"no '{next(key for key in rule if key not in value)}'; expected {' and '.join(rule)}"
        case "enum":
            return f"{brief(value)}; expected {' or '.join(map(str, rule))}"
        case "minLength":
            return f"{brief(value)}; expected {'a time' if rule > 1 else 'text'}"
    return f"{brief(value)}; expected {' or '.join([rule] if isinstance(rule, str) else rule)}"


def brief(value: Any) -> str:
    """Show a value as JSON, shortened."""
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 60 else f"{text[:59]}…"


class Reader:
    """Reads one valid document."""

    def __init__(self, document: Json, source: str, root: Path) -> None:
        self.document = document
        self.source = source
        self.root = root
        self.categories = {
            name: Category(about["category"]) for name, about in document.get("types", {}).items() if about
        }
        self.files: dict[str, str] = {}

    def record(self) -> Record:
        """Read all of it."""
        document = self.document
        agent = read_agent(document.get("agent"))
        environment = read_environment(document.get("environment"))
        datasets = [self.dataset(one, None, f"datasets[{n}]") for n, one in enumerate(document.get("datasets", ()))]
        names: dict[UUID, str] = {}
        steps = [
            self.step(one, agent, environment, names, f"activities[{n}]")
            for n, one in enumerate(document.get("activities", ()))
        ]
        for known in (*datasets, *(dataset for step in steps for dataset in step.generated)):
            names.pop(known.id, None)
        return Record(
            source=self.source,
            run=document.get("run"),
            agent=agent,
            environment=environment,
            categories=self.categories,
            datasets=(*datasets, *(Dataset(id=uuid, name=name, stub=True) for uuid, name in names.items())),
            steps=tuple(steps),
            events=tuple(self.event(one, f"events[{n}]") for n, one in enumerate(document.get("events", ()))),
        )

    def refuse(self, where: str, problem: str) -> InvalidRecord:
        """Make the error for one place."""
        return InvalidRecord(f"{self.source}: {where}: {problem}")

    def identify(self, text: str, where: str) -> tuple[UUID, str | None]:
        """Read an ID, or key a name."""
        if is_id(text):
            return parse_id(text), None
        if LIKE_ID.fullmatch(text):
            raise self.refuse(
                where, f"'{text}'; expected a UUID (8-4-4-4-12 hex digits), a DID or URI that ends in one, or a name"
            )
        return name_id(text), text

    def dataset(self, one: Json, run: str | None, where: str) -> Dataset:
        """Read a dataset; ``run`` is that of the activity that made it."""
        uuid, name = self.identify(one["id"], f"{where}.id")
        return Dataset(
            id=uuid,
            type=one["type"],
            run=one.get("run") or run or self.document.get("run"),
            data_id=one.get("data_id"),
            name=one.get("name", name),
            category=self.categories.get(one["type"]),
            uri=self.uri(one, where),
            publisher_did=one.get("publisher_did"),
        )

    def uri(self, one: Json, where: str) -> str | None:
        """Make a file's name absolute; one file is one dataset."""
        if "file" not in one:
            return None
        name = one["file"]
        uri = name if SCHEME.match(name) else Path(os.path.normpath(self.root / name)).as_uri()
        if self.files.setdefault(uri, one["id"]) != one["id"]:
            raise self.refuse(
                f"{where}.file", f"'{name}' is that of dataset {self.files[uri]}, too; expected one dataset in a file"
            )
        return uri

    def step(
        self, one: Json, agent: Agent | None, environment: Environment | None, names: dict[UUID, str], where: str
    ) -> Step:
        """Read an activity; names of what it used are noted."""
        run = one.get("run") or self.document.get("run")
        generated = [self.dataset(d, run, f"{where}.generated[{n}]") for n, d in enumerate(one.get("generated", ()))]
        activity = Activity(
            id=self.activity_id(one, run, generated, where),
            task=one.get("task"),
            version=one.get("version"),
            run=run,
            started=self.time(one, "started", where),
            ended=self.time(one, "ended", where),
            status=one.get("status"),
            config=one.get("config"),
            environment=read_environment(one["environment"]) if "environment" in one else environment,
            agent=read_agent(one["agent"]) if "agent" in one else agent,
        )
        used = [self.usage(u, names, f"{where}.used[{n}]") for n, u in enumerate(one.get("used", ()))]
        if len({(usage.dataset, usage.role) for usage in used}) < len(used):
            pairs = [(usage.dataset, usage.role) for usage in used]
            twice = next(n for n, pair in enumerate(pairs) if pair in pairs[:n])
            raise self.refuse(
                f"{where}.used[{twice}]", f"'{one['used'][twice]['id']}' twice; expected each once in a role"
            )
        return Step(activity=activity, used=tuple(used), generated=tuple(generated))

    def activity_id(self, one: Json, run: str | None, generated: Iterable[Dataset], where: str) -> UUID:
        """Read an activity's ID, or derive it."""
        if "id" in one:
            try:
                return parse_id(one["id"])
            except MalformedID:
                raise self.refuse(f"{where}.id", f"'{one['id']}'; expected a UUID (8-4-4-4-12 hex digits)") from None
        ids = [dataset.id for dataset in generated]
        if not ids:
            raise self.refuse(where, "neither 'id' nor 'generated'; expected one of them")
        return activity_id(run, one.get("task"), ids)

    def usage(self, one: Json, names: dict[UUID, str], where: str) -> Usage:
        """Read what was presented to an activity."""
        uuid, name = self.identify(one["id"], f"{where}.id")
        if name is not None:
            names[uuid] = name
        return Usage(uuid, one.get("role"), one.get("actual"))

    def time(self, one: Json, key: str, where: str) -> datetime | None:
        """Read a time; UTC where it has no zone."""
        if key not in one:
            return None
        try:
            time = datetime.fromisoformat(one[key])
            return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)
        except (ValueError, OverflowError):
            raise self.refuse(f"{where}.{key}", f"'{one[key]}'; expected a time like 2025-12-29T04:48:07Z") from None

    def event(self, one: Json, where: str) -> Event:
        """Read an event."""
        time = self.time(one, "time", where)
        assert time is not None  # the schema requires it
        return Event(
            component=one["component"], kind=one["kind"], time=time, before=one.get("from"), after=one.get("to")
        )


def read_agent(one: Json | None) -> Agent | None:
    """Read who is responsible."""
    return None if one is None else Agent(id=one["id"], name=one.get("name"), type=one.get("type"))


def read_environment(one: Json | None) -> Environment | None:
    """Read software and hardware."""
    if one is None:
        return None
    return Environment(
        container=one.get("container"),
        packages=tuple(Package(p["manager"], p["name"], p["version"]) for p in one.get("packages", ())),
        platform={key: one[key] for key in PLATFORM if key in one},
    )
