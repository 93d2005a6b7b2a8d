"""The registry as the other verbs see it: made, opened and asked; its machinery loads on first use."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID

from fitsprov.errors import FileRefused, StampRefused, UsageError
from fitsprov.model.identifiers import is_id, parse_id
from fitsprov.model.stamp import Input, Stamp

if TYPE_CHECKING:
    from fitsprov.actions.registry import Registry

__all__ = ["create_registry", "input_named", "local_file", "open_registry", "registered_stamp"]


def open_registry(url: str | Path) -> Registry:
    """Open a registry that exists.

    Raises
    ------
    RegistryError
        Where there is none, or it is of another version.
    """
    from fitsprov.actions.registry import Registry

    return Registry(url)


def create_registry(url: str | Path, *, base_url: str | None = None, authority: str | None = None) -> Registry:
    """Make a registry, or bring an older one up to date; what is there is kept."""
    from fitsprov.actions.registry import Registry

    return Registry.create(url, base_url=base_url, authority=authority)


def registered_stamp(registry: Registry, *, dataset: str | UUID | None = None, file: Path | None = None) -> Stamp:
    """What the registry says about a dataset, found by its ID or by the file that a record gave for it.

    Raises
    ------
    DatasetNotFound
        Where the registry knows no such dataset.
    StampRefused
        Where no record gives this path.
    """
    if dataset is not None:
        return registry.stamp(registry.dataset(dataset).id)
    if file is None:
        raise UsageError("a dataset or a file is needed")
    for path in dict.fromkeys((Path(os.path.normpath(file.absolute())), file.resolve())):
        found = registry.dataset_of_file(path.as_uri())
        if found is not None:
            return registry.stamp(found)
    raise StampRefused(f"{file}: no record gives this path; expected --id, --record or values")


def local_file(registry: Registry, dataset: UUID) -> Path:
    """Where a copy of a dataset lies on this machine.

    Raises
    ------
    FileRefused
        Where none is known, or what is known is not there.
    """
    uri = registry.dataset(dataset).uri
    if uri is None or not uri.startswith("file://"):
        raise FileRefused(f"{dataset}: the registry knows no file of it; expected a record that gives one")
    path = path_of_uri(uri)
    if not path.is_file():
        raise FileRefused(f"{path}: not there; the registry expected {dataset} in it")
    return path


def path_of_uri(uri: str) -> Path:
    """Read a file URI (RFC 8089)."""
    from urllib.parse import urlsplit
    from urllib.request import url2pathname

    return Path(url2pathname(urlsplit(uri).path))


def input_named(text: str) -> Input:
    """Take a parent or raw from the command line: a stamped file, an ID or a name; an existing path wins.

    Raises
    ------
    UsageError
        Where a file names no dataset.
    """
    if not Path(text).exists():
        return Input(parse_id(text)) if is_id(text) else Input(name=text)
    from fitsprov.actions.reading import read

    stamp = read(text)
    if stamp is None or stamp.id is None:
        raise UsageError(f"{text}: the file carries no dataset ID; expected a stamped file, an ID or a name")
    return Input(stamp.id, type=stamp.type, run=stamp.run, data_id=stamp.data_id)
