"""From a file's header to a claim for the registry; other processes can do it, and send what came of it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple
from uuid import UUID

from fitsprov.actions.reading import inspect_metadata, inspect_source
from fitsprov.conventions.reading import ConventionReading, Reading
from fitsprov.errors import FitsprovError, MalformedID, NotFits
from fitsprov.files.accept import open_source
from fitsprov.files.fingerprint import compute
from fitsprov.model.dataid import canonical_text
from fitsprov.model.finding import Finding
from fitsprov.model.identifiers import activity_id, name_id, parse_id
from fitsprov.model.stamp import Input, Stamp
from fitsprov.registry.claims import Claim, Named

__all__ = ["File", "Outcome", "dataset_id", "read_claim", "read_claims", "uri_of"]

PLAIN = re.compile(r"[A-Za-z0-9/._~-]+")


class File(NamedTuple):
    """A file that is to be read, as it was when it was found."""

    path: str
    """Absolute."""
    uri: str
    size: int
    """Bytes."""
    modified: int
    """Nanoseconds since 1970."""


class Outcome(NamedTuple):
    """What came of reading one file: a claim, or an error, or neither where the header says nothing."""

    path: str
    claim: Claim | None = None
    findings: tuple[Finding, ...] = ()
    error: FitsprovError | None = None


def uri_of(path: str) -> str:
    """Spell an absolute path as a URI."""
    return f"file://{path}" if PLAIN.fullmatch(path) else Path(path).as_uri()


def read_claims(files: Iterable[File], fingerprint: bool) -> list[Outcome]:
    """Read the headers of several files."""
    return [read_claim(file, fingerprint) for file in files]


def read_claim(file: File, fingerprint: bool) -> Outcome:
    """Read the header of one file; an error of ours is an outcome, too."""
    computed = None
    try:
        try:
            with open_source(file.path) as source:
                reading = inspect_source(source)
                if fingerprint and reading.stamp is not None:
                    computed = compute(source)
        except NotFits:
            told = inspect_metadata(file.path)
            if told is None:
                raise
            reading = told
    except FitsprovError as error:
        return Outcome(file.path, error=error)
    if reading.stamp is None:
        return Outcome(file.path)
    return Outcome(file.path, claim_of(file, reading, computed), reading.findings)


def claim_of(file: File, reading: Reading, fingerprint: str | None = None) -> Claim:
    """Say what a header claims.

    An activity is named where the header states its ID, or what it used, or how it was run; its ID is then derived as
    that of a record's step without one.
    """
    stamp, convention = reading.stamp or Stamp(), reading.conventions[0]
    dataset, name = stamp.id, None
    if dataset is None:
        owner = owner_of(reading, "parents") or owner_of(reading, "raws") or convention
        dataset, name = dataset_id(stamp, file.path, owner)
    maker, derived = stamp.activity_id, False
    if maker is None and (stamp.n_parents or stamp.parents or stamp.task or stamp.software or stamp.parameters):
        maker, derived = activity_id(stamp.run, stamp.task, [dataset]), True
    listed = len(stamp.parents or ())
    return Claim(
        uri=file.uri,
        size=file.size,
        modified=file.modified,
        convention=convention,
        id=dataset.bytes,
        type=stamp.type,
        run=stamp.run,
        data_id=None if stamp.data_id is None else canonical_text(stamp.data_id),
        name=name,
        publisher_did=stamp.publisher_did,
        activity=None if maker is None else maker.bytes,
        derived=derived,
        task=stamp.task,
        parameters=json.dumps(dict(stamp.parameters), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        if stamp.parameters
        else None,
        packages=tuple(sorted((one.name, one.version or "") for one in stamp.software)),
        used=named_all(stamp.parents, reading, "parents"),
        steps=tuple(step for entry in reading.readings if entry.steps for step in steps_of(entry)),
        n_used=stamp.n_parents if (stamp.n_parents or 0) > listed else None,
        raws=named_all(stamp.raws, reading, "raws"),
        fingerprint=fingerprint,
        findings=len(reading.findings),
    )


def dataset_id(stamp: Stamp, path: str, convention: str) -> tuple[UUID, str | None]:
    """Identify the dataset of a header that states no ID, with its name where the ID is made of that.

    It is that of its publisher DID, else that of run, type and dataId together; and where one of these is lacking, the
    file is known by its own name, as other headers in this convention name it.
    """
    if stamp.publisher_did is not None:
        try:
            return parse_id(stamp.publisher_did), None
        except MalformedID:
            return name_id(stamp.publisher_did, convention), None
    if stamp.run and stamp.type and stamp.data_id:
        return name_id(f"{stamp.run} {stamp.type} {canonical_text(stamp.data_id)}", convention), None
    name = str(stamp.extra.get("fileid") or stamp.extra.get("path") or Path(path).name)
    return name_id(name, convention), name


def named_all(items: tuple[Input, ...] | None, reading: Reading, field: str) -> tuple[Named, ...]:
    """Name the items of a list; names are keyed within the convention whose list it is.

    Where another convention lists the same datasets, it may say more of each: Rubin's cards give runs and types.
    """
    if not items:
        return ()
    owner = owner_of(reading, field) or reading.conventions[0]
    if len(reading.readings) == 1:
        return tuple(named(item, item, owner) for item in items)
    lists = {entry.convention: getattr(entry.stamp, field) or () for entry in reading.readings}
    others = {item.id: item for name, listed in lists.items() if name != owner for item in listed if item.id}
    return tuple(named(item, others.get(item.id, item), owner) for item in items)


def owner_of(reading: Reading, field: str) -> str | None:
    """The convention whose list was taken; None where none of them lists anything, or a table does."""
    items = getattr(reading.stamp, field)
    if items is None:
        return None
    owners = (entry.convention for entry in reading.readings if getattr(entry.stamp, field) is items)
    return next(owners, None)


def steps_of(reading: ConventionReading) -> Iterator[tuple[Named, bytes, tuple[Named, ...]]]:
    """What a convention tells of the steps behind the parents: an ancestor, its activity, and what that used."""
    for ancestor, parents in reading.steps:
        item = named(ancestor, ancestor, reading.convention)
        maker = activity_id(item.run, None, [UUID(bytes=item.id)]).bytes
        yield item, maker, tuple(named(parent, parent, reading.convention) for parent in parents)


def named(item: Input, other: Input, owner: str) -> Named:
    """Name one item, with what another convention says of it."""
    data_id = item.data_id or other.data_id
    return Named(
        item.id.bytes if item.id is not None else key_of(item.name or "", owner),
        item.role or other.role,
        item.type or other.type,
        item.run or other.run,
        None if data_id is None else canonical_text(data_id),
        item.name or other.name,
        item.category or other.category,
    )


@lru_cache(maxsize=4096)
def key_of(name: str, convention: str) -> bytes:
    """Key a name; flats and catalogues are named in thousands of headers."""
    return name_id(name, convention).bytes
