"""A lineage made smaller to be drawn: many datasets that play the same part become one stack, which can be opened."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field

from fitsprov.exchange.drawings.layout import levels
from fitsprov.exchange.drawings.split import split
from fitsprov.exchange.drawings.walk import Leg, Walk
from fitsprov.model.lineage import Dataset, Direction

__all__ = ["Folded", "Link", "Stack", "fold_lineage"]

MOST, DEEPEST = 400, 50
"""Stacks, and layers of them, that are drawn: nobody reads more, and links from layer to layer grow as their square."""


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

    used: bool = False
    pairs: int = 0
    roles: dict[str, None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Folded:
    """Stacks, the nearest first, and the links between them by number: (source, product)."""

    stacks: list[Stack]
    links: dict[tuple[int, int], Link]
    beyond: list[Stack]
    """Those that are too many, or too far, to be drawn."""


def fold_lineage(walk: Walk, fold: int, opened: Collection[str] = ()) -> Folded:
    """Fold more than `fold` datasets into one where they have the same type, run and maker, and serve the same.

    Parameters
    ----------
    opened : collection of str
        Keys of stacks that are shown as the smaller stacks, or the datasets, that they consist of.
    """
    depths, presented = walk.reach()
    legs = {number: () if number in presented else walk.legs(number) for number in depths}
    level = levels(walk.focus, {user: onward(taken) for user, taken in legs.items()})
    stacks: list[Stack] = []
    place: dict[int, int] = {}
    for part, numbers in enumerate(parts(walk, legs, level, presented)):
        first = numbers[0]
        look = (level[first], walk.maker(first), first not in presented)
        whole = [(str(part), "", [walk.dataset(number) for number in numbers])]
        apart = [(f"{part}.{n}", "", [dataset]) for n, dataset in enumerate(whole[0][2][: fold + 1])]
        for key, group, datasets in unfold(whole, opened) if len(numbers) > fold else apart:
            place |= dict.fromkeys([dataset.id.int for dataset in datasets], len(stacks))
            stacks.append(Stack(tuple(datasets), *look, key, group))
    links = links_between(place, legs, walk.lineage.direction)
    drawn = sum(stack.level < DEEPEST for stack in stacks[:MOST])
    return Folded(stacks[:drawn], {ends: link for ends, link in links.items() if max(ends) < drawn}, stacks[drawn:])


def onward(legs: Sequence[Leg]) -> Sequence[int]:
    """The datasets to which legs lead."""
    return legs[0].numbers if len(legs) == 1 else tuple([number for leg in legs for number in leg.numbers])


def parts(
    walk: Walk, legs: Mapping[int, Sequence[Leg]], level: Mapping[int, int], presented: Set[int]
) -> list[list[int]]:
    """Put together what plays the same part, those nearest to the focus first."""
    members: list[list[int]] = []
    places: dict[object, int] = {}
    serving = Serving()
    for number in sorted(legs, key=level.__getitem__):
        part = (walk.kind(number), number in presented, level[number], serving.ends(number))
        place = places.get(part)
        if place is None:
            place = places[part] = len(members)
            members.append([])
        members[place].append(number)
        for leg in legs[number]:
            serving.add(leg, place)
    return members


class Serving:
    """Which parts datasets serve, and in which roles: a number for each set of these, as many serve the same."""

    def __init__(self) -> None:
        self.numbers: dict[frozenset[object], int] = {frozenset(): 0}
        self.sets = list(self.numbers)
        self.serves: dict[int, int] = {}

    def ends(self, number: int) -> int:
        """What a dataset serves, of all that was added."""
        return self.serves.get(number, 0)

    def add(self, leg: Leg, place: int) -> None:
        """Add that the datasets of a leg serve a part."""
        after: dict[int, int] = {}
        for number in leg.numbers:
            before = self.serves.get(number, 0)
            if before not in after:
                after[before] = self.number_of(self.sets[before] | {(place, leg.role)})
            self.serves[number] = after[before]

    def number_of(self, ends: frozenset[object]) -> int:
        """Number a set."""
        number = self.numbers.setdefault(ends, len(self.sets))
        self.sets += [ends] if number == len(self.sets) else []
        return number


def links_between(
    place: Mapping[int, int], legs: Mapping[int, Sequence[Leg]], direction: Direction
) -> dict[tuple[int, int], Link]:
    """Put together the steps between stacks."""
    links: dict[tuple[int, int], Link] = {}
    for user, taken in legs.items():
        start = place[user]
        for numbers, role, used in taken:
            for after, pairs in Counter(map(place.__getitem__, numbers)).items():
                if after == start:
                    continue
                link = links.setdefault((after, start) if direction is Direction.UP else (start, after), Link())
                link.used |= used
                link.pairs += pairs
                link.roles |= {role: None} if role else {}
    return links


def unfold(
    stacks: Sequence[tuple[str, str, Sequence[Dataset]]], opened: Collection[str]
) -> Iterator[tuple[str, str, Sequence[Dataset]]]:
    """Open the stacks that are to be opened, and what comes out of them: key, group, datasets."""
    for key, group, datasets in stacks:
        if key in opened and len(datasets) > 1:
            yield from unfold([(f"{key}.{n}", key, part) for n, part in enumerate(split(datasets))], opened)
        else:
            yield key, group, datasets
