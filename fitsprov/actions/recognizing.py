"""Datasets recognized by their data, whatever the header says of them, or does not say any more."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

from fitsprov.errors import Conflict, FitsprovError
from fitsprov.files.accept import Source, open_source
from fitsprov.files.fingerprint import compute

if TYPE_CHECKING:
    from fitsprov.actions.registry import Registry
    from fitsprov.model.lineage import Dataset

__all__ = ["content_of", "recognize"]


def content_of(source: Source) -> str | None:
    """Fingerprint the data of a file; None for what has none, or what nothing here can uncompress."""
    try:
        fingerprint = compute(source) if source.has_data else None
    except FitsprovError:
        return None
    return None if fingerprint is None or fingerprint.startswith("sha256:0:") else fingerprint


def recognize(source: Any, registry: Registry, named: UUID | None, *, doubted: bool) -> list[Dataset]:
    """Find the datasets whose data are those of a file: one, or several, of which the file may be either.

    The data are read only where there is reason to: where the header names no dataset that is known, or may have come
    with a copy, or where the registry has the file for another dataset.

    Parameters
    ----------
    named : UUID or None
        The dataset that the header names.
    doubted : bool
        Whether its word is not enough.

    Returns
    -------
    list of Dataset
        Empty, too, where the one that the header names is among them.
    """
    with open_source(source) as opened:
        if not opened.has_data or not (doubted or is_another(source, registry, named)):
            return []
        fingerprint = content_of(opened) if registry.knows_contents() else None
    found = [] if fingerprint is None else registry.datasets_with(fingerprint)
    return [] if any(one.id == named for one in found) else found


def is_another(source: Any, registry: Registry, named: UUID | None) -> bool:
    """Whether the registry has this file for another dataset than the header names."""
    if not isinstance(source, str | os.PathLike):
        return False
    try:
        known = registry.dataset_of_file(Path(os.path.normpath(Path(source).absolute())).as_uri())
    except Conflict:
        return True
    return known is not None and known != named
