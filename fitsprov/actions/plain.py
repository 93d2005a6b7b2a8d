"""Stamps of our own in files that have nothing to heed: what most stamps are, in as few steps as there can be."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import cache
from typing import Any, TypeVar

from fitsprov.actions.conventions import native
from fitsprov.compiled import compiled
from fitsprov.conventions.spotting import Prefixes
from fitsprov.conventions.writing import Sheet, sheet_of
from fitsprov.model.stamp import Stamp

__all__ = ["PlainStamper", "heeded", "plain_stamper", "plainly"]

F = TypeVar("F", bound=Callable[..., Any])


@compiled
class PlainStamper:
    """Stamps a file from beginning to end, where C does it; here it leaves all to `edit_file`."""

    def __init__(self, sheet: Sheet | None, heeded: Prefixes) -> None:
        """Take what spells the stamp, and how cards begin that it would have to heed."""

    def stamp(self, path: Any, stamp: Stamp, list_cards: int, clock: Callable[[], datetime]) -> bool:
        """Write a stamp behind the last card of a primary header with nothing to heed, under a lock, by flip.

        What has to be refused, waited for, hidden, copied or looked at twice is left to `edit_file`.

        Returns
        -------
        bool
            Whether it is written; if not, nothing was done.
        """
        return False


@compiled
def plainly(stamper: Callable[[], PlainStamper], done: object) -> Callable[[F], F]:
    """Let a plain stamper, where it is in C, do what a call of `stamp` asks for, if its options ask for no more.

    Parameters
    ----------
    stamper : callable
        Gives the plain stamper.
    done : object
        What the call gives where that stamped.
    """
    return lambda stamp: stamp


@cache
def plain_stamper() -> PlainStamper:
    """The one of our own convention."""
    return PlainStamper(sheet_of(native()), heeded())


@cache
def heeded() -> Prefixes:
    """What a stamp has to heed in a header: one that is there, what goes with long strings, and sums of data."""
    return Prefixes([*native().prefixes, b"LONGSTRN", b"DATASUM "])
