"""From a file in hand, or an ID, back to its full provenance."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

from fitsprov.actions.comparing import compare, compare_lists, completed, find_inheritance, judge, status_of
from fitsprov.actions.following import Online
from fitsprov.actions.identifying import identify, with_ids
from fitsprov.actions.reading import Reading, inspect_metadata, inspect_source
from fitsprov.actions.recognizing import recognize
from fitsprov.actions.resolution import Resolution, Status
from fitsprov.actions.standing import judge_standing
from fitsprov.actions.walking import uri_of
from fitsprov.errors import DatasetNotFound, FileRefused, NotFits, ServiceError, UsageError
from fitsprov.files.accept import open_source
from fitsprov.model.account import Account
from fitsprov.model.finding import Finding
from fitsprov.model.identifiers import is_id, name_id, pointers
from fitsprov.model.later import Later
from fitsprov.model.lineage import Activity, Category, Dataset, Direction, Lineage, Usage
from fitsprov.model.stamp import Input, Stamp

if TYPE_CHECKING:
    from fitsprov.actions.registry import Registry

__all__ = ["Resolution", "Status", "resolve", "resolve_any", "resolve_id"]

MOST_NAMED = 5
"""Datasets that a finding names."""


def resolve(
    source: Any,
    registry: Registry | None = None,
    *,
    hdu: int | str | None = None,
    conventions: Sequence[str] = (),
    direction: Direction | str = Direction.UP,
    depth: int | None = None,
    online: bool | Online = False,
    allow_hosts: Iterable[str] = (),
) -> Resolution:
    """Resolve a file, or an object, by its stamp; one that states no ID by the ID that follows from it by rule.

    Parameters
    ----------
    source : path, file-like, HDUList, Header, HDU, fitsio.FITS or UUID
        A UUID is a dataset of the registry.
    registry : Registry, optional
        Who knows the lineage; without one, the header alone answers.
    conventions : sequence of str
        Those to read, as in `read`.
    direction : {'up', 'down'}
        To what it was made from, or to what was made from it.
    depth : int, optional
        How many generations; all by default.
    online : bool or Online
        Whether the service that the header's DATALINK points to is asked, where there is no registry or it does not
        know the dataset. It is given 10 s and 16 MiB. What goes wrong with it is a finding, never an error.
    allow_hosts : iterable of str
        Hosts that may have a private or loopback address; other services are asked on the open network only.

    Raises
    ------
    NotFits, TruncatedFits, FileRefused
    UsageError
        For a UUID without a registry.
    """
    if isinstance(source, UUID):
        if registry is None:
            raise UsageError(f"dataset {source}: there is no registry to look it up in; expected one")
        return resolve_id(source, registry, direction=direction, depth=depth)
    name, reading = look_at(source, hdu, conventions)
    stamp, findings, way = reading.stamp, list(reading.findings), Direction(direction)
    focus = None if stamp is None else identify(reading, name)[0]
    account = ask(registry, focus, way, depth, source)
    lineage, who, facts = (None, "registry", None) if account is None else (account.lineage, "registry", account.facts)
    if registry is not None and is_doubted(account, findings):
        found = recognize(source, registry, focus)
        if len(found) == 1:
            return resolve_content(found[0], registry, name, stamp, focus, way, depth)
        findings += tell_apart(found)
    if stamp is None or focus is None:
        none = Finding("stamp-missing", "the header carries no stamp in any known convention")
        return Resolution(name=name, status=Status.UNSTAMPED, source="header", findings=(none, *findings))
    if lineage is None and online and stamp.datalink:
        leave = online if isinstance(online, Online) else Online(allow_hosts=allow_hosts)
        try:
            lineage, (standing, facts) = leave.lineage(stamp, way, depth)
            who, findings = "service", [*findings, *compare_lists(reading, lineage), *standing]
        except ServiceError as error:
            findings.append(Finding(error.code, str(error), "DATALINK"))
    if lineage is None:
        missing = "there is no registry to ask" if registry is None else "the registry does not know it"
        hint = "; --online asks the service that DATALINK points to" if stamp.datalink and not online else ""
        findings.append(Finding("dataset-unknown", f"dataset {stamp.id or 'without ID'}: {missing}{hint}"))
        named = with_ids(reading)
        return Resolution(
            name=name,
            status=Status.UNKNOWN,
            source="header",
            stamp=stamp,
            lineage=lineage_of_header(focus, named),
            known_raws=tuple(map(dataset_of, named.raws or ())),
            findings=tuple(findings),
        )
    findings += compare(reading, lineage.dataset, who) + judge(lineage)
    if account is not None:
        findings += judge_standing(lineage, account.standing)
    return Resolution(
        name=name,
        status=status_of(findings),
        source=who,
        stamp=completed(stamp, lineage.dataset),
        lineage=lineage,
        facts=facts,
        findings=tuple(findings),
    )


def resolve_content(
    found: Dataset,
    registry: Registry,
    name: str,
    stamp: Stamp | None,
    named: UUID | None,
    direction: Direction,
    depth: int | None,
) -> Resolution:
    """Resolve a file by its data, where its header does not say what it is."""
    told = "the header carries no stamp" if stamp is None else f"the header names dataset {named}"
    note = Finding("found-by-content", f"{told}, the data are those of {found.id}")
    resolved = resolve_id(found.id, registry, direction=direction, depth=depth)
    return replace(
        resolved, name=name, stamp=stamp and replace(stamp, id=found.id), findings=(note, *resolved.findings)
    )


def tell_apart(found: Sequence[Dataset]) -> list[Finding]:
    """Name the datasets that have the data of a file, where they are several."""
    if not found:
        return []
    names = ", ".join(str(one.id) for one in found[:MOST_NAMED]) + " …" * (len(found) > MOST_NAMED)
    return [Finding("found-several", f"the data are those of {len(found)} datasets: {names}")]


def look_at(source: Any, hdu: int | str | None, conventions: Sequence[str]) -> tuple[str, Reading]:
    """What a source is called, and what it says; also whether its stamp came with a copied header."""
    is_path = isinstance(source, str | os.PathLike)
    told = None if is_path else inspect_metadata(source, conventions)
    if told is not None:
        return type(source).__name__, told
    try:
        with open_source(source) as opened:
            reading = inspect_source(opened, hdu=hdu, conventions=conventions)
            inherited = [] if reading.stamp is None else find_inheritance(reading.stamp, opened)
            return opened.name, replace(reading, findings=(*reading.findings, *inherited)) if inherited else reading
    except NotFits:
        told = inspect_metadata(source, conventions) if is_path else None
        if told is None:
            raise
        return str(source), told


def resolve_id(
    identifier: str | UUID,
    registry: Registry,
    *,
    direction: Direction | str = Direction.UP,
    depth: int | None = None,
) -> Resolution:
    """Resolve a dataset by its ID or name.

    A text that is no ID and no name of the registry is malformed, not unknown.
    """
    try:
        account = registry.account(identifier, direction=direction, depth=depth)
    except DatasetNotFound as error:
        if isinstance(identifier, str) and not is_id(identifier):
            raise UsageError(
                f"'{identifier}' is no file, no name in the registry, and not a dataset ID; expected one of them"
            ) from None
        found = Finding("dataset-unknown", str(error))
        return Resolution(name=str(identifier), status=Status.UNKNOWN, source="registry", findings=(found,))
    lineage = with_did(account.lineage, registry)
    return Resolution(
        name=str(identifier),
        status=Status.RESOLVED,
        source="registry",
        lineage=lineage,
        facts=account.facts,
        findings=(*judge(lineage), *judge_standing(lineage, account.standing)),
    )


def resolve_any(
    name: str,
    registry: Registry | None,
    *,
    hdu: int | str | None = None,
    conventions: Sequence[str] = (),
    direction: Direction | str = Direction.UP,
    depth: int | None = None,
    online: bool | Online = False,
) -> Resolution:
    """Resolve what a user typed: a file, or the ID or name of a dataset; an existing path wins."""
    if Path(name).exists():
        return resolve(
            name, registry, hdu=hdu, conventions=conventions, direction=direction, depth=depth, online=online
        )
    if ("/" in name and not is_id(name)) or name.endswith((".fits", ".fit", ".fts", ".fz", ".gz")):
        raise FileRefused(f"{name}: no such file; expected a FITS file or a dataset ID")
    if registry is None:
        raise UsageError(f"'{name}' is no file, and there is no registry to look it up in; expected --registry URL")
    return resolve_id(name, registry, direction=direction, depth=depth)


def ask(
    registry: Registry | None, focus: UUID | None, direction: Direction, depth: int | None, source: Any
) -> Account | None:
    """Ask the registry about the dataset that a file names; None where it does not know it."""
    if registry is None or focus is None:
        return None
    uri = uri_of(os.path.abspath(source)) if isinstance(source, str | os.PathLike) else None  # noqa: PTH100 (plain text)
    try:
        account = registry.account(focus, direction=direction, depth=depth, uri=uri)
    except DatasetNotFound:
        return None
    return account._replace(lineage=with_did(account.lineage, registry))


def is_doubted(account: Account | None, findings: Iterable[Finding]) -> bool:
    """Whether the data must tell what a file is.

    That is where its header names no dataset that is known, or may have come with a copy, or where the registry has
    the file for another dataset.
    """
    if account is None or any(finding.code == "stamp-inherited" for finding in findings):
        return True
    return account.of_file not in ((), (account.lineage.focus,))


def with_did(lineage: Lineage, registry: Registry) -> Lineage:
    """Say under which publisher DID the registry would publish the dataset."""
    dataset = lineage.dataset
    did, _ = pointers(dataset.id, None, registry.authority, dataset.publisher_did)
    return lineage if did == dataset.publisher_did else amended(lineage, [replace(dataset, publisher_did=did)])


def amended(lineage: Lineage, some: Iterable[Dataset]) -> Lineage:
    """Give a lineage that says more of some of its datasets."""
    better, datasets = {one.id: one for one in some}, lineage.datasets
    return replace(
        lineage, datasets=datasets.amended(better) if isinstance(datasets, Later) else {**datasets, **better}
    )


def lineage_of_header(focus: UUID, stamp: Stamp) -> Lineage:
    """The one step that a header tells of, and the raws that it lists; every dataset has its ID."""
    datasets = {d.id: d for d in map(dataset_of, stamp.parents or ())}
    usages = tuple(Usage(item.identify(), item.role) for item in stamp.parents or ())
    datasets[focus] = Dataset(
        id=focus, type=stamp.type, run=stamp.run, data_id=stamp.data_id, publisher_did=stamp.publisher_did
    )
    listed = {focus: tuple(map(dataset_of, stamp.raws))} if stamp.raws else {}
    if stamp.activity_id is None and not usages:
        return Lineage(focus=focus, datasets=datasets, listed_raws=listed, complete=False)
    activity = Activity(id=stamp.activity_id or name_id(f"activity of {focus}"), task=stamp.task, run=stamp.run)
    return Lineage(
        focus=focus,
        datasets=datasets,
        activities={activity.id: activity},
        generated_by={focus: activity.id},
        used={activity.id: usages},
        listed_raws=listed,
        complete=False,
    )


def dataset_of(item: Input) -> Dataset:
    """A dataset that is only named."""
    return Dataset(
        id=item.identify(),
        type=item.type,
        run=item.run,
        data_id=item.data_id,
        name=item.name,
        category=None if item.category is None else Category(item.category),
        stub=item.type is None,
    )
