"""What may stand for a file: path, ``file://`` URL, bytes, binary file, and objects of astropy and fitsio.

All become a `Source`. A path costs an open and a read; astropy and fitsio are only touched by who hands their objects
in. What we opened is closed; a file that was handed in stands where it stood before.
"""

from __future__ import annotations

import io
import os
import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager, nullcontext
from functools import partial, singledispatch
from typing import Any, BinaryIO, cast

from fitsprov.cards.card import format_card
from fitsprov.cards.grammar import BLOCK, END
from fitsprov.errors import FileRefused, TruncatedFits, UsageError
from fitsprov.files.locks import open_regular
from fitsprov.files.units import FIRST_READ, Forward, HeaderUnit, ReadAt, find_unit, read_descriptor, walk

__all__ = ["Source", "local_path", "open_source", "stream_of"]

URL = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+)://")
SPOOLED = 2**24
"""Bytes of a stream that are kept in memory; more goes to a temporary file."""


class Source:
    """A FITS file, or an object that would become one, to read from; offsets are those of the uncompressed file."""

    has_data = True
    """False for a header alone."""

    def __init__(self, name: str, read_at: ReadAt) -> None:
        self.name = name
        """What errors and findings name."""
        self.read_at = read_at
        """``read_at(offset, size)``: fewer bytes than asked only at the end of the file."""
        self.sums: dict[int, int] = {}
        """Sums of the data of HDUs that were read; see `fitsprov.files.fingerprint`."""

    def units(self) -> Iterator[HeaderUnit]:
        """Read the headers of all HDUs, in order; each call begins anew.

        Raises
        ------
        NotFits, TruncatedFits
        """
        return walk(self.read_at, self.name)

    def unit(self, hdu: int | str = 0) -> HeaderUnit:
        """Find an HDU by number, or by name and version.

        Raises
        ------
        UsageError, NotFits, TruncatedFits
        """
        return find_unit(self.read_at, hdu, self.name)

    def data(self, unit: HeaderUnit, chunk: int = 2**20) -> Iterator[bytes]:
        """Read the data of an HDU without their fill, in chunks.

        Raises
        ------
        TruncatedFits
            Where the file ends before the data do.
        """
        at, left = unit.data_start, unit.data_size
        while left > 0:
            piece = self.read_at(at, min(left, chunk))
            if not piece:
                raise TruncatedFits(
                    f"{self.name}: ends inside the data of HDU {unit.index}; expected {left} bytes more"
                )
            yield piece
            at, left = at + len(piece), left - len(piece)


def open_source(source: Any) -> AbstractContextManager[Source]:
    """Open whatever stands for a FITS file.

    Parameters
    ----------
    source : path, ``file://`` URL, bytes, binary file, HDUList, HDU, Header, fitsio.FITS or Source
        A binary file is read from where it stands; a `Source` stays as it is, and open.

    Returns
    -------
    context manager of Source

    Raises
    ------
    UsageError
        For anything else.
    FileRefused, NotFits
        When it is opened, entered or read.
    """
    if type(source) is str:
        return opened_path(source)
    return nullcontext(source) if isinstance(source, Source) else opened(source)


@singledispatch
def opened(source: Any) -> AbstractContextManager[Source]:
    """Open an object whose type was never seen: one of astropy or fitsio, or a binary file of another make."""
    from fitsprov.files.memory import open_object

    found = open_object(source)
    if found is not None:
        return closing(found)
    if callable(getattr(source, "read", None)):
        return opened_stream(source)
    raise UsageError(
        f"{type(source).__name__} is no FITS file; expected a path, file:// URL, bytes, binary file, astropy HDUList,"
        " HDU or Header, or fitsio.FITS"
    )


def local_path(text: str) -> str:
    """Give the path that a path or a ``file://`` URL means.

    Raises
    ------
    FileRefused
        For URLs of another scheme.
    """
    match = URL.match(text) if "://" in text else None
    if match is None:
        return text
    from urllib.parse import urlsplit
    from urllib.request import url2pathname

    parts = urlsplit(text)
    if parts.scheme != "file" or parts.netloc not in ("", "localhost"):
        raise FileRefused(f"{text}: {match[0]} is not read from here; expected a local path or file:///path")
    return url2pathname(parts.path)


class Beginning:
    """`ReadAt` that keeps what it reads first: most headers are read by one call, and small files are read whole."""

    __slots__ = ("held", "read_at", "whole")

    def __init__(self, read_at: ReadAt) -> None:
        self.read_at = read_at
        self.held = read_at(0, FIRST_READ)
        self.whole = len(self.held) < FIRST_READ

    def __call__(self, offset: int, size: int) -> bytes:
        """Read at an offset."""
        if self.whole or offset + size <= FIRST_READ:
            return self.held[offset : offset + size]
        return self.read_at(offset, size)


class OpenedFile(Source):
    """A file that was opened by its path; a context manager that closes it."""

    def __init__(self, path: str) -> None:
        self.descriptor = open_regular(path)
        try:
            super().__init__(path, unpacked(Beginning(partial(read_descriptor, self.descriptor)), path))
        except BaseException:
            os.close(self.descriptor)
            raise

    def __enter__(self) -> OpenedFile:
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self.descriptor)


