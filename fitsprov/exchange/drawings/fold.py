"""A lineage made smaller to be drawn: many datasets that play the same part become one stack, which can be opened."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from uuid import UUID

from fitsprov.exchange.drawings.labels import maker
from fitsprov.exchange.drawings.layout import levels
from fitsprov.exchange.drawings.split import split
from fitsprov.exchange.drawings.walk import Walk
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
    key: str
    """The same for the same lineage: a number, and for what a stack was opened into, those of the way there."""
    group: str = ""
    """The key of the opened stack into which it folds; empty where it stands for itself."""


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


def fold_lineage(walk: Walk, fold: int, opened: Collection[str] = ()) -> Folded:
    """Fold more than `fold` datasets into one where they have the same type, run and maker, and serve the same.

    Parameters
    ----------
    opened : collection of str
        Keys of stacks that are shown as the smaller stacks, or the datasets, that they consist of.
    """
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
    for number, datasets in parts.items():
        whole = [(str(number), "", datasets)]
        apart = [(f"{number}.{n}", "", [dataset]) for n, dataset in enumerate(datasets)]
        for key, group, members in apart if len(datasets) <= fold else unfold(whole, opened):
            place |= {dataset.id: len(stacks) for dataset in members}
            first = members[0].id
            made_by = maker(walk.lineage, first)
            stacks.append(Stack(tuple(members), level[first], made_by, used[first], key, group))
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


def unfold(
    stacks: Sequence[tuple[str, str, Sequence[Dataset]]], opened: Collection[str]
) -> Iterator[tuple[str, str, Sequence[Dataset]]]:
    """Open the stacks that are to be opened, and what comes out of them: key, group, datasets."""
    for key, group, datasets in stacks:
        if key in opened and len(datasets) > 1:
            yield from unfold([(f"{key}.{n}", key, part) for n, part in enumerate(split(datasets))], opened)
        else:
            yield key, group, datasets
