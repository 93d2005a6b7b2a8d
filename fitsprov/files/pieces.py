"""The content of a copy, piece by piece: new bytes, and spans of the file that it is made from."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import BinaryIO

from fitsprov.errors import NotFits, StampRefused, TruncatedFits
from fitsprov.files.clone import copy_range, write_at
from fitsprov.files.layout import Edit, leftover, rewrite_header
from fitsprov.files.units import HeaderUnit, ReadAt, absent, is_wanted, walk

__all__ = ["TABLE", "Decide", "copy_pieces", "pieces", "stream_pieces"]

Decide = Callable[[HeaderUnit], Edit | None]
"""Given a header, what shall become of it; None for nothing."""

TABLE = "FITSPROV"
CHUNK = 2**18


@dataclass(frozen=True, slots=True)
class Span:
    """Bytes that are copied as they are."""

    start: int
    stop: int | None
    """None for the end of the file; up to any other offset, what is not there is filled with zeros, if `fill`."""
    need: int = 0
    """How many must be there: data without their fill."""
    source: str = ""
    fill: bool = True


def data_of(unit: HeaderUnit, *, to_end: bool = False, fill: bool = True) -> Span:
    """Give the span of an HDU's data."""
    source = f"{unit.source}: data of HDU {unit.index}"
    return Span(unit.data_start, None if to_end else unit.next_start, unit.data_size, source, fill)


def pieces(
    read_at: ReadAt,
    decide: Decide,
    hdu: int | str = 0,
    source: str = "",
    *,
    block_multiple: int = 1,
    forward: bool = False,
) -> Iterator[bytes | Span]:
    """Give the pieces of an edited copy, in order; nothing is read twice.

    Parameters
    ----------
    forward : bool
        Whether what was passed cannot be read any more.

    Raises
    ------
    UsageError
        Where there is no such HDU.
    StampRefused
        Where the table that a new one replaces stands before the header, and was passed.
    NotFits, TruncatedFits
    """
    units, passed = walk(read_at, source, truncated=forward), []
    for unit in units:
        if is_wanted(unit, hdu):
            break
        passed.append(unit)
        if forward:
            yield unit.header
            yield data_of(unit)
    else:
        raise absent(hdu, passed)
    edit = decide(unit) or (Edit() if leftover(unit) else None)
    replaced = edit is not None and edit.table is not None
    if not forward:
        for one in passed:
            if not (replaced and one.name == TABLE):
                yield one.header
                yield data_of(one)
    elif replaced and any(one.name == TABLE for one in passed):
        raise StampRefused(f"{source}: its {TABLE} table stands before the header; expected a plain file")
    yield unit.header if edit is None else rewrite_header(unit, edit, block_multiple=block_multiple)
    if edit is None or edit.table is None:
        if forward:
            yield from rest(units, unit)
        else:
            need_whole(units)
            yield data_of(unit, to_end=True)
        return
    yield data_of(unit)
    for unit in units:
        if unit.name != TABLE:
            yield unit.header
            yield data_of(unit)
    yield edit.table
    yield Span(unit.next_start, None)


def need_whole(units: Iterator[HeaderUnit]) -> None:
    """Refuse a file that ends inside the data of an HDU."""
    try:
        for _ in units:
            pass
    except TruncatedFits:
        raise
    except NotFits:  # what follows instead of an HDU, is not ours to judge
        pass


def rest(units: Iterator[HeaderUnit], unit: HeaderUnit) -> Iterator[bytes | Span]:
    """Give the data of an HDU and all that follows, as it is; a stream that ends too early is noticed in each HDU."""
    yield data_of(unit, fill=False)
    try:
        for following in units:
            data = data_of(following, fill=False)
            unit = following
            yield unit.header
            yield data
    except TruncatedFits:
        raise
    except NotFits:  # as above
        pass
    yield Span(unit.next_start, None)


def copy_pieces(source: int, content: Iterable[bytes | Span], dest: int) -> None:
    """Write a copy by descriptors: the spans never pass through our memory, where the system can help."""
    at = 0
    for piece in content:
        if isinstance(piece, bytes):
            write_at(dest, piece, at)
            at += len(piece)
        else:
            size = sys.maxsize if piece.stop is None else piece.stop - piece.start
            copied = copy_range(source, piece.start, size, dest, at)
            check(piece, copied)
            at += copied if piece.stop is None else size
    os.ftruncate(dest, at)


def stream_pieces(read_at: ReadAt, content: Iterable[bytes | Span], dest: BinaryIO) -> None:
    """Write a copy to a stream, in constant memory."""
    for piece in content:
        if isinstance(piece, bytes):
            dest.write(piece)
            continue
        at, stop = piece.start, sys.maxsize if piece.stop is None else piece.stop
        while data := read_at(at, min(CHUNK, stop - at)):
            dest.write(data)
            at += len(data)
        check(piece, at - piece.start)
        if piece.stop is not None and piece.fill:
            dest.write(bytes(piece.stop - at))


def check(span: Span, copied: int) -> None:
    """Refuse data that are not all there."""
    if copied < span.need:
        raise TruncatedFits(f"{span.source} end after {copied} bytes; expected {span.need}")
