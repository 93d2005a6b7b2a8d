"""Bad input: one line that names file, value and what was expected; the others are done; nothing is half-written."""

from __future__ import annotations

import shutil
import sqlite3
from pathlib import Path

import pytest
from astropy.io import fits

from tests.cli.conftest import COADD, COADD_FILE, Fitsprov

RECORD = "fitsprov: 1\nrun: r\n"
ID = "f315c01b-0cd6-51f0-95e8-fce95e84df78"
OTHER = "019b3e1c-4e9a-7824-901b-e81813c952f1"


def make_bad_files(folder: Path) -> None:
    (folder / "page.fits").write_text("<!DOCTYPE html><html></html>")
    (folder / "empty.fits").write_bytes(b"")
    fits.PrimaryHDU().writeto(folder / "good.fits")
    whole = (folder / "good.fits").read_bytes()
    (folder / "cut.fits").write_bytes(whole[:1000])
    (folder / "folder.fits").mkdir()


@pytest.mark.parametrize("command", ["show", "resolve", "verify", "strip", "stamp --run r"])
@pytest.mark.parametrize("name", ["page.fits", "empty.fits", "cut.fits", "folder.fits", "absent.fits"])
def test_a_bad_file_is_one_line_and_exit_code_3(fitsprov: Fitsprov, tmp_path: Path, command: str, name: str) -> None:
    make_bad_files(tmp_path)
    before = Path(name).read_bytes() if Path(name).is_file() else None
    ran = fitsprov(f"{command} {name}")
    assert ran.code == 3
    assert len(ran.err.splitlines()) == 1
    assert name in ran.err
    assert "expected" in ran.err
    assert (Path(name).read_bytes() if Path(name).is_file() else None) == before


def test_the_others_are_still_done(fitsprov: Fitsprov, tmp_path: Path) -> None:
    make_bad_files(tmp_path)
    ran = fitsprov("stamp page.fits good.fits cut.fits --run r --type t --json")
    assert ran.code == 3
    assert [item["status"] for item in ran.json] == ["refused", "done", "refused"]
    assert len(ran.err.splitlines()) == 2
    assert fits.getheader("good.fits")["FPV_RUN"] == "r"


def test_jobs_give_the_same_answers(fitsprov: Fitsprov, tmp_path: Path) -> None:
    make_bad_files(tmp_path)
    for n in range(5):
        shutil.copy("good.fits", f"good{n}.fits")
    names = "page.fits " + " ".join(f"good{n}.fits" for n in range(5))
    ran = fitsprov(f"stamp {names} --run r --jobs 2 --json")
    assert ran.code == 3
    assert [item["status"] for item in ran.json] == ["refused"] + ["done"] * 5
    assert fitsprov(f"stamp {names} --run r --jobs 2 --json").json[1]["status"] == "unchanged"


def test_an_unreadable_file_is_named(fitsprov: Fitsprov, tmp_path: Path) -> None:
    Path("loop.fits").symlink_to("loop.fits")
    ran = fitsprov("show loop.fits")
    assert ran.code == 3
    assert "loop.fits" in ran.err


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("resolve 00000000-0000-0000-0000-000000000000", 1),
        ("resolve not-an-id", 2),
        ("resolve not/a/file.fits", 3),
        ("links 00000000-0000-0000-0000-000000000000", 1),
        ("links nonsense", 2),
        ("stamp raw/SC_O_20260314_00101.fits --id nonsense", 2),
        ("stamp raw/SC_O_20260314_00101.fits --id 00000000-0000-0000-0000-000000000000", 3),
        ("export 00000000-0000-0000-0000-000000000000 x.fits", 3),
        ("stamp raw/SC_O_20260314_00101.fits raw/SC_O_20260314_00102.fits --new-id --data-id broken", 2),
        ("find --type nothing", 1),
        ("frobnicate", 2),
        ("stamp", 2),
    ],
)
def test_exit_codes(survey: Path, fitsprov: Fitsprov, line: str, code: int) -> None:
    ran = fitsprov(line)
    assert ran.code == code, ran.err
    assert "Traceback" not in ran.err


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (RECORD + "colour: red\n", ["colour"]),
        (f"{RECORD}datasets:\n - {{id: {ID}, type: raw, shape: round}}\n", ["shape"]),
        (f"{RECORD}datasets:\n - {{id: {ID}}}\n", ["type"]),
        ("fitsprov: 7\n", ["7"]),
        ("run: r\n", ["fitsprov"]),
        ("- 1\n- 2\n", ["expected"]),
        ("a: [", ["expected"]),
        (f"{RECORD}datasets:\n - {{id: {ID}, type: raw}}\n - {{id: {ID}, type: raw}}\n", [ID]),
        (
            f"{RECORD}activities:\n - {{task: a, used: [{{id: {ID}}}], generated: [{{id: {OTHER}, type: x}}]}}\n"
            f" - {{task: b, used: [{{id: {OTHER}}}], generated: [{{id: {ID}, type: x}}]}}\n",
            ["cycle"],
        ),
    ],
    ids=["key", "dataset-key", "no-type", "version", "no-version", "list", "yaml", "twice", "cycle"],
)
def test_a_bad_record_is_refused_whole(survey: Path, fitsprov: Fitsprov, text: str, words: list[str]) -> None:
    before = fitsprov("registry status --json").json
    Path("bad.yaml").write_text(text)
    ran = fitsprov("record bad.yaml")
    assert ran.code == 3
    assert len(ran.err.splitlines()) == 1
    assert "bad.yaml" in ran.err
    for word in words:
        assert word in ran.err
    assert fitsprov("registry status --json").json == before


def test_a_contradiction_is_refused_whole(survey: Path, fitsprov: Fitsprov) -> None:
    Path("bad.yaml").write_text(f"{RECORD}datasets:\n - {{id: {COADD}, type: raw, run: elsewhere}}\n")
    ran = fitsprov("record bad.yaml calib.yaml --json")
    assert ran.code == 3
    assert "deep_coadd" in ran.err or "elsewhere" in ran.err


@pytest.mark.parametrize("command", ["find --type raw", f"resolve {COADD}", "record calib.yaml", f"stamp {COADD_FILE}"])
def test_a_registry_of_a_newer_version_is_refused(survey: Path, fitsprov: Fitsprov, command: str) -> None:
    with sqlite3.connect("fitsprov.db") as connection:
        connection.execute("update alembic_version set version_num = 'ffff'")
    connection.close()
    ran = fitsprov(command)
    assert ran.code == 3
    assert len(ran.err.splitlines()) == 1
    assert "fitsprov.db" in ran.err
    assert "expected" in ran.err


def test_no_registry_is_said_in_one_line(fitsprov: Fitsprov) -> None:
    for line in ("find --type raw", f"links {COADD}", "record x.yaml", "registry status"):
        ran = fitsprov(line)
        assert ran.code == 3
        assert len(ran.err.splitlines()) == 1
        assert "expected" in ran.err


def test_a_file_that_is_no_registry_is_refused_and_kept(fitsprov: Fitsprov, tmp_path: Path) -> None:
    Path("notes.db").write_text("my notes")
    for line in ("find --type raw", "init"):
        ran = fitsprov(f"{line} --registry sqlite:///notes.db")
        assert ran.code == 3
        assert "notes.db" in ran.err
    assert Path("notes.db").read_text() == "my notes"
