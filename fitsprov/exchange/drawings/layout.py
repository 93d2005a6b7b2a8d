"""A layered drawing of a graph that is seen from one node (Sugiyama, Tagawa & Toda 1981), as numbers alone.

`levels` puts every node as far from the focus as the longest way to it. `arrange` then orders each layer so that few
edges cross (barycentres, the best of some sweeps) and moves it as near to its neighbours as the order allows. An edge
that spans layers passes each in between through a bend of its own; edges from one far node share them.
"""

from __future__ import annotations

from bisect import bisect_right, insort
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import TypeVar

__all__ = ["Layout", "Node", "Spot", "arrange", "levels"]

K = TypeVar("K")
Node = int
Spot = tuple[int, int]
"""A node in its own layer, or the bend of its edges in another: node, layer."""

SWEEPS, MOVES = 10, 30
STRAIGHT = 6.0
"""How much more a bend is drawn to a straight line than a node is to its neighbours."""


@dataclass(frozen=True, slots=True)
class Layout:
    """Where nodes stand: along the way from the focus, and across it."""

    across: Mapping[Spot, float]
    """Centre of each node and bend."""
    layers: Sequence[tuple[float, float]]
    """Where each layer begins and ends, along the way; the focus begins at 0."""
    routes: Mapping[tuple[Node, Node], Sequence[Spot]]
    """Edge → node, bends, node."""
    breadth: float


def levels(focus: K, following: Mapping[K, Sequence[K]]) -> dict[K, int]:
    """The longest way from the focus to each node that it leads to; an edge that closes a cycle does not count."""
    done: list[K] = []
    open_, back = {focus}, set[tuple[K, K]]()
    seen, stack = {focus}, [(focus, iter(following.get(focus, ())))]
    while stack:
        node, rest = stack[-1]
        for after in rest:
            if after in open_:
                back.add((node, after))
            elif after not in seen:
                seen.add(after)
                if not following.get(after):
                    done.append(after)
                    continue
                open_.add(after)
                stack.append((after, iter(following[after])))
                break
        else:
            open_.discard(node)
            done.append(node)
            stack.pop()
    level = dict.fromkeys(reversed(done), 0)
    for node, steps in level.items():
        for after in following.get(node, ()):
            if level[after] <= steps and (node, after) not in back:
                level[after] = steps + 1
    return level


def arrange(
    level: Sequence[int],
    sizes: Sequence[tuple[float, float]],
    edges: Iterable[tuple[Node, Node]],
    gaps: tuple[float, float],
) -> Layout:
    """Lay out nodes 0, 1, 2 …

    Parameters
    ----------
    level : sequence of int
        The layer of each node.
    sizes : sequence of (float, float)
        Of each node: along the way, across it.
    edges : iterable of (int, int)
        Between nodes of different layers.
    gaps : (float, float)
        Between layers, and between neighbours in one.
    """
    routes = {edge: route(*edge, level) for edge in edges}
    links = {tuple(sorted(pair, key=layer_of)) for spots in routes.values() for pair in pairwise(spots)}
    spots = dict.fromkeys([*enumerate(level), *(spot for way in routes.values() for spot in way)])
    layers: list[list[Spot]] = [[] for _ in range(max(level) + 1)]
    for spot in spots:
        layers[spot[1]].append(spot)
    near: dict[Spot, list[Spot]] = defaultdict(list)
    for one, other in sorted(links):
        near[one].append(other)
        near[other].append(one)
    layers = uncross(layers, near)
    breadths = {spot: sizes[spot[0]][1] if level[spot[0]] == spot[1] else 0.0 for spot in spots}
    across = straighten(layers, near, breadths, gaps[1])
    low = min(across[spot] - breadths[spot] / 2 for spot in spots)
    lengths = [max(sizes[n][0] for n, at in layer if level[n] == at) for layer in layers]
    starts = accumulate((length + gaps[0] for length in lengths[:-1]), initial=0.0)
    return Layout(
        {spot: at - low for spot, at in across.items()},
        [(start, start + length) for start, length in zip(starts, lengths, strict=True)],
        routes,
        max(across[spot] + breadths[spot] / 2 for spot in spots) - low,
    )


