"""Objects of `astropy.io.fits`: HDUList, HDU, Header.

Cards are taken out and appended one by one; all others stay the objects that they were. Data are read from the file
behind an HDU as long as nobody has loaded them; loaded data are written to a temporary file first, because scaling,
unsigned integers and heaps only become bytes there.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from io import BytesIO
from typing import Any, cast

import numpy as np
from astropy.io import fits
from astropy.io.fits.verify import VerifyError

from fitsprov.cards.card import parse_cards
from fitsprov.cards.grammar import BLANK, CARD
from fitsprov.cards.sums import checksum_delta, word_sum
from fitsprov.errors import FileRefused, StampRefused, UnwritableValue
from fitsprov.files.layout import Edit
from fitsprov.files.memory import Holder
from fitsprov.files.table import TABLE_NAME
from fitsprov.files.units import HeaderUnit, ReadAt, read_descriptor, walk

__all__ = ["HOLDERS"]


class HeaderHolder:
    """A header alone."""

    has_data = False

    def __init__(self, header: fits.Header) -> None:
        self.name = type(header).__name__
        self.headers = (header,)

    def header_at(self, index: int) -> fits.Header | None:
        """Give the header at a position; None behind the last."""
        return self.headers[index] if index < len(self.headers) else None

    def header(self, index: int) -> bytes | None:
        """Spell a header."""
        header = self.header_at(index)
        if header is None:
            return None
        try:
            return cast(str, header.tostring()).encode("latin-1", "replace")
        except (VerifyError, ValueError) as error:
            raise UnwritableValue(f"{self.name}: header {index} cannot be written: {str(error).strip()}") from error

    def read_data(self, index: int, offset: int, size: int) -> bytes:
        """There are none."""
        raise FileRefused(f"{self.name}: is a header alone; expected a file with its data")

    def edit(self, index: int, unit: HeaderUnit, edit: Edit) -> None:
        """Take cards out, append others, and carry the change into CHECKSUM."""
        header: Any = self.header_at(index)
        old = card_indices(header, edit.remove, self.name)
        if edit.table is not None:
            self.put_table(edit.table)
        for at in reversed(old):
            del header[at]
        append_cards(header, edit.insert + (BLANK + edit.tail if edit.tail else b""))
        checksum = unit.value("CHECKSUM")
        before, after = word_sum(unit.header), word_sum(self.header(index) or b"")
        if isinstance(checksum, str) and before != after:
            header["CHECKSUM"] = checksum_delta(checksum, before, after)

    def put_table(self, table: bytes) -> None:
        """There is no place for one."""
        if table:
            raise StampRefused(f"{self.name}: has no place for a table of long lists; expected lists='cards' or 'none'")

    def close(self) -> None:
        """Nothing is open."""


class HDUHolder(HeaderHolder):
    """An HDU."""

    has_data = True

    def __init__(self, hdu: Any) -> None:
        self.name = type(hdu).__name__
        self.hdus = [hdu]
        self.readers: dict[int, ReadAt] = {}
        self.opened = ExitStack()

    def close(self) -> None:
        """Drop the temporary files."""
        self.opened.close()

    def hdu_at(self, index: int) -> Any:
        """Give the HDU at a position; None behind the last."""
        return self.hdus[index] if index < len(self.hdus) else None

    def header_at(self, index: int) -> fits.Header | None:
        """Give the header at a position; None behind the last."""
        hdu = self.hdu_at(index)
        return None if hdu is None else hdu.header

    def read_data(self, index: int, offset: int, size: int) -> bytes:
        """Read data as they would be written."""
        if index not in self.readers:
            self.readers[index] = self.reader_of(self.hdu_at(index))
        return self.readers[index](offset, size)

    def reader_of(self, hdu: Any) -> ReadAt:
        """Find where the bytes of an HDU's data are, or write them."""
        if isinstance(hdu, fits.CompImageHDU):
            loaded = hdu._bintable is None or hdu._data_loaded
            return self.written(fits.ImageHDU(hdu.data, hdu.header.copy())) if loaded else uncompressed(hdu)
        info = hdu.fileinfo()
        return self.written(hdu) if info is None or hdu._data_loaded else in_file(info)

    def written(self, hdu: Any) -> ReadAt:
        """Write an HDU, with a copy of its header, to a temporary file."""
        file = self.opened.enter_context(tempfile.TemporaryFile())  # noqa: SIM115 -- open until close()
        type(hdu)(data=hdu.data, header=hdu.header.copy()).writeto(file, output_verify="ignore")
        file.seek(0)
        *_, unit = walk(file, type(hdu).__name__)
        return lambda offset, size: read_descriptor(file.fileno(), unit.data_start + offset, size)


