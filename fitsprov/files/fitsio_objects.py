"""Open files of `fitsio`.

cfitsio keeps its own view of a file, so cards go in and out through it: a file that is edited behind its back breaks.
It flushes each change, but for END, which it writes when it leaves the HDU; so a header is read from the file and
closed here where END is missing.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import fitsio
import numpy as np

from fitsprov.cards.card import parse_cards
from fitsprov.cards.grammar import BLANK, CARD, END
from fitsprov.cards.sums import checksum_delta, word_sum
from fitsprov.errors import FileRefused, StampRefused
from fitsprov.files.layout import Edit
from fitsprov.files.memory import Holder
from fitsprov.files.table import TABLE_NAME
from fitsprov.files.units import HeaderUnit, find_end, read_header

__all__ = ["HOLDERS"]

READ_WRITE = 1
KEEP_COMMENT = "&"
"""What cfitsio takes for: the comment that is there."""


class FileHolder:
    """An open file; what is no plain file on disk is taken whole."""

    has_data = True

    def __init__(self, file: fitsio.FITS) -> None:
        self.file = file
        self.name = str(file._filename)
        self.path = plain_file(Path(self.name))

    def read_at(self, offset: int, size: int) -> bytes:
        """Read the file as cfitsio has flushed it."""
        if self.path is None:
            return cast(bytes, self.file.read_raw()[offset : offset + size])
        with self.path.open("rb") as stream:
            stream.seek(offset)
            return stream.read(size)

    def offsets(self, index: int) -> tuple[int, int] | None:
        """Where header and data of an HDU start now; None behind the last."""
        if index >= len(self.file):
            return None
        self.file.movabs_hdu(index + 1)
        info = self.file._FITS.get_hdu_info(index + 1, False)
        return info["header_start"], info["data_start"]

    def header(self, index: int) -> bytes | None:
        """Read a header."""
        found = self.offsets(index)
        if found is None:
            return None
        header = self.read_at(found[0], found[1] - found[0])
        if find_end(header) < 0:
            cards = header.rstrip(b" ")
            header = (cards.ljust(-(-len(cards) // CARD) * CARD) + END).ljust(len(header))
        return header

    def read_data(self, index: int, offset: int, size: int) -> bytes:
        """Read data."""
        found = self.offsets(index)
        return b"" if found is None else self.read_at(found[1] + offset, size)

    def edit(self, index: int, unit: HeaderUnit, edit: Edit) -> None:
        """Take cards out by their keywords, append others, and carry the change into CHECKSUM."""
        file = self.writable()
        keywords = removable(unit, edit)
        if edit.table is not None:
            self.put_table(file, edit.table)
        hdu = file[index]
        for keyword in keywords:
            hdu.delete_key(keyword)
        separator = b"" if leaves_separator(unit, edit) else BLANK
        write_cards(hdu, edit.insert + (separator + edit.tail if edit.tail else b""))
        checksum = unit.value("CHECKSUM")
        before, after = word_sum(unit.header), word_sum(self.header(index) or b"")
        if isinstance(checksum, str) and before != after:
            hdu.write_key("CHECKSUM", checksum_delta(checksum, before, after), comment=KEEP_COMMENT)

    def put_table(self, file: Any, table: bytes) -> None:
        """Append a table; fitsio cannot take one out."""
        if any(hdu.get_extname() == TABLE_NAME for hdu in file):
            raise StampRefused(
                f"{self.name}: fitsio cannot replace its {TABLE_NAME} table; close it and stamp its path"
            )
        unit = read_header(lambda offset, size: table[offset : offset + size], index=1, source=self.name)
        cards = list(parse_cards(unit.header))
        values = {card.keyword: card.value for card in cards}
        columns = range(1, int(str(values["TFIELDS"])) + 1)
        dtype = np.dtype([(str(values[f"TTYPE{n}"]), f"S{str(values[f'TFORM{n}'])[:-1]}") for n in columns])
        file.write(np.frombuffer(table, dtype, int(str(values["NAXIS2"])), unit.data_start), extname=TABLE_NAME)
        hdu = file[-1]
        last = next(card.stop for card in cards if card.keyword == "EXTNAME")
        first_sum = next(card.start for card in cards if card.keyword == "DATASUM")
        write_cards(hdu, unit.header[last:first_sum])
        hdu.write_checksum()

    def close(self) -> None:
        """The file stays open."""

    def writable(self) -> Any:
        """Give the file, if it may be written."""
        if self.file.intmode != READ_WRITE:
            raise FileRefused(f"{self.name}: is open to read only; expected fitsio.FITS(…, 'rw')")
        return self.file


def plain_file(path: Path) -> Path | None:
    """Give a path back where a plain FITS file is there."""
    if not path.is_file():
        return None
    with path.open("rb") as stream:
        return path if stream.read(6) == b"SIMPLE" else None


def leaves_separator(unit: HeaderUnit, edit: Edit) -> bool:
    """Whether the last card that remains is the blank one before an old stamp: cfitsio cannot take it out."""
    last = at = -(-len(unit.header[: unit.end].rstrip(b" ")) // CARD) * CARD
    for start, stop in reversed(edit.remove):
        at = start if stop == at else at
    return at < last and unit.header[at - CARD : at] == BLANK and not edit.insert


def removable(unit: HeaderUnit, edit: Edit) -> list[str]:
    """The keywords of the cards to take out; cfitsio finds cards by keyword alone, so each must stand once."""
    cards = list(parse_cards(unit.header))
    inside = [card for card in cards if any(start <= card.start < stop for start, stop in edit.remove)]
    keywords = [card.keyword for card in cards]
    for card in inside:
        if keywords.count(card.keyword) > 1:
            raise StampRefused(
                f"{unit.source}: {card.keyword or 'a blank keyword'} stands more than once, and fitsio cannot tell them"
                " apart; close it and edit its path"
            )
    return [card.keyword for card in inside]


def write_cards(hdu: Any, cards: bytes) -> None:
    """Append cards as they are spelled."""
    for at in range(0, len(cards), CARD):
        hdu._FITS.write_record(hdu.get_extnum() + 1, cards[at : at + CARD].decode("ascii"))
    hdu._cached_info = None


HOLDERS: dict[type, Callable[[Any], Holder]] = {fitsio.FITS: FileHolder}
