"""Many datasets are taken apart into few parts, whatever they are."""

from __future__ import annotations

from uuid import UUID, uuid5

from hypothesis import given
from hypothesis import strategies as st

from fitsprov.exchange.drawings.split import PARTS, split
from fitsprov.model.lineage import Dataset

SPACE = UUID("00000000-0000-5000-8000-000000000001")
VALUES = st.one_of(st.integers(), st.booleans(), st.floats(allow_nan=False), st.text(max_size=4))
DATA_IDS = st.none() | st.dictionaries(st.sampled_from(["visit", "detector", "band"]), VALUES, max_size=3)


def dataset(number: int, name: str | None = None, **data_id: int | str) -> Dataset:
    return Dataset(id=uuid5(SPACE, str(number)), type="raw", name=name, data_id=data_id or None)


def values(parts: list[list[Dataset]], key: str) -> list[list[object]]:
    """The values of a dimension in each part."""
    return [sorted({one.data_id[key] for one in part if one.data_id}, key=str) for part in parts]


@given(st.lists(st.tuples(DATA_IDS, st.none() | st.text(max_size=3)), min_size=2, max_size=60))
def test_parts_are_few_and_hold_each_dataset_once(drawn: list[tuple[dict[str, int] | None, str | None]]) -> None:
    datasets = [Dataset(id=uuid5(SPACE, str(n)), data_id=d, name=name) for n, (d, name) in enumerate(drawn)]
    parts = split(datasets)
    assert 2 <= len(parts) <= PARTS
    assert all(parts)
    assert sorted(one.id for part in parts for one in part) == sorted(one.id for one in datasets)


def test_few_values_of_one_dimension_stand_for_themselves() -> None:
    parts = split([dataset(n, band="ugr"[n % 3], visit=n) for n in range(300)])
    assert values(parts, "band") == [["g"], ["r"], ["u"]]


def test_many_values_are_ranges_in_their_order_and_none_is_in_two() -> None:
    parts = split([dataset(n, exposure=n // 30, detector=n % 30) for n in range(1500)])
    assert values(parts, "exposure")[:2] == [[0, 1, 2, 3], [4, 5, 6, 7]]
    assert sum(map(len, values(parts, "exposure"))) == 50


def test_names_tell_apart_what_has_no_data_id_and_ids_what_shares_its_name() -> None:
    assert [part[0].name for part in split([dataset(n, name=f"b{n}") for n in (3, 1, 2)])] == ["b1", "b2", "b3"]
    assert len(split([dataset(n, name="same") for n in range(3)])) == 3
