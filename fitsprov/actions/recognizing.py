"""Datasets recognized by their data, whatever the header says of them, or does not say any more."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

from fitsprov.errors import FitsprovError, UsageError
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


def recognize(source: Any, registry: Registry, named: UUID | None) -> list[Dataset]:
    """Find the datasets whose data are those of a file: one, or several, of which the file may be either.

    Parameters
    ----------
    named : UUID or None
        The dataset that the header names.

    Returns
    -------
    list of Dataset
        Empty, too, where the one that the header names is among them.
    """
    try:
        with open_source(source) as opened:
            fingerprint = content_of(opened) if opened.has_data and registry.knows_contents() else None
    except UsageError:  # metadata alone
        return []
    found = [] if fingerprint is None else registry.datasets_with(fingerprint)
    return [] if any(one.id == named for one in found) else found
