"""Following the graph up to where a function of one's own says so: it is asked of each dataset, once."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from sqlalchemy import Connection

from fitsprov.model.lineage import Dataset, Direction
from fitsprov.registry.adjacency.graph import Graph
from fitsprov.registry.datasets import datasets_later
from fitsprov.registry.graph.reach import Bounds, Found

__all__ = ["Predicate", "follow_until"]

Predicate = Callable[[Dataset], bool]
"""Says of a dataset whether nothing is looked for behind it."""


def follow_until(
    connection: Connection, graph: Graph, start: int, direction: Direction, bounds: Bounds, stop: Predicate
) -> Found:
    """Follow a dataset one generation at a time; what is begun from is not held against the predicate."""
    step = Bounds(depth=1, presented=bounds.presented)
    of_types = partial(graph.of_types, connection, None)
    seen, front, generations, cut = {start}, [start], list[list[int]](), False
    while front and not cut:
        fresh = sorted(set(graph.follow(connection, front, direction, step).keys) - seen)
        if fresh and len(generations) == bounds.depth:
            return Found(generations, True, of_types)
        more = None if bounds.limit is None else bounds.limit + 1 - len(seen)
        cut = more is not None and len(fresh) > more
        generations += [fresh[:more]] if fresh else []
        seen.update(fresh)
        datasets = datasets_later(connection, fresh)
        front = [] if cut else [key for key in fresh if not stop(datasets[key])]
    return Found(generations, cut, of_types)
