"""An old stamp that is hidden and replaced by one call: whatever is lost on the way, and whoever reads meanwhile."""

from __future__ import annotations

import contextlib
import os
import resource
import threading
from pathlib import Path

import pytest
from astropy.io import fits

from fitsprov.cards.grammar import CARD
from fitsprov.compiled import COMPILED
from fitsprov.errors import FileRefused
from fitsprov.files import Decide, Outcome, edit_file
from fitsprov.files.flip import flip_alone
from tests.faults import run_with
from tests.files.conftest import Stamper, make_file, make_tail, strip
from tests.files.test_kills import in_child, visible

pytestmark = pytest.mark.skipif(not COMPILED, reason="needs the C extensions")

ONE, TWO = Stamper(make_tail("one")), Stamper(make_tail("two", 14))
CODE = """
from fitsprov.files import edit_file
from tests.files.test_flip import TWO, strip
edit_file({path!r}, {edit})
"""


@pytest.mark.parametrize("cards", [12, 42], ids=["one page", "two pages"])
@pytest.mark.parametrize("edit", ["TWO", "strip"])
@pytest.mark.parametrize(
    "fault", ["k1", "t1", "k2", "t2", "k3", "t3", "f1", "h1", "f2", "h2", "f3", "h3", "F1", "F2", "F3", "s0"]
)
def test_whatever_write_is_lost_the_stamp_is_the_old_one_the_new_one_or_hidden(
    faults: Path, tmp_path: Path, fault: str, edit: str, cards: int
) -> None:
    path = make_file(tmp_path / "a.fits", cards)
    states = {"bare": visible(path)}
    edit_file(path, ONE)
    states["old"], old = visible(path), path.read_bytes()
    decide = TWO if edit == "TWO" else strip
    edit_file(path, decide)
    states["new"], new = visible(path), path.read_bytes()
    path.write_bytes(old)

    writes = 3 if edit == "TWO" else 2
    code = run_with(fault, faults, CODE.format(path=str(path), edit=edit))
    how, step = fault[0], int(fault[1])
    if how == "s" or step > writes:
        assert (code, path.read_bytes()) == (0, new)
    elif how in "fh":
        assert (code, path.read_bytes()) == (1, old)
    else:
        assert code == (1 if how == "F" else -9)
        expected = "old" if step == 1 and how != "t" else "new" if (step, how) == (3, "t") else "bare"
        assert visible(path) == states[expected]
    edit_file(path, decide)
    assert path.read_bytes() == new
    assert [other.name for other in tmp_path.iterdir()] == [path.name]


@pytest.mark.parametrize("edit", [TWO, strip], ids=["stamp", "strip"])
@pytest.mark.parametrize("left", [0, 3, 8, 80, 83, 500])
def test_where_a_file_may_hold_no_more_its_old_bytes_stand(tmp_path: Path, left: int, edit: Decide) -> None:
    path = make_file(tmp_path / "a.fits")
    edit_file(path, ONE)
    before = path.read_bytes()
    limit = before.index(b"FPV_VER") - CARD + left

    def edit_in_little_room() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
        with contextlib.suppress(FileRefused):
            edit_file(path, edit)

    os.waitpid(in_child(edit_in_little_room), 0)
    assert path.read_bytes() == before


def test_old_bytes_that_are_not_all_there_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="expected 80 more"):
        flip_alone(0, 0, b" " * 80, b" " * 80, True)


@pytest.mark.parametrize("cards", [12, 42], ids=["one page", "two pages"])
def test_threads_that_read_meanwhile_see_one_of_the_allowed_states(tmp_path: Path, cards: int) -> None:
    path = make_file(tmp_path / "a.fits", cards)
    allowed, ended = [str(fits.getheader(path))], threading.Event()
    for decide in (ONE, TWO):
        edit_file(path, decide)
        allowed.append(str(fits.getheader(path)))
    seen: set[str] = set()

    def read() -> None:
        while not ended.is_set():
            seen.add(str(fits.getheader(path)))

    readers = [threading.Thread(target=read) for _ in range(2)]
    for reader in readers:
        reader.start()
    outcomes = {edit_file(path, decide) for _ in range(150) for decide in (ONE, TWO, strip)}
    ended.set()
    for reader in readers:
        reader.join()
    assert seen <= set(allowed)
    assert len(seen) > 1
    assert Outcome.FLIPPED in outcomes


def test_a_file_is_flipped_in_two_pages_beside_other_threads(tmp_path: Path) -> None:
    path, ended = make_file(tmp_path / "a.fits", 42), threading.Event()
    edit_file(path, ONE)
    waiting = threading.Thread(target=ended.wait)
    waiting.start()
    try:
        assert edit_file(path, TWO) is Outcome.FLIPPED
        with path.open("rb") as reader:
            assert edit_file(path, ONE) is Outcome.COPIED
            assert os.fstat(reader.fileno()).st_nlink == 0
    finally:
        ended.set()
        waiting.join()
