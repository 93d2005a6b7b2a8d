"""Space inside files, as only Linux gives it out: fallocate(2)."""

from __future__ import annotations

import errno
import os
import sys
from functools import cache
from typing import Any

__all__ = ["collapse", "insert", "reserve"]

COLLAPSE_RANGE, INSERT_RANGE = 0x08, 0x20
NOT_HERE = {errno.ENOSYS, errno.EOPNOTSUPP, errno.ENOTSUP, errno.EINVAL, errno.EPERM, errno.ETXTBSY}


@cache
def system_call() -> Any:
    """Load fallocate from the C library; None where there is none."""
    if sys.platform != "linux":
        return None
    import ctypes

    call = getattr(ctypes.CDLL(None, use_errno=True), "fallocate64", None)
    if call is not None:
        call.argtypes = (ctypes.c_int, ctypes.c_int, ctypes.c_int64, ctypes.c_int64)
    return call


def allocate(descriptor: int, mode: int, at: int, size: int) -> bool:
    """Call it; False where the filesystem cannot do that."""
    call = system_call()
    if call is None:
        return False
    if call(descriptor, mode, at, size) == 0:
        return True
    import ctypes

    code = ctypes.get_errno()
    if code in NOT_HERE:
        return False
    raise OSError(code, os.strerror(code))


def reserve(descriptor: int, at: int, size: int) -> bool:
    """Reserve the space of a range, so that writing there finds it; what stands there stays."""
    return allocate(descriptor, 0, at, size)


def insert(descriptor: int, at: int, size: int) -> bool:
    """Move all from an offset on towards the end; both are multiples of the filesystem's block."""
    return allocate(descriptor, INSERT_RANGE, at, size)


def collapse(descriptor: int, at: int, size: int) -> bool:
    """Undo `insert`."""
    return allocate(descriptor, COLLAPSE_RANGE, at, size)
