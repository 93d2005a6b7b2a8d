"""The layout as numbers: longest ways, order kept, least squares."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fitsprov.exchange.drawings.layout import arrange, crossings, levels, rising, uncross


def test_a_level_is_the_longest_way_from_the_focus() -> None:
    assert levels("a", {"a": ["b", "c"], "b": ["c"], "c": ["d"]}) == {"a": 0, "b": 1, "c": 2, "d": 3}


def test_an_edge_that_closes_a_cycle_does_not_count() -> None:
    assert levels("a", {"a": ["b"], "b": ["c"], "c": ["a", "b", "c"]}) == {"a": 0, "b": 1, "c": 2}


def test_a_chain_of_thousands_has_levels() -> None:
    assert levels(0, {n: [n + 1] for n in range(20_000)})[20_000] == 20_000


def test_edges_that_need_not_cross_do_not() -> None:
    layers = [[(0, 0), (1, 0), (2, 0)], [(3, 1), (4, 1), (5, 1)]]
    pairs = [((0, 0), (5, 1)), ((1, 0), (4, 1)), ((2, 0), (3, 1))]
    near = {a: [b] for a, b in pairs} | {b: [a] for a, b in pairs}
    assert crossings(layers, near) == 3
    assert crossings(uncross(layers, near), near) == 0


@pytest.mark.parametrize(
    ("wishes", "got"), [([1, 2, 3], [1, 2, 3]), ([3, 1], [2, 2]), ([1, 5, 3, 9], [1, 4, 4, 9]), ([3, 2, 1], [2, 2, 2])]
)
def test_rising_pools_what_falls(wishes: list[float], got: list[float]) -> None:
    assert rising(wishes, [1.0] * len(wishes)) == got


@given(st.lists(st.tuples(st.floats(-1e3, 1e3), st.floats(0.5, 9)), min_size=1))
def test_rising_never_falls_and_keeps_the_mean(pairs: list[tuple[float, float]]) -> None:
    wishes, weights = zip(*pairs, strict=True)
    got = rising(wishes, weights)
    assert all(a <= b for a, b in pairwise(got))
    moved = sum((g - w) * m for g, w, m in zip(got, wishes, weights, strict=True))
    assert moved == pytest.approx(0, abs=1e-6)


def test_a_long_edge_bends_around_what_stands_between() -> None:
    plan = arrange([0, 1, 2], [(10.0, 20.0)] * 3, [(0, 1), (1, 2), (0, 2)], (5.0, 4.0))
    assert plan.routes[0, 2] == [(0, 0), (2, 1), (2, 2)]
    assert abs(plan.across[2, 1] - plan.across[1, 1]) >= 10 + 4
    assert plan.layers == [(0.0, 10.0), (15.0, 25.0), (30.0, 40.0)]
