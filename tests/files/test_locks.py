"""Several writers, and readers while they write."""

from __future__ import annotations

import errno
import fcntl
import io
import mmap
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import fitsio
import pytest
from astropy.io import fits
from hypothesis import assume, given
from hypothesis import strategies as st

from fitsprov.cards.grammar import CARD
from fitsprov.compiled import COMPILED
from fitsprov.errors import FileRefused
from fitsprov.files import Outcome, edit_file, export_file, flip, locks, read_unit
from fitsprov.files.locks import open_usual, release
from fitsprov.files.temporary import temporary, temporary_name
from fitsprov.files.units import read_header
from tests.files.conftest import Stamper, make_file, make_tail, stamp_span, strays, strip

ONE, TWO = Stamper(make_tail("one")), Stamper(make_tail("two", 14))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return make_file(tmp_path / "file.fits", 12)


def in_child(work: Callable[[], object]) -> int:
    """Run in a forked child that never comes back; its exit code says whether it raised."""
    child = os.fork()
    if not child:
        code = 1
        try:
            work()
            code = 0
        finally:
            os._exit(code)
    return child


def test_a_writer_waits_for_another_and_then_does_its_work(path: Path) -> None:
    descriptor = os.open(path, os.O_RDWR)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    child = in_child(lambda: edit_file(path, ONE))
    time.sleep(0.1)
    assert not stamp_span(read_unit(path))
    locks.release(descriptor)
    assert os.waitpid(child, 0)[1] == 0
    assert stamp_span(read_unit(path))


