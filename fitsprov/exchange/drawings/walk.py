"""The way through a lineage, from its focus outward: up to what it was made from, or down to what was made from it.

A lineage may have a hundred thousand datasets. Here they go by numbers, which are those of their UUIDs: to look a UUID
itself up takes several times as long. And steps go in legs: to make an object of each would take longer than the rest.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence, Set
from functools import cached_property
from itertools import chain, groupby
from operator import itemgetter
from typing import NamedTuple
from uuid import UUID

from fitsprov.exchange.drawings.labels import printable
from fitsprov.model.lineage import Dataset, Direction, Lineage, Usage

__all__ = ["Check", "Leg", "Reached", "Walk", "go_on"]

Check = Callable[[], None]
"""Called again and again while a lineage is followed; raises where nobody waits for the drawing any more."""

Step = tuple[int, str | None, bool]
"""The number of a dataset, role, and whether it was used."""


def go_on() -> None:
    """Never end what is drawn."""


class Leg(NamedTuple):
    """Steps from one dataset to the next ones, through activities that used the one and made the other."""

    numbers: Sequence[int]
    """Of the datasets to which they lead."""
    role: str | None
    """In which the activities used what was made from."""
    used: bool
    """False where it was presented to them and not used by them."""


class Reached(NamedTuple):
    """The part of a lineage that can be reached from its focus."""

    depths: dict[int, int]
    """By number, the nearest first: activities between a dataset and the focus, by the shortest way."""
    presented: Set[int]
    """What was only presented: nothing here was made from it."""


class Walk:
    """A lineage, ready to be followed in its direction. Cycles in it do no harm."""

    def __init__(self, lineage: Lineage, check: Check = go_on) -> None:
        self.lineage = lineage
        self.check = check
        self.focus = lineage.focus.int
        self.follow: Callable[[int], Sequence[Leg]] = self.up if lineage.direction is Direction.UP else self.down
        self.known: dict[int, Sequence[Leg]] = {}
        self.inputs: dict[int, Sequence[Leg]] = {}
        """Activity → the way to what it used."""
        self.named: dict[int, str] = {}
        """Activity → how it is called."""

    def dataset(self, number: int) -> Dataset:
        """What is known of a dataset; a stub where that is nothing."""
        self.check()
        return self.datasets.get(number) or Dataset(id=UUID(int=number), stub=True)

    def maker(self, number: int) -> str:
        """Task and software version that made a dataset; empty where nothing is known to have made it."""
        made_by = self.makers.get(number)
        if made_by is None:
            return ""
        if made_by.int not in self.named:
            activity = self.lineage.activities.get(made_by)
            task = printable(activity.task) if activity and activity.task else "task not named"
            told = f"{task} {printable(activity.version)}" if activity and activity.version else task
            self.named[made_by.int] = told
        return self.named[made_by.int]

    def kind(self, number: int) -> object:
        """What a dataset has in common with those that play the same part."""
        one = self.dataset(number)
        return (one.type, one.run, one.category and one.category.value, one.stub, self.maker(number))

    def legs(self, number: int) -> Sequence[Leg]:
        """Where the next steps from a dataset lead, each dataset once, in the order of the lineage."""
        if number not in self.known:
            self.known[number] = self.follow(number)
        return self.known[number]

    def reach(self) -> Reached:
        """Find every dataset once; those that were only presented are not followed further."""
        depths, presented, queue, passed = {self.focus: 0}, dict[int, int](), [self.focus], set[int]()
        for number in queue:
            self.check()
            legs, deeper = self.legs(number), depths[number] + 1
            if id(legs) in passed:
                continue
            passed.add(id(legs))
            for numbers, _, used in legs:
                fresh = [after for after in numbers if after not in depths]
                if used:
                    depths |= dict.fromkeys(fresh, deeper)
                    queue += fresh
                for after in () if used else fresh:
                    presented.setdefault(after, deeper)
        only = {number: deeper for number, deeper in presented.items() if number not in depths}
        return Reached(dict(sorted(chain(depths.items(), only.items()), key=itemgetter(1))), only.keys())

    def up(self, number: int) -> Sequence[Leg]:
        """The way to what a dataset was made from; all that an activity made share it."""
        maker = self.makers.get(number)
        if maker is None:
            return ()
        if maker.int not in self.inputs:
            usages = self.lineage.used.get(maker, ())
            steps = [(usage.dataset.int, usage.role, usage.actual is not False) for usage in usages]
            self.inputs[maker.int] = in_legs(steps)
        return self.inputs[maker.int]

    def down(self, number: int) -> Sequence[Leg]:
        """The way to what was made from a dataset."""
        return in_legs(
            [
                (product.int, usage.role, usage.actual is not False)
                for activity, usage in self.users.get(UUID(int=number), ())
                for product in self.made.get(activity, ())
            ]
        )

    @cached_property
    def datasets(self) -> dict[int, Dataset]:
        """Dataset → what is known of it."""
        return {uuid.int: dataset for uuid, dataset in self.lineage.datasets.items()}

    @cached_property
    def makers(self) -> dict[int, UUID]:
        """Dataset → the activity that made it."""
        return {uuid.int: activity for uuid, activity in self.lineage.generated_by.items()}

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


def in_legs(steps: Sequence[Step]) -> Sequence[Leg]:
    """Put together steps that follow each other and are alike; to each dataset one, which really used it if any did."""
    if len({number for number, _, _ in steps}) < len(steps):
        steps = each_once(steps)
    alike = groupby(steps, key=itemgetter(1, 2))
    return tuple(Leg(tuple([number for number, _, _ in some]), role, used) for (role, used), some in alike)


def each_once(steps: Iterable[Step]) -> list[Step]:
    """Keep one step to each dataset: the first, unless a later one really used it."""
    best: dict[int, Step] = {}
    for step in steps:
        number, _, used = step
        if number not in best or (used and not best[number][2]):
            best[number] = step
    return list(best.values())
