"""Bringing back what was made elsewhere, with other tools: recorded with what is known, and marked as external."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID

from fitsprov.actions.choosing import mint
from fitsprov.actions.reading import inspect_source
from fitsprov.actions.recognizing import content_of
from fitsprov.actions.registering import input_named
from fitsprov.errors import Conflict, FileRefused, StampRefused, UsageError
from fitsprov.files.accept import open_source
from fitsprov.model.dataid import DataId
from fitsprov.model.facts import Copy, Relation
from fitsprov.model.identifiers import activity_id
from fitsprov.model.lineage import Activity, Agent, Dataset, Environment, Package, Usage
from fitsprov.model.record import Record, Step

if TYPE_CHECKING:
    from fitsprov.actions.registry import Registry

__all__ = ["Adoption", "adopt"]

TASK = "external"
"""The task of the activity that made it: nobody here knows which one it was."""
MANAGER = "external"
"""Who vouches for the versions of the software that made it."""
TYPE = "external"


@dataclass(frozen=True, slots=True)
class Adoption:
    """A file that was brought back."""

    file: str
    status: str
    """``adopted``, or ``unchanged`` where it had been already."""
    dataset: Dataset
    derived_from: tuple[UUID, ...]


def adopt(
    file: str | Path,
    registry: Registry,
    *,
    derived_from: Iterable[UUID | str] = (),
    type: str | None = None,
    run: str | None = None,
    data_id: DataId | None = None,
    name: str | None = None,
    software: Mapping[str, str] | None = None,
    by: str | None = None,
    time: datetime | None = None,
) -> Adoption:
    """Record a file that was made elsewhere as a dataset of its own, derived from known ones; the file stays as it is.

    It is found again by its data, whatever its header says.

    Parameters
    ----------
    file : path
        A FITS file with data.
    derived_from : iterable of UUID or str
        What it was made from: an ID, a name or a stamped file; else the dataset that its stamp names.
    type : str, optional
        Its dataset type, ``external`` by default.
    software : mapping of str to str, optional
        What made it, name → version, as far as that is known.
    by : str, optional
        Who brings it back.
    time : datetime, optional
        When it comes in; now by default.

    Raises
    ------
    UsageError
        Where nobody says what it was made from.
    DatasetNotFound
        Where the registry does not know that.
    Conflict
        Where it was adopted as something else.
    StampRefused
        Where its data are those of a dataset that the registry has.
    FileRefused, NotFits, TruncatedFits
        Where its data cannot be read.
    """
    path = Path(file).resolve()
    with open_source(path) as source:
        reading = inspect_source(source)
        content = content_of(source)
    if content is None:
        raise FileRefused(f"{file}: no data that could identify it; expected a FITS file with data")
    parents = tuple(dict.fromkeys(known_dataset(registry, one) for one in derived_from))
    known = registry.datasets_with(content)
    for one in known:
        if one.origin == TYPE and set(parents) <= set(registry.facts(one.id).derived_from):
            refuse_other(str(file), one, {"type": type, "run": run, "data_id": data_id, "name": name})
            return Adoption(str(file), "unchanged", one, registry.facts(one.id).derived_from)
    if known:
        raise StampRefused(f"{file}: its data are those of dataset {known[0].id}; expected something made from it")
    if not parents:
        if reading.stamp is None or reading.stamp.id is None:
            raise UsageError(f"{file}: its header names no dataset that it was made from; expected --derived-from")
        parents = (registry.dataset(reading.stamp.id).id,)
    dataset = Dataset(id=mint(), type=type or TYPE, run=run, data_id=data_id, name=name, uri=path.as_uri(), origin=TYPE)
    packages = tuple(sorted(Package(MANAGER, *one) for one in (software or {}).items()))
    activity = Activity(
        id=activity_id(run, TASK, [dataset.id]),
        task=TASK,
        run=run,
        environment=Environment(packages=packages) if packages else None,
        agent=None if by is None else Agent(id=by),
    )
    step = Step(activity=activity, used=tuple(map(Usage, parents)), generated=(dataset,))
    derived = tuple(Relation(dataset.id, parent) for parent in parents)
    status = path.stat()
    copy = Copy(
        dataset=dataset.id,
        uri=path.as_uri(),
        size=status.st_size,
        modified=status.st_mtime_ns,
        fingerprint=content,
        conventions=reading.conventions,
    )
    registry.adopt(Record(source=str(file), steps=(step,), derived=derived), copy, time or datetime.now(UTC), by)
    return Adoption(str(file), "adopted", registry.dataset(dataset.id), parents)


def refuse_other(file: str, known: Dataset, said: Mapping[str, object]) -> None:
    """Refuse to say something else of a dataset than when it was adopted."""
    for fact, value in said.items():
        stands = getattr(known, fact)
        if value is not None and value != stands:
            raise Conflict(
                f"{file}: adopted as {known.id}: {fact} is {value!r} but stands as {stands!r}; expected that"
            )


def known_dataset(registry: Registry, given: UUID | str) -> UUID:
    """Find what somebody names."""
    if isinstance(given, UUID):
        return registry.dataset(given).id
    named = input_named(given)
    return registry.dataset(named.id or named.name or given).id
