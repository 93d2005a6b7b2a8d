"""Many files after a service has moved: each by a flip, and what was interrupted is finished by the same command."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from uuid import UUID

import pytest
from astropy.io import fits

import fitsprov as api
from tests.cli.conftest import Fitsprov

ROOT = Path(__file__).parent.parent.parent
FILES = 120
OLD, NEW = "https://old.example.org", "https://new.example.org"
AUTHORITY = "ivo://example.org/x"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Stamped files, each of a dataset of its own."""
    made = tmp_path / "d"
    made.mkdir()
    fits.PrimaryHDU([[1, 2], [3, 4]]).writeto(tmp_path / "bare.fits", checksum=True)
    for n in range(FILES):
        path = made / f"{n:03}.fits"
        path.write_bytes((tmp_path / "bare.fits").read_bytes())
        did = f"{AUTHORITY}?{UUID(int=n + 1)}"
        link = f"{OLD}/links?ID={did.replace(':', '%3A').replace('/', '%2F').replace('?', '%3F')}"
        api.stamp(path, api.Stamp(id=UUID(int=n + 1), run="r", publisher_did=did, datalink=link, parents=[UUID(int=n)]))
    return made


def others(path: Path) -> list[str]:
    """All cards but those that move."""
    moving = ("DATALINK", "FPV_DID", "FPV_SEAL")
    return [str(card) for card in fits.getheader(path).cards if card.keyword not in moving]


def check(folder: Path, inodes: dict[str, int], before: dict[str, list[str]]) -> None:
    """All point to the new place, in the files that they were, and nothing else has changed."""
    assert {path.name: path.stat().st_ino for path in folder.iterdir()} == inodes
    for path in folder.iterdir():
        stamp = api.read(path)
        assert stamp is not None
        assert stamp.datalink is not None
        assert stamp.datalink.startswith(f"{NEW}/links?ID=")
        assert others(path) == before[path.name]
        assert "seal-broken" not in {finding.code for finding in api.inspect(path).findings}


def seen(folder: Path) -> tuple[dict[str, int], dict[str, list[str]]]:
    paths = sorted(folder.iterdir())
    return {path.name: path.stat().st_ino for path in paths}, {path.name: others(path) for path in paths}


@pytest.mark.parametrize("jobs", [1, 2])
def test_each_is_flipped_and_a_second_run_finds_nothing_to_do(folder: Path, fitsprov: Fitsprov, jobs: int) -> None:
    inodes, before = seen(folder)
    command = f"repoint -r {folder} --base-url {NEW} --jobs {jobs}"
    assert fitsprov(command).out.splitlines()[-1] == f"{FILES} done"
    check(folder, inodes, before)
    assert fitsprov(command).out.splitlines()[-1] == f"{FILES} unchanged"


def test_a_run_that_was_killed_is_finished_by_the_next(folder: Path, fitsprov: Fitsprov) -> None:
    inodes, before = seen(folder)
    command = [sys.executable, "-m", "fitsprov", "repoint", "-r", str(folder), "--base-url", NEW, "--fsync"]
    child = subprocess.Popen(command, env={**os.environ, "PYTHONPATH": str(ROOT)}, stdout=subprocess.DEVNULL)
    first = folder / "000.fits"
    written = first.stat().st_mtime_ns  # a file that somebody reads would be copied
    until = time.monotonic() + 30
    while first.stat().st_mtime_ns == written and time.monotonic() < until:
        pass
    time.sleep(0.002)
    child.send_signal(signal.SIGKILL)
    child.wait()
    assert NEW.encode() in first.read_bytes()
    assert fitsprov(f"repoint -r {folder} --base-url {NEW}").code == 0
    check(folder, inodes, before)
