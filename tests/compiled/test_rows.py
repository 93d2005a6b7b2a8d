"""Columns become the same rows in C and in Python."""

from __future__ import annotations

import json
from itertools import repeat
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

import fitsprov.registry.graph.tracing  # noqa: F401 -- which has the twins
from fitsprov.compiled import COMPILED, PAIRS
from fitsprov.model.traced import Inputs

pytestmark = pytest.mark.skipif(not COMPILED, reason="needs the C extensions")

YEAR_1, YEAR_10000 = -62_135_596_800_000_000, 253_402_300_800_000_000


def outcome(name: str, which: int, *arguments: object) -> object:
    """What a twin gives, or the kind of its error."""
    try:
        return PAIRS[name][which](*arguments)
    except (OverflowError, ValueError, TypeError) as error:
        return type(error)


def both(name: str, *arguments: object) -> None:
    """Call both twins, and compare what they give."""
    assert outcome(name, 1, *arguments) == outcome(name, 0, *arguments)


@given(ids=st.lists(st.uuids()))
def test_uuids_are_spelled_the_same(ids: list[UUID]) -> None:
    both("uuid_texts", b"".join(one.bytes for one in ids))
    assert PAIRS["uuid_texts"][1](b"".join(one.bytes for one in ids)) == list(map(str, ids))


def test_no_uuids_are_spelled_where_there_are_none() -> None:
    both("uuid_texts", None)


@given(
    microseconds=st.none()
    | st.integers(YEAR_1, YEAR_10000 - 1)
    | st.integers(YEAR_1 // 10**6, YEAR_10000 // 10**6 - 1).map(lambda seconds: seconds * 10**6)
)
def test_times_are_spelled_the_same(microseconds: int | None) -> None:
    both("time_text", microseconds)


@pytest.mark.parametrize("microseconds", [YEAR_1, YEAR_1 - 1, YEAR_10000, YEAR_10000 - 1, 2**63, -(2**63), 2**70, -1])
def test_times_at_the_ends_of_the_calendar_are_spelled_the_same(microseconds: int) -> None:
    both("time_text", microseconds)


def test_each_day_of_four_centuries_is_spelled_the_same() -> None:
    pure, compiled = PAIRS["time_text"]
    day = 86_400_000_000
    assert [compiled(n * day) for n in range(-146_097, 1)] == [pure(n * day) for n in range(-146_097, 1)]


@given(
    line=st.one_of(
        st.text('{}",:null\\01 é', max_size=20),
        st.lists(st.sampled_from(['{"a":1}', "null", "{}", '{"a":"}"}', '{"a":"é,{"}', "nul", ""])).map(",".join),
    )
)
def test_objects_are_parted_the_same(line: str) -> None:
    both("objects_in", line)


@given(
    edges=st.lists(st.tuples(st.integers(0, 3), st.integers(-5, 20), st.none() | st.text(max_size=1)), max_size=12),
    said=st.booleans(),
)
def test_edges_are_parted_the_same(edges: list[tuple[int, int, str | None]], said: bool) -> None:
    activities, entities, roles = (
        map(list, zip(*sorted(edges, key=lambda edge: edge[0]), strict=True)) if edges else ([], [], [])
    )
    both("parted", activities, entities, roles, [True] * len(roles) if said else None, Inputs)


@given(
    line=st.one_of(
        st.text('0123456789-,."null', max_size=25),
        st.lists(st.integers() | st.none() | st.booleans() | st.floats(allow_nan=False)).map(
            lambda values: json.dumps(values, separators=(",", ":"))[1:-1]
        ),
        st.lists(st.sampled_from(["0", "-0", "00", "-", "null", "-null", "nul", "1 ", "true", "é"])).map(",".join),
    )
)
def test_columns_are_listed_the_same(line: str) -> None:
    both("listed", line)


@given(
    makers=st.lists(st.none() | st.integers(0, 5), min_size=10, max_size=10),
    used=st.dictionaries(st.integers(0, 5), st.lists(st.integers(-10, 9), max_size=6)),
)
def test_datasets_are_ordered_the_same(makers: list[int | None], used: dict[int, list[int]]) -> None:
    found = {key: (key, maker) for key, maker in enumerate(makers)}
    both(
        "ordered", 0, found, {maker: Inputs(keys, list(repeat(None, len(keys))), None) for maker, keys in used.items()}
    )
