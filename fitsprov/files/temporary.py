# pathlib costs more than the system calls themselves
# ruff: noqa: PTH108
"""Temporary files that outlive no call.

The name of one derives from its target's, in the same folder, so any later call on the target finds what a killed one
left; its lock tells whether the writer is still alive.
"""

from __future__ import annotations

import contextlib
import os
import stat
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from fitsprov.errors import FileRefused
from fitsprov.files.locks import BINARY, HELD, NO_FOLLOW, NO_WAIT, UNKNOWN, is_at, lock, pause, refusal, release

__all__ = ["MOVES_OPEN", "discard", "let_go", "remove_dead", "temporary", "temporary_name"]

MOVES_OPEN = os.name == "posix"
"""Whether a file that is open can be renamed, replaced and removed; not on Windows."""
ABANDONED = 3600.0
"""Age in seconds at which a temporary file is nobody's, where locks cannot tell."""


def temporary_name(path: str) -> str:
    """Name the temporary file of a target, in the target's folder; always the same."""
    at = path.rfind(os.sep) + 1
    name = path[at:]
    if len(name) > 60 and len(os.fsencode(name)) > 240:
        import hashlib

        name = hashlib.sha256(os.fsencode(name)).hexdigest()
    return f"{path[:at]}.{name}.fitsprov"


def remove_dead(name: str, use: Callable[[int], None] | None = None) -> bool:
    """Remove a temporary file whose writer is dead; False where it may be alive.

    Parameters
    ----------
    use : callable, optional
        Called with its descriptor before.
    """
    try:
        descriptor = os.open(name, os.O_RDONLY | BINARY | NO_FOLLOW | NO_WAIT)
    except OSError as error:
        return isinstance(error, FileNotFoundError)
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            return False
        held = lock(descriptor)
        if held is HELD or (held is UNKNOWN and time.time() - status.st_mtime < ABANDONED):
            return False
        if is_at(name, status):
            if use is not None:
                use(descriptor)
            return discard(name)
        return True
    finally:
        os.close(descriptor)


@contextmanager
def temporary(path: str, mode: int = 0o600) -> Iterator[tuple[int, str]]:
    """Create the temporary file of a target, locked; it is gone when the block fails.

    Yields
    ------
    tuple
        Its descriptor and its name, which the block renames to the target's.
    """
    name = temporary_name(path)
    descriptor = create(path, name, mode)
    try:
        yield descriptor, name
    except BaseException:
        if not MOVES_OPEN:
            let_go(descriptor)
        discard(name)
        raise
    finally:
        release(descriptor)


def let_go(*descriptors: int) -> None:
    """Close what is open under these numbers, which stay taken for whoever closes them."""
    nothing = os.open(os.devnull, os.O_RDWR)
    try:
        for descriptor in descriptors:
            os.dup2(nothing, descriptor)
    finally:
        os.close(nothing)


def discard(name: str) -> bool:
    """Remove a temporary file of our own; False where it stays, as another user's does in a folder for all."""
    try:
        os.unlink(name)
    except OSError as error:
        return isinstance(error, FileNotFoundError)
    return True


def create(path: str, name: str, mode: int) -> int:
    """Create and lock a temporary file; wait for the live writer of one that is there, remove a dead one's."""
    deadline = None
    while True:
        try:
            descriptor = os.open(name, os.O_RDWR | os.O_CREAT | os.O_EXCL | BINARY, mode)
        except FileExistsError:
            if not remove_dead(name):
                need_ours(name)
                deadline = pause(path, deadline)
            continue
        except OSError as error:
            raise refusal(path, error, "a folder where a temporary file can be made") from error
        if lock(descriptor) is not HELD and is_at(name, os.fstat(descriptor)):
            return descriptor
        os.close(descriptor)


def need_ours(name: str) -> None:
    """Refuse what has the name of a temporary file and cannot be one."""
    with contextlib.suppress(FileNotFoundError):
        mode = os.lstat(name).st_mode
        if not stat.S_ISREG(mode):
            raise FileRefused(
                f"{name}: is no regular file (mode {stat.filemode(mode)}); expected room for a temporary one"
            )
