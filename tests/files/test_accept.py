"""What may stand for a file, and how it is left."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import fitsio
import numpy as np
import pytest
from astropy.io import fits

from fitsprov.errors import FileRefused, NotFits, TruncatedFits, UsageError
from fitsprov.files.accept import Source, open_source, stream_of


class Pipe(io.RawIOBase):
    """A stream that cannot seek."""

    def __init__(self, data: bytes) -> None:
        self.inner = io.BytesIO(data)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        return self.inner.readinto(buffer)


class Duck:
    """A binary file that is no `io.IOBase`, and gives less than it is asked for."""

    def __init__(self, data: bytes) -> None:
        self.inner = io.BytesIO(data)
        self.tell, self.seek, self.seekable = self.inner.tell, self.inner.seek, self.inner.seekable

    def read(self, size: int) -> bytes:
        return self.inner.read(min(size, 1000))


@pytest.fixture(scope="module")
def contents() -> bytes:
    """A file of three HDUs."""
    file = io.BytesIO()
    pixels = np.arange(5000, dtype=np.int16).reshape(50, 100)
    hdus = [fits.PrimaryHDU(pixels), fits.ImageHDU(pixels, name="SCI"), fits.ImageHDU(pixels + 1, name="SCI", ver=2)]
    fits.HDUList(hdus).writeto(file)
    return file.getvalue()


@pytest.fixture
def path(contents: bytes, tmp_path: Path) -> Path:
    """The same on disk, under a name that a URL has to escape."""
    file = tmp_path / "a b%20.fits"
    file.write_bytes(contents)
    return file


def summary(source: Source) -> list[tuple[int, str, int, int, bytes]]:
    """What there is to see in a source, read backwards to be sure that it goes back."""
    return [(u.index, u.name, u.start, u.end, b"".join(source.data(u, 777))) for u in reversed(list(source.units()))]


@pytest.fixture
def expected(path: Path) -> list[tuple[int, str, int, int, bytes]]:
    """What there is to see in the file."""
    with open_source(path) as source:
        return summary(source)


SHAPES: dict[str, Callable[[Path], Any]] = {
    "path as text": str,
    "file URL": Path.as_uri,
    "URL with a host": lambda path: path.as_uri().replace("file://", "file://localhost"),
    "bytes": Path.read_bytes,
    "memoryview": lambda path: memoryview(path.read_bytes()),
    "BytesIO": lambda path: io.BytesIO(path.read_bytes()),
    "pipe": lambda path: io.BufferedReader(Pipe(path.read_bytes())),
    "raw pipe": lambda path: Pipe(path.read_bytes()),
    "duck": lambda path: Duck(path.read_bytes()),
    "gzip": lambda path: gzip.compress(path.read_bytes()),
    "bzip2 in a file": lambda path: io.BytesIO(bz2.compress(path.read_bytes())),
    "xz in a pipe": lambda path: Pipe(lzma.compress(path.read_bytes())),
}


@pytest.mark.parametrize("shape", SHAPES)
def test_whatever_stands_for_a_file_reads_the_same(
    shape: str, path: Path, expected: list[tuple[int, str, int, int, bytes]]
) -> None:
    with open_source(SHAPES[shape](path)) as source:
        assert summary(source) == expected
        assert source.unit("SCI,2").index == 2
        assert source.read_at(0, 6) == b"SIMPLE"


@pytest.mark.parametrize("suffix", ["gz", "bz2", "xz"])
def test_containers_on_disk_are_read_through(
    suffix: str, path: Path, expected: list[tuple[int, str, int, int, bytes]]
) -> None:
    pack = {"gz": gzip.compress, "bz2": bz2.compress, "xz": lzma.compress}[suffix]
    packed = path.with_name("not-by-its-name.fits")
    packed.write_bytes(pack(path.read_bytes()))
    with open_source(packed) as source:
        assert summary(source) == expected


def test_objects_of_astropy_and_fitsio_read_as_the_file(
    path: Path, expected: list[tuple[int, str, int, int, bytes]]
) -> None:
    with fits.open(path) as hdus, open_source(hdus) as source:
        assert summary(source) == expected
        assert source.name == str(path)
    with fitsio.FITS(str(path)) as file, open_source(file) as source:
        assert summary(source) == expected


def test_a_file_is_read_from_where_it_stands_and_left_there(contents: bytes) -> None:
    file = io.BytesIO(b"in front" + contents)
    file.seek(8)
    with open_source(file) as source:
        assert source.unit(2).start > 0
    assert file.tell() == 8
    assert not file.closed


def descriptors() -> int:
    """How many files this process has open, where the system tells."""
    folder = Path("/proc/self/fd")
    return len(list(folder.iterdir())) if folder.is_dir() else 0


def test_only_what_was_opened_is_closed(path: Path) -> None:
    before = descriptors()
    with open_source(path) as source:
        source.unit(1)
    with path.open("rb") as file:
        with open_source(file) as source:
            assert source.name == str(path)
        assert not file.closed
    with fits.open(path) as hdus:
        with open_source(hdus) as source:
            list(source.units())
        assert hdus[1].data[0, 1] == 1
    assert descriptors() == before


def test_a_source_is_taken_as_it_is_and_stays_open(path: Path) -> None:
    with open_source(path) as source:
        with open_source(source) as same:
            assert same is source
        assert source.unit(0).index == 0


@pytest.mark.parametrize("url", ["https://example.org/a.fits", "http://localhost/a.fits", "s3://bucket/a.fits"])
def test_other_urls_are_refused_in_one_line(url: str) -> None:
    with pytest.raises(FileRefused, match="expected a local path or file:///path") as caught, open_source(url):
        pass
    assert url in str(caught.value)


def test_a_file_url_of_another_host_is_refused() -> None:
    with pytest.raises(FileRefused, match="expected a local path"), open_source("file://elsewhere/a.fits"):
        pass


@pytest.mark.parametrize("thing", [None, 3, [], np.zeros(3), object()])
def test_what_is_no_file_is_refused_by_its_type(thing: Any) -> None:
    with pytest.raises(UsageError, match=f"{type(thing).__name__} is no FITS file; expected a path"):
        open_source(thing)


def test_a_text_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("SIMPLE")
    with (tmp_path / "a.txt").open() as file, pytest.raises(UsageError, match="text file"), open_source(file):
        pass


@pytest.mark.parametrize("junk", [b"", b"<!DOCTYPE html>", b"SIMPLE", b"\x1f\x8b", b"BZh", b"\0" * 3000])
def test_what_is_no_fits_gives_one_clear_error(junk: bytes) -> None:
    with pytest.raises((NotFits, TruncatedFits)) as caught, open_source(junk) as source:
        source.unit()
    assert "\n" not in str(caught.value)


def test_data_that_end_too_early_are_noticed(contents: bytes) -> None:
    with open_source(contents[:5000]) as source, pytest.raises(TruncatedFits, match="HDU 0"):
        b"".join(source.data(source.unit()))


def test_an_extension_can_be_read_as_a_file_of_its_own(path: Path) -> None:
    with open_source(path) as source, fits.open(stream_of(source, source.unit("SCI,2"))) as hdus:
        assert len(hdus) == 2
        assert hdus["SCI", 2].data[0, 0] == 1


def test_a_path_costs_no_import_of_astropy_numpy_or_compression(path: Path) -> None:
    code = (
        "import sys; from fitsprov.files.accept import open_source\n"
        f"with open_source({str(path)!r}) as source: source.unit('SCI')\n"
        "print([name for name in ('astropy', 'numpy', 'fitsio', 'lzma', 'urllib.request') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
