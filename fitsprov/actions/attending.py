"""Processes that work for another: interrupts are its affair, and they end when it does, whatever ends it."""

from __future__ import annotations

import os
import signal
from typing import Any

__all__ = ["attend"]


def attend() -> None:
    """Begin to work for the process that made this one; to be called in it first."""
    from _thread import start_new_thread
    from multiprocessing import parent_process

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = parent_process()
    if parent is not None:
        # it opens no file, so it is no thread for which `fitsprov.files.locks.alone` would have to look out
        start_new_thread(end_with, (parent.sentinel,))


def end_with(sentinel: Any) -> None:
    """Wait until a process has ended, and end at once: nobody is there to be told."""
    from multiprocessing.connection import wait

    wait([sentinel])
    os._exit(1)
