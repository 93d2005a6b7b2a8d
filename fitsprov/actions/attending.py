"""Processes that work for another: interrupts are its affair, and they end when it does, whatever ends it."""

from __future__ import annotations

import os
import signal
from typing import Any

__all__ = ["attend"]


def attend() -> None:
    """Begin to work for the process that made this one; to be called in it first."""
    from multiprocessing import parent_process
    from threading import Thread

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = parent_process()
    if parent is not None:
        Thread(target=end_with, args=(parent.sentinel,), daemon=True).start()


def end_with(sentinel: Any) -> None:
    """Wait until a process has ended, and end at once: nobody is there to be told."""
    from multiprocessing.connection import wait

    wait([sentinel])
    os._exit(1)
