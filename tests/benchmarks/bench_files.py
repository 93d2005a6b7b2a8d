"""What it costs to edit and copy files, held against the system calls that must be and against its peers.

What the whole calls of the library cost is measured in `bench_stamping`.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import fitsio
import numpy as np
from astropy.io import fits
from harness import Row, paired

from fitsprov.files import Decide, Edit, edit_file, export_file, read_unit
from tests.files.conftest import make_tail, stamp_span

MANY, FEW = 401, 7
CARDS = 200
"""Of a header as observatories write them, with room for 15 more."""
MIB = 2**20
TAIL = make_tail("one", 13)


def make(path: Path, size: int, cards: int) -> Path:
    """Write an image of so many bytes with so many header cards."""
    rows = max(1, size // MIB)
    image = fits.PrimaryHDU(np.random.default_rng(1).integers(0, 255, (rows, size // rows), dtype=np.uint8))
    for n in range(cards - len(image.header)):
        image.header[f"KEY{n}"] = n
    image.writeto(path)
    return path


def stamping(path: Path, *, fsync: bool = False) -> tuple[Callable[[], object], Callable[[], object]]:
    """Give two jobs: write a first stamp of 13 cards; take it out."""
    edit_file(path, lambda _: Edit(tail=TAIL))
    span = stamp_span(read_unit(path))

    def job(edit: Edit, *, fsync: bool = False) -> Callable[[], object]:
        decide: Decide = lambda _: edit  # noqa: E731 -- the cheapest decision that there is
        return lambda: edit_file(path, decide, fsync=fsync)

    stamp, strip = job(Edit(tail=TAIL), fsync=fsync), job(Edit(remove=span))
    strip()
    return stamp, strip


def one_block(path: Path, *, fsync: bool = False) -> Callable[[], None]:
    """Give the least that an edit can be: open, read a block, write it, close."""

    def job() -> None:
        descriptor = os.open(path, os.O_RDWR)
        block = os.pread(descriptor, 2880, 0)
        os.pwrite(descriptor, block, 0)
        if fsync:
            os.fsync(descriptor)
        os.close(descriptor)

    return job


def by_astropy(path: Path) -> None:
    """Write as many cards with astropy."""
    with fits.open(path, mode="update") as hdus:
        for n in range(13):
            hdus[0].header[f"FPX_{n}"] = ("x" * 30, "a comment")


def by_fitsio(path: Path) -> None:
    """Write as many cards with fitsio."""
    with fitsio.FITS(str(path), "rw") as file:
        for n in range(13):
            file[0].write_key(f"FPX_{n}", "x" * 30, "a comment")


def measure() -> Iterator[Row]:
    """Edits in place, copies, and reads."""
    with tempfile.TemporaryDirectory() as folder:
        yield from measure_small(Path(folder))
    with tempfile.TemporaryDirectory() as folder:
        yield from measure_large(Path(folder))


def measure_small(folder: Path) -> Iterator[Row]:
    """Measure a file of 100 KiB."""
    path = make(folder / "small.fits", 100 * 1024, CARDS)
    other = make(folder / "other.fits", 100 * 1024, CARDS)
    stamp, strip = stamping(path)
    ratio = paired(stamp, one_block(path), rounds=MANY, before=strip)
    yield Row("13 cards in place behind 200, 100 KiB", ratio, 5, notes="open, read and write of one block")
    bare = other.read_bytes()

    def fresh() -> None:
        with other.open("r+b") as file:  # a truncated file would be flushed when it is closed, beside what is timed
            file.write(bare)
        strip()

    for name, job, bar in (("astropy", by_astropy, 100), ("fitsio", by_fitsio, 10)):
        ratio = paired(stamp, lambda job=job: job(other), rounds=101, before=fresh)
        yield Row("13 cards in place behind 200, 100 KiB", ratio, 1 / bar, notes=f"the same by {name}")

    whole = make(folder / "whole.fits", 100 * 1024, 12)
    stamp, strip = stamping(whole, fsync=True)
    ratio = paired(stamp, one_block(whole, fsync=True), rounds=101, before=strip)
    yield Row("13 cards in place, with fsync, in one page", ratio, 1.25, notes="one block, with fsync")
    split = make(folder / "split.fits", 100 * 1024, 36 + 10)
    stamp, strip = stamping(split, fsync=True)
    ratio = paired(stamp, one_block(split, fsync=True), rounds=101, before=strip)
    yield Row("13 cards in place, with fsync, in two pages", ratio, 2, notes="one block, with fsync")


def measure_large(folder: Path) -> Iterator[Row]:
    """Measure a file of 256 MiB."""
    small = make(folder / "small.fits", 100 * 1024, 12)
    large = make(folder / "large.fits", 256 * MIB, 12)
    jobs, strips = zip(*(stamping(path) for path in (large, small)), strict=True)

    def strip_both() -> None:
        for strip in strips:
            strip()

    ratio = paired(jobs[0], jobs[1], rounds=MANY, before=strip_both)
    yield Row("13 cards in place, 256 MiB", ratio, 3, notes="the same in 100 KiB")

    full, copy = make(folder / "full.fits", 256 * MIB, 34), folder / "copy.fits"

    def cp() -> None:
        subprocess.run(["cp", full, copy], check=True)

    def fresh() -> None:
        copy.unlink(missing_ok=True)
        os.sync()

    ratio = paired(lambda: export_file(full, copy, lambda _: Edit(tail=TAIL)), cp, rounds=FEW, before=fresh)
    yield Row("export with a stamp, 256 MiB", ratio, 1.1, notes="`cp`")

    growing = folder / "growing.fits"

    def anew() -> None:
        fresh()
        growing.unlink(missing_ok=True)
        subprocess.run(["cp", full, growing], check=True)
        os.sync()

    ratio = paired(lambda: edit_file(growing, lambda _: Edit(tail=TAIL)), cp, rounds=FEW, before=anew)
    yield Row("growth of a header, 256 MiB", ratio, 1.5, notes="`cp` to a new file; a replaced file is freed, too")
