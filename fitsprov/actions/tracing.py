"""The provenance of datasets as the service gives it, by the names that provenance services use for formats."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from fitsprov.actions import drawing
from fitsprov.actions.resolving import Resolution, resolve_id, with_did
from fitsprov.actions.serving import Archive, discreet, keep_deadline
from fitsprov.actions.trimming import bare, nearest
from fitsprov.actions.viewing import View
from fitsprov.errors import DatasetNotFound, UsageError
from fitsprov.model.identifiers import pointers
from fitsprov.model.lineage import Direction, Lineage
from fitsprov.model.traced import Traced

__all__ = [
    "FORMATS",
    "PARAMETERS",
    "ProvFormat",
    "Question",
    "boolean",
    "prov_format",
    "published",
    "trace",
    "write_prov",
]

NIL = UUID(int=0)
ALONE = ("svg", "dot")
"""Formats that hold one lineage."""
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
DIRECTIONS = {"BACK": Direction.UP, "FORTH": Direction.DOWN}
BOOLEANS = {"": None, "0": False, "false": False, "1": True, "true": True}


@dataclass(frozen=True, slots=True)
class ProvFormat:
    """How provenance is written."""

    drawing: str
    media_type: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What of the provenance of datasets is asked for, by the parameters that provenance services share."""

    depth: str = ""
    """``DEPTH``: generations, a number or ``ALL``; 1 by default."""
    direction: str = "BACK"
    """``DIRECTION``: ``BACK`` to ancestors, or ``FORTH`` to products."""
    model: str = "IVOA"
    """``MODEL``: in the words of IVOA ProvenanceDM, or in those of W3C PROV alone."""
    agent: bool = True
    """``AGENT``: whether who is responsible is told."""
    configuration: bool = True
    """``CONFIGURATION``: whether configurations and environments are told."""
    descriptions: bool = True
    """``DESCRIPTIONS``: whether kinds of entities and activities are described."""
    members: bool = False
    """``MEMBERS``: whether runs are told as collections, and members of collections are followed, too."""
    steps: bool = False
    """``STEPS``: whether jobs are told as activities of which others are steps."""
    maxrec: int | None = None
    """``MAXREC``: most datasets."""

    @classmethod
    def read(cls, given: Mapping[str, str], maxrec: int | None = None) -> Question:
        """Read the parameters by their names.

        Raises
        ------
        UsageError
        """
        switches = {name: boolean(name, given.get(name, ""), default) for name, default in SWITCHES.items()}
        return cls(
            depth=given.get("DEPTH", ""),
            direction=given.get("DIRECTION", "").strip() or "BACK",
            model=given.get("MODEL", "").strip().upper() or "IVOA",
            agent=switches["AGENT"],
            configuration=switches["CONFIGURATION"],
            descriptions=switches["DESCRIPTIONS"],
            members=switches["MEMBERS"],
            steps=switches["STEPS"],
            maxrec=maxrec,
        )


SWITCHES = {"AGENT": True, "CONFIGURATION": True, "DESCRIPTIONS": True, "MEMBERS": False, "STEPS": False}
"""What is on or off, and which it is by default."""
PARAMETERS = ("DEPTH", "DIRECTION", "MODEL", *SWITCHES)
"""Names of the parameters that are texts."""


def boolean(name: str, text: str, default: bool = True) -> bool:
    """Read a switch."""
    key = text.strip().lower()
    if key not in BOOLEANS:
        raise UsageError(f"{name} is '{text[:40]}'; expected 1 or 0, true or false")
    said = BOOLEANS[key]
    return default if said is None else said


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


def trace(archive: Archive, identifier: str, *, depth: str = "", direction: str = "BACK") -> Resolution:
    """Resolve a dataset as a client asks for it.

    Parameters
    ----------
    depth : str
        Generations, a number or ``ALL``; 1 by default.
    direction : str
        ``BACK`` to ancestors, or ``FORTH`` to products.

    Raises
    ------
    DatasetNotFound
    UsageError
    """
    way, steps = followed(archive, depth, direction)
    with discreet():
        try:
            found = resolve_id(identifier, archive.registry, direction=way, depth=steps)
        except UsageError as error:
            raise DatasetNotFound(identifier) from error
    if found.lineage is None:
        raise DatasetNotFound(identifier)
    return replace(found, lineage=published(archive, found.lineage))


