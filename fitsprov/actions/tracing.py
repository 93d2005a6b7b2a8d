"""The provenance of datasets as the service gives it, by the names that provenance services use for formats."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from fitsprov.actions import drawing
from fitsprov.actions.comparing import status_of
from fitsprov.actions.resolving import Resolution, Status, resolve, resolve_id
from fitsprov.actions.serving import Archive, discreet
from fitsprov.cards.grammar import BLOCK
from fitsprov.errors import DatasetNotFound, NotFits, UsageError
from fitsprov.files.accept import Source
from fitsprov.files.units import walk
from fitsprov.model.lineage import Direction, Lineage

if TYPE_CHECKING:
    from fitsprov.files import HeaderUnit

__all__ = ["FORMATS", "MOST", "ProvFormat", "prov_format", "resolve_header", "trace", "write_prov"]

MOST = 100
"""Datasets whose provenance one request may ask for."""
NAMES = {
    "prov-json": ("prov-json", "application/json"),
    "application/json": ("prov-json", "application/json"),
    "prov-n": ("prov-n", "text/provenance-notation;charset=utf-8"),
    "text/provenance-notation": ("prov-n", "text/provenance-notation;charset=utf-8"),
    "prov-xml": ("prov-xml", "application/provenance+xml"),
    "application/provenance+xml": ("prov-xml", "application/provenance+xml"),
    "prov-votable": ("votable", "application/x-votable+xml"),
    "votable": ("votable", "application/x-votable+xml"),
    "application/x-votable+xml": ("votable", "application/x-votable+xml"),
    "prov-svg": ("svg", "image/svg+xml"),
    "svg": ("svg", "image/svg+xml"),
    "image/svg+xml": ("svg", "image/svg+xml"),
    "json": ("json", "application/json"),
    "dot": ("dot", "text/vnd.graphviz;charset=utf-8"),
    "tree": ("tree", "text/plain;charset=utf-8"),
    "table": ("table", "text/plain;charset=utf-8"),
}
"""``RESPONSEFORMAT`` in lower case → the name of the drawing, and its media type; ``json`` is what resolve prints."""
FORMATS = ("PROV-JSON", "PROV-N", "PROV-XML", "PROV-VOTABLE", "PROV-SVG", "JSON", "DOT", "TREE", "TABLE")
"""One name of each format, for people."""
DIRECTIONS = {"": Direction.UP, "BACK": Direction.UP, "FORTH": Direction.DOWN}


@dataclass(frozen=True, slots=True)
class ProvFormat:
    """How provenance is written."""

    drawing: str
    media_type: str


def prov_format(name: str) -> ProvFormat:
    """Find a format by the name that a client gives; PROV-JSON where it gives none.

    Raises
    ------
    UsageError
    """
    key = name.partition(";")[0].strip().lower() or "prov-json"
    if key not in NAMES:
        known = ", ".join(key.upper() for key in NAMES if "/" not in key)
        raise UsageError(f"RESPONSEFORMAT '{name[:80]}' is unknown; expected one of {known}")
    return ProvFormat(*NAMES[key])


def trace(archive: Archive, identifier: str, *, depth: str = "", direction: str = "") -> Resolution:
    """Resolve a dataset as a client asks for it.

    Parameters
    ----------
    depth : str
        Generations, a number or ``ALL``; 1 by default.
    direction : str
        ``BACK`` to ancestors, which is the default, or ``FORTH`` to products.

    Raises
    ------
    DatasetNotFound
    UsageError
    """
    if direction.upper() not in DIRECTIONS:
        raise UsageError(f"DIRECTION is '{direction[:40]}'; expected BACK or FORTH")
    way, steps = DIRECTIONS[direction.upper()], generations(depth, archive.settings.max_depth)
    with discreet():
        try:
            found = resolve_id(identifier, archive.registry, direction=way, depth=steps)
        except UsageError as error:
            raise DatasetNotFound(identifier) from error
    if found.lineage is None:
        raise DatasetNotFound(identifier)
    return replace(found, lineage=published(archive, found.lineage))


def generations(depth: str, most: int) -> int | None:
    """Read a depth; None for all."""
    text = depth.strip().upper()
    if text == "ALL":
        return None
    if text and not (text.isascii() and text.isdigit() and len(text) < 10):
        raise UsageError(f"DEPTH is '{depth[:40]}'; expected a number or ALL")
    if text and int(text) > most:
        raise UsageError(f"DEPTH is {text}; expected {most} or less, or ALL")
    return int(text) if text else 1


def published(archive: Archive, lineage: Lineage) -> Lineage:
    """Name the copies that the service gives, not those on this machine."""
    return replace(lineage, datasets={key: archive.public(one) for key, one in lineage.datasets.items()})


def write_prov(
    archive: Archive,
    identifiers: Sequence[str],
    format: ProvFormat,
    *,
    depth: str = "",
    direction: str = "",
    model: str = "",
) -> Iterator[bytes]:
    """Write the provenance of datasets.

    Raises
    ------
    DatasetNotFound
    UsageError
        Where none or too many are asked for, or several in a format that holds one.
    """
    asked = list(filter(None, dict.fromkeys(identifiers)))
    most = MOST if format.drawing == "json" else 1
    if not asked or len(asked) > most:
        raise UsageError(f"{len(asked)} IDs; expected {'one' if most == 1 else f'1 to {most}'} in this format")
    found = [trace(archive, identifier, depth=depth, direction=direction) for identifier in asked]
    if format.drawing == "json":
        yield json.dumps([one.to_json() for one in found], indent=1).encode()
    else:
        lineage = found[0].lineage
        assert lineage is not None
        if format.drawing in drawing.DOCUMENTS:
            text = drawing.write_document(lineage, format.drawing, model=model.upper() or "IVOA")
        else:
            text = drawing.draw(lineage, format.drawing)
        yield text.encode(errors="replace")


class Head(Source):
    """The first bytes of a file: its headers as far as they were sent."""

    has_data = False
    cut = False
    """Whether there may be more HDUs than were sent; known once all were read."""

    def __init__(self, data: bytes) -> None:
        super().__init__("header", lambda offset, size: data[offset : offset + size])
        self.size = len(data)

    def units(self) -> Iterator[HeaderUnit]:
        """Read the headers that are whole."""
        last = None
        try:
            for unit in walk(self.read_at, self.name, truncated=True):
                last = unit
                yield unit
        except NotFits:
            if last is None:
                raise
            self.cut = True
        self.cut = self.cut or (last is not None and self.size < last.next_start + BLOCK)


def resolve_header(archive: Archive, data: bytes) -> dict[str, Any]:
    """Resolve a file by the first bytes of it; its data are not needed.

    Raises
    ------
    UsageError
        Where they hold no whole header.
    """
    head = Head(data)
    try:
        with discreet():
            found = resolve(head, archive.registry)
    except NotFits as error:
        raise UsageError(str(error)) from error
    if head.cut and found.status is Status.INHERITED:
        # the fingerprint is of HDUs that were not all sent
        kept = tuple(finding for finding in found.findings if finding.code != "stamp-inherited")
        found = replace(found, findings=kept, status=status_of(kept))
    if found.lineage is not None:
        found = replace(found, lineage=published(archive, found.lineage))
    return replace(found, name="").to_json()
