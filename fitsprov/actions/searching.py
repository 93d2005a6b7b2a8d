"""Find datasets in a registry, and say what it holds."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from fitsprov.actions.json_objects import found_object
from fitsprov.actions.registering import open_registry
from fitsprov.model.dataid import parse_assignment

__all__ = ["find", "index_registry", "registry_status"]


def find(
    registry_url: str,
    *,
    run: str | None = None,
    type: str | None = None,
    data_id: Iterable[str] = (),
    name: str | None = None,
    limit: int | None = None,
) -> list[dict[str, Any]]:
    """Find datasets, as JSON objects.

    Parameters
    ----------
    run, name : str, optional
        ``*`` and ``?`` match.
    data_id : iterable of str
        ``dimension=value`` each; all must match.
    """
    with open_registry(registry_url) as registry:
        found = registry.find(run=run, type=type, data_id=dict(map(parse_assignment, data_id)), name=name, limit=limit)
    return [found_object(dataset) for dataset in found]


def registry_status(registry_url: str) -> dict[str, Any]:
    """Say what a registry holds, and what its adjacency file does."""
    with open_registry(registry_url) as registry:
        indexed = registry.indexed()
        return {**asdict(registry.status()), "index": None if indexed is None else asdict(indexed)}


def index_registry(registry_url: str) -> dict[str, Any]:
    """Make the adjacency file of a registry anew; say what it holds."""
    with open_registry(registry_url) as registry:
        return asdict(registry.index())
