"""Find datasets in a registry, and say what it holds."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import datetime
from typing import Any

from fitsprov.actions.json_objects import found_object
from fitsprov.actions.registering import open_registry
from fitsprov.model.dataid import parse_assignments
from fitsprov.settings import Settings

__all__ = ["find", "index_kept", "index_registry", "registry_status"]


def find(
    registry_url: str,
    *,
    run: str | None = None,
    type: str | None = None,
    data_id: Iterable[str] = (),
    name: str | None = None,
    metrics: Iterable[str] = (),
    since: datetime | None = None,
    until: datetime | None = None,
    limit: int | None = None,
) -> list[dict[str, Any]]:
    """Find datasets, as JSON objects.

    Parameters
    ----------
    run, name : str, optional
        ``*`` and ``?`` match.
    data_id : iterable of str
        ``dimension=value`` each; all must match.
    metrics : iterable of str
        ``seeing<0.8`` and the like; all must hold.
    since, until : datetime, optional
        Those that were observed, or made, then.
    """
    place = parse_assignments(data_id)
    with open_registry(registry_url) as registry:
        found = registry.find(
            run=run, type=type, data_id=place, name=name, metrics=metrics, since=since, until=until, limit=limit
        )
        standing = registry.standing(dataset.id for dataset in found)
    return [{**found_object(one), "standing": standing[one.id].kind if one.id in standing else None} for one in found]


def registry_status(registry_url: str) -> dict[str, Any]:
    """Say what a registry holds, and what its adjacency file does."""
    with open_registry(registry_url) as registry:
        indexed = registry.indexed()
        return {**asdict(registry.status()), "index": None if indexed is None else asdict(indexed)}


def index_registry(registry_url: str) -> dict[str, Any]:
    """Make the adjacency file of a registry anew; say what it holds."""
    with open_registry(registry_url) as registry:
        return asdict(registry.index())


@contextmanager
def index_kept(settings: Settings) -> Iterator[None]:
    """Keep the adjacency file of a registry from falling behind meanwhile, unless the settings say not to."""
    if not settings.keep_index:
        yield
        return
    with open_registry(settings.need_registry()) as registry, registry.keep_index():
        yield
