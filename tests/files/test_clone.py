"""Bytes copied by each way that a system may offer."""

from __future__ import annotations

import errno
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fitsprov.files import Outcome, clone, edit_file, units
from fitsprov.files.clone import copy_range, write_at
from tests.files.conftest import Stamper, checksums_hold, make_file, make_tail, strip

CONTENT = bytes(range(256)) * 4000


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[tuple[int, int]]:
    """A source with content, and an empty file."""
    (tmp_path / "source").write_bytes(CONTENT)
    source, dest = os.open(tmp_path / "source", os.O_RDONLY), os.open(tmp_path / "dest", os.O_RDWR | os.O_CREAT)
    yield source, dest
    os.close(source)
    os.close(dest)


def whole(descriptor: int) -> bytes:
    return os.pread(descriptor, os.fstat(descriptor).st_size, 0)


@pytest.fixture(params=["all", "no copy_file_range", "refused", "no holes", "nothing"])
def ways(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Take calls away."""

    def refuse(*_: object) -> int:
        raise OSError(errno.EXDEV, "Invalid cross-device link")

    if request.param in ("no copy_file_range", "nothing"):
        monkeypatch.delattr(os, "copy_file_range", raising=False)
    if request.param in ("no holes", "nothing"):
        monkeypatch.delattr(os, "SEEK_DATA", raising=False)
    if request.param == "refused":
        monkeypatch.setattr(os, "copy_file_range", refuse, raising=False)
    if request.param == "nothing":
        monkeypatch.setattr(clone, "fcntl", None)
        monkeypatch.setattr(clone, "pwrite", clone.seek_and_write)
        monkeypatch.delattr(os, "pread")
    return str(request.param)


@pytest.mark.parametrize(
    ("start", "size", "at"), [(0, 100, 0), (5, 300_001, 7), (4096, 2**19, 8192), (1000, 2**40, 5000)]
)
def test_a_range_arrives_by_whatever_way_there_is(
    pair: tuple[int, int], ways: str, start: int, size: int, at: int
) -> None:
    source, dest = pair
    expected = CONTENT[start : start + size]
    assert copy_range(source, start, size, dest, at) == len(expected)
    os.lseek(dest, 0, os.SEEK_SET)
    assert os.read(dest, 2**21) == bytes(at) + expected


@pytest.mark.parametrize("cards", [12, 35])
def test_files_are_edited_by_whatever_way_there_is(tmp_path: Path, ways: str, cards: int) -> None:
    path = make_file(tmp_path / "a.fits", cards, checksum=True)
    old = path.read_bytes()
    for decide in (Stamper(make_tail("one")), Stamper(make_tail("two")), strip):
        assert edit_file(path, decide) != Outcome.UNCHANGED
        assert checksums_hold(path) == [True] * 4
    assert path.read_bytes()[-len(old) + 2880 :] == old[2880:]


def test_holes_stay_holes(tmp_path: Path) -> None:
    path = tmp_path / "sparse"
    with path.open("wb") as file:
        for at in (0, 10_000_000, 20_000_000):
            file.seek(at)
            file.write(b"data" * 2000)
        file.truncate(30_000_000)
    source, dest = os.open(path, os.O_RDONLY), os.open(tmp_path / "dest", os.O_RDWR | os.O_CREAT)
    try:
        assert copy_range(source, 1000, 2**40, dest, 2880) == 30_000_000 - 1000
        assert whole(dest)[2880:] == path.read_bytes()[1000:]
        assert os.fstat(dest).st_blocks * 512 < 200_000
    finally:
        os.close(source)
        os.close(dest)


@given(st.binary(max_size=300), st.integers(0, 50), st.integers(1, 40))
def test_a_short_write_is_continued(tmp_path_factory: pytest.TempPathFactory, data: bytes, at: int, step: int) -> None:
    path = tmp_path_factory.getbasetemp() / "short"
    path.write_bytes(b"")
    descriptor, real = os.open(path, os.O_RDWR), clone.pwrite
    try:
        clone.pwrite = lambda d, rest, where: real(d, rest[:step], where)
        write_at(descriptor, data, at)
    finally:
        clone.pwrite = real
        os.close(descriptor)
    assert path.read_bytes() == (bytes(at) + data if data else b"")


def test_sharing_asks_for_whole_pages_and_copies_the_edges(
    pair: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    source, dest = pair
    asked = []

    def ioctl(descriptor: int, request: int, argument: bytes) -> int:
        _, start, size, at = clone.RANGE.unpack(argument)
        asked.append((start, size, at))
        os.pwrite(descriptor, os.pread(source, size, start), at)
        return 0

    monkeypatch.setattr(fcntl, "ioctl", ioctl)
    copy_range(source, 2880, 2**40, dest, 2880 + 184_320)
    ((start, size, at),) = asked
    assert start % 4096 == size % 4096 == at % 4096 == 0
    assert size > len(CONTENT) - 2880 - 2 * 4096
    assert whole(dest)[2880 + 184_320 :] == CONTENT[2880:]


def test_on_a_filesystem_that_shares_large_files_grow_by_184320_bytes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fitsprov.files.copy.LARGE", 4096)
    monkeypatch.setattr("fitsprov.files.copy.can_share", lambda *_: True)
    path = make_file(tmp_path / "a.fits", 35, checksum=True)
    size = path.stat().st_size
    assert edit_file(path, Stamper(make_tail("one"))) == Outcome.COPIED
    assert path.stat().st_size == size + 184_320
    assert checksums_hold(path) == [True] * 4
    assert edit_file(path, Stamper(make_tail("two"))) == Outcome.FLIPPED


def test_descriptors_are_read_without_pread(pair: tuple[int, int], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "pread")
    assert units.read_descriptor(pair[0], 300, 5) == CONTENT[300:305]
