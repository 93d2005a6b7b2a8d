"""Which stamp a file shall get: from values, a record, the registry, or the stamp that it carries."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID

from fitsprov.actions.reading import read
from fitsprov.actions.registering import (
    create_registry,
    input_named,
    local_file,
    open_registry,
    stamps_of_files,
)
from fitsprov.errors import DatasetNotFound, FileRefused, FitsprovError, StampRefused, UsageError
from fitsprov.model.dataid import parse_assignments
from fitsprov.model.identifiers import is_id, parse_id
from fitsprov.model.stamp import Stamp

if TYPE_CHECKING:
    from fitsprov.actions.registry import Registry

__all__ = ["StampSource", "Values"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Values:
    """A stamp as someone types it."""

    id: str | None = None
    new_id: bool = False
    run: str | None = None
    type: str | None = None
    data_id: tuple[str, ...] = ()
    """``dimension=value`` each."""
    parents: tuple[str, ...] = ()
    raws: tuple[str, ...] = ()
    """An ID, a name, or a stamped file each."""

    def __post_init__(self) -> None:
        if self.id is not None and self.new_id:
            raise UsageError("--id and --new-id contradict each other; expected one of them")

    def __bool__(self) -> bool:
        """Whether there is more than an ID."""
        return bool(self.new_id or self.run or self.type or self.data_id or self.parents or self.raws)

    def stamp(self) -> Stamp:
        """Make the stamp, without a new ID; what is not given stays unknown."""
        return Stamp(
            id=None if self.id is None else parse_id(self.id),
            run=self.run,
            type=self.type,
            data_id=parse_assignments(self.data_id) or None,
            parents=tuple(map(input_named, self.parents)) or None,
            raws=tuple(map(input_named, self.raws)) or None,
        )


def mint() -> UUID:
    """Make a new dataset ID, a UUIDv7: it sorts by time."""
    import uuid_utils

    return UUID(int=uuid_utils.uuid7().int)


@dataclass(frozen=True, slots=True)
class StampSource:
    """Where stamps come from, for one call with many files."""

    values: Values
    typed: Stamp
    """The stamp of the values, the same for all files but for a new ID."""
    registry: Registry | None = None

    @classmethod
    @contextmanager
    def open(cls, values: Values, registry_url: str | None, record: Path | None = None) -> Iterator[StampSource]:
        """Open what stamps come from: nothing, a record alone, or the registry."""
        typed = values.stamp()
        if record is not None:
            with (
                tempfile.TemporaryDirectory(prefix="fitsprov-") as folder,
                create_registry(f"sqlite:///{folder}/record.db") as registry,
            ):
                registry.record(record)
                yield cls(values, typed, registry)
        elif registry_url is None:
            yield cls(values, typed)
        else:
            with open_registry(registry_url) as registry:
                yield cls(values, typed, registry)

    def for_file(self, file: str) -> Stamp:
        """The stamp for a file that is stamped in place.

        Raises
        ------
        StampRefused
            Where nobody says what the file is.
        """
        (found,) = self.for_files([file])
        if isinstance(found, FitsprovError):
            raise found
        return found

    def for_files(self, files: Sequence[str]) -> Iterator[Stamp | FitsprovError]:
        """The stamps for files that are stamped in place; the registry is asked for all together."""
        if self.values:
            yield from (replace(self.typed, id=mint()) if self.values.new_id else self.typed for _ in files)
        elif self.registry is None:
            what = "nobody says what it is; expected values (run, type, dataId …), a record or a registry"
            yield from (StampRefused(f"{file}: {what}") for file in files)
        elif self.values.id is None:
            yield from stamps_of_files(self.registry, files)
        else:
            try:
                stamp = self.registry.stamp(self.registry.dataset(self.values.id).id)
                yield from (stamp for _ in files)
            except DatasetNotFound as error:
                yield from (StampRefused(f"{file}: {error}") for file in files)

    def for_export(self, source: str) -> tuple[Path, Stamp, str]:
        """The file to export, the stamp for its copy, and a note on where that came from.

        Parameters
        ----------
        source : str
            A file, or the ID of a dataset whose file the registry knows; an existing path wins.
        """
        path = Path(source)
        if not path.exists() and is_id(source):
            if self.registry is None:
                raise FileRefused(f"{source}: no registry knows the file of this dataset; expected --registry URL")
            try:
                dataset = self.registry.dataset(source).id
            except DatasetNotFound as error:
                raise StampRefused(str(error)) from None
            return local_file(self.registry, dataset), self.registry.stamp(dataset), ""
        stamp, note = self.for_copy(source, lambda: read(path))
        return path, stamp, note

    def for_copy(self, source: str, carried: Callable[[], Stamp | None]) -> tuple[Stamp, str]:
        """The stamp for the copy of a file or stream, and a note on where that came from.

        Parameters
        ----------
        source : str
            Its name.
        carried : callable
            Gives the stamp that it carries.
        """
        said = None if self.values or self.values.id is not None else carried()
        if said is None:
            return self.for_file(source), ""
        if self.registry is not None and said.id is not None:
            try:
                return self.registry.stamp(said.id), ""
            except DatasetNotFound:
                return said, "the registry does not know it: the stamp that it carries was kept"
        return said, "no registry: the stamp that it carries was kept"
