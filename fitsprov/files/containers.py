# what is opened here is closed by whoever reads or writes it
# ruff: noqa: SIM115
"""Compressed containers around a whole FITS file: gzip, bzip2, xz, zstd; ``compress`` (.Z) to read only."""

from __future__ import annotations

import bz2
import contextlib
import gzip
import io
import lzma
import os
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any, BinaryIO, cast

from fitsprov.errors import FileRefused, MissingExtra, NotFits, TruncatedFits
from fitsprov.files.locks import open_regular
from fitsprov.files.lzw import LZWReader

__all__ = ["container_of", "container_suffix", "open_bytes", "packed", "unpacked", "unpacked_stream"]

MAGIC = {b"\x1f\x8b": "gz", b"BZh": "bz2", b"\xfd7zXZ\0": "xz", b"\x28\xb5\x2f\xfd": "zst", b"\x1f\x9d": "Z"}
"""How each container begins, by the suffix of its files."""


DAMAGE = (zlib.error, lzma.LZMAError, gzip.BadGzipFile, OSError, ValueError)


def container_of(head: bytes) -> str | None:
    """Tell a container by its first bytes; None for none."""
    return next((suffix for magic, suffix in MAGIC.items() if head.startswith(magic)), None)


def container_suffix(name: str) -> str | None:
    """Tell by its suffix what container a new file shall have; None for none."""
    suffix = name.rpartition(".")[2]
    suffix = suffix if suffix == "Z" else suffix.lower()
    return suffix if suffix in MAGIC.values() else None


def zstd(source: str) -> ModuleType:
    """Import zstd from Python 3.14, or its backport; `source` is what needs it."""
    with contextlib.suppress(ImportError):
        from compression import zstd  # type: ignore[import-not-found, unused-ignore]  # Python 3.14

        return cast(ModuleType, zstd)
    with contextlib.suppress(ImportError):
        from backports import zstd  # type: ignore[import-not-found, unused-ignore]  # optional

        return cast(ModuleType, zstd)
    raise MissingExtra(f"{source}: a .zst file", "zstd")


class Unpacked(io.RawIOBase):
    """Forward reading through a container; closing it closes the file."""

    def __init__(self, stream: BinaryIO, kind: str, source: str) -> None:
        self.stream, self.kind, self.source = stream, kind, source
        if kind == "gz":
            self.inner: io.BufferedIOBase | LZWReader = gzip.GzipFile(fileobj=stream, mode="rb")
        elif kind == "bz2":
            self.inner = bz2.BZ2File(stream)
        elif kind == "xz":
            self.inner = lzma.LZMAFile(stream)
        elif kind == "zst":
            self.inner = zstd(source).ZstdFile(stream)
        else:
            self.inner = LZWReader(stream)

    def readable(self) -> bool:
        """It is."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Decompress some bytes.

        Raises
        ------
        NotFits, TruncatedFits
            Where the container is damaged or ends too early.
        """
        try:
            return self.inner.readinto(buffer)
        except EOFError as error:
            raise TruncatedFits(f"{self.source}: its {self.kind} stream ends too early; expected the rest") from error
        except DAMAGE as error:
            raise NotFits(f"{self.source}: damaged {self.kind} stream: {error}; expected a sound one") from error

    def close(self) -> None:
        """Close the file, too."""
        if not self.closed and hasattr(self, "inner"):  # else its library is missing
            self.inner.close()
            self.stream.close()
        super().close()


def open_bytes(path: str) -> BinaryIO:
    """Open a file for forward reading, through the container that its first bytes tell, if any.

    Raises
    ------
    FileRefused, MissingExtra
    """
    return unpacked(open_regular(path), path, close=True)


def unpacked(descriptor: int, source: str, *, close: bool = False) -> BinaryIO:
    """Read an open file from its begin through its container."""
    os.lseek(descriptor, 0, os.SEEK_SET)
    stream = open(descriptor, "rb", closefd=close)
    try:
        return unpacked_stream(stream, source)
    except BaseException:
        stream.close()
        raise


def unpacked_stream(stream: BinaryIO, source: str) -> BinaryIO:
    """Read a stream forward from where it stands through the container that its first bytes tell, if any."""
    ahead = cast(
        io.BufferedReader, stream if hasattr(stream, "peek") else io.BufferedReader(cast(io.RawIOBase, stream))
    )
    kind = container_of(ahead.peek(6))
    return cast(BinaryIO, io.BufferedReader(Unpacked(ahead, kind, source))) if kind else ahead


@contextmanager
def packed(stream: BinaryIO, kind: str | None, source: str, like: bytes = b"") -> Iterator[BinaryIO]:
    """Write through a container; the same input always gives the same bytes.

    Parameters
    ----------
    like : bytes
        First bytes of the file that is replaced: gzip keeps its name, time and level, bzip2 its level.
    """
    if kind is None:
        yield stream
        return
    if kind == "gz":
        name, mtime, level = gzip_origin(like)
        writer: BinaryIO = cast(BinaryIO, gzip.GzipFile(name, "wb", level, stream, mtime))
    elif kind == "bz2":
        writer = cast(BinaryIO, bz2.BZ2File(stream, "wb", compresslevel=int(like[3:4] or b"9")))
    elif kind == "xz":
        writer = cast(BinaryIO, lzma.LZMAFile(stream, "wb"))
    elif kind == "zst":
        writer = cast(BinaryIO, zstd(source).ZstdFile(stream, "wb"))
    else:
        raise FileRefused(f"{source}: .{kind} is read, never written; expected .fits or .fits.gz")
    with writer:
        yield writer


def gzip_origin(head: bytes) -> tuple[str, int, int]:
    """Read name, time and level from a gzip header (RFC 1952, 2.3.1)."""
    if len(head) < 10:
        return "", 0, 9
    flags, mtime, extra = head[3], int.from_bytes(head[4:8], "little"), head[8]
    name = ""
    if flags & 8:
        at = 10 + (2 + int.from_bytes(head[10:12], "little") if flags & 4 else 0)
        name = head[at : head.find(b"\0", at)].decode("latin-1")
    return name, mtime, {2: 9, 4: 1}.get(extra, 6)
