"""Datasets are found by any spelling of their ID, by name, by file, and by what they are."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fitsprov.errors import Conflict, DatasetNotFound, UsageError
from fitsprov.model.dataid import DataId
from fitsprov.model.identifiers import name_id
from fitsprov.registry import Registry
from fitsprov.registry.datasets import glob, holds
from tests.registry.conftest import NewRegistry
from tests.registry.making import dataset, record, survey, uid
from tests.strategies import data_ids


@pytest.fixture
def surveyed(registry: Registry) -> Registry:
    registry.record(survey())
    return registry


@pytest.mark.parametrize(
    "spelling", ["{}", "ivo://example.org/dr1?{}", "ivo://org.rubinobs/usdac/dr1?repo=dr1&id={}", "butler://dr1/{}"]
)
def test_any_spelling_of_an_id_is_read(surveyed: Registry, spelling: str) -> None:
    text = spelling.format(str(uid("coadd")).upper() if spelling == "{}" else uid("coadd"))
    assert surveyed.dataset(text).id == uid("coadd")


def test_a_did_as_stored_wins_over_its_uuid(registry: Registry) -> None:
    did = f"ivo://elsewhere.org/x?{uid('a')}"
    registry.record(record(datasets=(dataset("a"), dataset("b", publisher_did=did))))
    assert registry.dataset(did).id == uid("b")
    assert registry.dataset(f"ivo://other.org/x?{uid('a')}").id == uid("a")


def test_a_name_finds_its_dataset(surveyed: Registry) -> None:
    assert surveyed.dataset("SC_10").id == uid("raw 10")


def test_a_keyed_name_finds_a_dataset_that_has_another_name_now(registry: Registry) -> None:
    registry.record(record(datasets=(dataset("x"),)))
    registry.record(record(datasets=(replace(dataset("y"), id=name_id("old name"), name="new name"),)))
    assert registry.dataset("old name").name == "new name"


def test_a_name_of_several_is_refused_with_their_ids(registry: Registry) -> None:
    registry.record(record(datasets=tuple(dataset(f"d{n}", name="same") for n in range(4))))
    with pytest.raises(UsageError, match=r"'same' names 4 datasets \(.* …\); expected an ID"):
        registry.dataset("same")


@pytest.mark.parametrize("text", ["", "no such name", "SC_1%", "SC__", "sc_1", "ivo://example.org/dr1?nothing"])
def test_what_names_nothing_is_not_found(surveyed: Registry, text: str) -> None:
    with pytest.raises(DatasetNotFound):
        surveyed.dataset(text)


def test_a_file_finds_its_dataset(surveyed: Registry) -> None:
    assert surveyed.dataset_of_file("file:///data/coadd.fits") == uid("coadd")
    assert surveyed.dataset_of_file("file:///data/other.fits") is None


def test_a_file_of_two_datasets_does_not_tell(surveyed: Registry) -> None:
    surveyed.record(record(datasets=(dataset("new", uri="file:///data/coadd.fits"),)))
    with pytest.raises(Conflict, match=r"recorded for 2 datasets .* expected an ID"):
        surveyed.dataset_of_file("file:///data/coadd.fits")


def test_a_dataset_keeps_its_first_copy_in_view(surveyed: Registry) -> None:
    surveyed.record(record(datasets=(dataset("coadd", "deep_coadd", uri="file:///backup/coadd.fits", size=2880),)))
    assert surveyed.dataset(uid("coadd")).uri == "file:///data/coadd.fits"
    assert surveyed.dataset_of_file("file:///backup/coadd.fits") == uid("coadd")


@pytest.mark.parametrize(
    ("asked", "names"),
    [
        ({"type": "raw"}, ["raw 1", "raw 10", "raw 2"]),
        ({"type": "r*"}, []),
        ({"run": "drp/1"}, ["coadd", "image 1", "image 10", "image 2"]),
        ({"run": "drp/?"}, ["coadd", "image 1", "image 10", "image 2"]),
        ({"run": "*1", "type": "flat"}, ["flat"]),
        ({"run": "DRP/1"}, []),
        ({"run": "DRP/*"}, []),
        ({"run": "drp_1*"}, []),
        ({"run": "%"}, []),
        ({"name": "SC_1*"}, ["raw 1", "raw 10"]),
        ({"name": "SC_?"}, ["raw 1", "raw 2"]),
        ({"name": "SC?10"}, ["raw 10"]),
        ({"name": "[S]C_1"}, []),
        ({"data_id": {"exposure": 1}}, ["image 1", "raw 1"]),
        ({"data_id": {"exposure": 1.0}}, ["image 1", "raw 1"]),
        ({"data_id": {"exposure": "1"}}, []),
        ({"data_id": {"exposure": True}}, []),
        ({"data_id": {"exposure": 1, "instrument": "SimCam"}}, ["raw 1"]),
        ({"data_id": {"instrument": "simcam"}}, []),
        ({"type": "deep_coadd", "data_id": {"tract": 9813}}, ["coadd"]),
        ({"data_id": {}, "type": "flat"}, ["flat"]),
    ],
)
def test_find_by_what_datasets_are(surveyed: Registry, asked: dict[str, Any], names: list[str]) -> None:
    assert sorted(d.id for d in surveyed.find(**asked)) == sorted(map(uid, names))


def test_find_is_ordered_and_limited(surveyed: Registry) -> None:
    everything = surveyed.find()
    assert len(everything) == 8
    assert surveyed.find(limit=3) == everything[:3]
    assert surveyed.find(limit=0) == []
    assert [d.data_id for d in surveyed.find(type="deep_coadd")] == [{"tract": 9813}]


@given(stored=data_ids, asked=data_ids)
def test_a_dataid_holds_its_parts_with_their_types(stored: DataId, asked: DataId) -> None:
    part = {key: stored[key] for key in list(stored)[::2]}
    assert holds(stored, part)
    assert holds(stored, asked) is all(
        k in stored and stored[k] == v and (type(stored[k]) is bool) is (type(v) is bool) for k, v in asked.items()
    )


@pytest.fixture(scope="module")
def shelf(new_registry: NewRegistry) -> Iterator[Registry]:
    """A registry that examples of one test share."""
    with new_registry() as url, Registry(url) as opened:
        yield opened


@given(stored=data_ids)
def test_every_part_of_a_dataid_finds_it(shelf: Registry, stored: DataId) -> None:
    one = dataset(f"of {stored!r}", data_id=stored)
    shelf.record(record(datasets=(one,)))
    for key, value in stored.items():
        assert one.id in {d.id for d in shelf.find(data_id={key: value})}


@given(text=st.text(max_size=8))
def test_a_glob_without_stars_is_its_own_text(text: str) -> None:
    plain = text.replace("*", "").replace("?", "")
    assert glob(plain).fullmatch(plain)
    assert not glob(plain).fullmatch(plain + "x")
    assert glob("*" + plain).fullmatch("before\n" + plain)
