"""Commands that say something of datasets, list what happened, and bring files back."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from astropy.io import fits
from click.testing import CliRunner, Result

import fitsprov
from fitsprov.cli import main

RAW, IMAGE, NEW = (f"00000000-0000-4000-8000-00000000000{n}" for n in range(3))
Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run a command beside a registry with a raw and its image."""
    monkeypatch.chdir(tmp_path)
    document: dict[str, Any] = {
        "fitsprov": 1,
        "run": "drp/1",
        "datasets": [{"id": RAW, "type": "raw", "name": "SC_1"}, {"id": NEW, "type": "image"}],
        "activities": [
            {
                "task": "isr",
                "ended": "2026-01-01T00:05:00Z",
                "used": [{"id": RAW}],
                "generated": [{"id": IMAGE, "type": "image"}, {"id": "isr.log", "type": "log"}],
            }
        ],
        "types": {"log": {"category": "log"}},
        "observations": [{"dataset": RAW, "start": "2026-01-01T00:00:00Z", "end": "2026-01-01T00:00:30Z"}],
        "metrics": [{"dataset": RAW, "name": "seeing", "value": 0.7, "unit": "arcsec", "time": "2026-01-01T00:00:30Z"}],
        "events": [
            {"component": "LSSTCam/REB", "kind": "firmware", "from": "1", "to": "2", "time": "2025-05-01T12:00:00Z"},
            {"component": "dome", "kind": "wind", "time": "2025-12-31T23:00:00Z", "until": "2026-01-01T01:00:00Z"},
        ],
    }
    with fitsprov.Registry.create(tmp_path / "fitsprov.db") as registry:
        registry.record(document)
    return lambda *words: CliRunner().invoke(main, words, catch_exceptions=False)


def test_events_of_a_dataset_are_those_around_it(run: Run) -> None:
    lines = run("events", "SC_1").output.splitlines()
    assert [line.split() for line in lines] == [
        ["2025-12-31", "23:00:00", "to", "2026-01-01", "01:00:00", "event", "dome", "wind"],
        f"2026-01-01 00:00:30 metric seeing 0.7 arcsec {RAW}".split(),
    ]
    (log,) = json.loads(run("events", IMAGE, "--json").output)
    assert (log["source"], log["kind"], log["time"]) == ("log", "log", "2026-01-01T00:05:00Z")


def test_events_are_chosen_by_time_and_component(run: Run) -> None:
    assert len(run("events").output.splitlines()) == 4
    some = run("events", "--limit", "2")
    assert len(some.stdout.splitlines()) == 2
    assert some.stderr == "fitsprov: there are more; these are the first 2\n"
    every = len(run("events").stdout.splitlines())
    assert run("events", "--limit", str(every)).stderr == ""
    assert "firmware" in run("events", "--component", "LSSTCam/*").output
    assert run("events", "--since", "2026-01-01T00:04:00Z", "--until", "2026-01-01T00:06:00Z").output.count("\n") == 2
    assert run("events", "--since", "2027-01-01").exit_code == 1
    assert run("events", "--since", "soon").exit_code == 2
    assert run("events", "nobody").exit_code == 1


def test_annotate_says_how_a_dataset_stands(run: Run) -> None:
    done = run("annotate", IMAGE, "--kind", "retracted", "--why", "bad flat", "--by", "me")
    assert done.output == f"retracted   {IMAGE}: bad flat\n"
    resolved = run("resolve", IMAGE)
    assert resolved.exit_code == 1
    assert "dataset-retracted" in resolved.output
    (found,) = [
        one
        for one in json.loads(run("find", "--run", "drp/1", "--type", "image", "--json").output)
        if one["id"] == IMAGE
    ]
    assert found["standing"] == "retracted"
    assert "retracted" in run("find", "--type", "image").output
    (said,) = json.loads(run("annotate", IMAGE, "--kind", "superseded", "--successor", NEW, "--json").output)
    assert (said["kind"], said["successor"], said["dataset"]) == ("superseded", NEW, IMAGE)
    assert run("annotate", "nobody", "--why", "x").exit_code == 1
    assert run("annotate", IMAGE, "--kind", "superseded").exit_code == 2


@pytest.fixture
def product(tmp_path: Path) -> Path:
    """A file that some other tool made from the image, with the header that it copied."""
    path = tmp_path / "product.fits"
    fits.PrimaryHDU(np.arange(12.0).reshape(3, 4)).writeto(path)
    with fitsprov.Registry(tmp_path / "fitsprov.db") as registry:
        fitsprov.stamp(path, registry.stamp(IMAGE))
    return path


