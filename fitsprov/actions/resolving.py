"""From a file in hand, or an ID, back to its full provenance."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

from fitsprov.actions.identifying import identify, with_ids
from fitsprov.actions.json_objects import activity_object, dataset_object, input_object
from fitsprov.actions.reading import Reading, inspect_metadata, inspect_source
from fitsprov.conventions.values import is_short_for
from fitsprov.errors import DatasetNotFound, FileRefused, UsageError
from fitsprov.files.accept import open_source
from fitsprov.files.fingerprint import card_fingerprint
from fitsprov.model.finding import Finding
from fitsprov.model.identifiers import is_id, name_id, publisher_did
from fitsprov.model.lineage import Activity, Category, Dataset, Direction, Lineage, Usage
from fitsprov.model.stamp import Input, Stamp

if TYPE_CHECKING:
    from astropy.table import Table

    from fitsprov.actions.registry import Registry

__all__ = ["Resolution", "Status", "resolve", "resolve_any", "resolve_id"]


class Status(StrEnum):
    """How sure a resolution is."""

    RESOLVED = "resolved"
    INHERITED = "inherited"
    """The stamp came with a copied header: the data are derived from the dataset that it names."""
    CONFLICT = "conflict"
    """The header and the registry, or two conventions, contradict each other."""
    UNKNOWN = "unknown"
    """There is a stamp, and nobody to ask who knows the dataset."""
    UNSTAMPED = "unstamped"


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolution:
    """What is known about where a file, or a dataset, came from."""

    name: str
    """The file or ID that was asked for."""
    status: Status
    source: str
    """Who answered: ``registry``, ``service`` or ``header``."""
    stamp: Stamp | None = None
    lineage: Lineage | None = None
    known_raws: tuple[Dataset, ...] | None = None
    """From a header that lists raws without the steps between; None where the lineage tells."""
    findings: tuple[Finding, ...] = ()

    @property
    def dataset(self) -> Dataset | None:
        """The dataset that was found."""
        return None if self.lineage is None else self.lineage.dataset

    @property
    def activity(self) -> Activity | None:
        """The activity that made it."""
        return None if self.lineage is None else self.lineage.activity_of(self.lineage.focus)

    @property
    def parents(self) -> Table:
        """Immediate parents, calibrations included: id, name, role, category, type, run, data_id, uri."""
        return input_table(self.parent_rows(), "Immediate parents")

    @property
    def raws(self) -> Table:
        """Raw observations among the ancestors, with the same columns."""
        return input_table(self.raw_rows(), "Raw observations")

    def parent_rows(self) -> list[dict[str, Any]]:
        """The parents as JSON objects."""
        return [] if self.lineage is None else [input_object(d, u.role) for d, u in self.lineage.parents()]

    def raw_rows(self) -> list[dict[str, Any]]:
        """The raws as JSON objects."""
        if self.known_raws is not None:
            return [input_object(dataset, None) for dataset in self.known_raws]
        if self.lineage is None:
            return []
        roles = {usage.dataset: usage.role for usages in self.lineage.used.values() for usage in usages}
        return [input_object(dataset, roles.get(dataset.id)) for dataset in self.lineage.raws()]

    def to_json(self) -> dict[str, Any]:
        """The object that ``--json`` prints."""
        return {
            "file": self.name,
            "status": self.status.value,
            "source": self.source,
            "dataset": dataset_object(self.dataset, self.stamp),
            "activity": activity_object(self.activity),
            "parents": self.parent_rows(),
            "raws": self.raw_rows(),
            "lineage_complete": self.lineage is not None and self.lineage.complete,
            "findings": [finding.to_json() for finding in self.findings],
        }


def resolve(
    source: Any,
    registry: Registry | None = None,
    *,
    hdu: int | str | None = None,
    conventions: Sequence[str] = (),
    direction: Direction | str = Direction.UP,
    depth: int | None = None,
) -> Resolution:
    """Resolve a file, or an object, by its stamp; one that states no ID by the ID that follows from it by rule.

    Parameters
    ----------
    source : path, file-like, HDUList, Header, HDU or fitsio.FITS
    registry : Registry, optional
        Who knows the lineage; without one, the header alone answers.
    conventions : sequence of str
        Those to read, as in `read`.
    direction : {'up', 'down'}
        To what it was made from, or to what was made from it.
    depth : int, optional
        How many generations; all by default.

    Raises
    ------
    NotFits, TruncatedFits, FileRefused
    """
    name, reading = look_at(source, hdu, conventions)
    stamp, findings = reading.stamp, list(reading.findings)
    if stamp is None:
        missing = Finding("stamp-missing", "the header carries no stamp in any known convention")
        return Resolution(name=name, status=Status.UNSTAMPED, source="header", findings=(missing,))
    focus, _ = identify(reading, name)
    lineage = ask(registry, focus, Direction(direction), depth)
    if lineage is None:
        who = "there is no registry to ask" if registry is None else "the registry does not know it"
        findings.append(Finding("dataset-unknown", f"dataset {stamp.id or 'without ID'}: {who}"))
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
    findings += compare(stamp, lineage.dataset) + judge(lineage)
    return Resolution(
        name=name,
        status=status_of(findings),
        source="registry",
        stamp=completed(stamp, lineage.dataset),
        lineage=lineage,
        findings=tuple(findings),
    )


def look_at(source: Any, hdu: int | str | None, conventions: Sequence[str]) -> tuple[str, Reading]:
    """What a source is called, and what it says; also whether its stamp came with a copied header."""
    told = inspect_metadata(source, conventions)
    if told is not None:
        return str(source) if isinstance(source, str | os.PathLike) else type(source).__name__, told
    with open_source(source) as opened:
        reading = inspect_source(opened, hdu=hdu, conventions=conventions)
        inherited = [] if reading.stamp is None else find_inheritance(reading.stamp, opened)
        return opened.name, replace(reading, findings=(*reading.findings, *inherited))


def completed(stamp: Stamp, dataset: Dataset) -> Stamp:
    """Give a stamp the ID that was found for it, and a run whose name was shortened its whole name."""
    short = stamp.run is not None and dataset.run is not None and is_short_for(stamp.run, dataset.run)
    run = dataset.run if short else stamp.run
    return stamp if (run, dataset.id) == (stamp.run, stamp.id) else replace(stamp, id=dataset.id, run=run)


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
        dataset = registry.dataset(identifier)
    except DatasetNotFound as error:
        if isinstance(identifier, str) and not is_id(identifier):
            raise UsageError(
                f"'{identifier}' is no file, no name in the registry, and not a dataset ID; expected one of them"
            ) from None
        found = Finding("dataset-unknown", str(error))
        return Resolution(name=str(identifier), status=Status.UNKNOWN, source="registry", findings=(found,))
    lineage = with_did(registry.lineage(dataset.id, direction=Direction(direction), depth=depth), registry)
    return Resolution(
        name=str(identifier),
        status=Status.RESOLVED,
        source="registry",
        lineage=lineage,
        findings=tuple(judge(lineage)),
    )


def resolve_any(
    name: str,
    registry: Registry | None,
    *,
    hdu: int | str | None = None,
    conventions: Sequence[str] = (),
    direction: Direction | str = Direction.UP,
    depth: int | None = None,
) -> Resolution:
    """Resolve what a user typed: a file, or the ID or name of a dataset; an existing path wins."""
    if Path(name).exists():
        return resolve(name, registry, hdu=hdu, conventions=conventions, direction=direction, depth=depth)
    if ("/" in name and not is_id(name)) or name.endswith((".fits", ".fit", ".fts", ".fz", ".gz")):
        raise FileRefused(f"{name}: no such file; expected a FITS file or a dataset ID")
    if registry is None:
        raise UsageError(f"'{name}' is no file, and there is no registry to look it up in; expected --registry URL")
    return resolve_id(name, registry, direction=direction, depth=depth)


def ask(registry: Registry | None, focus: UUID, direction: Direction, depth: int | None) -> Lineage | None:
    """Ask the registry for the lineage of a dataset; None where it does not know it."""
    if registry is None:
        return None
    try:
        return with_did(registry.lineage(focus, direction=direction, depth=depth), registry)
    except DatasetNotFound:
        return None


def with_did(lineage: Lineage, registry: Registry) -> Lineage:
    """Say under which publisher DID the registry would publish the dataset."""
    dataset = lineage.dataset
    if dataset.publisher_did is not None or registry.authority is None:
        return lineage
    named = replace(dataset, publisher_did=publisher_did(registry.authority, dataset.id))
    return replace(lineage, datasets={**lineage.datasets, dataset.id: named})


def find_inheritance(stamp: Stamp, source: Any) -> list[Finding]:
    """Hold the fingerprint against the DATASUM cards; the data are not read."""
    algorithm, _, rest = (stamp.fingerprint or "").partition(":")
    count = rest.partition(":")[0]
    if algorithm != "datasum" or not count.isdigit():
        return []
    now = card_fingerprint(source.units(), int(count))
    if now is None or now == stamp.fingerprint:
        return []
    message = f"the DATASUM cards give {now}, the stamp was written for {stamp.fingerprint}"
    return [Finding("stamp-inherited", message, "FPV_DSUM")]


def compare(stamp: Stamp, dataset: Dataset) -> list[Finding]:
    """Hold what a header says against what the registry says."""
    return [
        Finding("differs-from-registry", f"{keyword} says {mine}, the registry {theirs}", keyword)
        for keyword, mine, theirs in (
            ("FPV_RUN", stamp.run, dataset.run),
            ("FPV_TYPE", stamp.type, dataset.type),
            ("FPV_DATA", stamp.data_id, dataset.data_id),
        )
        if mine is not None and theirs is not None and mine != theirs
        if keyword != "FPV_RUN" or not is_short_for(str(mine), str(theirs))
    ]


def judge(lineage: Lineage) -> list[Finding]:
    """Say where a lineage has an open end."""
    if lineage.complete:
        return []
    stubs = sum(dataset.stub for dataset in lineage.datasets.values())
    reason = f"{stubs} datasets are only named" if stubs else "it was cut by the depth"
    return [Finding("lineage-incomplete", f"the lineage has an open end: {reason}")]


def status_of(findings: Iterable[Finding]) -> Status:
    """What the findings amount to."""
    codes = {finding.code for finding in findings}
    if "stamp-inherited" in codes:
        return Status.INHERITED
    if codes & {"differs-from-registry", "conventions-disagree"}:
        return Status.CONFLICT
    return Status.RESOLVED


def lineage_of_header(focus: UUID, stamp: Stamp) -> Lineage:
    """The one step that a header tells of, in which every dataset has its ID."""
    datasets = {d.id: d for d in map(dataset_of, stamp.parents or ())}
    usages = tuple(Usage(item.identify(), item.role) for item in stamp.parents or ())
    datasets[focus] = Dataset(
        id=focus, type=stamp.type, run=stamp.run, data_id=stamp.data_id, publisher_did=stamp.publisher_did
    )
    if stamp.activity_id is None and not usages:
        return Lineage(focus=focus, datasets=datasets, complete=False)
    activity = Activity(id=stamp.activity_id or name_id(f"activity of {focus}"), task=stamp.task, run=stamp.run)
    return Lineage(
        focus=focus,
        datasets=datasets,
        activities={activity.id: activity},
        generated_by={focus: activity.id},
        used={activity.id: usages},
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


def input_table(rows: list[dict[str, Any]], title: str) -> Table:
    """Parents or raws as an astropy table."""
    from astropy.table import MaskedColumn, Table

    columns = {
        "id": "Dataset ID",
        "name": "Name, where it has one",
        "role": "What it was to the activity",
        "category": "Kind of dataset",
        "type": "Dataset type",
        "run": "Run collection",
        "data_id": "Data identifier",
        "uri": "Where a copy is",
    }
    table = Table(meta={"description": title})
    for name, description in columns.items():
        if name == "data_id":
            table[name] = MaskedColumn([row[name] for row in rows], dtype=object, description=description)
            continue
        values = [row[name] or "" for row in rows]
        table[name] = MaskedColumn(values, dtype=str, mask=[row[name] is None for row in rows], description=description)
    return table
