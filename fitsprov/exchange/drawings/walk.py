"""The way through a lineage, from its focus outward: up to what it was made from, or down to what was made from it."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from functools import cached_property
from uuid import UUID

from fitsprov.model.lineage import Dataset, Direction, Lineage, Usage

__all__ = ["Reached", "Step", "Walk"]


@dataclass(frozen=True, slots=True)
class Step:
    """From one dataset to the next, through the activity that used the one and made the other."""

    dataset: UUID
    """Where it leads."""
    role: str | None
    """In which the activity used the one that was made from."""
    used: bool
    """False where it was presented to the activity and not used by it."""


@dataclass(frozen=True, slots=True)
class Reached:
    """One dataset of the lineage, as far as it lies from the focus."""

    dataset: Dataset
    depth: int
    """Activities between it and the focus, by the shortest way."""
    used: bool = True
    """False where it was only presented: nothing here was made from it."""


class Walk:
    """A lineage, ready to be followed in its direction. Cycles in it do no harm."""

    def __init__(self, lineage: Lineage) -> None:
        self.lineage = lineage
        self.known: dict[UUID, tuple[Step, ...]] = {}

    def dataset(self, dataset: UUID) -> Dataset:
        """What is known of a dataset; a stub where that is nothing."""
        return self.lineage.datasets.get(dataset) or Dataset(id=dataset, stub=True)

    def steps(self, dataset: UUID) -> tuple[Step, ...]:
        """Where the next steps lead, each dataset once, in the order of the lineage."""
        if dataset not in self.known:
            found = self.up(dataset) if self.lineage.direction is Direction.UP else self.down(dataset)
            best: dict[UUID, Step] = {}
            for step in found:
                if step.dataset not in best or (step.used and not best[step.dataset].used):
                    best[step.dataset] = step
            self.known[dataset] = tuple(best.values())
        return self.known[dataset]

    def reach(self) -> list[Reached]:
        """Every dataset once, the nearest first; those that were only presented are not followed further."""
        focus = self.lineage.focus
        depth, presented, queue = {focus: 0}, dict[UUID, int](), [focus]
        for dataset in queue:
            for step in self.steps(dataset):
                if not step.used:
                    presented.setdefault(step.dataset, depth[dataset] + 1)
                elif step.dataset not in depth:
                    depth[step.dataset] = depth[dataset] + 1
                    queue.append(step.dataset)
        reached = [Reached(self.dataset(d), n) for d, n in depth.items()]
        reached += [Reached(self.dataset(d), n, used=False) for d, n in presented.items() if d not in depth]
        return sorted(reached, key=lambda each: each.depth)

    def up(self, dataset: UUID) -> list[Step]:
        maker = self.lineage.generated_by.get(dataset)
        usages = () if maker is None else self.lineage.used.get(maker, ())
        return [Step(usage.dataset, usage.role, usage.actual is not False) for usage in usages]

    def down(self, dataset: UUID) -> list[Step]:
        return [
            Step(product, usage.role, usage.actual is not False)
            for activity, usage in self.users.get(dataset, ())
            for product in self.made.get(activity, ())
        ]

    @cached_property
    def users(self) -> dict[UUID, list[tuple[UUID, Usage]]]:
        """Dataset → the activities to which it was presented, and how."""
        users = defaultdict(list)
        for activity, usages in self.lineage.used.items():
            for usage in usages:
                users[usage.dataset].append((activity, usage))
        return users

    @cached_property
    def made(self) -> dict[UUID, list[UUID]]:
        """Activity → what it made."""
        made = defaultdict(list)
        for dataset, activity in self.lineage.generated_by.items():
            made[activity].append(dataset)
        return made
