"""Bytes from file to file by the shortest way that the filesystem offers.

Shared extents (FICLONERANGE: xfs, btrfs) cost nothing, but want offsets that differ by multiples of 4096;
``copy_file_range`` stays inside the kernel; reading and writing works everywhere, and at any distance. Holes stay
holes.
"""

from __future__ import annotations

import errno
import os
import struct
from collections.abc import Iterator

from fitsprov.files.units import read_descriptor

try:
    import fcntl
except ImportError:
    fcntl = None  # type: ignore[assignment]  # Windows has none

__all__ = ["can_share", "copy_range", "write_at"]

PAGE = 4096
FICLONERANGE, RANGE = 0x4020940D, struct.Struct("qQQQ")
CHUNK = 2**19
WORTH_SHARING = 2**16
"""Fewer bytes are copied faster than shared."""
NOT_HERE = {errno.EINVAL, errno.ENOSYS, errno.ENOTSUP, errno.ENOTTY, errno.EOPNOTSUPP, errno.EXDEV, errno.EPERM}


def write_at(descriptor: int, data: bytes | memoryview, at: int) -> None:
    """Write all of it at an offset."""
    written = pwrite(descriptor, data, at)
    while written < len(data):
        written += pwrite(descriptor, data[written:], at + written)


def seek_and_write(descriptor: int, data: bytes | memoryview, at: int) -> int:
    """Do what ``os.pwrite`` does, where there is none."""
    os.lseek(descriptor, at, os.SEEK_SET)
    return os.write(descriptor, data)


pwrite = getattr(os, "pwrite", seek_and_write)


def can_share(source: int, dest: int) -> bool:
    """Try whether two files can share extents; the first page of `dest` then holds that of `source`."""
    return share(source, 0, PAGE, dest, 0)


def share(source: int, start: int, size: int, dest: int, at: int) -> bool:
    """Let two files share extents (ioctl_ficlonerange(2)); False where they cannot."""
    if fcntl is None:
        return False
    try:
        fcntl.ioctl(dest, FICLONERANGE, RANGE.pack(source, start, size, at))
    except OSError as error:
        if error.errno in NOT_HERE:
            return False
        raise
    return True


def copy_range(source: int, start: int, size: int, dest: int, at: int) -> int:
    """Copy bytes between two files.

    Returns
    -------
    int
        How many there were: fewer than `size` where `source` ends before.
    """
    status = os.fstat(source)
    size = max(0, min(size, status.st_size - start))
    edge = -start % PAGE
    middle = (size - edge) // PAGE * PAGE
    if middle >= WORTH_SHARING and (start - at) % PAGE == 0 and share(source, start + edge, middle, dest, at + edge):
        spans = [(start, start + edge), (start + edge + middle, start + size)]
    elif getattr(status, "st_blocks", 0) * 512 < status.st_size and hasattr(os, "SEEK_DATA"):
        spans = list(segments(source, start, start + size))
    else:
        spans = [(start, start + size)]
    for first, last in spans:
        copy_bytes(source, first, last - first, dest, at + first - start)
    if os.fstat(dest).st_size < at + size:
        os.ftruncate(dest, at + size)
    return size


def segments(source: int, start: int, stop: int) -> Iterator[tuple[int, int]]:
    """Find the spans that are no holes."""
    while start < stop:
        try:
            first = os.lseek(source, start, os.SEEK_DATA)
            last = os.lseek(source, first, os.SEEK_HOLE)
        except OSError as error:
            if error.errno != errno.ENXIO:
                yield start, stop
            return
        yield min(first, stop), min(last, stop)
        start = last


def copy_bytes(source: int, start: int, size: int, dest: int, at: int) -> None:
    """Copy a span inside the kernel, else through memory.

    The kernel copies pages; where they would be cut, writing whole pages from memory is the faster way.
    """
    while size > 0 and (start - at) % PAGE == 0 and hasattr(os, "copy_file_range"):
        try:
            copied = os.copy_file_range(source, dest, size, start, at)
        except OSError as error:
            if error.errno not in NOT_HERE:
                raise
            break
        if not copied:
            break
        start, size, at = start + copied, size - copied, at + copied
    buffer = memoryview(bytearray(min(size, CHUNK)))
    while size > 0:
        copied = read_into(source, buffer[: min(size, CHUNK - at % CHUNK)], start)
        if not copied:
            return
        write_at(dest, buffer[:copied], at)
        start, size, at = start + copied, size - copied, at + copied


def read_into(descriptor: int, buffer: memoryview, offset: int) -> int:
    """Read into memory that is there."""
    if hasattr(os, "preadv"):
        return os.preadv(descriptor, [buffer], offset)
    data = read_descriptor(descriptor, offset, len(buffer))
    buffer[: len(data)] = data
    return len(data)
