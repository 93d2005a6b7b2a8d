"""A large file that is replaced is freed beside what comes next, once, and before the next copy."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from fitsprov.files import Outcome, edit, edit_file, freeing
from fitsprov.files.freeing import free_aside, wait_for_room
from tests.files.conftest import Stamper, make_file, make_tail
from tests.files.test_kills import in_child

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")

FULL = 33
"""Cards that leave no room in the last block."""


@pytest.fixture
def closed(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """What was closed aside, slowly; files of any size are large."""
    closed, release = [], freeing.release

    def slow(descriptor: int) -> None:
        time.sleep(0.2)
        release(descriptor)
        closed.append(descriptor)

    monkeypatch.setattr(edit, "LARGE", 0)
    monkeypatch.setattr(freeing, "release", slow)
    return closed


def grow(folder: Path, name: str) -> Outcome:
    """Stamp a file whose header has no room."""
    return edit_file(make_file(folder / name, FULL), Stamper(make_tail("one")))


def test_who_replaces_a_large_file_does_not_wait_until_the_old_one_is_freed(tmp_path: Path, closed: list[int]) -> None:
    assert grow(tmp_path, "a.fits") is Outcome.COPIED
    assert closed == []
    wait_for_room()
    assert len(closed) == 1


def test_the_next_copy_waits_for_its_room(tmp_path: Path, closed: list[int]) -> None:
    grow(tmp_path, "a.fits")
    grow(tmp_path, "b.fits")
    assert len(closed) == 1
    wait_for_room()
    assert len(closed) == 2


def test_who_is_interrupted_while_waiting_for_another_still_closes(
    tmp_path: Path, closed: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    class Interrupted:
        def acquire(self, timeout: float) -> bool:
            raise KeyboardInterrupt

    monkeypatch.setattr(freeing.FREEING, "lock", Interrupted())
    descriptor = os.open(tmp_path, os.O_RDONLY)
    with pytest.raises(KeyboardInterrupt):
        free_aside(descriptor)
    assert closed == [descriptor]


def test_a_file_that_keeps_its_place_is_closed_at_once(tmp_path: Path, closed: list[int]) -> None:
    assert edit_file(make_file(tmp_path / "a.fits", 12), Stamper(make_tail("one"))) is Outcome.FLIPPED
    path = make_file(tmp_path / "b.fits", FULL)
    (tmp_path / "c.fits").hardlink_to(path)
    edit_file(path, Stamper(make_tail("one")), break_hardlinks=True)
    assert freeing.FREEING.lock.acquire(blocking=False)
    freeing.FREEING.lock.release()
    assert closed == []


def test_a_forked_process_does_not_wait_for_what_its_parent_frees(tmp_path: Path, closed: list[int]) -> None:
    grow(tmp_path, "a.fits")
    start = time.perf_counter()
    child = in_child(wait_for_room)
    assert os.waitpid(child, 0)[1] == 0
    assert closed == [] or time.perf_counter() - start > 0.15
    wait_for_room()


@pytest.mark.parametrize("error", [RuntimeError("can't start new thread"), MemoryError()])
def test_where_no_thread_can_be_had_the_file_is_freed_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, closed: list[int], error: Exception
) -> None:
    def refused(work: Callable[..., object], arguments: tuple[object, ...]) -> None:
        raise error

    monkeypatch.setattr(freeing, "start_new_thread", refused)
    free_aside(os.open(tmp_path, os.O_RDONLY))
    assert len(closed) == 1
    wait_for_room()
