"""A lineage laid out to be drawn, and what is told about it in words."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Self

from fitsprov.exchange.drawings.card import Card, make_card, tell_apart
from fitsprov.exchange.drawings.fold import Folded, Stack, fold_lineage
from fitsprov.exchange.drawings.labels import counted, runs, type_name
from fitsprov.exchange.drawings.plan import Plan, best_plan
from fitsprov.exchange.drawings.spread import Spread, number_of, texts, united
from fitsprov.exchange.drawings.walk import Check, Walk, go_on
from fitsprov.model.lineage import Category, Direction, Lineage

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
    def of(cls, lineage: Lineage, fold: int, opened: Collection[str] = (), check: Check = go_on) -> Self:
        """Lay out a lineage."""
        folded = fold_lineage(Walk(lineage, check), fold, opened)
        placed = [(stack, Spread(stack.datasets)) for stack in (*folded.stacks, *folded.beyond)]
        telling, common = tell_apart(placed), in_common([spread for _, spread in placed])
        cards = [make_card(*each, lineage, telling, common) for each in placed[: len(folded.stacks)]]
        numbered = runs(stack.datasets[0] for stack in folded.stacks)
        return cls(lineage, folded, cards, best_plan(folded, cards, lineage.direction), common, numbered)

    def subtitle(self) -> str:
        """How much is in the drawing, and what most of it shares."""
        used = [stack for stack in (*self.folded.stacks[1:], *self.folded.beyond) if stack.used]
        up = self.lineage.direction is Direction.UP
        told = [counted(datasets_in(used), "ancestor" if up else "product")]
        told += [counted(datasets_in([s for s in used if s.datasets[0].category is Category.RAW]), "raw")] if up else []
        if self.common:
            told.append("throughout " + ", ".join(f"{key} {value}" for key, value in sorted(self.common.items())))
        told += [f"{datasets_in(self.folded.beyond):,} farther ones not drawn"] if self.folded.beyond else []
        return " · ".join(told + ([] if self.lineage.complete else ["incomplete"]))

    def narrate(self) -> str:
        """The drawing in words, for who cannot see it."""
        told = []
        for n, stack in enumerate(self.folded.stacks):
            sources = [self.folded.stacks[source] for source, product in self.folded.links if product == n]
            if sources:
                listed = ", ".join(f"{len(s.datasets):,} {type_name(s.datasets[0])}" for s in sources)
                made = f" by {stack.maker}" if stack.maker else ""
                told.append(f"{len(stack.datasets):,} {type_name(stack.datasets[0])} made{made} from {listed}")
        return "; ".join(told[:TOLD]) + ("; …" if len(told) > TOLD else "")

    def legend(self) -> list[Key]:
        """What the symbols mean that are in the drawing."""
        met = {stack.datasets[0].category for stack in self.folded.stacks}
        keys: list[Key] = [(category, category.value) for category in Category if category in met]
        keys += [(None, "category not known")] if None in met else []
        keys += [("off", "presented, not used")] if not all(link.used for link in self.folded.links.values()) else []
        keys += [("stub", "only named")] if any(stack.datasets[0].stub for stack in self.folded.stacks) else []
        return keys


def datasets_in(stacks: Iterable[Stack]) -> int:
    """How many datasets are in some stacks."""
    return sum(len(stack.datasets) for stack in stacks)


def in_common(spreads: Sequence[Spread]) -> dict[str, str]:
    """The dimensions that most datasets have, and all that have them with one value."""
    number = sum(spread.size for spread in spreads)
    common = {}
    for key in dict.fromkeys(key for spread in spreads for key in spread.counts):
        values = united([spread.values[key] for spread in spreads if key in spread.values])
        if number_of(values) == 1 and 2 * sum(spread.counts.get(key, 0) for spread in spreads) > number > 2:
            common[key] = texts(values)[0]
    return common
