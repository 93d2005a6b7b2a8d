"""Many files by the command line: a first run stamps them all, a second finds nothing left to do."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from statistics import median

import numpy as np
from astropy.io import fits
from harness import Row, once, process

FILES = 10_000
ROUNDS = 5


def measure() -> Iterator[Row]:
    """Whole processes with two jobs, without and with fsync."""
    with tempfile.TemporaryDirectory() as folder:
        files = Path(folder) / "files"
        first, second = rounds(files, "--no-fsync")
        for what, seconds in (("stamp a file of many", min(first)), ("the same again, all unchanged", min(second))):
            notes = f"a time: {FILES / seconds:,.0f} files/s, `fitsprov stamp --no-fsync --jobs 2` on {FILES} files"
            yield Row(what, seconds / FILES * 1e6, 200, "µs", notes)
        first, second = rounds(files, "--fsync")
        ratio = median(b / a for a, b in zip(first, second, strict=True))
        yield Row("second run over stamped files", ratio, 1, notes="the first, with fsync")


def rounds(files: Path, *options: str) -> tuple[list[float], list[float]]:
    """Time first and second runs, each pair over fresh files, in seconds."""
    command = ["-m", "fitsprov", "stamp", "-r", str(files), "--run", "r", "--type", "t", "--data-id", "exposure=7"]
    job = process(*command, "--jobs", "2", *options)
    times = [(once(job, lambda: make(files)), once(job)) for _ in range(ROUNDS)]
    return [first for first, _ in times], [second for _, second in times]


def make(files: Path) -> None:
    """Write small images; nothing of them is left to be written when it returns."""
    shutil.rmtree(files, ignore_errors=True)
    files.mkdir()
    image = fits.PrimaryHDU(np.zeros((10, 10), dtype=np.int16))
    for n in range(6):
        image.header[f"KEY{n}"] = n
    image.writeto(files / "first.fits")
    content = (files / "first.fits").read_bytes()
    for n in range(1, FILES):
        (files / f"{n:05d}.fits").write_bytes(content)
    os.sync()
