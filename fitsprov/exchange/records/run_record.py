"""Run records: what a pipeline writes down about a run, in YAML or JSON.

``run_record.schema.json`` beside this module is the format; what a schema cannot say is said here.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterable
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any
from uuid import UUID

import fastjsonschema

from fitsprov.errors import InvalidRecord
from fitsprov.exchange.records.document import read_document
from fitsprov.exchange.records.record_facts import read_facts
from fitsprov.exchange.records.record_parts import Json, Parts, on_node, read_agent, read_environment, read_node
from fitsprov.model.facts import Relation, Responsibility
from fitsprov.model.identifiers import activity_id
from fitsprov.model.lineage import Activity, Category, Dataset, Execution, Usage
from fitsprov.model.record import Record, Step

__all__ = ["parse_record"]

FREE = frozenset({"data_id", "config", "resources", "content"})
TYPED = frozenset({"fitsprov", "actual", "epoch", "value"})
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
    document = read_document(text, source=source, free=FREE, typed=TYPED)
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


class Reader(Parts):
    """Reads one valid document."""

    def __init__(self, document: Json, source: str, root: Path) -> None:
        super().__init__(source)
        self.document = document
        self.root = root
        self.categories = {
            name: Category(about["category"]) for name, about in document.get("types", {}).items() if about
        }
        self.files: dict[str, str] = {}
        self.agent = read_agent(document.get("agent"))
        self.environment = read_environment(document.get("environment"))
        self.node = read_node(document.get("node"))
        self.derived: list[Relation] = []
        self.members: list[Relation] = []
        self.informed: list[Relation] = []
        self.responsible: list[Responsibility] = []

    def record(self) -> Record:
        """Read all of it."""
        document = self.document
        jobs = enumerate(document.get("executions", ()))
        executions = tuple(self.execution(one, self.node, f"executions[{n}]") for n, one in jobs)
        datasets = [self.dataset(one, None, f"datasets[{n}]") for n, one in enumerate(document.get("datasets", ()))]
        steps = [self.step(one, f"activities[{n}]") for n, one in enumerate(document.get("activities", ()))]
        facts = read_facts(self, document)
        for known in (*datasets, *(dataset for step in steps for dataset in step.generated)):
            self.names.pop(known.id, None)
        return Record(
            source=self.source,
            run=document.get("run"),
            agent=self.agent,
            environment=self.environment,
            categories=self.categories,
            datasets=(*datasets, *(Dataset(id=uuid, name=name, stub=True) for uuid, name in self.names.items())),
            steps=tuple(steps),
            executions=executions,
            responsible=tuple(self.responsible),
            derived=tuple(self.derived),
            members=tuple(self.members),
            informed=tuple(self.informed),
            **facts,
        )

    def dataset(self, one: Json, run: str | None, where: str) -> Dataset:
        """Read a dataset; ``run`` is that of the activity that made it."""
        uuid, name = self.identify(one["id"], f"{where}.id")
        for key, relations in (("derived_from", self.derived), ("members", self.members)):
            for n, other in enumerate(one.get(key, ())):
                relations.append(Relation(uuid, self.dataset_id(other, f"{where}.{key}[{n}]")))
        self.note_responsible(one, dataset=uuid)
        return Dataset(
            id=uuid,
            type=one["type"],
            run=one.get("run") or run or self.document.get("run"),
            data_id=one.get("data_id"),
            name=one.get("name", name),
            category=self.categories.get(one["type"]),
            uri=self.uri(one, where),
            publisher_did=one.get("publisher_did"),
            origin=one.get("origin"),
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

    def step(self, one: Json, where: str) -> Step:
        """Read an activity."""
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
            environment=read_environment(one["environment"]) if "environment" in one else self.environment,
            agent=read_agent(one["agent"]) if "agent" in one else self.agent,
            execution=self.job(one, where),
            epoch=one.get("epoch"),
        )
        for n, other in enumerate(one.get("informed_by", ())):
            self.informed.append(Relation(activity.id, self.uuid(other, f"{where}.informed_by[{n}]")))
        self.note_responsible(one, activity=activity.id)
        used = [self.usage(u, f"{where}.used[{n}]") for n, u in enumerate(one.get("used", ()))]
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
            return self.uuid(one["id"], f"{where}.id")
        ids = [dataset.id for dataset in generated]
        if not ids:
            raise self.refuse(where, "neither 'id' nor 'generated'; expected one of them")
        return activity_id(run, one.get("task"), ids)

    def usage(self, one: Json, where: str) -> Usage:
        """Read what was presented to an activity."""
        return Usage(self.dataset_id(one["id"], f"{where}.id"), one.get("role"), one.get("actual"))

    def job(self, one: Json, where: str) -> Execution | None:
        """Read the job of an activity, or what ran on a node."""
        node = read_node(one.get("node")) or self.node
        if "job" in one:
            return self.execution(one["job"], node, f"{where}.job")
        return None if node is None else on_node(node)

    def note_responsible(self, one: Json, *, dataset: UUID | None = None, activity: UUID | None = None) -> None:
        """Keep who answers for a dataset or activity."""
        for each in one.get("responsible", ()):
            agent = read_agent(each)
            assert agent is not None
            self.responsible.append(
                Responsibility(agent=agent, role=each.get("role"), dataset=dataset, activity=activity)
            )
