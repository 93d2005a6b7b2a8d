"""What a record states, ordered by ID, and where two statements contradict each other."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from fitsprov.errors import InvalidRecord
from fitsprov.model.config import leaves
from fitsprov.model.facts import About
from fitsprov.model.lineage import Activity, Agent, Category, Dataset, Environment, Execution, Node, Usage
from fitsprov.model.record import Record
from fitsprov.registry.engines.texts import refuse_unfit
from fitsprov.registry.schema import utc

__all__ = [
    "Statement",
    "canonical",
    "collate",
    "comparable",
    "differs",
    "digest",
    "indexable",
    "merge",
    "merge_usages",
    "parameters",
    "refuse_backwards",
    "told_of",
]

Fact = TypeVar("Fact", Dataset, Activity, Execution)


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """A record by ID; every dataset that it names is there, those that it does not describe as stubs."""

    source: str
    datasets: dict[UUID, Dataset] = field(default_factory=dict)
    maker: dict[UUID, UUID] = field(default_factory=dict)
    """Dataset → activity."""
    activities: dict[UUID, Activity] = field(default_factory=dict)
    used: dict[UUID, list[Usage]] = field(default_factory=dict)
    """Activity → what it used; each pair of dataset and role once."""
    categories: dict[str, Category] = field(default_factory=dict)


def collate(record: Record) -> Statement:
    """Order a record by ID.

    Raises
    ------
    InvalidRecord
        Where a configuration is no JSON, a version that of no task, or a text too long.
    """
    refuse_unfit(record)
    checked: set[int] = set()
    said = Statement(source=record.source, categories=dict(record.categories))
    datasets = list(record.datasets)
    for step in record.steps:
        activity = step.activity
        if id(activity.config) not in checked:
            checked.add(id(activity.config))
            refuse_config(record.source, activity)
        if activity.version is not None and activity.task is None:
            raise InvalidRecord(
                f"{record.source}: activity {activity.id}: version '{activity.version}' of nothing; expected a task"
            )
        said.activities[activity.id] = replace(
            activity,
            run=activity.run or record.run,
            agent=activity.agent or record.agent,
            environment=activity.environment or record.environment,
        )
        said.used[activity.id] = list({(usage.dataset, usage.role): usage for usage in step.used}.values())
        said.maker.update((dataset.id, activity.id) for dataset in step.generated)
        datasets += step.generated
    said.datasets.update((dataset.id, dataset) for dataset in datasets)
    said.categories.update((d.type, d.category) for d in datasets if d.type is not None and d.category is not None)
    named = {usage.dataset for usages in said.used.values() for usage in usages} | set(named_datasets(record))
    for dataset in named:
        said.datasets.setdefault(dataset, Dataset(id=dataset, stub=True))
    for activity_id in named_activities(record):
        said.activities.setdefault(activity_id, Activity(id=activity_id))
    return said


def named_datasets(record: Record) -> Iterator[UUID]:
    """The datasets that facts are about or point to."""
    yield from (one.dataset for one in told_of(record) if one.dataset is not None)
    yield from (one.dataset for one in record.observations)
    yield from (one.dataset for one in record.values)
    yield from (one.dataset for one in record.events if one.dataset is not None)
    yield from (one.successor for one in record.annotations if one.successor is not None)
    yield from (dataset for pair in (*record.derived, *record.members) for dataset in pair)


def named_activities(record: Record) -> Iterator[UUID]:
    """The activities that facts are about or point to."""
    yield from (one.activity for one in told_of(record) if one.activity is not None)
    yield from (activity for pair in record.informed for activity in pair)


def told_of(record: Record) -> Iterator[About]:
    """What is said of a dataset, an activity or a run."""
    yield from record.metrics
    yield from record.annotations
    yield from record.responsible


def refuse_config(source: str, activity: Activity) -> None:
    """Refuse a configuration that is no JSON."""
    try:
        canonical(activity.config)
    except (TypeError, ValueError, RecursionError) as error:
        raise InvalidRecord(f"{source}: activity {activity.id}: config: {error}; expected JSON") from None


def merge(what: str, held: Fact, said: Fact, facts: Sequence[str], quarrels: list[str]) -> Fact:
    """Complete what is held by what is said; each contradiction becomes a line in ``quarrels``."""
    changes = {}
    for fact in facts:
        old, new = getattr(held, fact), getattr(said, fact)
        if new is None or old is new:
            continue
        if old is None:
            changes[fact] = new
        elif comparable(old) != comparable(new):
            quarrels.append(differs(what, fact, new, old))
    return replace(held, **changes) if changes else held


def refuse_backwards(what: str, one: Activity | Execution, quarrels: list[str]) -> None:
    """Add a line to ``quarrels`` where something ended before it started."""
    if one.started is not None and one.ended is not None and utc(one.ended) < utc(one.started):
        quarrels.append(f"{what}: ended is '{utc(one.ended)}', before it started, '{utc(one.started)}'")


def differs(what: str, fact: str, new: Any, old: Any) -> str:
    """Say that two values of one fact contradict each other."""
    return f"{what}: {fact} is {difference(new, old)} but stands as {difference(old, new)}"


def comparable(value: Any) -> Any:
    """Give what two equal facts have in common."""
    match value:
        case datetime():
            return utc(value)
        case Agent():
            return value.id
        case Environment():
            return canonical(flat(value))
        case Execution():
            return value.id
        case Node():
            return value.name
        case Mapping():
            return canonical(value)
    return value


def difference(value: Any, other: Any) -> str:
    """Show a value, of a mapping only what is different in another."""
    if isinstance(value, Environment):
        value, other = flat(value), flat(other)
    if isinstance(value, Mapping):
        value = {k: v for k, v in value.items() if k not in other or canonical(v) != canonical(other[k])}
        value = canonical(value)
    text = str(comparable(value))
    return f"'{text}'" if len(text) <= 100 else f"'{text[:99]}…'"


def flat(environment: Environment) -> dict[str, str | None]:
    """Lay an environment out as one mapping."""
    packages = {f"{p.manager} {p.name}": p.version for p in environment.packages}
    about = {name: getattr(environment, name) for name in ("container", "container_base", "recipe")}
    return {**about, **packages, **environment.platform}


def canonical(value: Any) -> str:
    """Spell a configuration so that equal ones have equal text."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


