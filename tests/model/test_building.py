"""Values made of columns are those made one by one, in Python and in C."""

from __future__ import annotations

from collections.abc import Callable
from itertools import repeat
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fitsprov.compiled import PAIRS
from fitsprov.model import building
from fitsprov.model.lineage import Usage

both = pytest.mark.parametrize("way", range(2) if "built" in PAIRS else range(1))


def twin(name: str, way: int) -> Callable[..., Any]:
    """A function in Python, or its twin in C."""
    pair: tuple[Callable[..., Any], ...] = PAIRS.get(name, (getattr(building, name),))
    return pair[way]


@both
@given(usages=st.lists(st.tuples(st.uuids(), st.none() | st.text(), st.none() | st.booleans())))
def test_what_is_built_is_what_is_made_one_by_one(way: int, usages: list[tuple[Any, ...]]) -> None:
    ids, roles, actual = ([one[place] for one in usages] for place in range(3))
    made = twin("built", way)(Usage, len(usages), dataset=ids, role=iter(roles), actual=actual)
    assert made == [Usage(*one) for one in usages]


@both
def test_no_more_is_taken_of_a_column_than_there_are_values(way: int) -> None:
    built = twin("built", way)
    column = iter("abc")
    assert built(Usage, 0, dataset=column, role=column, actual=column) == []
    made = built(Usage, 2, dataset=repeat(None), role=repeat("r"), actual=repeat(True))
    assert made == [Usage(None, "r", True)] * 2  # type: ignore[arg-type]


@both
def test_what_is_no_slot_is_refused(way: int) -> None:
    with pytest.raises((TypeError, AttributeError)):
        twin("built", way)(Usage, 1, __doc__=["text"])


@both
@given(uuids=st.lists(st.uuids()))
def test_uuids_are_those_of_the_bytes(way: int, uuids: list[UUID]) -> None:
    made = twin("uuids_of", way)(b"".join(one.bytes for one in uuids))
    assert made == uuids
    assert [(str(one), hash(one), one.is_safe) for one in made] == [(str(u), hash(u), u.is_safe) for u in uuids]


@both
def test_no_bytes_are_no_uuids_and_some_are_none(way: int) -> None:
    assert twin("uuids_of", way)(None) == []
    with pytest.raises(ValueError, match="17 bytes; expected 16"):
        twin("uuids_of", way)(bytes(17))
