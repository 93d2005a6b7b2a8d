"""Whoever is killed while it writes leaves the old file, the new one, or, of a re-stamp, the one without a stamp."""

from __future__ import annotations

import gzip
import io
import os
import random
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from astropy.io import fits

from fitsprov.files import Decide, clone, edit, edit_file, flip
from fitsprov.files.containers import open_bytes
from fitsprov.files.units import walk
from tests.files.conftest import Stamper, make_file, make_tail, strip

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork and SIGKILL")

STEPS = ("open", "replace", "unlink", "ftruncate", "copy_file_range", "fsync", "fdatasync", "fchmod", "write")


def make_table() -> bytes:
    """Make a FITSPROV table of one block of header and data each."""
    file = io.BytesIO()
    column = fits.Column("ID", "36A", array=["a" * 36, "b" * 36])
    fits.HDUList([fits.PrimaryHDU(), fits.BinTableHDU.from_columns([column], name="FITSPROV")]).writeto(file)
    return file.getvalue()[2880:]


class Case(NamedTuple):
    """One kind of edit: how the file is made, what is done first, and what is killed."""

    name: str
    cards: int
    before: Decide | None
    edit: Decide


CASES = [
    Case("a.fits", 12, None, Stamper(make_tail("one"))),
    Case("a.fits", 12, Stamper(make_tail("one")), Stamper(make_tail("two", 14))),
    Case("a.fits", 12, Stamper(make_tail("one")), strip),
    Case("a.fits", 33, None, Stamper(make_tail("one"))),
    Case("a.fits", 12, None, Stamper(make_tail("one"), table=make_table())),
    Case("a.fits.gz", 12, None, Stamper(make_tail("one"))),
]
NAMES = ["first stamp", "re-stamp", "strip", "growth", "table", "gz"]


def visible(path: Path) -> list[tuple[bytes, bytes]]:
    """Read what a reader sees: each HDU's cards up to END, and its data."""
    with open_bytes(str(path)) as file:
        content = file.read()
    return [
        (unit.header[: unit.end].rstrip(b" "), content[unit.data_start : unit.next_start])
        for unit in walk(io.BytesIO(content), str(path))
    ]


class Scene:
    """A file before an edit, and what it may be found as."""

    def __init__(self, case: Case, folder: Path) -> None:
        self.case, self.path = case, folder / case.name
        plain = make_file(folder / "made", case.cards)
        content = plain.read_bytes()
        plain.unlink()
        self.path.write_bytes(gzip.compress(content, mtime=0) if case.name.endswith(".gz") else content)
        allowed = [visible(self.path)]
        if case.before:
            edit_file(self.path, case.before)
            allowed.append(visible(self.path))
        self.old = self.path.read_bytes()
        self.edit(self.path)
        self.new = self.path.read_bytes()
        self.allowed = [*allowed, visible(self.path)]

    def reset(self, path: Path) -> None:
        """Make the file anew."""
        path.write_bytes(self.old)

    def edit(self, path: Path) -> None:
        """Do what may be killed."""
        edit_file(path, self.case.edit)

    def check(self, path: Path) -> None:
        """Check what was left; then the next call completes it and leaves nothing else."""
        assert visible(path) in self.allowed
        self.edit(path)
        assert path.read_bytes() == self.new
        assert not [other for other in path.parent.iterdir() if other.name.startswith(".")]


@pytest.fixture(params=CASES, ids=NAMES)
def scene(request: pytest.FixtureRequest, tmp_path: Path) -> Scene:
    return Scene(request.param, tmp_path)


def in_child(work: Callable[[], object]) -> int:
    """Run in a forked child that never comes back; return its process ID."""
    child = os.fork()
    if not child:
        try:
            work()
        finally:
            os._exit(0)
    return child


class Killer:
    """Kills its own process at a given step, before the call or half-way through a write."""

    def __init__(self, at: int, *, torn: bool) -> None:
        self.left, self.torn = at, torn

    def wrap(self, call: Callable[..., Any]) -> Callable[..., Any]:
        def step(*args: Any, **kwargs: Any) -> Any:
            self.left -= 1
            if self.left == 0:
                if self.torn and len(args) == 3 and isinstance(args[1], bytes):
                    call(args[0], args[1][: len(args[1]) // 2], args[2])
                os.kill(os.getpid(), signal.SIGKILL)
            return call(*args, **kwargs)

        return step

    def install(self) -> None:
        """Change this process, which is a child."""
        for name in STEPS:
            setattr(os, name, self.wrap(getattr(os, name)))
        clone.pwrite = self.wrap(clone.pwrite)
        edit.open_usual = self.wrap(edit.open_usual)
        flip.flip_alone = lambda *step: None


@pytest.mark.parametrize("fsync", [False, True])
@pytest.mark.parametrize("torn", [False, True])
def test_killed_at_every_step_the_file_is_old_new_or_unstamped(scene: Scene, torn: bool, fsync: bool) -> None:
    for step in range(1, 99):
        scene.reset(scene.path)

        def work(step: int = step) -> None:
            Killer(step, torn=torn).install()
            edit_file(scene.path, scene.case.edit, fsync=fsync)

        _, status = os.waitpid(in_child(work), 0)
        scene.check(scene.path)
        if not os.WIFSIGNALED(status):
            break
    assert 3 < step < 99


def test_killed_at_random_the_file_is_old_new_or_unstamped(scene: Scene, tmp_path: Path) -> None:
    chance, kills = random.Random(25), 25
    many = 240 if scene.case in CASES[:3] else 60  # flips are over soon
    files = [tmp_path / f"{n}-{scene.path.name}" for n in range(many)]

    def work() -> None:
        for path in files:
            edit_file(path, scene.case.edit)

    runs = []
    for _ in range(3):
        for path in files:
            scene.reset(path)
        start = time.perf_counter()
        os.waitpid(in_child(work), 0)
        runs.append(time.perf_counter() - start)
    interrupted = 0
    for _ in range(kills):
        for path in files:
            scene.reset(path)
        child = in_child(work)
        time.sleep(chance.uniform(0, min(runs)))
        os.kill(child, signal.SIGKILL)
        interrupted += os.WIFSIGNALED(os.waitpid(child, 0)[1])
        for path in files:
            if (
                path.read_bytes() not in (scene.old, scene.new)
                or tmp_path / f".{path.name}.fitsprov" in tmp_path.iterdir()
            ):
                scene.check(path)
        assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")]
    assert interrupted
