"""Resolve a file by its headers alone: by its first bytes, or by all headers without the data between them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from fitsprov.actions.resolving import resolve
from fitsprov.actions.serving import Archive, discreet
from fitsprov.actions.tracing import published
from fitsprov.errors import NotFits, UsageError
from fitsprov.files.accept import Source
from fitsprov.files.table import TABLE_NAME
from fitsprov.files.units import read_header, walk

if TYPE_CHECKING:
    from fitsprov.files import HeaderUnit

__all__ = ["resolve_header"]


class Head(Source):
    """The first bytes of a file: its headers as far as they were sent."""

    has_data = False

    def __init__(self, data: bytes) -> None:
        super().__init__("header", lambda offset, size: data[offset : offset + size])
        self.sent = data

    def units(self) -> Iterator[HeaderUnit]:
        """Read the headers that are whole; a table of lists counts only where its rows are there."""
        last = None
        try:
            for last in self.headers():
                if last.name != TABLE_NAME or self.read_at(last.next_start - 1, 1):
                    yield last
        except NotFits:
            if last is None:
                raise

    def headers(self) -> Iterator[HeaderUnit]:
        """Read one header after the other."""
        return walk(self.read_at, self.name, truncated=True)


class Headers(Head):
    """The headers of a file, each right behind the one before."""

    def __init__(self, data: bytes) -> None:
        super().__init__(data)
        self.read_at = lambda offset, size: b""  # there are no data

    def headers(self) -> Iterator[HeaderUnit]:
        """Read one header after the other."""
        at = index = 0
        while not index or at < len(self.sent):
            unit = read_header(lambda offset, size: self.sent[offset : offset + size], at, index, self.name)
            yield unit
            at, index = at + len(unit.header), index + 1


def resolve_header(archive: Archive, data: bytes, *, alone: bool = False) -> dict[str, Any]:
    """Resolve a file by the first bytes of it; its data are not needed.

    Parameters
    ----------
    alone : bool
        Whether these are its headers without the data between them.

    Raises
    ------
    UsageError
        Where they hold no whole header.
    """
    try:
        with discreet():
            found = resolve(Headers(data) if alone else Head(data), archive.registry)
    except NotFits as error:
        raise UsageError(str(error)) from error
    if found.lineage is not None:
        found = replace(found, lineage=published(archive, found.lineage))
    return replace(found, name="").to_json()
