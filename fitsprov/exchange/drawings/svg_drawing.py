"""A lineage laid out to be drawn, and what is told about it in words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Self

from fitsprov.exchange.drawings.card import Card, make_card, tell_apart
from fitsprov.exchange.drawings.fold import Folded, fold_lineage
from fitsprov.exchange.drawings.labels import counted, dimensions, runs, type_name
from fitsprov.exchange.drawings.plan import Plan, best_plan
from fitsprov.exchange.drawings.walk import Walk
from fitsprov.model.lineage import Category, Dataset, Direction, Lineage

__all__ = ["Drawing", "Key"]

TOLD = 60
"""How many steps of a lineage are told in words."""
Key = tuple[Category | str | None, str]
"""What a symbol stands for, and words; ``off`` and ``stub`` are no categories but looks."""


@dataclass(frozen=True, slots=True)
class Drawing:
    """Cards, the focus first, and where they stand."""

    lineage: Lineage
    folded: Folded
    cards: Sequence[Card]
    plan: Plan
    common: Mapping[str, str]
    """The dimensions that most datasets have, and all that have them with one value."""
    runs: Mapping[str, int]
    """By the numbers that stand on the cards."""

    @classmethod
    def of(cls, lineage: Lineage, fold: int, opened: Collection[str] = ()) -> Self:
        """Lay out a lineage."""
        folded = fold_lineage(Walk(lineage), fold, opened)
        datasets = [dataset for stack in folded.stacks for dataset in stack.datasets]
        telling, common = tell_apart(datasets), in_common(datasets)
        cards = [make_card(stack, lineage, telling, common) for stack in folded.stacks]
        return cls(lineage, folded, cards, best_plan(folded, cards, lineage.direction), common, runs(datasets))

    def subtitle(self) -> str:
        """How much is in the drawing, and what most of it shares."""
        datasets = [dataset for stack in self.folded.stacks[1:] if stack.used for dataset in stack.datasets]
        up = self.lineage.direction is Direction.UP
        told = [counted(len(datasets), "ancestor" if up else "product")]
        told += [counted(sum(d.category is Category.RAW for d in datasets), "raw")] if up else []
        if self.common:
            told.append("throughout " + ", ".join(f"{key} {value}" for key, value in sorted(self.common.items())))
        return " · ".join(told + ([] if self.lineage.complete else ["incomplete"]))

    def narrate(self) -> str:
        """The drawing in words, for who cannot see it."""
        told = []
        for n, stack in enumerate(self.folded.stacks):
            sources = [self.folded.stacks[source] for source, product in self.folded.links if product == n]
            if sources:
                listed = ", ".join(f"{len(s.datasets)} {type_name(s.datasets[0])}" for s in sources)
                made = f" by {stack.maker}" if stack.maker else ""
                told.append(f"{len(stack.datasets)} {type_name(stack.datasets[0])} made{made} from {listed}")
        return "; ".join(told[:TOLD]) + ("; …" if len(told) > TOLD else "")

    def legend(self) -> list[Key]:
        """What the symbols mean that are in the drawing."""
        met = {stack.datasets[0].category for stack in self.folded.stacks}
        keys: list[Key] = [(category, category.value) for category in Category if category in met]
        keys += [(None, "category not known")] if None in met else []
        keys += [("off", "presented, not used")] if not all(link.used for link in self.folded.links.values()) else []
        keys += [("stub", "only named")] if any(stack.datasets[0].stub for stack in self.folded.stacks) else []
        return keys


def in_common(datasets: Sequence[Dataset]) -> dict[str, str]:
    """The dimensions that most datasets have, and all that have them with one value."""
    seen = Counter(pair for dataset in datasets for pair in dimensions(dataset).items())
    values = Counter(key for key, _ in seen)
    return {key: value for (key, value), count in seen.items() if values[key] == 1 and 2 * count > len(datasets) > 2}
