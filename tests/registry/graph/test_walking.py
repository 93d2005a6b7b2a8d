"""What stands above and below a dataset, filtered and bounded; and the ways between two."""

from __future__ import annotations

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fitsprov.errors import DatasetNotFound, UsageError
from fitsprov.model.lineage import Category, Dataset, Usage
from fitsprov.registry import Registry
from fitsprov.registry.graph.walking import ways
from tests.registry.making import dataset, record, step, survey, uid


@pytest.fixture
def surveyed(registry: Registry) -> Registry:
    """Three raws through a flat into images, two of these into a coadd; the third was presented only."""
    registry.record(survey())
    return registry


def ids(found: object) -> set[UUID]:
    """The IDs of what was found."""
    return {one.id for one in found}  # type: ignore[attr-defined]  # whatever it is, it has datasets


def named(*names: str) -> set[UUID]:
    """IDs by words."""
    return set(map(uid, names))


def test_everything_above_and_below_is_found(surveyed: Registry) -> None:
    above = surveyed.ancestors(uid("coadd"))
    assert ids(above) == named("image 1", "image 2", "raw 1", "raw 2", "flat")
    assert not above.cut
    assert above.generations[uid("image 1")] == 1
    assert above.generations[uid("raw 2")] == 2
    below = surveyed.descendants(uid("flat"))
    assert ids(below) == named("image 1", "image 2", "image 10", "coadd")
    assert {one.id: one for one in below}[uid("coadd")] == surveyed.dataset(uid("coadd"))
    assert len(surveyed.ancestors(uid("raw 1"))) == 0


def test_neighbours_are_one_step_away(surveyed: Registry) -> None:
    assert ids(surveyed.parents(uid("image 1"))) == named("raw 1", "flat")
    assert ids(surveyed.children(uid("raw 1"))) == named("image 1")
    assert surveyed.children(uid("image 10")) == []


def test_what_was_presented_only_counts_where_it_is_asked_for(surveyed: Registry) -> None:
    assert uid("raw 10") not in ids(surveyed.ancestors(uid("coadd")))
    assert uid("raw 10") in ids(surveyed.ancestors(uid("coadd"), presented=True))
    assert ids(surveyed.descendants(uid("image 10"), presented=True)) == named("coadd")


def test_filters_leave_out_what_is_given_and_not_what_leads_there(surveyed: Registry) -> None:
    def above(**which: object) -> set[UUID]:
        return ids(surveyed.ancestors(uid("coadd"), **which))  # type: ignore[arg-type]  # each by its name

    assert above(type="raw") == above(category="raw") == above(run="raw/all") == named("raw 1", "raw 2")
    assert above(type=["raw", "flat"]) == named("raw 1", "raw 2", "flat")
    assert above(category=Category.CALIBRATION) == above(role="flat") == named("flat")
    assert above(category=["product", "calibration"]) == named("image 1", "image 2", "flat")
    assert above(role="warp", type="image") == named("image 1", "image 2")
    assert above(role=("flat", "exposure"), run="raw/all") == named("raw 1", "raw 2")
    assert above(type="nothing") == above(role="nothing") == set()
    assert ids(surveyed.descendants(uid("raw 1"), role="warp")) == named("coadd")
    assert ids(surveyed.descendants(uid("raw 1"), role="exposure")) == named("image 1")


def test_nothing_is_looked_for_behind_a_stop(surveyed: Registry) -> None:
    assert ids(surveyed.ancestors(uid("coadd"), stop="image")) == named("image 1", "image 2")
    assert ids(surveyed.descendants(uid("flat"), stop=["image", "raw"])) == named("image 1", "image 2", "image 10")
    assert ids(surveyed.ancestors(uid("image 1"), stop="calibration")) == named("raw 1", "flat")
    assert ids(surveyed.ancestors(uid("image 1"), stop="image")) == named("raw 1", "flat"), "it begins there"
    assert not surveyed.ancestors(uid("coadd"), stop="image").cut
    with pytest.raises(UsageError, match="stop at 'imgae': neither a dataset type nor a category here"):
        surveyed.ancestors(uid("coadd"), stop="imgae")


