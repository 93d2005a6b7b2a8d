"""The registry as the other verbs see it: made, opened and asked; its machinery loads on first use."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID

from fitsprov.actions.walking import uri_of
from fitsprov.errors import Conflict, DatasetNotFound, FileRefused, FitsprovError, StampRefused, UsageError
from fitsprov.model.identifiers import is_id, parse_id
from fitsprov.model.stamp import Input, Stamp

if TYPE_CHECKING:
    from fitsprov.actions.registry import Registry

__all__ = ["create_registry", "input_named", "keep_fingerprints", "local_file", "open_registry", "stamps_of_files"]

NO_DATA = "sha256:0:"


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


def stamps_of_files(registry: Registry, files: Sequence[str]) -> Iterator[Stamp | FitsprovError]:
    """What the registry says about the datasets for which records gave these files; an error where none did so.

    The registry is asked a few times, however many files there are.
    """
    uris = {file: uri_of(os.path.abspath(file)) for file in files}  # noqa: PTH100 (plain text)
    found = registry.datasets_of_files(uris.values())
    # behind links, only where the name alone does not tell, because looking for them takes longest
    real = {file: uri_of(os.path.realpath(file)) for file, uri in uris.items() if uri not in found}
    found |= registry.datasets_of_files(set(real.values())) if real else {}
    datasets = {file: found.get(uri) or found.get(real.get(file, ""), []) for file, uri in uris.items()}
    stamps = registry.stamps({ids[0] for ids in datasets.values() if len(ids) == 1})
    for file in files:
        ids = datasets[file]
        if not ids:
            yield StampRefused(f"{file}: no record gives this path; expected a dataset ID, a record or values")
        elif len(ids) > 1:
            named = ", ".join(sorted(map(str, ids)))
            yield Conflict(f"{file}: recorded for {len(ids)} datasets ({named}); expected an ID that says which")
        else:
            yield stamps[ids[0]]


def keep_fingerprints(registry: Registry, files: Iterable[str]) -> int:
    """Let datasets be found by the data of files whose stamps carry their SHA-256; give how many were new.

    Raises
    ------
    Conflict
        Where the registry knows a file with other data.
    """
    from fitsprov.actions.reading import read

    contents = []
    for file in files:
        stamp = read(file)
        fingerprint = "" if stamp is None else stamp.fingerprint or ""
        if (
            stamp is None
            or stamp.id is None
            or not fingerprint.startswith("sha256:")
            or fingerprint.startswith(NO_DATA)
        ):
            continue
        try:
            dataset = registry.dataset(stamp.id).id
        except DatasetNotFound:
            continue
        contents.append((dataset, uri_of(str(Path(file).absolute())), fingerprint))
    return registry.note_contents(contents)


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
