# pathlib costs more than the system calls themselves
# ruff: noqa: PTH120
"""Safe against a loss of power: what was written is on the disk before the call returns."""

from __future__ import annotations

import contextlib
import os

try:
    import fcntl
except ImportError:
    fcntl = None  # type: ignore[assignment]  # Windows has none

__all__ = ["sync", "sync_folder"]


def sync(descriptor: int, *, data: bool = False) -> None:
    """Have a file on the disk; on macOS, whose fsync leaves it in the memory of the drive, by F_FULLFSYNC.

    Parameters
    ----------
    data : bool
        Whether times may be lost, where the system tells them apart from what was written.
    """
    full = getattr(fcntl, "F_FULLFSYNC", None)
    if full is not None:
        with contextlib.suppress(OSError):  # not every filesystem can
            fcntl.fcntl(descriptor, full)
            return
    (os.fdatasync if data and hasattr(os, "fdatasync") else os.fsync)(descriptor)


def sync_folder(path: str) -> None:
    """Have the name of a file on the disk."""
    if os.name == "posix":
        folder = os.open(os.path.dirname(path) or ".", os.O_RDONLY)
        try:
            sync(folder)
        finally:
            os.close(folder)
