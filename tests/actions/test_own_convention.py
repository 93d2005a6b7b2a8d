"""A user's own convention file is read wherever headers are read; names say which conventions alone are."""

from __future__ import annotations

from pathlib import Path

import pytest

import fitsprov
from fitsprov import Registry, Stamp
from fitsprov.actions.conventions import readable_conventions
from fitsprov.actions.verifying import verify_all
from fitsprov.errors import NotFits, UsageError
from tests.actions.conftest import Write, parent, uid, write_cards

MYOBS = """
name = "{name}"
title = "My Observatory"
source = "the test"
write = true
prefix = "MYO"

keywords = [
  {{ name = "MYOUUID", field = "id", kind = "uuid" }},
  {{ name = "MYORUN", field = "run", kind = "text" }},
  {{ name = "MYOIN{{n}}", field = "parents.{{n}}.id", kind = "name" }},
]
"""


@pytest.fixture
def myobs(tmp_path: Path) -> str:
    """A convention file of a user."""
    path = tmp_path / "myobs.toml"
    path.write_text(MYOBS.format(name="myobs"))
    return str(path)


@pytest.fixture
def stamped(write: Write, myobs: str) -> Path:
    """A file that is stamped in that convention alone."""
    return write("a.fits", myobs, id=uid("a"), run="mine", parents=[parent("b")])


def test_it_is_read_only_where_it_is_named(stamped: Path, myobs: str) -> None:
    assert fitsprov.read(stamped) is None
    assert fitsprov.read(stamped, conventions=[myobs]).id == uid("a")
    assert fitsprov.inspect(stamped, conventions=[myobs]).conventions == ("myobs",)
    assert fitsprov.inspect({"MYORUN": "mine"}, conventions=[myobs]).stamp == Stamp(run="mine")


def test_a_file_is_read_beside_those_that_ship_and_a_name_alone(stamped: Path, myobs: str) -> None:
    fitsprov.stamp(stamped, Stamp(id=uid("a")), conventions=("native", "rubin"))
    read = {
        (): ("native", "rubin"),
        (myobs,): ("native", "rubin", "myobs"),
        ("rubin",): ("rubin",),
        ("rubin", myobs): ("rubin", "myobs"),
        ("cadc",): (),
    }
    for names, expected in read.items():
        assert fitsprov.inspect(stamped, conventions=names).conventions == expected


def test_a_file_takes_the_place_of_one_that_ships(tmp_path: Path) -> None:
    (tmp_path / "own.toml").write_text(MYOBS.format(name="cadc"))
    found = [known.prefixes for known in readable_conventions([str(tmp_path / "own.toml")]) if known.name == "cadc"]
    assert found == [(b"MYO",)]


def test_a_file_that_changes_is_read_anew(stamped: Path, myobs: str) -> None:
    assert fitsprov.inspect(stamped, conventions=[myobs]).conventions == ("myobs",)
    Path(myobs).write_text(MYOBS.format(name="my_observatory"))
    assert fitsprov.inspect(stamped, conventions=[myobs]).conventions == ("my_observatory",)


@pytest.mark.parametrize("jobs", [1, 2])
def test_it_is_harvested_resolved_and_verified(stamped: Path, myobs: str, registry: Registry, jobs: int) -> None:
    assert fitsprov.harvest([stamped], registry).unstamped == 1
    done = fitsprov.harvest(stamped, registry, conventions=[myobs], jobs=jobs)
    assert (done.counts.datasets, done.counts.edges, list(done.conventions)) == (1, 1, ["myobs"])
    found = fitsprov.resolve(stamped, registry, conventions=[myobs])
    assert (found.status, [row["id"] for row in found.parent_rows()]) == ("resolved", [str(uid("b"))])
    assert fitsprov.resolve(stamped, registry).status == "unstamped"
    assert fitsprov.verdict_of(fitsprov.verify(stamped, registry, conventions=[myobs])) == "ok"
    assert fitsprov.verdict_of(fitsprov.verify(stamped, registry)) == "missing"


def test_what_is_no_convention_is_refused_before_anything_is_read(registry: Registry, tmp_path: Path) -> None:
    for name in ("nonsense", str(tmp_path / "absent.toml")):
        with pytest.raises(UsageError, match=name):
            fitsprov.harvest([tmp_path], registry, conventions=[name])
        with pytest.raises(UsageError, match=name):
            fitsprov.inspect({}, conventions=[name])


@pytest.mark.parametrize("cards", [(), ("IMCMB001= 'raw1.fits'", "NCOMBINE= 1")])
def test_headers_without_an_id_resolve_as_they_were_harvested(
    cards: tuple[str, ...], registry: Registry, tmp_path: Path
) -> None:
    given = cards or ("PRVCNT  =                    1", "PRV1    = 'raw1'", "OBSCNT  = 0", "FILEID  = 'combined'")
    path = write_cards(tmp_path / "combined.fits", *given)
    expected = fitsprov.resolve(path)
    assert (expected.status, expected.dataset.id) == ("unknown", expected.lineage.focus)
    fitsprov.harvest([path], registry)
    found = fitsprov.resolve(path, registry)
    assert (found.status, found.source) == ("resolved", "registry")
    assert found.dataset.id == expected.dataset.id
    assert found.to_json()["dataset"]["id"] == str(expected.dataset.id)
    assert expected.to_json()["dataset"]["id"] is None
    assert [row["id"] for row in found.parent_rows()] == [row["id"] for row in expected.parent_rows()]
    assert "dataset-unknown" not in {finding.code for finding in fitsprov.verify(path, registry)}


def test_names_belong_to_the_convention_whose_list_they_are_in(registry: Registry, tmp_path: Path) -> None:
    one = write_cards(tmp_path / "one.fits", "CAL_VER = '1.0'", "IMCMB001= 'raw1.fits'")
    other = write_cards(tmp_path / "other.fits", "IMCMB001= 'raw1.fits'")
    fitsprov.harvest([one, other], registry)
    raws = {row["id"] for path in (one, other) for row in fitsprov.resolve(path, registry).parent_rows()}
    assert len(raws) == 1


def test_files_are_verified_together_as_each_alone(write: Write, registry: Registry, tmp_path: Path) -> None:
    said = {"run": "run", "type": "image", "parents": [parent("raw")]}
    files = [write(f"{n}.fits", id=uid(f"{n}"), activity_id=uid(f"quantum {n}"), **said) for n in range(4)]
    fitsprov.harvest(files[:3], registry)
    fitsprov.stamp(files[1], Stamp(id=uid("1"), run="another"))
    bare = write_cards(tmp_path / "bare.fits")
    (tmp_path / "none.fits").write_text("no FITS file")
    names = [str(path) for path in (*files, bare, tmp_path / "none.fits", files[0])]
    together = list(verify_all(names, registry))
    assert isinstance(together.pop(5), NotFits)
    del names[5]
    assert together == [fitsprov.verify(name, registry) for name in names]
    assert [fitsprov.verdict_of(found) for found in together] == ["ok", "stale", "ok", "unknown", "missing", "ok"]
    assert list(verify_all(names)) == [fitsprov.verify(name) for name in names]


def test_files_are_read_again_by_another_convention_on_request(stamped: Path, myobs: str, registry: Registry) -> None:
    fitsprov.stamp(stamped, Stamp(id=uid("a"), run="mine"))
    assert fitsprov.harvest(stamped, registry).counts.edges == 0
    assert fitsprov.harvest(stamped, registry, conventions=[myobs]).unchanged == 1
    done = fitsprov.harvest(stamped, registry, conventions=[myobs], again=True)
    assert (done.unchanged, done.counts.edges) == (0, 1)
