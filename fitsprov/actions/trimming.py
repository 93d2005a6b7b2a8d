"""Less of a lineage: what a client may know of it, and wants to."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from fitsprov.exchange.prov.shown import Shown
from fitsprov.model.lineage import Lineage

__all__ = ["bare", "nearest", "without"]


def without(lineage: Lineage, hidden: Collection[object]) -> Lineage:
    """Take datasets out of a lineage, and the activities of which nothing else is there; it is incomplete then."""
    if not hidden:
        return lineage
    made = {dataset: maker for dataset, maker in lineage.generated_by.items() if dataset not in hidden}
    gone = set(lineage.generated_by.values()) - set(made.values())
    return replace(
        lineage,
        datasets={key: one for key, one in lineage.datasets.items() if key not in hidden},
        activities={key: one for key, one in lineage.activities.items() if key not in gone},
        generated_by=made,
        used={
            activity: tuple(usage for usage in usages if usage.dataset not in hidden)
            for activity, usages in lineage.used.items()
            if activity not in gone
        },
        listed_raws={
            key: tuple(raw for raw in raws if raw.id not in hidden)
            for key, raws in lineage.listed_raws.items()
            if key not in hidden
        },
        complete=False,
    )


def nearest(lineage: Lineage, most: int) -> Lineage:
    """Keep so many datasets, those nearest to the focus, which is one of them."""
    if len(lineage.datasets) <= most:
        return lineage
    return without(lineage, set(list(Shown(lineage).datasets)[max(most, 1) :]))


def bare(lineage: Lineage, *, agents: bool, setup: bool) -> Lineage:
    """Leave out who is responsible, or the configurations and environments."""
    if agents and setup:
        return lineage
    activities = lineage.activities
    if not agents:
        activities = {key: replace(one, agent=None) for key, one in activities.items()}
    if not setup:
        activities = {key: replace(one, config=None, environment=None) for key, one in activities.items()}
    return replace(lineage, activities=activities)
