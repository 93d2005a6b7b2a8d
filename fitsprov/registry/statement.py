"""What a record states, ordered by ID, and where two statements contradict each other."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from fitsprov.errors import InvalidRecord
from fitsprov.model.lineage import Activity, Agent, Category, Dataset, Environment, Usage
from fitsprov.model.record import Record
from fitsprov.registry.schema import utc

__all__ = ["Statement", "canonical", "collate", "digest", "merge", "merge_usages"]

Fact = TypeVar("Fact", Dataset, Activity)


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
        Where a configuration is no JSON, or a version that of no task.
    """
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
    for usages in said.used.values():
        for usage in usages:
            said.datasets.setdefault(usage.dataset, Dataset(id=usage.dataset, stub=True))
    return said


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
            quarrels.append(f"{what}: {fact} is {difference(new, old)} but stands as {difference(old, new)}")
    return replace(held, **changes) if changes else held


def comparable(value: Any) -> Any:
    """Give what two equal facts have in common."""
    match value:
        case datetime():
            return utc(value)
        case Agent():
            return value.id
        case Environment():
            return canonical(flat(value))
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
    return {"container": environment.container, **packages, **environment.platform}


def canonical(value: Any) -> str:
    """Spell a configuration so that equal ones have equal text."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


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
