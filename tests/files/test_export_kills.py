"""Whoever is killed while it exports leaves no copy or a whole one, and of a stream no more than its beginning."""

from __future__ import annotations

import gzip
import os
import random
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from fitsprov.files import export_file, stream
from tests.files.conftest import Stamper, make_file, make_tail
from tests.files.test_kills import Killer, in_child, visible

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork and SIGKILL")

ONE, TWO = Stamper(make_tail("one")), Stamper(make_tail("two", 14))
LARGE = 2**18
"""Bytes of data, enough for a kill at random to meet the copy."""


class Scene:
    """A source, a place for its copy, and what may be found there."""

    def __init__(self, folder: Path, suffix: str, *, taken: bool) -> None:
        self.source, self.dest, self.taken = make_file(folder / "a.fits", 35), folder / "out" / f"b.fits{suffix}", taken
        with self.source.open("r+b") as file:
            file.seek(0, os.SEEK_END)
            file.write(bytes(LARGE - LARGE % 2880))
        self.dest.parent.mkdir()
        self.content = self.source.read_bytes()
        self.old = self.made(ONE)
        self.new = self.made(TWO)
        self.dest.unlink()

    def made(self, decide: Stamper) -> bytes:
        export_file(self.source, self.dest, decide, overwrite=True)
        return self.dest.read_bytes()

    def reset(self) -> None:
        """Leave nothing of the last copy."""
        self.dest.unlink(missing_ok=True)
        if self.taken:
            self.dest.write_bytes(self.old)

    def export(self) -> None:
        export_file(self.source, self.dest, TWO, overwrite=self.taken, fsync=True)

    def check(self) -> bool:
        """Check what was left, and that the next call leaves a whole copy and nothing else; say whether it was new."""
        assert self.source.read_bytes() == self.content
        there = self.dest.exists()
        assert there or not self.taken
        done = there and unpacked(self.dest) == unpacked_bytes(self.new)
        assert done or not there or unpacked(self.dest) == unpacked_bytes(self.old)
        export_file(self.source, self.dest, TWO, overwrite=True)
        assert unpacked(self.dest) == unpacked_bytes(self.new)
        assert list(self.dest.parent.iterdir()) == [self.dest]
        return done


def unpacked(path: Path) -> bytes:
    return unpacked_bytes(path.read_bytes())


def unpacked_bytes(content: bytes) -> bytes:
    """What is in a container, which notes the time, too."""
    return gzip.decompress(content) if content.startswith(b"\x1f\x8b") else content


@pytest.fixture(params=["", ".gz"], ids=["plain", "gz"])
def suffix(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.mark.parametrize("taken", [False, True], ids=["new", "overwrite"])
def test_killed_at_every_step_there_is_no_copy_or_a_whole_one(tmp_path: Path, suffix: str, taken: bool) -> None:
    scene = Scene(tmp_path, suffix, taken=taken)
    outcomes = []
    for step in range(1, 99):
        scene.reset()

        def work(step: int = step) -> None:
            Killer(step, torn=True).install()
            scene.export()

        _, status = os.waitpid(in_child(work), 0)
        outcomes.append(scene.check())
        if not os.WIFSIGNALED(status):
            break
    assert outcomes[0] is False
    assert outcomes[-1] is True
    assert len(outcomes) > 4


def kill_soon(work: Callable[[], object], delay: float) -> None:
    """Run in a child, and kill it after some time."""
    child = in_child(work)
    time.sleep(delay)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)


@pytest.mark.slow
def test_killed_at_random_there_is_no_copy_or_a_whole_one(tmp_path: Path) -> None:
    scene, chance = Scene(tmp_path, "", taken=True), random.Random(7)
    start = time.perf_counter()
    scene.export()
    whole = time.perf_counter() - start
    for _ in range(400):
        scene.reset()
        kill_soon(scene.export, chance.uniform(0, 1.5 * whole))
        scene.check()


def test_a_stream_that_was_killed_is_the_beginning_of_the_whole(tmp_path: Path) -> None:
    scene, chance = Scene(tmp_path, "", taken=False), random.Random(3)
    part = tmp_path / "part.fits"

    def work() -> None:
        with scene.source.open("rb") as source, part.open("wb", buffering=0) as dest:
            stream(source, dest, TWO)

    lengths = set()
    for _ in range(40):
        part.unlink(missing_ok=True)
        kill_soon(work, chance.uniform(0, 0.01))
        left = part.read_bytes() if part.exists() else b""
        assert scene.new.startswith(left)
        assert scene.source.read_bytes() == scene.content
        lengths.add(len(left))
    work()
    assert visible(part) == visible_of(scene.new, tmp_path)


def visible_of(content: bytes, folder: Path) -> list[tuple[bytes, bytes]]:
    (folder / "whole.fits").write_bytes(content)
    return visible(folder / "whole.fits")