LONGEST = 500
"""Characters of a text that an index takes; PostgreSQL's takes 2,704 bytes in a row."""


def indexable(text: str) -> str:
    """Give a text as an index takes it: one that is too long, or holds a NUL, by its digest."""
    return text if len(text) <= LONGEST and "\0" not in text else f"sha256:{digest(text).hex()}"


def parameters(config: Mapping[str, Any]) -> dict[str, str]:
    """Lay a configuration out: dotted name → canonical JSON of its value, both as an index takes them."""
    return {indexable(name): indexable(canonical(value)) for name, value in leaves(config) if name}


def digest(text: str) -> bytes:
    """Address a content."""
    return hashlib.sha256(text.encode()).digest()


def merge_usages(held: list[Usage], said: list[Usage]) -> list[Usage] | None:
    """Complete what an activity is known to have used; None where the two statements differ.

    What was presented and not used is no contradiction where the other side, as a header, lists only what was used.
    """
    if not held or not said:
        return held or said
    known = {usage.dataset for usage in held}
    aside = [usage for usage in said if usage.actual is False and usage.dataset not in known]
    if aside:
        merged_rest = merge_usages(held, [usage for usage in said if usage not in aside])
        return None if merged_rest is None else [*merged_rest, *aside]
    if len(held) != len(said):
        return None
    order = {id(usage): number for number, usage in enumerate(held)}
    merged: dict[int, Usage] = {}
    for old, new in zip(sorted(held, key=by_dataset), sorted(said, key=by_dataset), strict=True):
        contradicts = (
            old.dataset != new.dataset
            or (old.role is not None and new.role is not None and old.role != new.role)
            or (old.actual is not None and new.actual is not None and old.actual is not new.actual)
        )
        if contradicts:
            return None
        actual = new.actual if old.actual is None else old.actual
        merged[order[id(old)]] = Usage(old.dataset, old.role or new.role, actual)
    return [merged[number] for number in range(len(held))]


def by_dataset(usage: Usage) -> tuple[UUID, str]:
    """Sort usages alike on both sides."""
    return usage.dataset, usage.role or ""
