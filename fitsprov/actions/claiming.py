"""From a file's header to a claim for the registry; other processes can do it, and send what came of it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple
from uuid import UUID

from fitsprov.actions.identifying import identify, input_id, owner_of
from fitsprov.actions.reading import inspect_metadata, inspect_source
from fitsprov.conventions.reading import ConventionReading, Reading
from fitsprov.errors import FileRefused, FitsprovError, NotFits
from fitsprov.files.accept import Source, open_source
from fitsprov.files.fingerprint import compare_data, compute
from fitsprov.model.dataid import canonical_text
from fitsprov.model.finding import Finding
from fitsprov.model.identifiers import activity_id
from fitsprov.model.stamp import Input, Stamp
from fitsprov.registry.engines.texts import fault_of_claim
from fitsprov.registry.harvests.claims import Claim, Named

__all__ = ["File", "Found", "read_claim", "read_claims"]


class File(NamedTuple):
    """A file that is to be read, as it was when it was found."""

    path: str
    """Absolute."""
    uri: str
    size: int
    """Bytes."""
    modified: int
    """Nanoseconds since 1970."""


class Found(NamedTuple):
    """What was found in one file: a claim, or an error, or neither where the header says nothing."""

    path: str
    claim: Claim | None = None
    findings: tuple[Finding, ...] = ()
    error: FitsprovError | None = None


def read_claims(files: Iterable[File], fingerprint: bool = False, conventions: Sequence[str] = ()) -> list[Found]:
    """Read the headers of several files."""
    return [read_claim(file, fingerprint, conventions) for file in files]


def read_claim(file: File, fingerprint: bool = False, conventions: Sequence[str] = ()) -> Found:
    """Read the header of one file; an error of ours is an outcome, too."""
    computed, inherited = None, False
    try:
        try:
            with open_source(file.path) as source:
                reading = inspect_source(source, conventions=conventions)
                if fingerprint and reading.stamp is not None:
                    computed = compute(source)
                    found = find_other_data(source, reading.stamp, computed)
                    reading, inherited = replace(reading, findings=(*reading.findings, *found)), bool(found)
        except NotFits:
            told = inspect_metadata(file.path, conventions)
            if told is None:
                raise
            reading = told
    except FitsprovError as error:
        return Found(file.path, error=error)
    if reading.stamp is None:
        return Found(file.path)
    claim = claim_of(file, reading, computed, inherited=inherited)
    if fault := fault_of_claim(claim):
        return Found(file.path, error=FileRefused(f"{file.path}: {fault}"))
    return Found(file.path, claim, reading.findings)


def find_other_data(source: Source, stamp: Stamp, computed: str) -> list[Finding]:
    """Hold data against the fingerprint of those for which the stamp was written, if it carries one."""
    if stamp.fingerprint is None or stamp.fingerprint == computed:
        return []
    comparison = compare_data(source, stamp.fingerprint)
    return [Finding("stamp-inherited", comparison.reason, "FPV_DSUM")] if comparison.same is False else []


def claim_of(file: File, reading: Reading, fingerprint: str | None = None, *, inherited: bool = False) -> Claim:
    """Say what a header claims.

    An activity is named where the header states its ID, or what it used, or how it was run; its ID is then derived as
    that of a record's step without one.
    """
    stamp = reading.stamp or Stamp()
    dataset, name = identify(reading, file.path)
    maker, derived = stamp.activity_id, False
    if maker is None and (stamp.n_parents or stamp.parents or stamp.task or stamp.software or stamp.parameters):
        maker, derived = activity_id(stamp.run, stamp.task, [dataset]), True
    listed, conventions = len(stamp.parents or ()), reading.conventions
    return Claim(
        uri=file.uri,
        size=file.size,
        modified=file.modified,
        convention=conventions[0],
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
        packages=tuple(sorted((one.name, one.version or "") for one in stamp.software)) if stamp.software else (),
        used=named_all(stamp.parents, reading, "parents"),
        steps=tuple(step for entry in reading.readings if entry.steps for step in steps_of(entry)),
        n_used=stamp.n_parents if (stamp.n_parents or 0) > listed else None,
        raws=named_all(stamp.raws, reading, "raws"),
        fingerprint=fingerprint,
        findings=len(reading.findings),
        others=conventions[1:],
        inherited=inherited,
    )


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
        input_id(item, owner).bytes,
        item.role or other.role,
        item.type or other.type,
        item.run or other.run,
        None if data_id is None else canonical_text(data_id),
        item.name or other.name,
        item.category or other.category,
    )
