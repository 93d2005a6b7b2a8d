"""Large files that were replaced are freed beside what comes next: that takes half as long as their copy did."""

from __future__ import annotations

import os
from _thread import LockType, allocate_lock, start_new_thread

from fitsprov.files.locks import release

__all__ = ["free_aside", "wait_for_room"]


LONGEST = 10.0
"""Seconds to wait for another file to be freed."""


class Freeing:
    """One file that is being freed, or none."""

    lock: LockType

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        """Begin anew: in a forked process nobody frees what its parent was freeing."""
        self.lock = allocate_lock()

    def free(self, descriptor: int) -> None:
        """Free a file; what closing says is of no account where nothing leads to it any more."""
        try:
            release(descriptor)
        except OSError:
            pass
        finally:
            self.lock.release()


FREEING = Freeing()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=FREEING.forget)


def free_aside(descriptor: int) -> None:
    """Unlock and close a file to whose content no name leads any more, and do not wait for it."""
    taken = False
    try:
        taken = FREEING.lock.acquire(timeout=LONGEST)
    finally:
        if not taken:  # or interrupted
            release(descriptor)
    if not taken:
        return
    try:
        # it opens no file, so it is no thread for which `fitsprov.files.locks.alone` would have to look out
        start_new_thread(FREEING.free, (descriptor,))
    except (RuntimeError, MemoryError):
        FREEING.free(descriptor)


def wait_for_room() -> None:
    """Wait for the room of what is being freed: the next copy may need it."""
    if FREEING.lock.acquire(timeout=LONGEST):
        FREEING.lock.release()
