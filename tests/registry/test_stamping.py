"""A stamp says what is known, and nothing of a list that is not known to be whole."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from fitsprov.model.lineage import Category, Dataset
from fitsprov.model.stamp import Input
from fitsprov.registry import Registry
from fitsprov.registry.stamping import by_place, in_order
from tests.registry.making import dataset, record, step, survey, uid


def test_a_stamp_says_all_that_a_header_takes(registry: Registry) -> None:
    registry.record(survey())
    stamp = registry.stamp(uid("coadd"))
    did = f"ivo://example.org/dr1?{uid('coadd')}"
    assert (stamp.id, stamp.run, stamp.type, stamp.data_id) == (uid("coadd"), "drp/1", "deep_coadd", {"tract": 9813})
    assert stamp.activity_id == uid("activity assemble")
    assert stamp.publisher_did == did
    assert stamp.datalink == "https://example.org/prov/links?ID=ivo%3A%2F%2Fexample.org%2Fdr1%3F" + str(uid("coadd"))
    assert stamp.parents == tuple(
        Input(uid(f"image {n}"), "warp", "image", "drp/1", {"exposure": n}, None) for n in (1, 2)
    )
    assert stamp.raws == tuple(
        Input(uid(f"raw {n}"), None, "raw", "raw/all", {"exposure": n, "instrument": "SimCam"}, f"SC_{n}")
        for n in (1, 2)
    )
    assert (stamp.n_parents, stamp.n_raws) == (2, 2)


def test_raws_are_in_the_order_of_their_numbers(registry: Registry) -> None:
    raws = tuple(dataset(f"raw {n}", "raw", data_id={"exposure": n}) for n in (10, 9, 100))
    registry.record(record(step("s", ["raw 10", "raw 9", "raw 100"], ["x"]), datasets=raws))
    assert [r.data_id for r in registry.stamp(uid("x")).raws or ()] == [{"exposure": n} for n in (9, 10, 100)]
    assert [r.data_id for r in registry.raws(uid("x"))] == [{"exposure": n} for n in (9, 10, 100)]


VALUES = st.integers(0, 3) | st.sampled_from([1.5, True, "1", "a"])
PLACES = st.none() | st.dictionaries(st.sampled_from("abc"), VALUES) | st.fixed_dictionaries({"b": VALUES, "a": VALUES})


@given(st.lists(PLACES | st.fixed_dictionaries({"b": st.integers(0, 99), "a": st.integers(0, 9)}), max_size=6))
def test_the_quick_order_is_the_order_of_any_dimensions(places: list[dict[str, int | float | str] | None]) -> None:
    some = [Dataset(id=UUID(int=number), data_id=place) for number, place in enumerate(places)]
    assert in_order(some) == sorted(some, key=by_place)


def test_a_raw_is_known_to_come_from_nothing(registry: Registry) -> None:
    registry.record(survey())
    stamp = registry.stamp(uid("raw 1"))
    assert (stamp.parents, stamp.raws, stamp.n_parents, stamp.n_raws) == ((), (), 0, 0)


def test_what_nobody_made_is_not_known_to_come_from_nothing(registry: Registry) -> None:
    registry.record(
        record(
            step("s", ["stub"], ["x"]), datasets=(dataset("flat", "flat"),), categories={"flat": Category.CALIBRATION}
        )
    )
    for name in ("flat", "stub"):
        stamp = registry.stamp(uid(name))
        assert (stamp.parents, stamp.raws, stamp.n_parents, stamp.n_raws) == (None, None, None, None)


def test_raws_above_a_stub_are_not_counted(registry: Registry) -> None:
    registry.record(record(step("s", ["stub", "raw"], ["x"]), datasets=(dataset("raw", "raw"),)))
    stamp = registry.stamp(uid("x"))
    assert stamp.n_parents == 2
    assert (stamp.raws, stamp.n_raws) == (None, None)


def test_a_did_given_by_a_record_is_kept(registry: Registry) -> None:
    registry.record(record(datasets=(dataset("a", publisher_did="ivo://other.org/x?1"),)))
    stamp = registry.stamp(uid("a"))
    assert stamp.publisher_did == "ivo://other.org/x?1"
    assert stamp.datalink == "https://example.org/prov/links?ID=ivo%3A%2F%2Fother.org%2Fx%3F1"


def test_without_an_address_no_pointer_is_made(tmp_path: Path) -> None:
    with Registry.create(tmp_path / "bare.db") as registry:
        registry.record(survey())
        stamp = registry.stamp(uid("coadd"))
    assert (stamp.publisher_did, stamp.datalink) == (None, None)
