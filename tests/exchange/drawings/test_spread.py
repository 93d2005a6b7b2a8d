"""How the datasets of a stack are placed: each value with its type, and only what all have is shared."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from fitsprov.exchange.drawings.labels import Members, dimensions
from fitsprov.exchange.drawings.spread import Spread, number_of, texts, united
from fitsprov.model.lineage import Dataset

VALUES = st.one_of(st.integers(-2, 2), st.booleans(), st.sampled_from([0.0, 1.0, 1.5, "r", "1", "true"]))
PLACES = st.none() | st.dictionaries(st.sampled_from(["band", "visit", "de\ttector"]), VALUES)


def placed(*places: dict[str, Any] | None) -> list[Dataset]:
    return [Dataset(id=UUID(int=n), data_id=place) for n, place in enumerate(places)]


def test_a_number_is_not_the_truth_value_that_equals_it() -> None:
    spread = Spread(placed({"n": 1}, {"n": True}, {"n": 1.0}))
    assert texts(spread.values["n"]) == ["1", "1.0", "true"]
    assert not spread.shared


def test_what_some_do_not_have_is_not_shared() -> None:
    assert Spread(placed({"band": "r", "n": 1}, {"band": "r"})).shared == {"band": "r"}
    assert not Spread(placed({"band": "r"}, None)).shared


def test_values_of_several_stacks_are_counted_once() -> None:
    some, others = Spread(placed({"n": 1}, {"n": 2})), Spread(placed({"n": 2}, {"n": "r"}))
    assert number_of(united([some.values["n"], others.values["n"]])) == 3


@given(st.lists(PLACES, min_size=1, max_size=6))
def test_it_says_what_is_said_of_each(places: list[dict[str, Any] | None]) -> None:
    datasets = placed(*places)
    spread, told = Spread(datasets), [dimensions(dataset) for dataset in datasets]
    assert spread.shared == Members(datasets).shared
    assert {key: set(texts(values)) for key, values in spread.values.items()} == {
        key: {one[key] for one in told if key in one} for one in told for key in one
    }
