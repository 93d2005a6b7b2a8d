"""Give datasets away over a network: stamped on their way out, any part of them, without a copy on disk."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from fitsprov.actions.conventions import native
from fitsprov.actions.edits import Stamping
from fitsprov.actions.registering import local_file
from fitsprov.actions.serving import Archive
from fitsprov.actions.stamping import export
from fitsprov.cards.grammar import CARD
from fitsprov.datalink.dataset_rows import media_type
from fitsprov.errors import FileRefused, FitsprovError, NotFits, TruncatedFits
from fitsprov.files.containers import container_of, open_bytes
from fitsprov.files.pieces import pieces
from fitsprov.files.units import reader
from fitsprov.model.lineage import Dataset

if TYPE_CHECKING:
    from fitsprov.files import Edit, HeaderUnit

__all__ = ["Delivery", "NoCopy", "deliver", "header_text"]

CHUNK = 2**20
MAGIC = b"SIMPLE  ="


class NoCopy(FitsprovError, LookupError):
    """A dataset that is known and of which there is nothing to give."""

    def __init__(self, dataset: object, expected: str = "one that the registry has a file of, on this machine") -> None:
        super().__init__(f"{dataset}: is not to be had here; expected {expected}")
        self.dataset = dataset


@dataclass(frozen=True, slots=True)
class Part:
    """Some bytes of a delivery: new ones, or a span of the file."""

    size: int
    data: bytes | None = None
    """None for a span of the file; what lies behind its end are zeros."""
    offset: int = 0


@dataclass(frozen=True, slots=True)
class Delivery:
    """A dataset as it leaves: its length is known and any part of it can be read, but it is nowhere as a whole."""

    dataset: Dataset
    name: str
    media_type: str
    tag: str
    """Changes with the content."""
    exact: bool
    """Whether the same tag means the same bytes, so that parts of different requests fit together."""
    parts: tuple[Part, ...]
    """Empty for what is still to be packed."""
    file: BinaryIO
    pack: Callable[[], BinaryIO] | None = None

    def packed(self) -> Delivery:
        """The same with its parts, to be read; what has to be packed anew is packed now, which takes its time."""
        if self.pack is None:
            return self
        with self.file:
            copy = self.pack()
        return replace(self, parts=(Part(os.fstat(copy.fileno()).st_size),), file=copy, pack=None)

    @property
    def size(self) -> int:
        """Bytes in all."""
        return sum(part.size for part in self.parts)

    def read(self, start: int, stop: int) -> Iterator[bytes]:
        """Read a part, once, in constant memory."""
        with self.file:
            yield from self.pieces(start, stop)

    def pieces(self, start: int, stop: int) -> Iterator[bytes]:
        """Read a part in constant memory; the file stays open."""
        at = 0
        for part in self.parts:
            first, last = max(start - at, 0), min(stop - at, part.size)
            if first < last:
                yield from read_part(self.file.fileno(), part, first, last)
            at += part.size


def read_part(descriptor: int, part: Part, first: int, last: int) -> Iterator[bytes]:
    """Read some bytes of a part."""
    if part.data is not None:
        yield part.data[first:last]
        return
    while first < last:
        size = min(CHUNK, last - first)
        data = os.pread(descriptor, size, part.offset + first)
        yield data if data else bytes(size)
        first += len(data) or size


def deliver(archive: Archive, dataset: Dataset) -> Delivery:
    """Prepare a dataset to be given away, with the stamp that is true now; its file stays as it is.

    What is no FITS file, compressed or not, goes as it is. The stamp's time is that of the file, so that each request
    gets the same bytes.

    Raises
    ------
    Forbidden
    NoCopy
    NotFits, TruncatedFits
    """
    path = find_copy(archive, dataset)
    file = open_copy(dataset, path)
    try:
        head = os.pread(file.fileno(), len(MAGIC), 0)
        if head == MAGIC:
            return prepare(archive, dataset, path, file)
        if container_of(head) is not None and holds_fits(path):
            return repack(archive, dataset, path, file)
        size = os.fstat(file.fileno()).st_size
        return Delivery(dataset, path.name, media_type(dataset), tag_of(file), True, (Part(size),), file)
    except BaseException:
        file.close()
        raise


def header_text(archive: Archive, dataset: Dataset) -> str:
    """The primary header of a dataset as it would leave, a card a line.

    Raises
    ------
    Forbidden, NoCopy
    """
    path = find_copy(archive, dataset)
    try:
        with open_bytes(str(path)) as content:
            header = next(iter(pieces(reader(content), stamping(archive, dataset, path), 0, path.name)))
    except (NotFits, FileRefused) as error:
        raise NoCopy(dataset.id, "a FITS file, which has a header") from error
    assert isinstance(header, bytes)
    lines = [header[at : at + CARD].decode("latin-1").rstrip() for at in range(0, len(header), CARD)]
    return "\n".join(lines[: lines.index("END") + 1])


def find_copy(archive: Archive, dataset: Dataset) -> Path:
    """Find the file of a dataset; of a kind that links speak of, so that nothing else leaves this machine."""
    archive.admit(dataset)
    try:
        path = local_file(archive.registry, dataset.id)
    except FileRefused as error:
        raise NoCopy(dataset.id) from error
    if not media_type(dataset):
        raise NoCopy(dataset.id, "a file of a type that is served")
    return path


def open_copy(dataset: Dataset, path: Path) -> BinaryIO:
    """Open the file of a dataset."""
    try:
        return path.open("rb")
    except OSError as error:
        raise NoCopy(dataset.id) from error


def holds_fits(path: Path) -> bool:
    """Whether what is compressed is a FITS file."""
    with open_bytes(str(path)) as content:
        return content.read(len(MAGIC)) == MAGIC


def stamping(archive: Archive, dataset: Dataset, path: Path) -> Callable[[HeaderUnit], Edit | None]:
    """Decide on headers as an export does, at the time of the file."""
    return Stamping(
        stamp=archive.stamp(dataset),
        conventions=(native(),),
        target=path,
        list_cards=archive.settings.list_cards,
        replace=True,
        force=True,
        clock=partial(time_of, path),
    )


def time_of(path: Path) -> datetime:
    """When a file was written, to the second."""
    return datetime.fromtimestamp(int(path.stat().st_mtime), UTC)


def tag_of(file: BinaryIO, *more: bytes) -> str:
    """Digest what the content of a delivery follows from."""
    status = os.fstat(file.fileno())
    digest = blake2b(repr((status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns)).encode(), digest_size=16)
    for data in more:
        digest.update(data)
    return digest.hexdigest()


def prepare(archive: Archive, dataset: Dataset, path: Path, file: BinaryIO) -> Delivery:
    """Lay out the parts of a stamped file: its new header, and spans of what stands."""
    size = os.fstat(file.fileno()).st_size
    parts = []
    for piece in pieces(reader(file.fileno()), stamping(archive, dataset, path), 0, str(path)):
        if isinstance(piece, bytes):
            parts.append(Part(len(piece), piece))
            continue
        if size < piece.start + piece.need:
            raise TruncatedFits(f"{piece.source} end after {size - piece.start} bytes; expected {piece.need}")
        stop = max(size, piece.start) if piece.stop is None else piece.stop
        parts.append(Part(stop - piece.start, offset=piece.start))
    tag = tag_of(file, *(part.data for part in parts if part.data is not None))
    return Delivery(dataset, path.name, media_type(dataset), tag, True, tuple(parts), file)


def repack(archive: Archive, dataset: Dataset, path: Path, file: BinaryIO) -> Delivery:
    """Stamp a file in a container: a temporary copy, made when it is wanted and gone when it has been read."""
    stamp = archive.stamp(dataset)

    def pack() -> BinaryIO:
        with tempfile.TemporaryDirectory(prefix="fitsprov-") as folder:
            return export(path, Path(folder) / path.name, stamp, clock=partial(time_of, path)).open("rb")

    tag = tag_of(file, repr(stamp).encode())
    return Delivery(dataset, path.name, media_type(dataset), tag, False, (), file, pack)