def followed(archive: Archive, depth: str, direction: str) -> tuple[Direction, int | None]:
    """Read which way is followed, and how far."""
    if direction.upper() not in DIRECTIONS:
        raise UsageError(f"DIRECTION is '{direction[:40]}'; expected BACK or FORTH")
    return DIRECTIONS[direction.upper()], generations(depth, archive.settings.max_depth)


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
    raws = {key: tuple(map(archive.public, some)) for key, some in lineage.listed_raws.items()}
    datasets = {key: archive.public(one) for key, one in lineage.datasets.items()}
    return replace(lineage, datasets=datasets, listed_raws=raws)


def write_prov(archive: Archive, identifiers: Sequence[str], format: ProvFormat, question: Question) -> Iterator[bytes]:
    """Write the provenance of datasets; in the formats of PROV as one document.

    Raises
    ------
    DatasetNotFound
    UsageError
        Where none or too many are asked for, or several in a format that holds one.
    """
    asked = list(filter(None, dict.fromkeys(identifiers)))
    most = 1 if format.drawing in ALONE else archive.settings.max_traced
    if not asked or len(asked) > most:
        raise UsageError(f"{len(asked)} IDs; expected {'one' if most == 1 else f'1 to {most}'} in this format")
    most = min(question.maxrec or archive.settings.max_rows, archive.settings.max_rows)
    if format.drawing in drawing.DOCUMENTS:
        told = reach_all(archive, asked, question, most)
        pieces = drawing.write_documents(
            [one for one, _ in told],
            format.drawing,
            model=question.model,
            authority=archive.authority,
            agents=question.agent,
            setup=question.configuration,
            descriptions=question.descriptions,
            members=question.members,
            steps=question.steps,
            overflow=any(cut for _, cut in told),
            check=keep_deadline,
        )
        # small pieces lie where others lay before; one that grows takes new memory, which costs more than to copy them
        yield b"".join([piece.encode(errors="replace") for piece in pieces])
        return
    found = [trace(archive, each, depth=question.depth, direction=question.direction) for each in asked]
    whole = [one.lineage for one in found if one.lineage is not None]
    lineages = [bare(nearest(one, most), agents=question.agent, setup=question.configuration) for one in whole]
    if format.drawing == "json":
        objects = [replace(one, lineage=lineage).to_json() for one, lineage in zip(found, lineages, strict=True)]
        yield json.dumps(objects, indent=1).encode()
        return
    for lineage in lineages:
        yield drawing.draw(lineage, format.drawing, check=keep_deadline).encode(errors="replace")


def reach_all(archive: Archive, identifiers: Sequence[str], question: Question, most: int) -> list[tuple[Traced, bool]]:
    """Follow datasets for a document, each with whether it was cut because it is too much; members where wanted."""
    found = [reach(archive, each, question, most) for each in identifiers]
    followed = {one.ids[one.focus] for one, _ in found}
    for one, _ in found:  # it grows meanwhile
        members = dict.fromkeys(str(pair.object) for pair in one.said.members) if question.members else ()
        for member in members:
            if member not in followed:
                if len(found) >= archive.settings.max_traced:
                    return [(lineage, True) for lineage, _ in found]
                followed.add(member)
                found.append(reach(archive, member, question, most))
    return found


def reach(archive: Archive, identifier: str, question: Question, most: int) -> tuple[Traced, bool]:
    """Follow a dataset for a document, which needs rows alone; and say whether it was cut because it is too much."""
    way, steps = followed(archive, question.depth, question.direction)
    registry, dataset = archive.registry, archive.find(identifier)
    with discreet():
        if way is Direction.UP and not isinstance(registry, View):
            rows = registry.trace(dataset.id, depth=steps)
            if len(rows.ids) <= most:
                return published_rows(archive, rows), False
        lineage = with_did(registry.lineage(dataset.id, direction=way, depth=steps), registry)
        kept = nearest(published(archive, lineage), most)
        said = drawing.said_of(registry, kept)
    return drawing.traced(kept, said), len(kept.datasets) < len(lineage.datasets)


def published_rows(archive: Archive, rows: Traced) -> Traced:
    """Name the copies that the service gives, and the dataset as it is published."""
    files = archive.file_url(NIL).removesuffix(str(NIL))
    datasets = {
        key: row if row[8] is None else (*row[:8], f"{files}{rows.ids[key]}", *row[9:])
        for key, row in rows.datasets.items()
    }
    row = datasets[rows.focus]
    did, _ = pointers(UUID(rows.ids[rows.focus]), None, archive.authority, row[10])
    datasets[rows.focus] = (*row[:10], did, *row[11:])
    return rows._replace(datasets=datasets)
