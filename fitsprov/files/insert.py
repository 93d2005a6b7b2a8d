"""Growth in place: on ext4 and xfs, room inside a large file without a copy of its data.

The system moves all that follows the header (fallocate(2), FALLOC_FL_INSERT_RANGE); then the new header is written. In
between the header has a gap. So a record of the new header comes first, in the place of the temporary file, where any
later call on the file finds it and completes what a killed one began.
"""

from __future__ import annotations

import contextlib
import os
import zlib
from dataclasses import dataclass
from struct import Struct

from fitsprov.files.clone import write_at
from fitsprov.files.layout import GROWTH, Edit, rewrite_header
from fitsprov.files.locks import TAKEN, alone, together
from fitsprov.files.space import collapse, insert, reserve
from fitsprov.files.sync import sync, sync_folder
from fitsprov.files.temporary import discard, remove_dead, temporary, temporary_name
from fitsprov.files.units import HeaderUnit, read_descriptor

__all__ = ["complete", "grow_inside"]

MAGIC = b"fitsprov insert 1\n"
NUMBERS = Struct(">QQQQ")
DIGEST = 4


@dataclass(frozen=True, slots=True)
class Record:
    """What it takes to complete an insertion."""

    size: int
    """Of the file before, in bytes."""
    gap: int
    """Where the gap opens; a multiple of the filesystem's block."""
    at: int
    """Where the bytes start that are written then."""
    growth: int
    old: bytes
    """What stood from `at` to the data."""
    new: bytes
    """What shall stand from `at` to the data, `growth` bytes longer."""

    def pack(self) -> bytes:
        """Write it down, with a sum that tells whether all of it is there."""
        text = NUMBERS.pack(self.size, self.gap, self.at, self.growth) + self.old + self.new
        return MAGIC + zlib.crc32(text).to_bytes(DIGEST, "big") + text

    @classmethod
    def unpack(cls, content: bytes) -> Record | None:
        """Read it; None for what is none, or not all of one."""
        text = content[len(MAGIC) + DIGEST :]
        if not content.startswith(MAGIC + zlib.crc32(text).to_bytes(DIGEST, "big")):
            return None
        size, gap, at, growth = NUMBERS.unpack_from(text)
        middle = NUMBERS.size + (len(text) - NUMBERS.size - growth) // 2
        return cls(size, gap, at, growth, text[NUMBERS.size : middle], text[middle:])

    def opened(self) -> bytes:
        """Give what stands from `at` on right after the insertion."""
        head = self.gap - self.at
        return self.old[:head] + bytes(self.growth) + self.old[head:]


def grow_inside(descriptor: int, path: str, unit: HeaderUnit, edit: Edit, *, fsync: bool) -> bool:
    """Let a header grow inside an open, locked file; False where that cannot be done here.

    It wants a filesystem that can insert, and a file that nobody else has open.
    """
    header = rewrite_header(unit, edit, block_multiple=GROWTH)
    growth = len(header) - len(unit.header)
    page = os.fstatvfs(descriptor).f_bsize if hasattr(os, "fstatvfs") else 0
    if growth <= 0 or not page or growth % page or alone(descriptor) is not TAKEN:
        return False
    try:
        gap = unit.data_start // page * page
        at = min(gap, unit.start)
        before = read_descriptor(descriptor, at, unit.start - at)
        record = Record(os.fstat(descriptor).st_size, gap, at, growth, before + unit.header, before + header)
        with temporary(path) as (note, name):
            write_at(note, record.pack(), 0)
            if fsync:
                sync(note)
                sync_folder(path)
            done = open_gap(descriptor, record)
            trouble = fill_gap(descriptor, record, fsync=fsync) if done else None
            if trouble is None or os.fstat(descriptor).st_size == record.size:
                discard(name)
        if trouble is not None:
            raise trouble
        return done
    finally:
        together(descriptor)


def open_gap(descriptor: int, record: Record) -> bool:
    """Insert the gap, with space behind it; without space it is closed again."""
    if not insert(descriptor, record.gap, record.growth):
        return False
    try:
        reserve(descriptor, record.gap, record.growth)
    except OSError:
        collapse(descriptor, record.gap, record.growth)
        raise
    return True


def fill_gap(descriptor: int, record: Record, *, fsync: bool) -> BaseException | None:
    """Write the new header; what went wrong comes back, when the gap is closed again as far as the system lets us."""
    try:
        write_at(descriptor, record.new, record.at)
        if fsync:
            sync(descriptor)
    except BaseException as error:
        with contextlib.suppress(OSError):
            write_at(descriptor, record.opened(), record.at)
            collapse(descriptor, record.gap, record.growth)
        return error
    return None


def complete(descriptor: int, path: str, status: os.stat_result) -> None:
    """Remove what a killed call left beside an open, locked file, and complete the insertion that it may have begun."""
    name = temporary_name(path)
    if os.access(name, os.F_OK):
        remove_dead(name, lambda note: recover(descriptor, status, note))


def recover(descriptor: int, status: os.stat_result, note: int) -> None:
    """Complete an insertion from its record, unless another program has changed the header since."""
    if read_descriptor(note, 0, len(MAGIC)) != MAGIC or os.fstat(note).st_uid not in (status.st_uid, os.geteuid()):
        return
    record = Record.unpack(read_descriptor(note, 0, os.fstat(note).st_size))
    if record is None or status.st_size != record.size + record.growth:
        return
    now = read_descriptor(descriptor, record.at, len(record.new))
    if all(byte in (old, new) for byte, old, new in zip(now, record.opened(), record.new, strict=False)):
        write_at(descriptor, record.new, record.at)
        sync(descriptor)