def test_a_writer_that_waited_too_long_says_so(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(locks, "WAIT", 0.05)
    old = path.read_bytes()
    descriptor = os.open(path, os.O_RDWR)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        with pytest.raises(FileRefused, match=r"file\.fits: another writer has held it for 0\.05 s; expected"):
            edit_file(path, ONE)
    finally:
        os.close(descriptor)
    assert path.read_bytes() == old


def test_the_temporary_file_of_a_live_writer_is_never_touched(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(locks, "WAIT", 0.05)
    with temporary(str(path)) as (descriptor, name):
        os.write(descriptor, b"live")
        assert edit_file(path, ONE) == Outcome.FLIPPED
        with pytest.raises(FileRefused, match="another writer"):
            edit_file(path, TWO, atomic=True)
        assert Path(name).read_bytes() == b"live"
        Path(name).unlink()


@pytest.mark.parametrize("decide", [ONE, TWO, strip, lambda _: None], ids=["same", "re-stamp", "strip", "nothing"])
def test_any_later_call_removes_the_temporary_file_of_a_dead_writer(path: Path, decide: Callable[..., None]) -> None:
    edit_file(path, ONE)
    stray = Path(temporary_name(str(path)))
    stray.write_bytes(b"dead")
    edit_file(path, decide)
    assert not strays(path.parent)


@pytest.mark.parametrize("cards", [12, 35], ids=["flip", "copy"])
@pytest.mark.parametrize("kind", ["pipe", "folder", "link", "dangling"])
def test_what_stands_in_the_place_of_the_temporary_file_and_is_none_stays(
    tmp_path: Path, cards: int, kind: str
) -> None:
    path, other = make_file(tmp_path / "file.fits", cards), make_file(tmp_path / "other.fits")
    bare, kept = path.read_bytes(), other.read_bytes()
    stray = Path(temporary_name(str(path)))
    makers: dict[str, Callable[[], None]] = {
        "pipe": lambda: os.mkfifo(stray),
        "folder": stray.mkdir,
        "link": lambda: stray.symlink_to(other),
        "dangling": lambda: stray.symlink_to(tmp_path / "nothing"),
    }
    makers[kind]()
    if cards == 12:
        assert edit_file(path, ONE) is Outcome.FLIPPED
    else:
        with pytest.raises(FileRefused, match="is no regular file"):
            edit_file(path, ONE)
        assert path.read_bytes() == bare
    assert os.path.lexists(stray)
    assert other.read_bytes() == kept


def test_a_temporary_file_that_cannot_be_removed_is_not_waited_for_without_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(name: str) -> None:
        raise PermissionError(errno.EPERM, "Operation not permitted", name)

    path = make_file(tmp_path / "file.fits", 35)
    bare = path.read_bytes()
    Path(temporary_name(str(path))).write_bytes(b"another user's")
    monkeypatch.setattr(os, "unlink", refuse)
    monkeypatch.setattr(locks, "WAIT", 0.05)
    with pytest.raises(FileRefused, match="another writer has held it"):
        edit_file(path, ONE)
    assert path.read_bytes() == bare


def test_a_later_export_to_the_same_place_removes_it_too(path: Path, tmp_path: Path) -> None:
    dest = tmp_path / "dest.fits"
    Path(temporary_name(str(dest))).write_bytes(b"dead")
    export_file(path, dest, ONE)
    assert not strays(tmp_path)


def test_a_killed_copy_leaves_nothing_after_any_later_call(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def die() -> None:
        os.replace = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
        edit_file(path, ONE, atomic=True)

    old = path.read_bytes()
    assert os.waitpid(in_child(die), 0)[1] == signal.SIGKILL
    assert strays(path.parent)
    assert path.read_bytes() == old
    edit_file(path, lambda _: None)
    assert not strays(path.parent)


def test_names_as_long_as_the_filesystem_allows_get_temporary_files(tmp_path: Path) -> None:
    path = make_file(tmp_path / ("é" * 125 + ".fits"), 35)
    assert edit_file(path, ONE) == Outcome.COPIED
    assert len(list(tmp_path.iterdir())) == 1


@pytest.mark.parametrize("code", [errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS])
def test_a_filesystem_without_locks_is_no_obstacle(path: Path, code: int, monkeypatch: pytest.MonkeyPatch) -> None:
    def unsupported(*_: object) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(fcntl, "flock", unsupported)
    assert edit_file(path, ONE) == Outcome.FLIPPED
    assert edit_file(path, TWO, atomic=True) == Outcome.COPIED
    stray = Path(temporary_name(str(path)))
    stray.write_bytes(b"perhaps alive")
    edit_file(path, strip)
    assert stray.exists()
    os.utime(stray, (1, 1))
    edit_file(path, ONE)
    assert not stray.exists()


def test_without_fcntl_files_are_edited_all_the_same(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(locks, "fcntl", None)
    assert edit_file(path, ONE) == Outcome.FLIPPED
    assert edit_file(path, TWO, atomic=True) == Outcome.COPIED


def test_a_file_that_was_replaced_while_waiting_is_opened_anew(path: Path) -> None:
    descriptor = os.open(path, os.O_RDWR)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    child = in_child(lambda: edit_file(path, ONE))
    time.sleep(0.05)
    other = make_file(path.with_name("other.fits"), 14)
    other.replace(path)
    locks.release(descriptor)
    assert os.waitpid(child, 0)[1] == 0
    assert "KEY3" in fits.getheader(path)
    assert stamp_span(read_unit(path))


@pytest.mark.parametrize("cards", [12, 33])
@pytest.mark.parametrize("atomic", [False, True])
def test_many_writers_of_one_file_never_mix(cards: int, atomic: bool, tmp_path: Path) -> None:
    path = make_file(tmp_path / "file.fits", cards)
    stamps = [make_tail(f"writer {n}", 6 + n) for n in range(6)]

    def work(tail: bytes) -> None:
        for _ in range(15):
            edit_file(path, Stamper(tail), atomic=atomic)

    children = [in_child(lambda tail=tail: work(tail)) for tail in stamps]
    assert [os.waitpid(child, 0)[1] for child in children] == [0] * 6
    unit = read_unit(path)
    assert unit.header[slice(*stamp_span(unit)[0])] in stamps
    assert not strays(tmp_path)


def read_with_astropy(path: Path) -> tuple[object, ...]:
    with fits.open(path, memmap=False) as hdus:
        header = hdus[0].header
        return (header.get("FPV_RUN"), header.get("FPV_SEAL"), header["KEY0"], hdus[0].data.sum(), len(hdus))


def read_with_fitsio(path: Path) -> tuple[object, ...]:
    with fitsio.FITS(str(path)) as file:
        header = file[0].read_header()
        return (header.get("FPV_RUN"), header.get("FPV_SEAL"), header["KEY0"], file[0].read().sum(), len(file))


@pytest.mark.parametrize("read", [read_with_astropy, read_with_fitsio])
@pytest.mark.parametrize("cards", [12, 42, 33], ids=["one page", "two pages", "growth"])
def test_every_read_during_writes_is_one_of_the_allowed_states(
    read: Callable[[Path], tuple[object, ...]], cards: int, tmp_path: Path
) -> None:
    path = make_file(tmp_path / "file.fits", cards)
    allowed = [read(path)]
    for decide in (ONE, TWO):
        edit_file(path, decide)
        allowed.append(read(path))
    edit_file(path, strip)

    def work() -> None:
        while True:
            for decide in (ONE, TWO, strip):
                edit_file(path, decide)

    child = in_child(work)
    try:
        seen = [read(path) for _ in range(300)]
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    assert set(seen) <= set(allowed)
    assert len(set(seen)) > 1


@pytest.mark.skipif(not hasattr(fcntl, "F_SETLEASE"), reason="needs leases")
@pytest.mark.parametrize("cards", [12, 42], ids=["one page", "two pages"])
def test_an_old_stamp_is_not_flipped_while_another_has_the_file_open(tmp_path: Path, cards: int) -> None:
    path = make_file(tmp_path / "file.fits", cards)
    assert edit_file(path, ONE) == Outcome.FLIPPED
    for decide in (TWO, strip):
        with path.open("rb") as reader:
            first = reader.read(4096)
            assert edit_file(path, decide) == Outcome.COPIED
            assert (first + reader.read())[:8640].count(b"FPV_SEAL") == 1
        edit_file(path, strip)
        edit_file(path, ONE)
    assert edit_file(path, TWO) == Outcome.FLIPPED


@pytest.mark.parametrize(("cards", "way"), [(12, "flipped"), (42, "copied")])
def test_without_leases_a_stamp_in_two_pages_is_copied(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cards: int, way: str
) -> None:
    monkeypatch.delattr(fcntl, "F_SETLEASE")
    monkeypatch.setattr(flip, "flip_alone", lambda *step: None)
    path = make_file(tmp_path / "file.fits", cards)
    assert [edit_file(path, decide) for decide in (ONE, TWO, strip)] == ["flipped", way, way]


@pytest.mark.skipif(not hasattr(fcntl, "F_SETLEASE"), reason="needs leases")
@pytest.mark.parametrize("cards", [12, 42], ids=["one page", "two pages"])
def test_a_reader_that_is_held_up_in_the_midst_of_a_stamp_gets_no_mixture(tmp_path: Path, cards: int) -> None:
    path = make_file(tmp_path / "file.fits", cards, extension=False)
    edit_file(path, ONE)
    unit = read_unit(path)
    middle = stamp_span(unit)[0][0] + 5 * CARD
    stamps = {ONE.tail, TWO.tail, b""}

    def work() -> None:
        while True:
            for decide in (TWO, strip, ONE):
                edit_file(path, decide)

    child = in_child(work)
    seen = set()
    try:
        for _ in range(4000):
            fresh = mmap.mmap(-1, 4 * mmap.PAGESIZE)  # no page of it is there yet: copying stops at each
            descriptor = os.open(path, os.O_RDONLY)
            begin = -middle % mmap.PAGESIZE
            with memoryview(fresh)[begin : begin + len(unit.header)] as into:
                os.preadv(descriptor, [into], 0)
                header = bytes(into)
            os.close(descriptor)
            fresh.close()
            assert b"END".ljust(CARD) in header
            seen.add(b"".join(header[slice(*span)] for span in stamp_span(read_header(io.BytesIO(header)))))
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    assert seen <= stamps
    assert len(seen) > 1


def test_a_thread_that_keeps_the_interpreter_while_it_opens_the_file_is_not_waited_for(tmp_path: Path) -> None:
    """As fitsio does; a lease would be broken by the kernel after 45 s."""
    path = make_file(tmp_path / "file.fits", 12)
    script = """
import sys, threading, time
import fitsio
from fitsprov.files import edit_file
from tests.files.test_locks import ONE, TWO

end, longest = time.monotonic() + 2, [0.0]

def read():
    while time.monotonic() < end:
        fitsio.read_header(sys.argv[1])

reader = threading.Thread(target=read)
reader.start()
while time.monotonic() < end:
    for decide in (ONE, TWO):
        start = time.monotonic()
        edit_file(sys.argv[1], decide)
        longest[0] = max(longest[0], time.monotonic() - start)
reader.join()
assert longest[0] < 20, longest
"""
    root = Path(__file__).parent.parent.parent
    command = [sys.executable, "-c", script, path]
    environment = {**os.environ, "PYTHONPATH": str(root)}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == 0, done.stderr


def test_who_opens_a_leased_file_waits(path: Path) -> None:
    descriptor = os.open(path, os.O_RDWR)
    assert locks.alone(descriptor) is locks.TAKEN
    child = in_child(lambda: (read_unit(path), path.read_bytes(), edit_file(path, ONE)))
    time.sleep(0.05)
    assert os.waitpid(child, os.WNOHANG) == (0, 0)
    locks.together(descriptor)
    os.close(descriptor)
    assert os.waitpid(child, 0)[1] == 0


@pytest.mark.skipif(not COMPILED, reason="needs the compiled room")
@given(name=st.text(st.characters(blacklist_characters="/\0", blacklist_categories=["Cs"]), min_size=1, max_size=70))
def test_a_file_is_not_usual_where_its_temporary_file_stands(name: str) -> None:
    assume(name not in (".", "..") and len(os.fsencode(name)) < 230)
    with TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.write_bytes(b"SIMPLE  ")
        opened = open_usual(str(path), 2880)
        assert (opened is not None) == (len(os.fsencode(name)) <= 60)
        if opened is not None:
            release(opened[0])
        Path(temporary_name(str(path))).touch()
        assert open_usual(str(path), 2880) is None
