"""Where everything of a drawing goes, once its graph is laid out with time running right, or down."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from fitsprov.exchange.drawings.card import Card
from fitsprov.exchange.drawings.fold import Folded
from fitsprov.exchange.drawings.layout import arrange
from fitsprov.model.lineage import Direction

__all__ = ["Plan", "best_plan", "number"]

ARROW = 8.0
GAPS = {False: (68.0, 18.0), True: (54.0, 22.0)}
"""Between layers and between neighbours, where time runs right and where it runs down."""
SHAPE = 1.35
"""Width over height of a picture that fills a page well."""


def best_plan(folded: Folded, cards: Sequence[Card], direction: Direction) -> Plan:
    """Let time run down or right, whichever shows the cards larger."""
    plans = [Plan(folded, cards, direction, down) for down in (True, False)]
    return min(plans, key=lambda plan: max(plan.width / SHAPE, plan.height))


def number(value: float) -> str:
    """A length to a tenth of a pixel."""
    return f"{round(value, 1):g}" if abs(value) < 1e5 else f"{value:.0f}"


class Plan:
    """One layout, in pixels from the top left of the drawing."""

    def __init__(self, folded: Folded, cards: Sequence[Card], direction: Direction, down: bool) -> None:
        self.down, self.up = down, direction is Direction.UP
        sizes = [(card.height, card.width) if down else (card.width, card.height) for card in cards]
        level = [stack.level for stack in folded.stacks]
        self.edges = {ends: ends[::-1] if self.up else ends for ends in folded.links}
        self.layout = arrange(level, sizes, self.edges.values(), GAPS[down])
        self.length = self.layout.layers[-1][1]
        self.sides = [self.side(n, size[0], level[n]) for n, size in enumerate(sizes)]
        self.breadths = [size[1] for size in sizes]
        self.level = level
        self.width, self.height = (self.layout.breadth, self.length) if down else (self.length, self.layout.breadth)

    def layer(self, number: int) -> tuple[float, float]:
        """Where a layer begins and ends in time."""
        start, end = self.layout.layers[number]
        return (self.length - end, self.length - start) if self.up else (start, end)

    def side(self, node: int, length: float, level: int) -> tuple[float, float]:
        """Where a card begins and ends in time: cards fill a column, and stand in the middle of a row."""
        start, end = self.layer(level)
        spare = (end - start - length) / 2 if self.down else 0.0
        return start + spare, end - spare

    def box(self, node: int) -> tuple[float, float, float, float]:
        """Left, top, width and height of a card."""
        (start, end), breadth = self.sides[node], self.breadths[node]
        low = self.layout.across[node, self.level[node]] - breadth / 2
        return (low, start, breadth, end - start) if self.down else (start, low, end - start, breadth)

    def curve(self, ends: tuple[int, int]) -> tuple[str, str]:
        """The path of an edge, from what was used to what was made, and that of its arrow head."""
        spots = self.layout.routes[self.edges[ends]]
        spots = spots[::-1] if self.up else spots
        forward = self.layer(spots[0][1])[0] < self.layer(spots[-1][1])[0]
        points: list[tuple[float, float]] = []
        for n, spot in enumerate(spots):
            enter, leave = self.layer(spot[1]) if forward else self.layer(spot[1])[::-1]
            if n in (0, len(spots) - 1):
                start, end = self.sides[spot[0]] if forward else self.sides[spot[0]][::-1]
                enter, leave = (end, leave) if n == 0 else (enter, start)
            points += [(enter, self.layout.across[spot]), (leave, self.layout.across[spot])]
        step = ARROW if forward else -ARROW
        (last, at), (before, _) = points[-1], points[-2]
        points[-2:] = [(before - step if before == last else before, at), (last - step, at)]
        path = "M" + self.point(*points[0])
        for n, (one, other) in enumerate(pairwise(points)):
            if n % 2:
                middle = (one[0] + other[0]) / 2
                path += f"C{self.point(middle, one[1])} {self.point(middle, other[1])} {self.point(*other)}"
            elif one != other:
                path += f"L{self.point(*other)}"
        corners = (self.point(last - step, at - 4), self.point(last, at), self.point(last - step, at + 4))
        return path, "M" + "L".join(corners) + "z"

    def point(self, along: float, across: float) -> str:
        return f"{number(across)} {number(along)}" if self.down else f"{number(along)} {number(across)}"
