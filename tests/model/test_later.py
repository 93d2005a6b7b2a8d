"""What is made later is what would have been made at once."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fitsprov.model.later import Later, LaterSequence


def once(value: Any) -> Callable[[], Any]:
    """Give a value, and fail when asked again."""
    rest = [value]
    return rest.pop


@given(st.dictionaries(st.integers(), st.text()), st.integers())
def test_a_mapping_is_the_dictionary_that_is_made(made: dict[int, str], key: int) -> None:
    later: Later[int, str] = Later(once(made))
    assert later == made
    assert made == later
    assert list(later.items()) == list(made.items())
    assert list(later) == list(later.keys()) == list(made)
    assert list(later.values()) == list(made.values())
    assert (len(later), key in later, later.get(key)) == (len(made), key in made, made.get(key))
    assert repr(later) == repr(made)
    assert later == Later(once(made))
    assert later != {**made, key: "other" + made.get(key, "")}


def test_what_is_known_is_given_without_making_anything() -> None:
    later: Later[str, int] = Later(lambda: pytest.fail("made"), {"a": 1})
    assert later["a"] == 1
    assert "a" in later
    amended = later.amended({"b": 2})
    assert (amended["a"], amended["b"]) == (1, 2)


def test_what_is_amended_keeps_the_rest() -> None:
    later = Later(once({"a": 1, "b": 2, "c": 3}), {"b": 20}, source="here")
    amended = later.amended({"c": 30})
    assert amended == {"a": 1, "b": 20, "c": 30}
    assert later == {"a": 1, "b": 20, "c": 3}
    assert amended.source == "here"


@given(st.lists(st.integers()), st.integers(-3, 3))
def test_a_sequence_is_the_tuple_that_is_made(made: list[int], place: int) -> None:
    later = LaterSequence(once(made), len(made))
    assert len(later) == len(made)
    assert later == tuple(made)
    assert tuple(made) == later
    assert later != (*made, 1)
    assert later == LaterSequence(once(made), len(made))
    assert hash(later) == hash(tuple(made))
    assert repr(later) == repr(tuple(made))
    assert later[place:] == tuple(made)[place:]
    assert list(reversed(later)) == made[::-1]
    assert (place in later) is (place in made)


@given(st.lists(st.integers()))
def test_a_sequence_may_be_a_list(made: list[int]) -> None:
    later = LaterSequence(once(made), len(made), list)
    assert later == made
    assert made == later
    assert later != tuple(made)
    assert repr(later) == repr(made)
    assert type(copy.copy(later)) is type(later[:]) is list
    with pytest.raises(TypeError, match="unhashable"):
        hash(later)


def test_only_the_length_is_known_before() -> None:
    assert len(LaterSequence[int](lambda: pytest.fail("made"), 7)) == 7


@pytest.mark.parametrize("keep", [copy.copy, copy.deepcopy, lambda one: pickle.loads(pickle.dumps(one))])
def test_what_is_kept_is_made(keep: Callable[[Any], Any]) -> None:
    mapping, sequence = keep(Later(once({"a": [1]}))), keep(LaterSequence(once([1, 2]), 2))
    assert (type(mapping), mapping) == (dict, {"a": [1]})
    assert (type(sequence), sequence) == (tuple, (1, 2))