@opened.register(str)
@opened.register(os.PathLike)
def opened_path(source: str | os.PathLike[str]) -> OpenedFile:
    """Open a path."""
    return OpenedFile(local_path(os.fspath(source)))


@opened.register(bytes)
@opened.register(bytearray)
@opened.register(memoryview)
def opened_bytes(source: bytes | bytearray | memoryview) -> AbstractContextManager[Source]:
    """Read from memory."""
    view = memoryview(source).cast("B")
    read_at = unpacked(lambda offset, size: bytes(view[offset : offset + size]), "bytes")
    return nullcontext(Source("bytes", read_at))


@opened.register(io.IOBase)
@contextmanager
def opened_stream(source: BinaryIO) -> Iterator[Source]:
    """Read a binary file from where it stands; one that cannot seek is kept as far as it was read."""
    name = getattr(source, "name", None)
    name = name if isinstance(name, str) else type(source).__name__
    if isinstance(source, io.TextIOBase):
        raise UsageError(f"{name} is a text file; expected a binary one")
    if not source.seekable():
        with Spool(source) as spool:
            yield Source(name, unpacked(spool, name))
        return
    start = source.tell()

    def read_at(offset: int, size: int) -> bytes:
        source.seek(start + offset)
        return read_fully(source, size)

    try:
        yield Source(name, unpacked(read_at, name))
    finally:
        source.seek(start)


def read_fully(stream: BinaryIO, size: int) -> bytes:
    """Read as many bytes as asked, unless the stream ends."""
    data = stream.read(size)
    while data and len(data) < size:
        more = stream.read(size - len(data))
        if not more:
            break
        data += more
    return data


def unpacked(read_at: ReadAt, name: str) -> ReadAt:
    """Read through the container that the first bytes tell, if any."""
    head = read_at(0, 6)
    if head == b"SIMPLE":
        return read_at
    from fitsprov.files.containers import Unpacked, container_of

    kind = container_of(head)
    return read_at if kind is None else Rewinding(lambda: io.BufferedReader(Unpacked(view(read_at), kind, name)))


def view(read_at: ReadAt) -> BinaryIO:
    """Give a stream over a `ReadAt`; closing it closes nothing."""
    return cast(BinaryIO, io.BufferedReader(View(read_at)))


class View(io.RawIOBase):
    """A stream from offset 0 on; only one of known size seeks."""

    def __init__(self, read_at: ReadAt, size: int | None = None) -> None:
        self.read_at = read_at
        self.size = size
        self.at = 0

    def readable(self) -> bool:
        """It is."""
        return True

    def seekable(self) -> bool:
        """Whether the size is known."""
        return self.size is not None

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Go to an offset."""
        self.at = offset + {os.SEEK_SET: 0, os.SEEK_CUR: self.at, os.SEEK_END: self.size or 0}[whence]
        return self.at

    def readinto(self, buffer: Any) -> int:
        """Read on."""
        data = self.read_at(self.at, len(buffer))
        buffer[: len(data)] = data
        self.at += len(data)
        return len(data)


def stream_of(source: Source, unit: HeaderUnit) -> BinaryIO:
    """Give one extension as a file of its own, behind an empty primary header."""
    head = b"".join(format_card(*card) for card in (("SIMPLE", True), ("BITPIX", 8), ("NAXIS", 0), ("EXTEND", True)))
    head = (head + END).ljust(BLOCK) + unit.header
    whole = len(head) + unit.next_start - unit.data_start

    def read_at(offset: int, size: int) -> bytes:
        if offset < len(head):
            return head[offset : offset + size]
        return source.read_at(unit.data_start + offset - len(head), max(0, min(size, whole - offset)))

    return cast(BinaryIO, io.BufferedReader(View(read_at, whole)))


class Rewinding:
    """`ReadAt` through a container: forward as far as it goes, and from the start again for what lies behind."""

    def __init__(self, restart: Callable[[], BinaryIO]) -> None:
        self.restart = restart
        self.forward = Forward(restart())

    def __call__(self, offset: int, size: int) -> bytes:
        """Read at an offset of the uncompressed file."""
        if offset < self.forward.at:
            self.forward = Forward(self.restart())
        return self.forward(offset, size)


class Spool:
    """`ReadAt` over a stream that cannot seek."""

    def __init__(self, stream: BinaryIO) -> None:
        import tempfile

        self.stream = stream
        self.size = 0
        self.kept = tempfile.SpooledTemporaryFile(SPOOLED)  # noqa: SIM115 -- closed by __exit__

    def __enter__(self) -> Spool:
        return self

    def __exit__(self, *_: object) -> None:
        self.kept.close()

    def __call__(self, offset: int, size: int) -> bytes:
        """Read at an offset, and the stream on to there."""
        self.kept.seek(self.size)
        while self.size < offset + size:
            more = self.stream.read(min(offset + size - self.size, 2**20))
            if not more:
                break
            self.size += self.kept.write(more)
        self.kept.seek(offset)
        return self.kept.read(size)
