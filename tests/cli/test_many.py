"""Many files: jobs, progress, summary, a second run, and Ctrl-C."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from astropy.io import fits

import fitsprov as api
from tests.cli.conftest import Fitsprov

ROOT = Path(__file__).parent.parent.parent
COMMAND = [sys.executable, "-m", "fitsprov"]
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT), "TERM": "xterm"}


def make_files(folder: Path, count: int) -> list[Path]:
    """Write so many small files."""
    folder.mkdir()
    fits.PrimaryHDU().writeto(folder / "0000.fits")
    paths = [folder / f"{n:04d}.fits" for n in range(count)]
    for path in paths[1:]:
        shutil.copy(paths[0], path)
    return paths


def strays(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir() if path.name.startswith(".")]


@pytest.mark.parametrize("jobs", [1, 2, 3])
def test_answers_come_in_the_order_of_the_inputs(tmp_path: Path, fitsprov: Fitsprov, jobs: int) -> None:
    paths = make_files(tmp_path / "d", 400)
    paths[150].write_text("no FITS")
    ran = fitsprov(f"stamp -r d --run r --jobs {jobs}")
    assert ran.code == 3
    lines = ran.out.splitlines()
    assert [line.split()[-1] for line in lines[:-1]] == [f"d/{p.name}" for p in paths if p is not paths[150]]
    assert lines[-1] == "399 done, 1 refused"
    assert ran.err.startswith("fitsprov: d/0150.fits: HDU 0 begins with 'no FITS'")
    assert len(ran.err.splitlines()) == 1
    assert fitsprov(f"stamp -r d --run r --jobs {jobs}").out.splitlines()[-1] == "399 unchanged, 1 refused"


def test_a_second_run_does_what_is_left(tmp_path: Path, fitsprov: Fitsprov) -> None:
    paths = make_files(tmp_path / "d", 50)
    for path in paths[:30]:
        api.stamp(path, api.Stamp(run="r"))
    times = [path.stat().st_mtime_ns for path in paths]
    assert fitsprov("stamp -r d --run r --jobs 2").out.splitlines()[-1] == "30 unchanged, 20 done"
    assert [path.stat().st_mtime_ns == time for path, time in zip(paths, times, strict=True)] == [True] * 30 + [
        False
    ] * 20


def test_new_ids_differ(tmp_path: Path, fitsprov: Fitsprov) -> None:
    paths = make_files(tmp_path / "d", 30)
    assert fitsprov("stamp -r d --run r --new-id --jobs 2").code == 0
    assert len({stamp.id for path in paths if (stamp := api.read(path)) is not None}) == 30


def test_a_walk_takes_what_is_fits_by_name(tmp_path: Path, fitsprov: Fitsprov) -> None:
    folder = tmp_path / "d"
    make_files(folder, 1)
    for name in ("b.fit", "c.FTS", "e.fits.gz", "f.fz", "sub/g.fits.Z", "sub/h.fits", "note.txt", "x.gz", "fits"):
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        shutil.copy(folder / "0000.fits", path)
    found = [item["file"] for item in fitsprov("strip -r d --dry-run --json").json]
    names = ["0000.fits", "b.fit", "c.FTS", "e.fits.gz", "f.fz", "sub/g.fits.Z", "sub/h.fits"]
    assert found == [f"d/{name}" for name in names]


def test_a_folder_that_cannot_be_read_is_named(
    tmp_path: Path, fitsprov: Fitsprov, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_files(tmp_path / "d", 2)
    (tmp_path / "d" / "locked").mkdir()
    scandir = os.scandir

    def refuse(path: str) -> object:
        if str(path).endswith("locked"):
            raise PermissionError(13, "Permission denied", path)
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refuse)
    ran = fitsprov("stamp -r d --run r --json")
    assert ran.code == 3
    assert [item["status"] for item in ran.json] == ["done", "done", "refused"]
    assert "d/locked" in ran.err


def on_a_terminal(*arguments: str, cwd: Path) -> tuple[subprocess.Popen[str], int]:
    """Start a command whose stderr is a terminal; give also the terminal's other end."""
    pty = pytest.importorskip("pty")
    ours, theirs = pty.openpty()
    command = [*COMMAND, *arguments]
    process = subprocess.Popen(
        command, cwd=cwd, env=ENVIRONMENT, stdout=subprocess.PIPE, stderr=theirs, text=True, start_new_session=True
    )
    os.close(theirs)
    return process, ours


def read_terminal(terminal: int) -> str:
    """Read what a terminal showed, to the end."""
    shown = b""
    try:
        while data := os.read(terminal, 65536):
            shown += data
    except OSError:
        pass  # Linux: EIO where the other end is closed
    os.close(terminal)
    return shown.decode()


def test_a_terminal_shows_progress_then_what_was_refused(tmp_path: Path) -> None:
    paths = make_files(tmp_path / "d", 100)
    paths[5].write_text("no FITS")
    process, terminal = on_a_terminal("stamp", "-r", "d", "--run", "r", "--jobs", "2", cwd=tmp_path)
    shown = read_terminal(terminal)
    assert process.communicate()[0] == ""
    assert process.returncode == 3
    bar, refused, summary = shown.strip().replace("\r\n", "\n").split("\n")
    assert "100/100" in bar.rpartition("\r")[2]
    assert "d/0005.fits" in refused
    assert summary == "99 done, 1 refused"


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_an_interrupt_is_one_line_and_130(tmp_path: Path, jobs: str) -> None:
    folder = tmp_path / "d"
    command = [*COMMAND, "stamp", "-r", "d", "--run", "r", "--type", "t", "--atomic", "--jobs", jobs]
    for _ in range(8):  # on a busy machine the writer may be done before it is interrupted
        shutil.rmtree(folder, ignore_errors=True)
        paths = make_files(folder, 3000)
        code, out, err = interrupted_after(command, tmp_path, paths[20])
        if code:
            break
    assert code == 130, err
    (line,) = err.splitlines()
    assert line.startswith("fitsprov: interrupted; ")
    assert line.endswith(" of 3000 were done")
    bare = make_files(tmp_path / "bare", 1)[0].read_bytes()
    stamped = sum(api.read(content) is not None for path in paths if (content := path.read_bytes()) != bare)
    assert int(line.split()[2]) <= stamped < 3000
    assert "Traceback" not in out
    assert subprocess.run(command, cwd=tmp_path, env=ENVIRONMENT, capture_output=True, check=False).returncode == 0
    assert not strays(folder)


def heed_interrupts() -> None:
    """Undo what a shell does to a job in the background: it ignores SIGINT, and so would all that it starts."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


def interrupted_after(command: list[str], folder: Path, file: Path) -> tuple[int, str, str]:
    """Interrupt a command and its workers once it has changed a file."""
    bare = file.read_bytes()
    process = subprocess.Popen(
        command,
        cwd=folder,
        env=ENVIRONMENT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        preexec_fn=heed_interrupts,
    )
    while process.poll() is None and file.read_bytes() == bare:
        time.sleep(0.002)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGINT)
    out, err = process.communicate(timeout=30)
    return process.returncode, out, err


def test_an_interrupt_anywhere_is_one_line_and_130(
    tmp_path: Path, fitsprov: Fitsprov, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("fitsprov.cli.init.create_registry", interrupted)
    ran = fitsprov("init")
    assert (ran.code, ran.out, ran.err) == (130, "", "fitsprov: interrupted\n")
