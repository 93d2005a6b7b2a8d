"""On filesystems that share extents, large files grow, lose and get their stamps without a copy of their data."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from fitsprov.files import Outcome, edit_file, export_file
from fitsprov.files.layout import GROWTH
from fitsprov.files.units import read_header
from tests.files.conftest import Stamper, make_tail, strip

MIB = 2**20
SIZE = 96 * MIB
"""Bytes of data, larger than what is always copied."""
IMAGES = {"xfs": 400 * MIB, "btrfs": 256 * MIB}
CARDS = 35


def run(*command: str | Path) -> None:
    """Run a command; say what it said where it fails."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise OSError(done.stderr.strip() or done.stdout.strip())


@pytest.fixture(params=IMAGES)
def shared(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Path]:
    """A folder on a filesystem of this kind, in an image that is mounted for one test."""
    make = shutil.which(f"mkfs.{request.param}")
    if make is None:
        pytest.skip(f"needs mkfs.{request.param} (xfsprogs, btrfs-progs)")
    if not hasattr(os, "geteuid") or os.geteuid() != 0:
        pytest.skip("needs root, to mount an image")
    image, folder = tmp_path / "image", tmp_path / "mounted"
    folder.mkdir()
    with image.open("wb") as file:
        file.truncate(IMAGES[request.param])
    run(make, "-q", image)
    try:
        run("mount", "-o", "loop", image, folder)
    except OSError as error:
        pytest.skip(f"needs leave to mount an image: {error}")
    try:
        yield folder
    finally:
        run("umount", folder)


@pytest.fixture
def large(shared: Path) -> Path:
    """A file whose header has no room, with data that no filesystem stores as holes."""
    path = shared / "a.fits"
    lines = [f"NAXIS1  = {SIZE:>20}", *(f"KEY{n:<5}= {n:>20}" for n in range(CARDS - 4))]
    cards = [
        "SIMPLE  =                    T",
        "BITPIX  =                    8",
        "NAXIS   =                    1",
        *lines,
    ]
    header = "".join(card.ljust(80) for card in [*cards, "END"]).ljust(2880).encode()
    with path.open("wb") as file:
        file.write(header)
        for n in range(SIZE // MIB):
            file.write(bytes([n + 1]) * MIB)
        file.write(bytes(-SIZE % 2880))
    return path


def used(folder: Path) -> int:
    """Bytes that are taken on a filesystem."""
    os.sync()
    status = os.statvfs(folder)
    return (status.f_blocks - status.f_bfree) * status.f_frsize


def data_of(path: Path) -> tuple[int, bytes]:
    """Bytes of the header, and the data behind it."""
    with path.open("rb") as file:
        size = len(read_header(file).header)
        file.seek(size)
        return size, file.read(SIZE)


def test_growth_shares_the_data(large: Path) -> None:
    before, (_, data) = used(large.parent), data_of(large)
    assert edit_file(large, Stamper(make_tail("one")), fsync=True) is Outcome.COPIED
    size, after = data_of(large)
    assert size > 2880
    assert (size - 2880) % GROWTH == 0
    assert after == data
    assert used(large.parent) - before < 8 * MIB
    assert edit_file(large, Stamper(make_tail("two"))) is Outcome.FLIPPED
    assert edit_file(large, strip) is Outcome.FLIPPED


def test_an_export_shares_the_data(large: Path) -> None:
    before = used(large.parent)
    copy = Path(export_file(large, large.parent / "b.fits", Stamper(make_tail("one"))))
    assert data_of(copy)[1] == data_of(large)[1]
    assert used(large.parent) - before < 8 * MIB


def test_a_table_shares_the_data(large: Path) -> None:
    before, (_, data) = used(large.parent), data_of(large)
    table = b"".join(
        card.ljust(80)
        for card in (b"XTENSION= 'BINTABLE'", b"BITPIX  = 8", b"NAXIS   = 0", b"EXTNAME = 'FITSPROV'", b"END")
    ).ljust(2880)
    assert edit_file(large, Stamper(make_tail("one"), table=table)) is Outcome.COPIED
    assert data_of(large)[1] == data
    assert large.read_bytes().endswith(table)
    assert used(large.parent) - before < 8 * MIB


def test_where_the_filesystem_inserts_ranges_the_header_grows_inside(large: Path) -> None:
    _, data = data_of(large)
    outcome = edit_file(large, Stamper(make_tail("one")), insert_range=True)
    assert outcome in (Outcome.GROWN, Outcome.COPIED)
    assert data_of(large)[1] == data
    assert [path.name for path in large.parent.iterdir() if path.name.startswith(".")] == []
