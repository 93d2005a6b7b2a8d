"""What of a lineage a document tells, as rows, and how it calls what has no UUID of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any
from uuid import UUID

from fitsprov.exchange.drawings.labels import printable
from fitsprov.exchange.drawings.walk import Walk
from fitsprov.exchange.prov.prov import flat_json_text, json_text, legal, spell_time
from fitsprov.model.identifiers import name_id
from fitsprov.model.lineage import Activity, Dataset, Direction, Environment, Execution, Lineage, Usage
from fitsprov.model.said import NOTHING, Said
from fitsprov.model.traced import ActivityRow, DatasetRow, Inputs, Presented, Traced

__all__ = [
    "Shown",
    "content_id",
    "described",
    "description_id",
    "environment_object",
    "job_object",
    "traced",
]

Follow = Callable[[UUID], Iterator[tuple[UUID, bool]]]
"""From a dataset to the next ones, and whether they were really used."""


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
    """

    def __init__(self, lineage: Lineage) -> None:
        self.lineage = lineage
        self.datasets = {d: lineage.datasets.get(d) or Dataset(id=d, stub=True) for d in reach(lineage)}
        listed = (raw for dataset in tuple(self.datasets) for raw in lineage.listed_raws.get(dataset, ()))
        self.datasets |= {raw.id: raw for raw in listed if raw.id not in self.datasets}
        self.made = {d: lineage.generated_by[d] for d in self.datasets if d in lineage.generated_by}
        self.activities = {a: lineage.activities.get(a) or Activity(id=a) for a in dict.fromkeys(self.made.values())}


def traced(lineage: Lineage, said: Said = NOTHING) -> Traced:
    """Give what can be reached from the focus as rows, with what is said of it."""
    shown = Shown(lineage)
    used = {
        key: [use for use in lineage.used.get(key, ()) if use.dataset in shown.datasets] for key in shown.activities
    }
    return Traced(
        focus=lineage.focus,
        direction=lineage.direction,
        ids={key: str(key) for key in shown.datasets},
        datasets={key: dataset_row(one) for key, one in shown.datasets.items()},
        made=shown.made,
        activities={key: activity_row(one) for key, one in shown.activities.items()},
        used={key: inputs([use for use in uses if use.actual is not False]) for key, uses in used.items()},
        presented={
            key: [Presented(n, use.dataset, use.role) for n, use in enumerate(uses) if use.actual is False]
            for key, uses in used.items()
        },
        listed_raws={
            key: [str(raw.id) for raw in raws] for key, raws in lineage.listed_raws.items() if key in shown.datasets
        },
        complete=lineage.complete,
        said=said,
        authority=lineage.authority,
    )


def inputs(uses: Sequence[Usage]) -> Inputs:
    """What an activity used, in columns."""
    return Inputs([use.dataset for use in uses], [use.role for use in uses], [use.actual for use in uses])


def dataset_row(dataset: Dataset) -> DatasetRow:
    """A dataset as `DatasetRow` says."""
    about = (dataset.type, dataset.run, None if dataset.data_id is None else flat_json_text(dataset.data_id))
    copy = (dataset.name, dataset.category and dataset.category.value, dataset.uri, dataset.size)
    return (dataset.id, None, dataset.id, *about, *copy, dataset.publisher_did, dataset.origin, dataset.stub)


def activity_row(activity: Activity) -> ActivityRow:
    """An activity as `ActivityRow` says."""
    return (
        str(activity.id),
        activity.task,
        activity.version,
        activity.run,
        spell_time(activity.started),
        spell_time(activity.ended),
        activity.status,
        activity.config,
        activity.environment,
        activity.agent,
        activity.execution,
        activity.epoch,
    )


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


def described(name: str, version: str | None) -> str:
    """A task, or what else has a version, in a few words."""
    return printable(f"{name} {version}" if version else name)