def test_adopt_brings_a_file_back(run: Run, product: Path) -> None:
    before = product.read_bytes()
    (done,) = json.loads(
        run("adopt", "product.fits", "--type", "masked", "--software", "swarp=2.41", "--by", "me", "--json").output
    )
    assert (done["status"], done["type"], done["derived_from"]) == ("adopted", "masked", [IMAGE])
    assert product.read_bytes() == before
    (found,) = json.loads(run("resolve", "product.fits", "--json").output)
    assert (found["status"], found["source"]) == ("resolved", "registry")
    assert found["dataset"]["id"] == done["id"]
    assert found["dataset"]["origin"] == "external"
    assert found["activity"]["task"] == "external"
    assert found["activity"]["environment"]["packages"] == [{"manager": "external", "name": "swarp", "version": "2.41"}]
    assert [one["id"] for one in found["parents"]] == [IMAGE]
    assert [one["id"] for one in found["raws"]] == [RAW]
    assert found["facts"]["derived_from"] == [IMAGE]
    assert [one["code"] for one in found["findings"]] == ["found-by-content"]
    again = run("adopt", "product.fits")
    assert again.output.startswith("unchanged product.fits")
    other = run("adopt", "product.fits", "--type", "image")
    assert other.exit_code == 3
    assert "type is 'image' but stands as 'masked'; expected that" in other.stderr


def test_an_adopted_file_is_found_by_its_data_without_a_header(run: Run, product: Path) -> None:
    run("adopt", "product.fits", "--derived-from", RAW)
    run("strip", "product.fits")
    product.rename("elsewhere.fits")
    (found,) = json.loads(run("resolve", "elsewhere.fits", "--json").output)
    assert found["status"] == "resolved"
    assert [one["id"] for one in found["parents"]] == [RAW]
    fits.PrimaryHDU(np.zeros((3, 4))).writeto("other.fits")
    assert run("resolve", "other.fits").exit_code == 1


@pytest.mark.parametrize("first", ["harvest", "adopt"])
def test_an_adopted_file_stays_what_it_is_whatever_its_copied_header_says(run: Run, product: Path, first: str) -> None:
    if first == "harvest":
        run("harvest", "product.fits")
    (done,) = json.loads(run("adopt", "product.fits", "--json").output)
    harvested = run("harvest", "product.fits", "--fingerprint", "--again")
    assert "this file was recorded or adopted as another dataset, which stands" in harvested.output
    (found,) = json.loads(run("resolve", "product.fits", "--json").output)
    assert (found["status"], found["dataset"]["id"]) == ("resolved", done["id"])
    (status,) = json.loads(run("registry", "status", "--json").output)
    assert status["stamped"] == {"native": 1}


def test_adopt_refuses_what_nobody_knows_the_source_of(run: Run, product: Path) -> None:
    fits.PrimaryHDU(np.ones(3)).writeto("plain.fits")
    assert "expected --derived-from" in run("adopt", "plain.fits").output
    assert run("adopt", "plain.fits", "--derived-from", "nobody").exit_code == 1
    assert run("adopt", "plain.fits", "--derived-from", "SC_1", "--software", "x").exit_code == 2
    fits.PrimaryHDU().writeto("empty.fits")
    assert "no data that could identify it" in run("adopt", "empty.fits", "--derived-from", "SC_1").output
    assert run("adopt", "plain.fits", "--derived-from", "SC_1").exit_code == 0


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ((RAW, "--kind", "retract"), "'retract' is not one of 'note', 'retracted'"),
        ((RAW,), "a note that says nothing; expected --why"),
        ((RAW, "nothing", "--why", "x"), "nothing: no such dataset in the registry"),
    ],
)
def test_what_cannot_be_noted_is_noted_of_nothing(run: Run, words: tuple[str, ...], message: str) -> None:
    ran = run("annotate", *words)
    assert ran.exit_code in (1, 2)
    assert message in ran.stderr
    assert "annotation" not in run("events", RAW).stdout


def test_datasets_are_listed_by_their_names_where_they_have_no_data_id(run: Run) -> None:
    assert run("find", "--type", "raw").stdout.split() == [RAW, "raw", "SC_1", "drp/1"]
    assert "Invalid value for '--since'" in run("find", "--since", "yesterday").stderr


def test_a_registry_and_a_record_are_moved_through_pipes(run: Run, tmp_path: Path) -> None:
    dumped = run("registry", "dump", "-")
    assert dumped.stderr.startswith("dumped    -")
    there = ("--registry", "sqlite:///there.db")
    assert run("init", *there).exit_code == 0
    loaded = CliRunner().invoke(main, ["registry", "load", "-", *there], input=dumped.stdout)
    assert (loaded.exit_code, run("find", *there).stdout) == (0, run("find").stdout)
    record = "fitsprov: 1\ndatasets: [{id: piped, type: raw, file: a.fits}]"
    assert CliRunner().invoke(main, ["record", "-"], input=record).exit_code == 0
    (found,) = json.loads(run("find", "--name", "piped", "--json").stdout)
    assert found["uri"] == (tmp_path / "a.fits").as_uri()
    assert not Path("-").exists()


