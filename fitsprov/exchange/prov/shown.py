"""What of a lineage a document tells, and how it calls what has no UUID of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple
from uuid import UUID

from fitsprov.exchange.drawings.labels import printable
from fitsprov.exchange.drawings.walk import Walk
from fitsprov.exchange.prov.prov import json_text, legal, spell_time
from fitsprov.model.identifiers import name_id
from fitsprov.model.lineage import Activity, Agent, Dataset, Direction, Environment, Execution, Lineage

__all__ = ["Content", "Shown", "activity_label", "content_id", "dataset_label", "description_id", "job_object"]

Follow = Callable[[UUID], Iterator[tuple[UUID, bool]]]
"""From a dataset to the next ones, and whether they were really used."""


class Content(NamedTuple):
    """A configuration or environment: the same content is the same thing, whoever used it."""

    role: str
    id: UUID
    text: str
    """JSON with sorted keys."""


class Shown:
    """The part of a lineage that can be reached from its focus.

    Attributes
    ----------
    lineage : Lineage
    datasets : dict of UUID to Dataset
        The focus first, then by the number of steps from it; a stub where nothing is known. Then raws that headers
        list and that no known step leads to.
    made : dict of UUID to UUID
        Dataset → the activity that made it.
    activities : dict of UUID to Activity
        Those that made any of the datasets; bare where nothing but the ID is known.
    agents : dict of str to Agent
        Those who are responsible for the activities, by ID.
    """

    def __init__(self, lineage: Lineage) -> None:
        self.lineage = lineage
        self.datasets = {d: lineage.datasets.get(d) or Dataset(id=d, stub=True) for d in reach(lineage)}
        listed = (raw for dataset in tuple(self.datasets) for raw in lineage.listed_raws.get(dataset, ()))
        self.datasets |= {raw.id: raw for raw in listed if raw.id not in self.datasets}
        self.made = {d: lineage.generated_by[d] for d in self.datasets if d in lineage.generated_by}
        self.activities = {a: lineage.activities.get(a) or Activity(id=a) for a in dict.fromkeys(self.made.values())}
        self.agents: dict[str, Agent] = {a.agent.id: a.agent for a in self.activities.values() if a.agent}
        self.contents: dict[tuple[str, int], Content] = {}

    def setup(self, activity: Activity) -> list[Content]:
        """The configuration and the environment of an activity, where they are known."""
        given = (("configuration", activity.config), ("environment", activity.environment))
        return [self.content(role, value) for role, value in given if value is not None]

    def content(self, role: str, value: Mapping[str, Any] | Environment) -> Content:
        """Name a value by its content; one that many activities share is spelled once."""
        known = self.contents.get((role, id(value)))
        if known is None:
            text = json_text(environment_object(value) if isinstance(value, Environment) else value)
            known = self.contents[role, id(value)] = Content(role, content_id(role, text), text)
        return known


def reach(lineage: Lineage) -> list[UUID]:
    """Every dataset once, the nearest first, then those that were only presented: nothing was made from these."""
    follow = upward(lineage) if lineage.direction is Direction.UP else downward(lineage)
    queue, seen, presented = [lineage.focus], {lineage.focus}, dict[UUID, None]()
    for dataset in queue:
        for other, really in follow(dataset):
            if not really:
                presented[other] = None
            elif other not in seen:
                seen.add(other)
                queue.append(other)
    return queue + [dataset for dataset in presented if dataset not in seen]


def upward(lineage: Lineage) -> Follow:
    """The way to what datasets were made from; each activity is passed once, however many datasets it made."""
    passed = set[UUID]()

    def follow(dataset: UUID) -> Iterator[tuple[UUID, bool]]:
        maker = lineage.generated_by.get(dataset)
        if maker is not None and maker not in passed:
            passed.add(maker)
            for usage in lineage.used.get(maker, ()):
                yield usage.dataset, usage.actual is not False

    return follow


def downward(lineage: Lineage) -> Follow:
    """The way to what was made from datasets."""
    walk, passed = Walk(lineage), set[tuple[UUID, bool]]()

    def follow(dataset: UUID) -> Iterator[tuple[UUID, bool]]:
        for activity, usage in walk.users.get(dataset, ()):
            really = usage.actual is not False
            if (activity, really) not in passed:
                passed.add((activity, really))
                for product in walk.made.get(activity, ()):
                    yield product, really

    return follow


def environment_object(environment: Environment) -> dict[str, Any]:
    """An environment as a JSON object; what only few have stands there where it is known."""
    return {
        "container": environment.container,
        **known(container_base=environment.container_base, recipe=environment.recipe),
        "packages": [{"manager": p.manager, "name": p.name, "version": p.version} for p in environment.packages],
        **environment.platform,
    }


def job_object(job: Execution) -> dict[str, Any]:
    """The job above an activity as a JSON object, as far as it is known."""
    return known(
        id=str(job.id),
        system=job.system,
        job=job.job,
        node=None if job.node is None else known(name=job.node.name, hardware=job.node.hardware),
        environment=None if job.environment is None else environment_object(job.environment),
        started=spell_time(job.started),
        ended=spell_time(job.ended),
        status=job.status,
        resources=job.resources,
    )


def known(**fields: Any) -> dict[str, Any]:
    """Those of the fields that are known."""
    return {name: value for name, value in fields.items() if value is not None}


def content_id(kind: str, text: str) -> UUID:
    """Identify what has no UUID by its kind and by what it says."""
    return name_id(legal(text), f"prov {kind}")


def description_id(kind: str, name: str, version: str | None) -> UUID:
    """Identify what many things have in common."""
    return content_id(kind, json_text([name, version]))


def dataset_label(dataset: Dataset) -> str:
    """A dataset in a few words: its type with its dataId, else with its name or ID."""
    pairs = " ".join([f"{key}={value}" for key, value in sorted(dataset.data_id.items())]) if dataset.data_id else ""
    return printable(f"{dataset.type or 'dataset'} {pairs or dataset.name or dataset.id}")


def activity_label(activity: Activity) -> str:
    """An activity in a few words: its task and version."""
    task = activity.task or "task not named"
    return printable(f"{task} {activity.version}" if activity.version else task)
