"""Stamps of our own in files that have nothing to heed: what most stamps are, in as few steps as there can be."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import cache
from typing import Any

from fitsprov.actions.conventions import native
from fitsprov.compiled import compiled
from fitsprov.conventions.spotting import Prefixes
from fitsprov.conventions.writing import Sheet, sheet_of
from fitsprov.model.stamp import Stamp

__all__ = ["heeded", "plain_stamper"]


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


@cache
def plain_stamper() -> PlainStamper:
    """The one of our own convention."""
    return PlainStamper(sheet_of(native()), heeded())


@cache
def heeded() -> Prefixes:
    """What a stamp has to heed in a header: one that is there, what goes with long strings, and sums of data."""
    return Prefixes([*native().prefixes, b"LONGSTRN", b"DATASUM "])
