"""The file of adjacencies: columns of numbers, mapped into memory, each block of which is checked before it is used.

::

    bytes 0–7     FPVGRAF2
    bytes 8–11    length of the heading, little-endian
    bytes 12–15   CRC-32 of the heading
    heading       JSON: what it is of (`About`), its size, and where each column is
    columns       little-endian integers, each column from a multiple of 4096 bytes on
    sums          the CRC-32 of each 4096 bytes of the columns

It is written to a temporary file, which then takes the place of the older one; nothing is ever changed in place.
"""

from __future__ import annotations

import json
import mmap
import os
import tempfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from zlib import crc32

import numpy as np

from fitsprov.registry.adjacency.arrays import Numbers

__all__ = ["About", "Column", "DamagedGraph", "GraphFile", "write_graph"]

MAGIC = b"FPVGRAF2"
BLOCK = 4096
SHIFT = 12
"""Of an offset, to get its block."""
MANY = 1_000
"""Places from which on it is quicker to see first whether all between them was checked."""
BAD = bytes(1)


class DamagedGraph(Exception):
    """The file is not whole, not ours, or not what was written."""


@dataclass(frozen=True, slots=True)
class About:
    """What a file is of."""

    build: str
    """The name under which the registry knows that it was made."""
    activities: int
    """The greatest key of an activity that it knows."""
    entities: int
    """The greatest key of a dataset."""
    edges: int
    position: int
    """The last note of a change that it knows."""


def write_graph(path: Path, about: About, columns: Mapping[str, Numbers]) -> None:
    """Write a file whole, durably, in the place of an older one.

    Raises
    ------
    OSError
        Where there is no room or no permission; the older one is still there.
    """
    places: dict[str, tuple[str, int, int]] = {}
    size = 0
    for name, column in columns.items():
        places[name] = (column.dtype.newbyteorder("<").str, size, len(column))
        size += -(-column.nbytes // BLOCK) * BLOCK
    sums = np.empty(size // BLOCK, "<u4")
    for name, column in columns.items():
        content = bytes_of(column, places[name][0])
        first = places[name][1] // BLOCK
        for number in range(-(-len(content) // BLOCK)):
            block = content[number * BLOCK : (number + 1) * BLOCK]
            sums[first + number] = crc32(bytes(block).ljust(BLOCK, b"\0") if len(block) < BLOCK else block)
    heading = {**asdict(about), "columns": places, "size": size, "sums": crc32(sums.tobytes())}
    text = json.dumps(heading).encode()
    start = MAGIC + len(text).to_bytes(4, "little") + crc32(text).to_bytes(4, "little") + text
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(start.ljust(-(-len(start) // BLOCK) * BLOCK, b"\0"))
            for name, column in columns.items():
                content = bytes_of(column, places[name][0])
                file.write(content)
                file.write(bytes(-len(content) % BLOCK))
            file.write(sums.tobytes())
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def bytes_of(column: Numbers, dtype: str) -> memoryview:
    """Give the bytes of a column."""
    return np.ascontiguousarray(column, dtype).data.cast("B")


class GraphFile:
    """A file, open; threads may share it.

    Raises
    ------
    OSError
        Where there is none.
    DamagedGraph
        Where it is cut off, of something else, or its heading is not what was written.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        with path.open("rb") as file:
            status = os.fstat(file.fileno())
            self.identity = status.st_dev, status.st_ino, status.st_mtime_ns
            """Which of the files that were at this path it is."""
            heading, start = read_heading(file.read(BLOCK), file.fileno())
            places: dict[str, tuple[str, int, int]] = heading.pop("columns")
            size, checked = heading.pop("size"), heading.pop("sums")
            if status.st_size != start + size + size // BLOCK * 4:
                raise DamagedGraph(f"{status.st_size} bytes; expected {start + size + size // BLOCK * 4}")
            self.memory = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        try:
            self.about = About(**heading)
        except TypeError:
            raise DamagedGraph("its heading is of another version") from None
        self.size = status.st_size
        self.start = start
        self.sums = np.frombuffer(self.memory, "<u4", size // BLOCK, start + size)
        if crc32(self.sums.tobytes()) != checked:
            raise DamagedGraph("its sums are not what was written")
        self.good = np.zeros(size // BLOCK, bool)
        """Which blocks were checked; once one is, it is not read for that again."""
        self.columns = {name: Column(self, *place) for name, place in places.items()}

    def check(self, blocks: Numbers) -> None:
        """Hold blocks against their sums, those that were not before.

        Raises
        ------
        DamagedGraph
        """
        for block in np.unique(blocks[~self.good[blocks]]).tolist():
            place = self.start + block * BLOCK
            if crc32(self.memory[place : place + BLOCK]) != self.sums[block]:
                raise DamagedGraph(f"the bytes from {place} on are not what was written")
            self.good[block] = True


def read_heading(begin: bytes, descriptor: int) -> tuple[dict[str, Any], int]:
    """Read the heading; give it and where the columns begin."""
    if begin[:8] != MAGIC:
        raise DamagedGraph(f"it begins with {begin[:8]!r}; expected {MAGIC!r}")
    length, checked = (int.from_bytes(begin[place : place + 4], "little") for place in (8, 12))
    text = os.pread(descriptor, length, 16)
    if crc32(text) != checked:
        raise DamagedGraph("its heading is not what was written")
    return json.loads(text), -(-(16 + length) // BLOCK) * BLOCK


class Column:
    """A column of numbers."""

    def __init__(self, file: GraphFile, dtype: str, place: int, count: int) -> None:
        self.file = file
        self.values = np.frombuffer(file.memory, dtype, count, file.start + place)
        self.shift = SHIFT - (self.values.itemsize.bit_length() - 1)
        """Of a place, to get its block."""
        self.first = place >> SHIFT
        self.good = file.good[self.first : self.first - (-self.values.nbytes // BLOCK)]

    def take(self, places: Numbers) -> Numbers:
        """Give the numbers at some places."""
        if not self.are_good(places):
            self.file.check(self.first + (places >> self.shift))
        return self.values.take(places)

    def are_good(self, places: Numbers) -> bool:
        """Whether the blocks of some places were checked."""
        blocks = places >> self.shift
        if len(blocks) > MANY and self.good[blocks.min() : blocks.max() + 1].all():
            return True
        return BAD not in self.good[blocks].tobytes()