@pytest.mark.parametrize("indexed", [False, True])
def test_categories_of_datasets_themselves_count_as_those_of_types(
    registry: Registry, indexed: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = {"bias": Category.CALIBRATION, "exposure": Category.RAW, "frame": Category.CALIBRATION}
    bias, *others = (Dataset(id=uid(name), category=category, stub=True) for name, category in own.items())
    steps = step("combine", ["older"], [bias]), step("isr", ["bias", "frame", "plain", "exposure"], ["image"])
    registry.record(record(*steps, datasets=(*others, dataset("plain", "frame"))))
    registry.record(record(datasets=(dataset("frame", "frame"),)))
    if indexed:
        monkeypatch.setattr("fitsprov.registry.adjacency.graph.FEW", 0)
        registry.index()
    focus = uid("image")
    assert ids(registry.raws(focus)) == ids(registry.ancestors(focus, category="raw")) == named("exposure")
    assert ids(registry.ancestors(focus, category="calibration")) == named("bias", "frame")
    assert ids(registry.ancestors(focus, category=["calibration", "product"])) == named("bias", "frame")
    assert ids(registry.ancestors(focus, type="frame")) == named("frame", "plain")
    assert uid("older") not in ids(registry.ancestors(focus, stop="calibration"))
    assert uid("older") in ids(registry.ancestors(focus, stop="raw"))
    lineage = registry.lineage(focus)
    told = {one.id: one.category for one, _ in lineage.parents()}
    assert told == {uid(name): category for name, category in own.items()} | {uid("plain"): None}
    assert [one.id for one in lineage.raws()] == [uid("exposure")]
    near = {one.id: one.category for one, _ in registry.surroundings([str(focus)])[str(focus)].parents}
    assert near == {str(key): category for key, category in told.items()}
    traced = registry.trace(focus).datasets
    assert {row[2]: row[7] for row in traced.values()}.items() >= near.items()


@pytest.mark.parametrize("indexed", [False, True])
def test_a_function_says_where_to_stop(surveyed: Registry, indexed: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if indexed:
        monkeypatch.setattr("fitsprov.registry.adjacency.graph.FEW", 0)
        surveyed.index()
    met: list[UUID] = []

    def is_image(dataset: Dataset) -> bool:
        met.append(dataset.id)
        return dataset.type == "image"

    for walk, focus in ((surveyed.ancestors, "coadd"), (surveyed.descendants, "flat"), (surveyed.ancestors, "image 1")):
        for bounds in ({}, {"depth": 1}, {"limit": 1}, {"limit": 3}, {"type": "raw"}, {"role": "warp"}):
            by_name, by_function = (walk(uid(focus), stop=one, **bounds) for one in ("image", is_image))
            assert (list(by_function), by_function.cut) == (list(by_name), by_name.cut)
            assert by_function.generations == by_name.generations
    met.clear()
    assert len(surveyed.ancestors(uid("coadd"), stop=is_image, presented=True)) == 3
    assert sorted(met) == sorted(named("image 1", "image 2", "image 10"))
    everything = surveyed.ancestors(uid("coadd"), stop=lambda dataset: False)
    assert list(everything) == list(surveyed.ancestors(uid("coadd")))
    assert surveyed.ancestors(uid("coadd"), depth=0, stop=is_image).cut
    with pytest.raises(ZeroDivisionError):
        surveyed.ancestors(uid("coadd"), stop=lambda dataset: bool(1 / 0))


@pytest.mark.parametrize("limit", range(7))
def test_a_limit_says_when_it_cut(surveyed: Registry, limit: int) -> None:
    found = surveyed.ancestors(uid("coadd"), limit=limit)
    assert (len(found), found.cut) == (min(limit, 5), limit < 5)
    assert ids(found) <= ids(surveyed.ancestors(uid("coadd")))
    raws = surveyed.ancestors(uid("coadd"), limit=limit, type="raw")
    assert (len(raws), raws.cut) == (min(limit, 2), limit < 2)


def test_a_depth_says_when_it_cut(surveyed: Registry) -> None:
    assert [surveyed.ancestors(uid("coadd"), depth=n).cut for n in range(4)] == [True, True, False, False]
    assert ids(surveyed.ancestors(uid("coadd"), depth=1)) == named("image 1", "image 2")


def test_bad_bounds_and_unknown_datasets_are_refused(surveyed: Registry) -> None:
    with pytest.raises(UsageError, match="depth -1 is none; expected 0 or more"):
        surveyed.ancestors(uid("coadd"), depth=-1)
    with pytest.raises(UsageError, match="limit -1 is none; expected 0 or more"):
        surveyed.descendants(uid("coadd"), limit=-1)
    with pytest.raises(UsageError, match="limit 0 is none; expected 1 or more"):
        surveyed.paths(uid("flat"), uid("coadd"), limit=0)
    for ask in (surveyed.ancestors, surveyed.descendants, surveyed.parents, surveyed.children, surveyed.raws):
        with pytest.raises(DatasetNotFound):
            ask(uid("nothing"))
    with pytest.raises(DatasetNotFound):
        surveyed.paths(uid("flat"), uid("nothing"))


def test_paths_lead_from_one_to_the_other(surveyed: Registry) -> None:
    def spelled(above: str, below: str, limit: int = 100) -> list[list[UUID]]:
        return [[one.id for one in way] for way in surveyed.paths(uid(above), uid(below), limit=limit)]

    both = [[uid("flat"), uid(f"image {n}"), uid("coadd")] for n in (1, 2)]
    assert sorted(spelled("flat", "coadd")) == sorted(both)
    assert surveyed.paths(uid("flat"), uid("coadd"), limit=1).cut
    assert spelled("coadd", "flat") == spelled("raw 10", "coadd") == []
    assert spelled("flat", "flat") == [[uid("flat")]]


def test_the_shortest_way_comes_first(registry: Registry) -> None:
    registry.record(record(step("a", ["x"], ["y"]), step("b", ["x", "y"], ["z"]), step("c", ["z", "x"], ["end"])))
    found = [[one.id for one in way] for way in registry.paths(uid("x"), uid("end"))]
    assert found == [named_list("x end"), named_list("x z end"), named_list("x y z end")]


def named_list(names: str) -> list[UUID]:
    """IDs by words, in order."""
    return [uid(name) for name in names.split()]


@given(st.dictionaries(st.integers(0, 6), st.sets(st.integers(0, 7), max_size=3)))
def test_all_ways_are_found_once(steps: dict[int, set[int]]) -> None:
    products = {n: sorted(child for child in steps.get(n, ()) if child > n) for n in range(8)}

    def walk(here: int) -> list[tuple[int, ...]]:
        return [(7,)] if here == 7 else [(here, *rest) for child in products[here] for rest in walk(child)]

    found = list(ways(products, 0, 7))
    assert sorted(found) == sorted(walk(0))
    assert [len(way) for way in found] == sorted(len(way) for way in found)


def test_raws_are_found_by_category_and_in_headers_alike(registry: Registry) -> None:
    mine = Dataset(id=uid("mine"), type="exposure")
    steps = [step("s", [Usage(uid("mine")), "raw 1"], ["x"]), step("t", ["x"], ["y"])]
    registry.record(record(*steps, datasets=(mine, dataset("raw 1", "raw")), categories={"exposure": Category.RAW}))
    assert ids(registry.raws(uid("y"))) == named("mine", "raw 1") == ids(registry.lineage(uid("y")).raws())
