"""Whether somebody still waits for what a thread does."""

from __future__ import annotations

from threading import local
from typing import TYPE_CHECKING

from fitsprov.errors import RegistryError

if TYPE_CHECKING:
    from fitsprov.registry.engines.deadline import Deadline

__all__ = ["Overdue", "deadline_here", "here", "keep_deadline"]

here = local()
"""Its ``deadline`` bounds the work of this thread."""


class Overdue(RegistryError, TimeoutError):
    """Work that was ended because its deadline has passed."""

    def __init__(self) -> None:
        super().__init__("the deadline has passed; expected an answer before it")


def deadline_here() -> Deadline | None:
    """Give the deadline of this thread's work, if it has one."""
    return getattr(here, "deadline", None)


def keep_deadline() -> None:
    """End this thread's work where its deadline has passed: an interrupt may come between two statements.

    Raises
    ------
    Overdue
    """
    deadline = deadline_here()
    if deadline is not None and deadline.passed:
        raise Overdue
