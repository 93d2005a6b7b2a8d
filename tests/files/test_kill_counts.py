"""Hundreds of writers that really were killed at work, at random moments: none leaves a mixture."""

from __future__ import annotations

import os
import random
import signal
import time
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest

import fitsprov
from tests.files.test_kills import CASES, NAMES, Scene, in_child

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork and SIGKILL")

FILES = 20
"""That a writer edits one after the other, and tells of each."""
STAMP = fitsprov.Stamp(id=UUID(int=7), run="one", type="visit_image", data_id={"visit": 1})
THEN = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


@pytest.fixture(params=CASES, ids=NAMES)
def scene(request: pytest.FixtureRequest, tmp_path: Path) -> Scene:
    return Scene(request.param, tmp_path)


class Writer:
    """A child that edits files and tells when it is done with each."""

    def __init__(self, scene: Scene, files: list[Path]) -> None:
        self.reading, writing = os.pipe()

        def work() -> None:
            for path in files:
                scene.edit(path)
                os.write(writing, b".")

        self.child = in_child(work)
        os.close(writing)

    def wait_for(self, done: int) -> None:
        """Wait until so many files are done."""
        while done > 0 and (told := os.read(self.reading, done)):
            done -= len(told)

    def kill(self) -> bool:
        """Kill it; say whether it was still at work."""
        os.kill(self.child, signal.SIGKILL)
        os.close(self.reading)
        return os.WIFSIGNALED(os.waitpid(self.child, 0)[1])


def time_of_one(scene: Scene, files: list[Path]) -> float:
    """How long an edit takes, in seconds."""
    for path in files:
        scene.reset(path)
    start = time.perf_counter()
    for path in files:
        scene.edit(path)
    return (time.perf_counter() - start) / len(files)


def spin(seconds: float) -> None:
    """Wait for less than a process sleeps."""
    until = time.perf_counter() + seconds
    while time.perf_counter() < until:
        pass


def kill_writers(scene: Scene, kills: int, folder: Path) -> None:
    """Kill so many writers, and check after each."""
    chance = random.Random(kills)
    files = [folder / f"{n}-{scene.path.name}" for n in range(FILES)]
    longest = 2 * time_of_one(scene, files)
    killed = 0
    for _ in range(8 * kills):
        for path in files:
            scene.reset(path)
        writer = Writer(scene, files)
        writer.wait_for(chance.randrange(FILES - 1))
        spin(chance.uniform(0, longest))
        killed += writer.kill()
        contents = [path.read_bytes() for path in files]
        unfinished = [path for path, content in zip(files, contents, strict=True) if content != scene.new]
        assert contents[FILES - len(unfinished) + 1 :] == [scene.old] * (len(unfinished) - 1)
        for path in (*unfinished[:1], files[FILES - len(unfinished) - 1]):
            scene.check(path)
        assert not [path for path in folder.iterdir() if path.name.startswith(".")]
        if killed == kills:
            break
    assert killed == kills


@pytest.mark.parametrize("kills", [10, pytest.param(400, marks=pytest.mark.slow)])
def test_every_writer_that_was_killed_left_one_state_and_the_next_call_completes(
    scene: Scene, kills: int, tmp_path: Path
) -> None:
    kill_writers(scene, kills, tmp_path)


class Stamping(Scene):
    """A whole call of the library, from beginning to end in C where that is there."""

    def edit(self, path: Path) -> None:
        """Stamp it."""
        fitsprov.stamp(path, STAMP, clock=lambda: THEN)


@pytest.mark.parametrize("kills", [10, pytest.param(400, marks=pytest.mark.slow)])
def test_every_call_of_the_library_that_was_killed_left_the_old_file_or_the_new(kills: int, tmp_path: Path) -> None:
    kill_writers(Stamping(CASES[0], tmp_path), kills, tmp_path)
