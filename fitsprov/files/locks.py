# pathlib costs more than the system calls themselves
# ruff: noqa: PTH114, PTH116
"""Who may write: files opened, locked and refused.

A writer holds an exclusive ``flock`` on the file that it edits, and on its temporary file.
"""

from __future__ import annotations

import contextlib
import errno
import os
import signal
import stat
import sys
import time

from fitsprov.compiled import compiled
from fitsprov.errors import FileRefused

try:
    import fcntl
except ImportError:
    fcntl = None  # type: ignore[assignment]  # Windows has none

__all__ = [
    "BINARY",
    "HELD",
    "NO_FOLLOW",
    "NO_WAIT",
    "TAKEN",
    "UNKNOWN",
    "alone",
    "is_at",
    "lock",
    "open_regular",
    "open_target",
    "open_to_read",
    "open_usual",
    "pause",
    "refusal",
    "release",
    "together",
]

BINARY = getattr(os, "O_BINARY", 0)
NO_WAIT = getattr(os, "O_NONBLOCK", 0)
NO_FOLLOW = getattr(os, "O_NOFOLLOW", 0)
WAIT = 10.0
"""Seconds to wait for another writer."""
TAKEN, HELD, UNKNOWN = "taken", "held by another", "no locks here"
UNSUPPORTED = {errno.ENOLCK, errno.ENOSYS, errno.EINVAL, errno.EOPNOTSUPP, errno.ENOTSUP}


def refusal(path: str, error: OSError, expected: str) -> FileRefused:
    """Say in one line what the system said."""
    return FileRefused(f"{path}: {error.strerror or error}; expected {expected}")


def open_regular(path: str) -> int:
    """Open a regular file to read it.

    Raises
    ------
    FileRefused
    """
    try:
        descriptor = open_to_read(path)
    except OSError as error:
        raise refusal(path, error, "a FITS file that can be read") from error
    need_regular(path, descriptor)
    return descriptor


def open_to_read(path: str) -> int:
    """Open whatever a path leads to without waiting for the other end of a pipe."""
    deadline = None
    while True:
        try:
            return open_path(path, os.O_RDONLY | BINARY | NO_WAIT)
        except BlockingIOError:
            deadline = pause(path, deadline)


def open_path(path: str, flags: int) -> int:
    """Open a path; text that can be none is an error of the system, too."""
    try:
        return os.open(path, flags)
    except ValueError as error:
        raise OSError(errno.EINVAL, f"is no path ({error})") from error


def need_regular(path: str, descriptor: int) -> os.stat_result:
    """Refuse folders, pipes and devices; close what is refused."""
    status = os.fstat(descriptor)
    if not stat.S_ISREG(status.st_mode):
        os.close(descriptor)
        raise FileRefused(f"{path}: is no regular file (mode {stat.filemode(status.st_mode)}); expected a FITS file")
    return status


def open_target(path: str) -> tuple[int, str, os.stat_result]:
    """Open a file to edit it, locked.

    Returns
    -------
    tuple
        The descriptor, the path with symbolic links resolved, and the file's status.

    Raises
    ------
    FileRefused
        For what is no regular file, is read-only (also to root), or stays locked by another writer.
    """
    deadline = None
    if not NO_FOLLOW:
        path = os.path.realpath(path)
    while True:
        try:
            descriptor = open_path(path, os.O_RDWR | BINARY | NO_FOLLOW)
        except OSError as error:
            if error.errno == errno.ELOOP and os.path.islink(path):
                path = os.path.realpath(path)
                continue
            raise refusal(path, error, "a FITS file that can be read and written") from error
        status = need_regular(path, descriptor)
        if not status.st_mode & 0o222:
            os.close(descriptor)
            raise FileRefused(f"{path}: is read-only (mode {status.st_mode & 0o777:03o}); expected a file to write")
        if lock(descriptor) is not HELD and is_at(path, status):
            return descriptor, path, status
        os.close(descriptor)
        deadline = pause(path, deadline)


@compiled
def open_usual(path: str, size: int) -> tuple[int, int, int, bytes, int] | None:
    """Do what `open_target` does where all is as usual, and there is no temporary file; None for all else, with nothing
    done.

    Returns
    -------
    tuple, optional
        The descriptor; the file's size in bytes, and its number of names; its primary header in whole blocks and where
        END stands in that, if it is whole in the first `size` bytes, else ``b""``.
    """
    return None


def lock(descriptor: int) -> str:
    """Take the lock of an open file, where the filesystem has locks."""
    if fcntl is None:
        return UNKNOWN
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        return UNKNOWN if error.errno in UNSUPPORTED else HELD
    return TAKEN


def alone(descriptor: int) -> str:
    """Whether nobody else has a file open (fcntl(2), leases); who opens it from now on waits until `together`.

    Not asked where there are other threads: one that opens the file in C and keeps the interpreter meanwhile would wait
    for us, and we for it.
    """
    if not hasattr(fcntl, "F_SETLEASE") or has_threads():
        return UNKNOWN
    try:
        fcntl.fcntl(descriptor, fcntl.F_SETSIG, signal.SIGURG)
        fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_WRLCK)
    except OSError as error:
        return HELD if error.errno == errno.EAGAIN else UNKNOWN
    return TAKEN


def has_threads() -> bool:
    """Whether this process has other threads that run Python."""
    threading = sys.modules.get("threading")
    return threading is not None and threading.active_count() > 1


def together(descriptor: int) -> None:
    """Let others open the file again."""
    with contextlib.suppress(OSError, AttributeError):
        fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_UNLCK)


@compiled
def release(descriptor: int) -> None:
    """Unlock and close: a child process that was forked meanwhile would hold the lock as long as it lives."""
    try:  # noqa: SIM105 -- suppress() costs as much as the call
        fcntl.flock(descriptor, fcntl.LOCK_UN)
    except (OSError, AttributeError):
        pass
    os.close(descriptor)


def is_at(path: str, status: os.stat_result) -> bool:
    """Whether a path still leads to the file that was opened: another writer may have replaced it."""
    try:
        now = os.stat(path)
    except OSError:
        return False
    return now.st_ino == status.st_ino and now.st_dev == status.st_dev


def pause(path: str, deadline: float | None) -> float:
    """Wait a little for another writer, and in all no longer than `WAIT`."""
    now = time.monotonic()
    if deadline is not None and now > deadline:
        raise FileRefused(f"{path}: another writer has held it for {WAIT:g} s; expected it to be free")
    time.sleep(0.002)
    return now + WAIT if deadline is None else deadline