def layer_of(spot: Spot) -> int:
    return spot[1]


def route(one: Node, other: Node, level: Sequence[int]) -> list[Spot]:
    """From node to node, through bends that belong to the farther one."""
    far, step = max((one, other), key=lambda n: level[n]), 1 if level[one] < level[other] else -1
    return [(one, level[one]), *((far, n) for n in range(level[one] + step, level[other], step)), (other, level[other])]


def uncross(layers: list[list[Spot]], near: Mapping[Spot, Sequence[Spot]]) -> list[list[Spot]]:
    """Order each layer by the mean place of its neighbours, inward and outward in turn; keep the best."""
    best, fewest = layers, crossings(layers, near)
    for sweep in range(SWEEPS):
        layers = [list(layer) for layer in layers]
        outward = sweep % 2 == 0
        numbers = range(1, len(layers)) if outward else range(len(layers) - 2, -1, -1)
        for n in numbers:
            before = {spot: place for place, spot in enumerate(layers[n - 1 if outward else n + 1])}
            means: dict[Spot, float] = {}
            for place, spot in enumerate(layers[n]):
                places = [before[other] for other in near[spot] if other in before]
                means[spot] = sum(places) / len(places) if places else float(place)
            layers[n].sort(key=means.__getitem__)
        count = crossings(layers, near)
        if count < fewest:
            best, fewest = layers, count
    return best


def crossings(layers: Sequence[Sequence[Spot]], near: Mapping[Spot, Sequence[Spot]]) -> int:
    """How many edges cross between neighbouring layers."""
    count = 0
    for inner, outer in pairwise(layers):
        place = {spot: n for n, spot in enumerate(outer)}
        met: list[int] = []
        for spot in inner:
            ends = [place[other] for other in near[spot] if other in place]
            count += sum(len(met) - bisect_right(met, end) for end in ends)
            for end in ends:
                insort(met, end)
    return count


def straighten(
    layers: Sequence[Sequence[Spot]], near: Mapping[Spot, Sequence[Spot]], breadths: Mapping[Spot, float], gap: float
) -> dict[Spot, float]:
    """Move each layer, in its order, to where the squares of its edges' slants are least; in turns, until it rests."""
    across: dict[Spot, float] = {}
    offsets: list[list[float]] = []
    for layer in layers:
        apart = [(breadths[a] + breadths[b]) / 2 + gap for a, b in pairwise(layer)]
        offsets.append(list(accumulate(apart, initial=0.0)))
        across |= {spot: at - offsets[-1][-1] / 2 for spot, at in zip(layer, offsets[-1], strict=True)}
    pulls = {
        spot: [(other, STRAIGHT if breadths[spot] == breadths[other] == 0.0 else 1.0) for other in near[spot]]
        for spot in across
    }
    mass = {spot: sum(weight for _, weight in pulled) or 1.0 for spot, pulled in pulls.items()}
    turns = [*range(len(layers)), *range(len(layers) - 2, 0, -1)]
    for _ in range(MOVES):
        for n in turns:
            layer = layers[n]
            wishes = [
                sum([weight * across[other] for other, weight in pulls[spot]]) / mass[spot] - offset
                for spot, offset in zip(layer, offsets[n], strict=True)
            ]
            for spot, offset, at in zip(layer, offsets[n], rising(wishes, [mass[s] for s in layer]), strict=True):
                across[spot] = at + offset
    return across


def rising(wishes: Sequence[float], weights: Sequence[float]) -> list[float]:
    """The numbers nearest to `wishes`, by weighted least squares, of which none is less than the one before it."""
    blocks: list[tuple[float, float, int]] = []
    for wish, weight in zip(wishes, weights, strict=True):
        mean, mass, size = wish, weight, 1
        while blocks and blocks[-1][0] > mean:
            earlier, more, count = blocks.pop()
            mean, mass, size = (earlier * more + mean * mass) / (more + mass), more + mass, size + count
        blocks.append((mean, mass, size))
    return [mean for mean, _, size in blocks for _ in range(size)]
