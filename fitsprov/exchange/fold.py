"""A lineage made smaller to be drawn: many datasets that play the same part become one stack."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from uuid import UUID

from fitsprov.exchange.labels import maker
from fitsprov.exchange.layout import levels
from fitsprov.exchange.walk import Walk
from fitsprov.model.lineage import Dataset, Direction

__all__ = ["Folded", "Link", "Stack", "fold_lineage"]


@dataclass(frozen=True, slots=True)
class Stack:
    """One dataset, or many that play the same part."""

    datasets: tuple[Dataset, ...]
    level: int
    """The longest way from the focus."""
    maker: str
    """Task and version that made them; empty where nothing is known to have."""
    used: bool
    """False where they were only presented."""


@dataclass(slots=True)
class Link:
    """What one stack was used for another: drawn with the flow, from what was used to what was made."""

    used: bool
    pairs: int
    roles: dict[str, None]


@dataclass(frozen=True, slots=True)
class Folded:
    """Stacks, the focus first, and the links between them by number: (source, product)."""

    stacks: list[Stack]
    links: dict[tuple[int, int], Link]


def fold_lineage(walk: Walk, fold: int) -> Folded:
    """Fold more than `fold` datasets into one where they have the same type, run and maker, and serve the same."""
    reached = walk.reach()
    steps = {each.dataset.id: walk.steps(each.dataset.id) if each.used else () for each in reached}
    level = levels(walk.lineage.focus, {user: [step.dataset for step in taken] for user, taken in steps.items()})
    users: dict[UUID, list[tuple[UUID, str | None]]] = defaultdict(list)
    for user, taken in steps.items():
        for step in taken:
            users[step.dataset].append((user, step.role))
    numbers: dict[object, int] = {}
    part: dict[UUID, int] = {}
    parts: dict[int, list[Dataset]] = defaultdict(list)
    used = {each.dataset.id: each.used for each in reached}
    for dataset in sorted((each.dataset for each in reached), key=lambda d: level[d.id]):
        made_by = maker(walk.lineage, dataset.id)
        kind = (dataset.type, dataset.run, dataset.category, dataset.stub, made_by, used[dataset.id], level[dataset.id])
        serves = frozenset((part[user], role) for user, role in users[dataset.id] if user in part)
        part[dataset.id] = numbers.setdefault((kind, serves), len(numbers))
        parts[part[dataset.id]].append(dataset)
    stacks: list[Stack] = []
    place: dict[UUID, int] = {}
    for datasets in parts.values():
        for members in [datasets] if len(datasets) > fold else [[dataset] for dataset in datasets]:
            place |= {dataset.id: len(stacks) for dataset in members}
            first = members[0].id
            stacks.append(Stack(tuple(members), level[first], maker(walk.lineage, first), used[first]))
    links: dict[tuple[int, int], Link] = {}
    for user, taken in steps.items():
        for step in taken:
            ends = (place[step.dataset], place[user])
            if walk.lineage.direction is Direction.DOWN:
                ends = ends[::-1]
            if ends[0] != ends[1]:
                link = links.setdefault(ends, Link(False, 0, {}))
                link.used |= step.used
                link.pairs += 1
                link.roles |= {step.role: None} if step.role else {}
    return Folded(stacks, links)
