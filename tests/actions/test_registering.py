"""The stamps of many files by the paths that records gave, asked for together."""

from __future__ import annotations

from pathlib import Path

import pytest

from fitsprov import Registry
from fitsprov.actions.choosing import StampSource, Values
from fitsprov.actions.registering import stamps_of_files
from fitsprov.errors import Conflict, FitsprovError, StampRefused
from fitsprov.model.lineage import Dataset
from fitsprov.model.record import Record
from tests.actions.conftest import uid

NAMES = ("a.fits", "with blank.fits", "100%.fits", "müon.fits")


@pytest.fixture
def folder(registry: Registry, tmp_path: Path) -> Path:
    """A folder whose files records gave, one of them for two datasets."""
    folder = tmp_path / "data"
    folder.mkdir()
    given = [Dataset(id=uid(name), type="raw", run="raws", uri=(folder / name).as_uri()) for name in NAMES]
    twice = [Dataset(id=uid(f"twice {n}"), type="raw", uri=(folder / "twice.fits").as_uri()) for n in range(2)]
    registry.record(Record(source="record", datasets=(*given, *twice)))
    (tmp_path / "link").symlink_to(folder)
    return folder


def test_each_gets_the_stamp_of_its_dataset(registry: Registry, folder: Path) -> None:
    found = list(stamps_of_files(registry, [str(folder / name) for name in NAMES]))
    assert found == [registry.stamp(uid(name)) for name in NAMES]


@pytest.mark.parametrize("way", ["data/../data", "link", "link/../data"])
def test_paths_are_told_apart_by_where_they_lead(
    registry: Registry, folder: Path, way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder.parent)
    (stamp,) = stamps_of_files(registry, [f"{way}/a.fits"])
    assert stamp == registry.stamp(uid("a.fits"))


def test_what_no_record_gives_or_two_do_is_an_error_of_its_own(registry: Registry, folder: Path) -> None:
    names = [str(folder / name) for name in ("a.fits", "absent.fits", "twice.fits", "100%.fits")]
    one, absent, twice, other = stamps_of_files(registry, names)
    assert (one, other) == (registry.stamp(uid("a.fits")), registry.stamp(uid("100%.fits")))
    assert isinstance(absent, StampRefused)
    assert "absent.fits: no record gives this path" in str(absent)
    assert isinstance(twice, Conflict)
    assert all(str(uid(f"twice {n}")) in str(twice) for n in range(2))


def test_nobody_says_what_a_file_is(folder: Path) -> None:
    values = Values()
    (found,) = StampSource(values, values.stamp()).for_files(["a.fits"])
    assert isinstance(found, FitsprovError)
    assert "nobody says what it is" in str(found)


def test_one_dataset_is_that_of_all(registry: Registry, folder: Path) -> None:
    values = Values(id=str(uid("a.fits")))
    found = list(StampSource(values, values.stamp(), registry).for_files(["x.fits", "y.fits"]))
    assert found == [registry.stamp(uid("a.fits"))] * 2
    values = Values(id=str(uid("nobody knows")))
    refused = list(StampSource(values, values.stamp(), registry).for_files(["x.fits", "y.fits"]))
    assert [str(one).split(":")[0] for one in refused] == ["x.fits", "y.fits"]
