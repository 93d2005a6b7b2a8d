"""Where headers stand, and how many data follow."""

from __future__ import annotations

import contextlib
import io
import os
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits
from hypothesis import given
from hypothesis import strategies as st

from fitsprov.cards.grammar import BLOCK, CARD, END
from fitsprov.errors import NotFits, TruncatedFits, UsageError
from fitsprov.files.units import Forward, find_unit, read_header, walk
from tests.files.conftest import DATA, make_file


def header_of(*lines: str) -> bytes:
    """Make a header of these cards and END, in whole blocks."""
    text = b"".join(line.encode("ascii").ljust(CARD) for line in (*lines, "END"))
    return text.ljust(-(-len(text) // BLOCK) * BLOCK)


PRIMARY = ("SIMPLE  =                    T", "BITPIX  =                    8", "NAXIS   =                    0")


class Pipe(io.RawIOBase):
    """A forward-only stream that gives a few bytes at a time."""

    def __init__(self, content: bytes, step: int) -> None:
        self.content, self.step = io.BytesIO(content), step

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        return self.content.read(min(size, self.step))


@pytest.fixture
def several(tmp_path: Path) -> Iterator[int]:
    descriptor = os.open(make_file(tmp_path / "several.fits", 50), os.O_RDONLY)
    yield descriptor
    os.close(descriptor)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("path", DATA, ids=lambda path: path.name)
def test_every_hdu_is_found_where_astropy_finds_it(path: Path) -> None:
    with fits.open(path, disable_image_compression=True, memmap=False) as hdus:
        expected = [(hdu.fileinfo()["hdrLoc"], hdu.fileinfo()["datLoc"], hdu.header.get("EXTNAME", "")) for hdu in hdus]
        spans = [hdu.fileinfo()["datSpan"] for hdu in hdus]
    content = path.read_bytes()
    units = list(walk(io.BytesIO(content), path.name))
    assert [(unit.start, unit.data_start, unit.name) for unit in units] == expected
    assert [unit.next_start - unit.data_start for unit in units] == spans
    assert list(walk(Pipe(content, 1000), path.name)) == units


def test_the_data_of_random_groups_are_counted_by_equation_4() -> None:
    groups = (
        "NAXIS   =  3",
        "NAXIS1  =  0",
        "NAXIS2  =  5",
        "NAXIS3  =  2",
        "GROUPS  =  T",
        "PCOUNT  =  3",
        "GCOUNT  =  7",
    )
    unit = read_header(io.BytesIO(header_of(PRIMARY[0], "BITPIX  =                  -32", *groups)))
    assert unit.data_size == 4 * 7 * (3 + 10)
    assert unit.next_start == BLOCK + BLOCK


@pytest.mark.parametrize("blocks", [1, 4, 5, 9, 40])
def test_end_is_found_in_any_block(blocks: int) -> None:
    content = header_of(*PRIMARY, *["COMMENT THE END   OF ALL END"] * (36 * blocks - 4)) + b"END".ljust(BLOCK)
    unit = read_header(io.BytesIO(content))
    assert len(unit.header) == blocks * BLOCK
    assert unit.header[unit.end :] == END


@given(st.binary(max_size=400), st.integers(0, 3000))
def test_any_bytes_give_headers_or_one_of_our_errors(noise: bytes, at: int) -> None:
    content = bytearray(
        header_of(*PRIMARY, "EXTEND  =                    T") + header_of("XTENSION= 'IMAGE   '", *PRIMARY[1:])
    )
    content[at : at + len(noise)] = noise
    seen = 0
    with contextlib.suppress(NotFits):
        for unit in walk(io.BytesIO(bytes(content)), "noise"):
            seen += len(unit.header)
    assert seen <= len(content)


@pytest.mark.parametrize(
    ("content", "error", "seen"),
    [
        (b"", NotFits, "begins with nothing"),
        (b"<!DOCTYPE html>" * 400, NotFits, "begins with '<!DOCTYP'"),
        (header_of(*PRIMARY)[:1000].replace(b"END", b"AND"), TruncatedFits, "ends after 1000 bytes"),
        (header_of(*PRIMARY)[:1000], TruncatedFits, "has 1000 bytes"),
        (
            header_of(PRIMARY[0], PRIMARY[1], "NAXIS   =  2", "NAXIS1  = 5", "NAXIS2  = 'x'"),
            NotFits,
            "NAXIS2 of HDU 0 is 'x'",
        ),
        (header_of(PRIMARY[0], PRIMARY[1], "NAXIS   =  1", "NAXIS1  = -5"), NotFits, "NAXIS1 of HDU 0 is -5"),
        (
            header_of(PRIMARY[0], PRIMARY[1], "NAXIS   =  1", "NAXIS1  = 5"),
            TruncatedFits,
            "ends inside the data of HDU 0",
        ),
        (header_of(PRIMARY[0], PRIMARY[1]), NotFits, "NAXIS of HDU 0 is None"),
    ],
)
def test_foreign_and_damaged_files_are_refused_in_one_line(content: bytes, error: type[NotFits], seen: str) -> None:
    with pytest.raises(error, match=f"^f.fits: .*{seen}.*; expected "):
        list(walk(io.BytesIO(content), "f.fits"))


def test_a_header_without_end_costs_no_more_than_a_few_mib() -> None:
    class Endless(io.RawIOBase):
        def read(self, size: int = -1) -> bytes:
            return (b"SIMPLE  " + b" " * 72) * (size // CARD)

    tracemalloc.start()
    try:
        with pytest.raises(TruncatedFits, match="goes on after"):
            read_header(Endless(), source="endless")  # type: ignore[arg-type]
        assert tracemalloc.get_traced_memory()[1] < 32 * 2**20
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("tail", [b"", b"\0" * 240, b"special record".ljust(BLOCK), b"XTENSIO"])
def test_what_follows_the_last_hdu_and_is_none_ends_the_walk(tail: bytes) -> None:
    content = header_of(PRIMARY[0], PRIMARY[1], "NAXIS   =  1", "NAXIS1  =  3") + b"abc".ljust(BLOCK, b"\0")
    assert len(list(walk(io.BytesIO(content + tail)))) == 1


def test_a_cut_extension_header_is_an_error() -> None:
    with pytest.raises(TruncatedFits, match="HDU 1 ends after 160 bytes"):
        list(walk(io.BytesIO(header_of(*PRIMARY) + header_of("XTENSION= 'IMAGE   '")[:80] + b" " * 80), "f.fits"))


@pytest.mark.parametrize(
    ("hdu", "index"),
    [(0, 0), (2, 2), ("0", 0), ("2", 2), ("SCI", 1), ("sci,2", 2), ("PRIMARY", 0), ("CAT", 3), ("SCI, 1", 1)],
)
def test_an_hdu_is_found_by_number_name_and_version(several: int, hdu: int | str, index: int) -> None:
    assert find_unit(several, hdu).index == index


@pytest.mark.parametrize("hdu", [4, -1, "SCI,3", "ERR", ""])
def test_an_absent_hdu_is_answered_with_those_that_are_there(several: int, hdu: int | str) -> None:
    with pytest.raises(UsageError, match=rf"no HDU '{hdu}'; expected one of 0, 1 \(SCI,1\), 2 \(SCI,2\), 3 \(CAT,1\)"):
        find_unit(several, hdu, "several.fits")


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(0, 50)), max_size=12), st.integers(1, 40))
def test_a_forward_reader_gives_what_stands_there(jumps: list[tuple[int, int]], step: int) -> None:
    content = bytes(np.arange(200, dtype=np.uint8))
    forward, at = Forward(Pipe(content, step)), 0  # type: ignore[arg-type]
    for jump, size in jumps:
        at += jump
        assert forward(at, size) == content[at : at + size]


@pytest.mark.parametrize("axis", [2**31, 2**32, 2**40, 2**63])
def test_sizes_that_no_file_has_are_no_sizes_of_this_one(tmp_path: Path, axis: int) -> None:
    path = tmp_path / "a.fits"
    sizes = (f"NAXIS1  = {axis:>20}", f"NAXIS2  = {axis:>20}")
    path.write_bytes(header_of(*PRIMARY[:2], "NAXIS   =                    2", *sizes))
    with path.open("rb") as file:
        assert len(list(walk(file.fileno(), "a.fits", truncated=True))) == 1
        with pytest.raises(TruncatedFits, match="ends inside the data of HDU 0"):
            find_unit(file.fileno(), "SCI", "a.fits")