def test_a_folder_that_is_no_source_tree_is_said(run: Run, tmp_path: Path) -> None:
    ran = run("environment", "--source", str(tmp_path))
    assert (ran.exit_code, ran.stderr) == (3, f"fitsprov: {tmp_path}: no git work tree; expected one with a commit\n")


def test_a_recorded_file_is_found_by_its_data(run: Run, tmp_path: Path) -> None:
    fits.PrimaryHDU(np.arange(6.0)).writeto(tmp_path / "data.fits")
    (tmp_path / "notes.txt").write_text("no FITS file")
    files = ("data.fits", "notes.txt", "gone.fits")
    datasets = [{"id": name, "type": "image", "file": name} for name in files]
    Path("files.json").write_text(json.dumps({"fitsprov": 1, "datasets": datasets}))
    assert "1 fact" in run("record", "files.json", "--fingerprint").stdout
    assert "nothing new" in run("record", "files.json", "--fingerprint").stdout
    (tmp_path / "data.fits").rename("elsewhere.fits")
    (found,) = json.loads(run("resolve", "elsewhere.fits", "--json").stdout)
    assert found["status"] == "resolved"
    assert [one["code"] for one in found["findings"]] == ["found-by-content"]
    fits.PrimaryHDU(np.zeros(6)).writeto(tmp_path / "data.fits")
    assert "its data are sha256:" in run("record", "files.json", "--fingerprint").stderr


def test_a_file_that_was_stamped_with_a_fingerprint_is_found_without_its_header(run: Run, tmp_path: Path) -> None:
    fits.PrimaryHDU(np.arange(6.0)).writeto(tmp_path / "data.fits")
    known = ("resolve", "data.fits", "--json")
    assert run("stamp", "data.fits", "--id", IMAGE).exit_code == 0
    assert run("strip", "data.fits").exit_code == 0
    assert json.loads(run(*known).stdout)[0]["status"] == "unstamped"
    assert run("stamp", "data.fits", "--id", IMAGE, "--fingerprint", "--dry-run").exit_code == 0
    assert json.loads(run(*known).stdout)[0]["status"] == "unstamped"
    assert run("stamp", "data.fits", "--id", IMAGE, "--fingerprint").exit_code == 0
    assert run("strip", "data.fits").exit_code == 0
    (found,) = json.loads(run(*known).stdout)
    assert (found["status"], found["dataset"]["id"]) == ("resolved", IMAGE)
    assert run("stamp", "data.fits", "--new-id", "--fingerprint").exit_code == 0


def test_a_dimension_with_two_values_is_refused_wherever_one_is_given(run: Run, product: Path) -> None:
    twice = ("--data-id", "band=r", "--data-id", "band=g")
    before = product.read_bytes()
    for words in (("find", *twice), ("stamp", "product.fits", *twice), ("adopt", "product.fits", *twice)):
        ran = run(*words)
        assert ran.exit_code == 2
        assert ran.stderr == "fitsprov: dataId band is given as 'r' and as 'g'; expected one value\n"
    assert product.read_bytes() == before


def test_a_stamp_is_written_though_the_registry_cannot_be(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fits.PrimaryHDU(np.arange(6.0)).writeto(tmp_path / "data.fits")
    with monkeypatch.context() as readonly:
        readonly.setattr("fitsprov.registry.engines.sqlite.may_write", lambda path: False)
        ran = run("stamp", "data.fits", "--id", IMAGE, "--fingerprint", "--json")
    assert ran.exit_code == 1
    assert json.loads(ran.stdout)[0]["status"] == "done"
    assert "read-only here" in ran.stderr
    assert ran.stderr.endswith("; the stamps are written, the registry does not know their fingerprints\n")
    stamp = fitsprov.read(tmp_path / "data.fits")
    assert stamp is not None
    assert (stamp.fingerprint or "").startswith("sha256:1:")
    fits.setval(tmp_path / "data.fits", "OBJECT", value="M 31")
    assert run("stamp", "data.fits", "--id", IMAGE, "--fingerprint").exit_code == 0
    with fitsprov.Registry(tmp_path / "fitsprov.db") as registry:
        assert [str(one.id) for one in registry.datasets_with(stamp.fingerprint or "")] == [IMAGE]
