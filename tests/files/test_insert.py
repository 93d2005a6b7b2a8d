"""Growth inside a file, and what is left of it when its writer is killed."""

from __future__ import annotations

import errno
import os
import re
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from fitsprov.errors import FileRefused
from fitsprov.files import Outcome, clone, edit_file, insert
from fitsprov.files.space import insert as insert_space
from fitsprov.files.temporary import temporary_name
from tests.files.conftest import Stamper, checksums_hold, data_bytes, make_file, make_tail, strays, strip

ONE = Stamper(make_tail("one"))
GROWTH = 184_320


@pytest.fixture(params=[(35, 0), (36 * 6 - 1, 0), (35, "SCI,2")], ids=["one block", "six blocks", "extension"])
def case(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, int | str]:
    """A file whose header has no room, on a filesystem that can insert."""
    probe = tmp_path / "probe"
    probe.write_bytes(bytes(8192))
    with probe.open("r+b") as file:
        if not insert_space(file.fileno(), 4096, 4096):
            pytest.skip("this filesystem cannot insert ranges")
    probe.unlink()
    monkeypatch.setattr("fitsprov.files.edit.LARGE", 1)
    cards, hdu = request.param
    path = make_file(tmp_path / "file.fits", cards, checksum=True)
    if hdu:
        edit_file(path, Stamper(make_tail("fill", 20)), hdu=hdu)
    return path, hdu


def big(hdu: int | str) -> Stamper:
    """A stamp that finds no room."""
    return Stamper(make_tail("big", 33)) if hdu else ONE


def test_the_header_grows_inside_the_file_and_the_data_stay(case: tuple[Path, int | str]) -> None:
    path, hdu = case
    size, inode, data = path.stat().st_size, path.stat().st_ino, data_bytes(path)
    assert edit_file(path, big(hdu), hdu=hdu, insert_range=True) == Outcome.GROWN
    assert (path.stat().st_size, path.stat().st_ino) == (size + GROWTH, inode)
    assert data_bytes(path) == data
    assert checksums_hold(path) == [True] * 4
    assert edit_file(path, Stamper(make_tail("two")), hdu=hdu, insert_range=True) == Outcome.FLIPPED
    assert edit_file(path, strip, hdu=hdu, insert_range=True) == Outcome.FLIPPED
    assert checksums_hold(path) == [True] * 4
    assert not strays(path.parent)


