"""What a record says held against what the registry holds: what is new, what is completed, what contradicts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Select, select

from fitsprov.model.lineage import Activity, Category, Dataset, Usage
from fitsprov.registry.activities import activities_by_key, activities_by_uuid, usages_by_key
from fitsprov.registry.datasets import Stored, datasets_by_key
from fitsprov.registry.engines.compiled import among, as_keys
from fitsprov.registry.records.statement import Statement, differs, merge, merge_usages, refuse_backwards
from fitsprov.registry.schema import dataset_type, entity

__all__ = ["Plan", "reconcile"]

DATASET_FACTS = ("type", "run", "data_id", "name", "publisher_did", "origin")
ACTIVITY_FACTS = (
    "task",
    "version",
    "run",
    "started",
    "ended",
    "status",
    "config",
    "environment",
    "agent",
    "execution",
    "epoch",
)


@dataclass(slots=True, kw_only=True)
class Plan:
    """What taking a statement in would change."""

    dataset_keys: dict[UUID, int]
    """Of the datasets that the registry knows; those of new ones are added when they have some."""
    activity_keys: dict[UUID, int]
    new_datasets: list[Dataset]
    new_activities: list[Activity]
    completed_datasets: list[Dataset] = field(default_factory=list)
    completed_activities: list[Activity] = field(default_factory=list)
    makers: dict[UUID, int] = field(default_factory=dict)
    """Known dataset → key of the activity that is known to have made it."""
    usages: dict[UUID, list[Usage]] = field(default_factory=dict)
    """Activity → all that it used, where that is new or completed."""
    replaced: int = 0
    """Edges that ``usages`` states again."""
    described: int = 0
    """Stubs that are none any more."""
    stubs: list[Dataset] = field(default_factory=list)
    """Datasets that stay only named."""
    joined: set[int] = field(default_factory=set)
    """Keys of datasets above which the graph grows: only through them could it close a circle."""
    quarrels: list[str] = field(default_factory=list)
    own: dict[UUID, str] = field(default_factory=dict)
    """Dataset that is new or completed → the category that it has itself, whatever its type is."""


def reconcile(connection: Connection, said: Statement, held: Mapping[UUID, Stored]) -> Plan:
    """Compare a statement with the registry, which holds these of its datasets; nothing is written."""
    activities = activities_by_uuid(connection, said.activities)
    keys = {one.id: key for key, one in activities.items()}
    plan = Plan(
        dataset_keys={uuid: one.key for uuid, one in held.items()},
        activity_keys=keys,
        # in the order of their UUIDs, because a sorted index is 10 to 20 times faster to append to
        new_datasets=sorted((d for uuid, d in said.datasets.items() if uuid not in held), key=lambda d: d.id.int),
        new_activities=sorted((a for uuid, a in said.activities.items() if uuid not in keys), key=lambda a: a.id.int),
    )
    for one in activities.values():
        merged = merge(f"activity {one.id}", one, said.activities[one.id], ACTIVITY_FACTS, plan.quarrels)
        if merged is not one:
            plan.completed_activities.append(merged)
    for activity in (*plan.new_activities, *plan.completed_activities):
        refuse_backwards(f"activity {activity.id}", activity, plan.quarrels)
    for stored in held.values():
        compare_dataset(connection, plan, said, stored)
    compare_categories(connection, plan, said)
    compare_usages(connection, plan, said)
    plan.stubs += [dataset for dataset in plan.new_datasets if dataset.stub]
    return plan


def compare_dataset(connection: Connection, plan: Plan, said: Statement, stored: Stored) -> None:
    """Plan what a statement adds to one known dataset."""
    old = stored.dataset
    merged = merge(f"dataset {old.id}", old, said.datasets[old.id], DATASET_FACTS, plan.quarrels)
    if old.stub and not said.datasets[old.id].stub:
        merged = replace(merged, stub=False)
        plan.described += 1
    elif old.stub:
        plan.stubs.append(merged)
    maker = said.maker.get(old.id)
    if stored.maker is not None:
        plan.makers[old.id] = stored.maker
        if maker is not None and plan.activity_keys.get(maker) != stored.maker:
            other = activities_by_key(connection, [stored.maker])[stored.maker].id
            plan.quarrels.append(f"dataset {old.id}: made by activity '{maker}' but stands as made by '{other}'")
    elif maker is not None:
        plan.joined.add(stored.key)
    if merged is not old or stored.key in plan.joined or own_of(said.datasets[old.id]) not in (None, old.category):
        plan.completed_datasets.append(merged)


def own_of(dataset: Dataset) -> Category | None:
    """What a statement says that a dataset is, where it says no type, which would be."""
    return dataset.category if dataset.type is None else None


def compare_categories(connection: Connection, plan: Plan, said: Statement) -> None:
    """Plan the categories of datasets themselves."""
    categorized = [plan.dataset_keys[one.id] for one in plan.completed_datasets if one.category is not None]
    if categorized:
        plan.own.update(map(tuple, connection.execute(own_categories(), as_keys(categorized))))
    for dataset in (*plan.new_datasets, *plan.completed_datasets):
        own = own_of(said.datasets[dataset.id])
        if own is not None and plan.own.setdefault(dataset.id, own.value) != own:
            plan.quarrels.append(differs(f"dataset {dataset.id}", "category", own, plan.own[dataset.id]))


@cache
def own_categories() -> Select[Any]:
    """Select what datasets of a list are that have a category of their own."""
    kind = dataset_type.join(entity, entity.c.dataset_type_id == dataset_type.c.id)
    query = select(entity.c.uuid, dataset_type.c.own).select_from(kind)
    return query.where(among(entity.c.id), dataset_type.c.own.is_not(None))


def compare_usages(connection: Connection, plan: Plan, said: Statement) -> None:
    """Plan the edges: all of a new activity; of a known one, what completes them."""
    stated = {plan.activity_keys[uuid]: uuid for uuid in said.used if uuid in plan.activity_keys and said.used[uuid]}
    plan.usages = {uuid: usages for uuid, usages in said.used.items() if uuid not in plan.activity_keys}
    known = known_usages(connection, stated) if stated else {}
    grown = []
    for key, uuid in stated.items():
        old = known.get(key, [])
        merged = merge_usages(old, said.used[uuid])
        if merged is None:
            here, there = unlike(said.used[uuid], old), unlike(old, said.used[uuid])
            plan.quarrels.append(f"activity {uuid}: used {here} but stands as using {there}")
        elif merged != old:
            plan.usages[uuid] = merged
            plan.replaced += len(old)
            grown += [] if old else [key]
    if grown:
        plan.joined |= set(connection.scalars(select(entity.c.id).where(among(entity.c.gen_aid)), as_keys(grown)))


def known_usages(connection: Connection, keys: Iterable[int]) -> dict[int, list[Usage]]:
    """Fetch what activities are known to have used."""
    found = usages_by_key(connection, keys)
    datasets = datasets_by_key(connection, {one.dataset for usages in found.values() for one in usages})
    return {
        key: [Usage(datasets[one.dataset].dataset.id, one.role, one.actual) for one in usages]
        for key, usages in found.items()
    }


def unlike(usages: Iterable[Usage], others: Iterable[Usage]) -> str:
    """Show what one side has used and the other has not."""
    extra = sorted({(str(u.dataset), u.role or "") for u in usages} - {(str(u.dataset), u.role or "") for u in others})
    return (
        ", ".join(f"'{dataset}' as '{role}'" for dataset, role in extra[:3]) + " …" * (len(extra) > 3) or "nothing else"
    )
