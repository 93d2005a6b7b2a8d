"""Header units: where they start, where END stands, and how many bytes of data follow (FITS 4.0, 3 and 4.4.1)."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import BinaryIO

from fitsprov.cards.card import Value, parse_cards
from fitsprov.cards.grammar import BLOCK, CARD, END
from fitsprov.cards.search import find_card
from fitsprov.compiled import compiled
from fitsprov.errors import NotFits, TruncatedFits, UsageError

__all__ = [
    "FIRST_READ",
    "HeaderUnit",
    "ReadAt",
    "absent",
    "find_unit",
    "is_wanted",
    "read_descriptor",
    "read_header",
    "reader",
    "walk",
]

ReadAt = Callable[[int, int], bytes]
"""``read_at(offset, size)``: fewer bytes than asked only at the end of the file."""

BITPIX = b"BITPIX  "
FIRST_READ = 8 * BLOCK
LONGEST_HEADER = 256 * FIRST_READ
"""Where the search for END gives up: 5.6 MiB, 73,000 cards."""


@dataclass
class HeaderUnit:
    """One header as it stands in a file; its values are read only when asked for."""

    index: int
    """0 is the primary HDU."""
    start: int
    """Offset in the (uncompressed) file, in bytes."""
    header: bytes
    """Whole blocks, that of END included."""
    end: int
    """Offset of the END card in `header`."""
    source: str = ""
    """What errors name."""
    size: int | None = field(default=None, init=False, repr=False, compare=False)
    """`data_size`, once somebody asked for it."""

    @property
    def cards(self) -> bytes:
        """What stands before END; behind it an interrupted flip may have left cards that say nothing."""
        return self.header[: self.end]

    def value(self, keyword: str) -> Value | None:
        """Read the first card of a keyword of 8 characters or fewer, CONTINUE apart; None where there is none."""
        at = find_card(self.header, self.end, keyword.ljust(8).encode("ascii"))
        return None if at < 0 else next(parse_cards(self.header, at, at + CARD)).value

    @property
    def name(self) -> str:
        """EXTNAME; ``""`` where there is none."""
        value = self.value("EXTNAME")
        return "" if value is None else str(value)

    @property
    def version(self) -> int:
        """EXTVER; 1 where there is none."""
        value = self.value("EXTVER")
        return value if isinstance(value, int) else 1

    @property
    def data_start(self) -> int:
        """Offset of the data in the file."""
        return self.start + len(self.header)

    @property
    def data_size(self) -> int:
        """Bytes of data without their fill (4.4.1.1 equation 1, 4.4.1.2 equation 2, 6.1 equation 4).

        Raises
        ------
        NotFits
            Where BITPIX or the axes are not there or are no sizes.
        """
        if self.size is None:
            usual = usual_data_size(self.header, self.index)
            self.size = self.read_data_size() if usual < 0 else usual
        return self.size

    def read_data_size(self) -> int:
        """Read the sizes, wherever their cards stand."""
        count = self.integer(b"NAXIS   ", 2)
        if not count:
            return 0
        axes = [self.integer(b"NAXIS%-3d" % n, 2 + n) for n in range(1, count + 1)]
        groups = not self.index and not axes[0] and self.value("GROUPS") is True
        elements = math.prod(axes[1:] if groups else axes)
        if self.index or groups:
            elements += self.integer(b"PCOUNT  ", 3 + count, absent=0)
            elements *= self.integer(b"GCOUNT  ", 4 + count, absent=1)
        return abs(self.integer(BITPIX, 1)) // 8 * elements

    @property
    def next_start(self) -> int:
        """Offset where the next HDU would start."""
        return self.data_start + -(-self.data_size // BLOCK) * BLOCK

    def integer(self, keyword: bytes, card: int, absent: int | None = None) -> int:
        """Read a mandatory integer: BITPIX, or a size; `card` is its place in the order that the standard sets."""
        at = card * CARD
        if not self.header.startswith(keyword, at):
            at = find_card(self.header, self.end, keyword)
            if at < 0 and absent is not None:
                return absent
        value: Value | None
        try:
            value = int(
                self.header[at + 10 : at + 31] if at > 0 else b""
            )  # right-justified, so a blank follows (4.2.3)
        except ValueError:
            value = self.value(keyword.decode("ascii"))
        if type(value) is not int or (value < 0 and keyword != BITPIX):
            name = keyword.decode("ascii").rstrip()
            raise NotFits(f"{self.source}: {name} of HDU {self.index} is {value!r}; expected an integer, 0 or more")
        return value


@compiled
def usual_data_size(header: bytes, index: int) -> int:
    """Bytes of data where all sizes stand as the standard sets; -1 for what is left to Python."""
    return -1


def find_end(header: bytes, start: int = 0) -> int:
    """Find the END card behind a card-aligned offset; -1 for none."""
    return find_card(header, len(header), END[:8], start)


class Forward:
    """`ReadAt` over a stream, plain or decompressed, that never goes back; it holds no more than was asked for."""

    def __init__(self, stream: BinaryIO) -> None:
        self.stream = stream
        self.at = 0
        self.held = b""

    def __call__(self, offset: int, size: int) -> bytes:
        """Read at an offset that is not below that of the call before."""
        self.held, gap = self.held[offset - self.at :], offset - self.at - len(self.held)
        self.at = offset
        if gap > 0:
            self.skip(gap)
        while len(self.held) < size:
            more = self.stream.read(size - len(self.held))
            if not more:
                break
            self.held += more
        return self.held[:size]

    def skip(self, size: int) -> None:
        """Pass over bytes that nobody asked for."""
        if self.stream.seekable():
            self.stream.seek(size, os.SEEK_CUR)
            return
        while size > 0:
            passed = len(self.stream.read(min(size, 2**18)))
            if not passed:
                return
            size -= passed


def reader(file: ReadAt | int | BinaryIO) -> ReadAt:
    """Give the `ReadAt` of a file descriptor or of a stream, whose offsets then count from where it stands."""
    if isinstance(file, int):
        return partial(read_descriptor, file)
    return file if callable(file) else Forward(file)


def read_descriptor(descriptor: int, offset: int, size: int) -> bytes:
    """Read a file by its descriptor."""
    try:
        if hasattr(os, "pread"):
            return os.pread(descriptor, size, offset)
        os.lseek(descriptor, offset, os.SEEK_SET)
    except OverflowError:  # no file is as long as some headers say
        return b""
    return os.read(descriptor, size)


def read_header(file: ReadAt | int | BinaryIO, start: int = 0, index: int = 0, source: str = "") -> HeaderUnit:
    """Read one header to its END.

    Parameters
    ----------
    file : callable, int or file-like
        What `reader` takes.
    start : int
        Offset of the header, in bytes.
    index : int
        0 for the primary header.

    Raises
    ------
    NotFits
        Where no header starts (4.4.1.1: SIMPLE, 4.4.1.2: XTENSION).
    TruncatedFits
        Where the file ends before the block of END does, or no END stands in the first 5.6 MiB.
    """
    read_at = reader(file)
    header = read_at(start, FIRST_READ)
    expected = b"XTENSION" if index else b"SIMPLE  "
    if not header.startswith(expected):
        seen = repr(header[:8])[1:] if header else "nothing"
        raise NotFits(f"{source}: HDU {index} begins with {seen}; expected '{expected.decode().rstrip()}'")
    end, size = find_end(header), FIRST_READ
    while end < 0 and len(header) == size < LONGEST_HEADER:
        header += read_at(start + size, size)
        end = find_end(header, size)
        size *= 2
    if end < 0:
        where = "ends" if len(header) < size else "goes on"
        raise TruncatedFits(f"{source}: header of HDU {index} {where} after {len(header)} bytes; expected END before")
    size = (end // BLOCK + 1) * BLOCK
    if len(header) < size:
        raise TruncatedFits(
            f"{source}: header of HDU {index} has {len(header)} bytes; expected {size}, the whole block of END"
        )
    return HeaderUnit(index, start, header[:size], end, source)


def walk(file: ReadAt | int | BinaryIO, source: str = "", *, truncated: bool = False) -> Iterator[HeaderUnit]:
    """Read the headers of all HDUs, in order.

    What follows the last HDU and is no extension (special records, FITS 4.0, 3.5, or padding) ends the walk.

    Parameters
    ----------
    truncated : bool
        Whether a file may end inside a data unit.

    Raises
    ------
    NotFits, TruncatedFits
    """
    read_at = reader(file)
    unit = read_header(read_at, source=source)
    while True:
        yield unit
        size, start = unit.data_size, unit.next_start
        last = start if truncated or not size else unit.data_start + size - 1
        seen = read_at(last, start + 8 - last)
        if last < start and not seen:
            raise TruncatedFits(
                f"{source}: ends inside the data of HDU {unit.index}; expected {size} bytes from {unit.data_start} on"
            )
        if seen[start - last :] != b"XTENSION":
            return
        unit = read_header(read_at, start, unit.index + 1, source)


def find_unit(file: ReadAt | int | BinaryIO, hdu: int | str = 0, source: str = "") -> HeaderUnit:
    """Find an HDU by number (``0``, ``"1"``) or by name and version (``"SCI"``, ``"SCI,2"``).

    Raises
    ------
    UsageError
        Where there is no such HDU; it names those that are there.
    NotFits, TruncatedFits
    """
    if hdu == 0:
        return read_header(file, source=source)
    passed = []
    for unit in walk(file, source):
        if is_wanted(unit, hdu):
            return unit
        passed.append(unit)
    raise absent(hdu, passed)


def is_wanted(unit: HeaderUnit, hdu: int | str) -> bool:
    """Whether an HDU is the one that a number, a name or ``name,version`` asks for; case does not count."""
    if isinstance(hdu, int):
        return unit.index == hdu
    wanted, _, version = hdu.upper().partition(",")
    name = unit.name.upper() or ("" if unit.index else "PRIMARY")
    if version.strip():
        return name == wanted.strip() and str(unit.version) == version.strip()
    return wanted.strip() in (str(unit.index), name)


def absent(hdu: int | str, units: list[HeaderUnit]) -> UsageError:
    """Say which HDUs there are."""
    there = ", ".join(f"{u.index} ({u.name},{u.version})" if u.name else str(u.index) for u in units)
    return UsageError(f"{units[0].source}: no HDU '{hdu}'; expected one of {there}")