@pytest.mark.parametrize("trouble", [OSError(errno.EIO, "I/O error"), KeyboardInterrupt()], ids=["EIO", "Ctrl-C"])
def test_trouble_behind_the_insertion_leaves_the_file_as_it_was(
    case: tuple[Path, int | str], trouble: BaseException, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, hdu = case
    before = path.read_bytes()
    calls = iter([None, trouble])  # the record is written, the header is not
    write_at = insert.write_at

    def failing(descriptor: int, data: bytes, at: int) -> None:
        if (error := next(calls, None)) is not None:
            raise error
        write_at(descriptor, data, at)

    monkeypatch.setattr(insert, "write_at", failing)
    with pytest.raises((FileRefused, KeyboardInterrupt)):
        edit_file(path, big(hdu), hdu=hdu, insert_range=True)
    assert path.read_bytes() == before
    assert not strays(path.parent)


def killed_at(step: int, path: Path, work: Callable[[], object], *, torn: bool) -> bool:
    """Run in a child that dies at a step; False where it lived to the end."""
    child = os.fork()
    if not child:
        left = step

        def wrap(call: Callable[..., object]) -> Callable[..., object]:
            def counted(*args: object, **kwargs: object) -> object:
                nonlocal left
                left -= 1
                if left == 0:
                    if torn and len(args) == 3 and isinstance(args[1], bytes):
                        call(args[0], args[1][: len(args[1]) // 3], args[2])
                    os.kill(os.getpid(), signal.SIGKILL)
                return call(*args, **kwargs)

            return counted

        for module, name in ((os, "unlink"), (os, "fsync"), (insert, "insert"), (insert, "reserve"), (clone, "pwrite")):
            setattr(module, name, wrap(getattr(module, name)))
        try:
            work()
        finally:
            os._exit(0)
    return os.WIFSIGNALED(os.waitpid(child, 0)[1])


@pytest.mark.parametrize("torn", [False, True])
def test_killed_at_any_step_the_file_is_whole_after_the_next_call(case: tuple[Path, int | str], torn: bool) -> None:
    path, hdu = case
    old = path.read_bytes()
    edit_file(path, big(hdu), hdu=hdu, insert_range=True)
    new = path.read_bytes()
    seen = set()
    for step in range(1, 30):
        path.write_bytes(old)
        killed = killed_at(
            step, path, lambda: edit_file(path, big(hdu), hdu=hdu, insert_range=True, fsync=True), torn=torn
        )
        edit_file(path, lambda _: None, hdu=hdu)
        assert path.read_bytes() in (old, new)
        seen.add(path.read_bytes())
        assert not strays(path.parent)
        edit_file(path, big(hdu), hdu=hdu, insert_range=True)
        assert path.read_bytes() == new
        if not killed:
            break
    assert seen == {old, new}
    assert 5 < step < 29


def test_a_header_that_others_changed_since_is_left_to_them(case: tuple[Path, int | str]) -> None:
    path, hdu = case
    old, note = path.read_bytes(), Path(temporary_name(str(path)))

    def interrupted(step: int) -> bool:
        note.unlink(missing_ok=True)
        path.write_bytes(old)
        killed_at(step, path, lambda: edit_file(path, big(hdu), hdu=hdu, insert_range=True), torn=True)
        return note.exists() and path.stat().st_size == len(old) + GROWTH

    assert any(interrupted(step) for step in range(1, 30))
    content = bytearray(path.read_bytes())
    at = [match.start() for match in re.finditer(b"BITPIX", content)][2 if hdu else 0]
    content[at : at + 6] = b"MINE!!"
    path.write_bytes(content)
    descriptor = os.open(path, os.O_RDWR)
    insert.complete(descriptor, str(path), os.fstat(descriptor))
    os.close(descriptor)
    assert path.read_bytes() == content
    assert not note.exists()


@pytest.mark.parametrize("content", [b"fitsprov insert 1\n", b"fitsprov insert 1\n" + bytes(40), b"SIMPLE", b""])
def test_half_a_record_is_removed_and_the_file_stays(case: tuple[Path, int | str], content: bytes) -> None:
    path, _ = case
    old = path.read_bytes()
    Path(temporary_name(str(path))).write_bytes(content)
    assert edit_file(path, lambda _: None) == Outcome.UNCHANGED
    assert path.read_bytes() == old
    assert not strays(path.parent)


def test_a_file_that_another_has_open_is_copied(case: tuple[Path, int | str]) -> None:
    path, hdu = case
    with path.open("rb") as reader:
        assert edit_file(path, big(hdu), hdu=hdu, insert_range=True) == Outcome.COPIED
        assert reader.read(8) == b"SIMPLE  "


def test_where_a_filesystem_cannot_insert_the_file_is_copied(
    case: tuple[Path, int | str], monkeypatch: pytest.MonkeyPatch
) -> None:
    path, hdu = case
    monkeypatch.setattr(insert, "insert", lambda *_: False)
    assert edit_file(path, big(hdu), hdu=hdu, insert_range=True) == Outcome.COPIED
    assert not strays(path.parent)


def test_without_space_for_the_gap_the_file_is_as_it_was(
    case: tuple[Path, int | str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> bool:
        raise OSError(errno.ENOSPC, "No space left on device")

    path, hdu = case
    old = path.read_bytes()
    monkeypatch.setattr(insert, "reserve", full)
    with pytest.raises(FileRefused, match="No space left"):
        edit_file(path, big(hdu), hdu=hdu, insert_range=True)
    assert path.read_bytes() == old
    assert not strays(path.parent)
