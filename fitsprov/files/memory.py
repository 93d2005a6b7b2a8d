"""Objects in memory: those of astropy and fitsio, as the file that they would write.

Neither package is imported from here. An object can only be handed in where its package was imported, so a look at
`sys.modules` tells which holders there are to learn.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from functools import cached_property, singledispatch
from importlib import import_module
from typing import Any, Protocol

from fitsprov.errors import NotFits, UsageError
from fitsprov.files.accept import Source
from fitsprov.files.layout import Edit
from fitsprov.files.units import HeaderUnit, absent, find_end, is_wanted

__all__ = ["Holder", "apply_edit", "header_bytes", "header_unit", "open_object"]

HOLDERS = {"astropy.io.fits": "fitsprov.files.astropy_objects", "fitsio": "fitsprov.files.fitsio_objects"}
"""Package → the module that holds its objects."""
LEARNT: set[str] = set()
"""The packages whose objects are known."""


class Holder(Protocol):
    """An object of another package, seen as the headers and data of a file."""

    name: str
    """What errors name."""
    has_data: bool

    def header(self, index: int) -> bytes | None:
        """Give a header in whole blocks, END included; None behind the last."""
        ...

    def read_data(self, index: int, offset: int, size: int) -> bytes:
        """Read the data of an HDU, with their fill."""
        ...

    def edit(self, index: int, unit: HeaderUnit, edit: Edit) -> None:
        """Take cards out of a header and append others, and replace the table; what is refused changes nothing.

        A CHECKSUM that was right stays right.
        """
        ...

    def close(self) -> None:
        """Drop what was opened to read data; the object stays as it is."""
        ...


@singledispatch
def holder_of(obj: Any) -> Holder | None:
    """Hold an object; None for what no package that we know has made."""
    new = [package for package in HOLDERS if package in sys.modules and package not in LEARNT]
    for package in new:
        for cls, holder in import_module(HOLDERS[package]).HOLDERS.items():
            holder_of.register(cls, holder)
        LEARNT.add(package)
    return holder_of(obj) if new else None


class HeaderAlone(HeaderUnit):
    """A header that announces data which are elsewhere."""

    @cached_property
    def data_size(self) -> int:
        """None are here."""
        return 0


class MemorySource(Source):
    """An object, to be read from as if it were the file; data are only read when they are asked for."""

    def __init__(self, holder: Holder) -> None:
        super().__init__(holder.name, self.read_held)
        self.holder = holder
        self.has_data = holder.has_data
        self.known: list[HeaderUnit] = []

    def units(self) -> Iterator[HeaderUnit]:
        """Give the headers, in order; an extension that stands alone has index 1."""
        position = 0
        while position < len(self.known) or self.add_unit(position):
            yield self.known[position]
            position += 1

    def close(self) -> None:
        """Drop what was opened to read data."""
        self.holder.close()

    def add_unit(self, position: int) -> bool:
        """Take one more header from the object."""
        header = self.holder.header(position)
        if header is None:
            return False
        end = find_end(header)
        if end < 0:
            raise NotFits(f"{self.name}: header {position} has no END card; expected one")
        start = self.known[-1].next_start if self.known else 0
        index = position if header.startswith(b"SIMPLE") or not self.has_data or self.known else 1
        index += self.known[0].index if self.known else 0
        kind = HeaderUnit if self.has_data else HeaderAlone
        self.known.append(kind(index, start, header, end, self.name))
        return True

    def unit(self, hdu: int | str = 0) -> HeaderUnit:
        """Find an HDU by number, or by name and version; of an object that is one HDU, that one."""
        for unit in self.units():
            if hdu == 0 or is_wanted(unit, hdu):
                return unit
        raise absent(hdu, self.known) if self.known else UsageError(f"{self.name}: no HDU '{hdu}'; it is empty")

    def read_held(self, offset: int, size: int) -> bytes:
        """Read from the file that the object would write; what begins in a header ends with it."""
        for position, unit in enumerate(self.units()):
            if offset < unit.data_start:
                return unit.header[offset - unit.start :][:size]
            if offset < unit.next_start:
                size = min(size, unit.next_start - offset)
                return self.holder.read_data(position, offset - unit.data_start, size)
        return b""


def open_object(obj: Any) -> MemorySource | None:
    """Read from an HDUList, an HDU, a Header or a fitsio.FITS; None for anything else."""
    holder = holder_of(obj)
    return None if holder is None else MemorySource(holder)


def need_holder(obj: Any) -> Holder:
    """Hold an object, or say what was expected."""
    holder = holder_of(obj)
    if holder is None:
        raise UsageError(
            f"{type(obj).__name__} cannot be stamped; expected a path, HDUList, HDU, Header or fitsio.FITS"
        )
    return holder


def header_unit(obj: Any, hdu: int | str = 0) -> HeaderUnit:
    """Give one header of an object, as it would be written.

    Raises
    ------
    UsageError
        For an object of another kind, and where it has no such HDU.
    """
    return MemorySource(need_holder(obj)).unit(hdu)


def header_bytes(obj: Any, hdu: int | str = 0) -> bytes:
    """Give the bytes of `header_unit`, in whole blocks."""
    return header_unit(obj, hdu).header


def apply_edit(obj: Any, edit: Edit, hdu: int | str = 0) -> None:
    """Edit a header of an object, so that what it writes afterwards carries the edit.

    Parameters
    ----------
    edit : Edit
        Relative to `header_bytes` of the same object and HDU.

    Raises
    ------
    StampRefused
        Where the object cannot take the edit: a table without an HDUList, cards that it holds otherwise.
    FileRefused
        For a file of fitsio that is open to read.
    """
    holder = need_holder(obj)
    source = MemorySource(holder)
    unit = source.unit(hdu)
    holder.edit(unit.index - next(source.units()).index, unit, edit)