class HDUListHolder(HDUHolder):
    """An HDUList, which may not yet have looked at all its HDUs."""

    def __init__(self, hdus: fits.HDUList) -> None:
        super().__init__(hdus)
        self.name = hdus.filename() or "HDUList"
        self.hdus = hdus

    def hdu_at(self, index: int) -> Any:
        """Give the HDU at a position; only as many headers are read as it takes."""
        try:
            return self.hdus[index]
        except IndexError:
            return None

    def put_table(self, table: bytes) -> None:
        """Replace the table by another, as the last HDU."""
        old = [index for index, hdu in enumerate(self.hdus) if index and hdu.name == TABLE_NAME]
        for index in reversed(old):
            del self.hdus[index]
        if table:
            # from a file, because data from a string cannot be written
            primary = fits.PrimaryHDU().header.tostring().encode("ascii")
            self.hdus.append(fits.open(BytesIO(primary + table))[1])


def card_indices(header: Any, spans: tuple[tuple[int, int], ...], name: str) -> list[int]:
    """Find the cards of some spans, and the blank one before a stamp that ends the header."""
    starts, at = {}, 0
    for index, card in enumerate(header.cards):
        starts[at] = index
        at += len(str(card))
    starts[at] = len(header.cards)
    found: list[int] = []
    for start, stop in spans:
        if start not in starts or stop not in starts:
            cards = f"cards {start // CARD + 1} to {stop // CARD}"
            raise StampRefused(f"{name}: {cards} are held as one with others; expected them apart, as in a file")
        found += range(starts[start], starts[stop])
    if found and found[-1] == len(header.cards) - 1:
        before = next(index for index in range(found[-1], -2, -1) if index not in found)
        if before >= 0 and header.cards[before].is_blank:
            found.insert(found.index(before + 1), before)
    return found


def append_cards(header: Any, cards: bytes) -> None:
    """Append cards as they are spelled."""
    for card in parse_cards(cards):
        image = cards[card.start : card.stop].decode("ascii")
        header.append(fits.Card.fromstring(image), end=True)


def in_file(info: dict[str, Any]) -> ReadAt:
    """Read data that nobody has loaded from the file behind their HDU."""
    file = info["file"]

    def read_at(offset: int, size: int) -> bytes:
        position = file.tell()
        try:
            file.seek(info["datLoc"] + offset)
            return bytes(file.read(min(size, max(0, info["datSpan"] - offset))))
        finally:
            file.seek(position)

    return read_at


def uncompressed(hdu: Any) -> ReadAt:
    """Uncompress an image that nobody has loaded, without scaling it."""
    raw = fits.CompImageHDU(bintable=hdu._bintable, do_not_scale_image_data=True).section[...]
    data = np.ascontiguousarray(raw, raw.dtype.newbyteorder(">")).tobytes()
    return lambda offset, size: data[offset : offset + size].ljust(size, b"\0")


HOLDERS: dict[type, Callable[[Any], Holder]] = {
    fits.Header: HeaderHolder,
    fits.HDUList: HDUListHolder,
    fits.hdu.base._BaseHDU: HDUHolder,
}
