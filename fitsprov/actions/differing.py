"""How two products differ in provenance, and how two environments do."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fitsprov.actions.resolving import resolve_any
from fitsprov.capture import LOCK_MANAGERS, capture_environment, lock_text
from fitsprov.errors import DatasetNotFound, UsageError
from fitsprov.exchange.prov.shown import environment_object
from fitsprov.model.difference import Difference, differences, environment_differences
from fitsprov.model.lineage import Environment, Lineage

if TYPE_CHECKING:
    from fitsprov.actions.registry import Registry

__all__ = ["LOCK_MANAGERS", "diff", "difference_object", "differs_here", "environment", "environment_as"]


def diff(one: str, other: str, registry: Registry | None = None) -> list[Difference]:
    """List how two products differ in software, configuration and inputs, wherever in their lineages.

    Parameters
    ----------
    one, other : str
        A file, or the ID or name of a dataset.

    Raises
    ------
    DatasetNotFound
        Where no lineage of one of them is known.
    """
    return differences(lineage_of(one, registry), lineage_of(other, registry))


def lineage_of(name: str, registry: Registry | None) -> Lineage:
    """Resolve what a user typed to its lineage."""
    found = resolve_any(name, registry)
    if found.lineage is None:
        raise DatasetNotFound(name)
    return found.lineage


def difference_object(one: Difference) -> dict[str, Any]:
    """A difference as a JSON object."""
    return {"kind": one.kind, "where": one.where, "what": one.what, "one": one.one, "other": one.other}


def environment(
    name: str | None = None, registry: Registry | None = None, *, sources: Iterable[str | Path] = ()
) -> Environment:
    """Give the environment that a product was made in; without a name, the one of this process.

    Parameters
    ----------
    sources : iterable of path
        Source trees under git that belong to the environment of this process.

    Raises
    ------
    UsageError
        Where none is known.
    """
    if name is None:
        return capture_environment(sources=sources)
    lineage = lineage_of(name, registry)
    activity = lineage.activity_of(lineage.focus)
    if activity is None or activity.environment is None:
        raise UsageError(f"{name}: no environment is known; expected a dataset whose activity stated one")
    return activity.environment


def differs_here(found: Environment) -> list[Difference]:
    """List how this process's environment differs from another one, in what that one states."""
    return [one for one in environment_differences(found, capture_environment()) if one.one is not None]


def environment_as(found: Environment, *, lock: str | None = None) -> dict[str, Any] | str:
    """Give an environment as a run record has it, or as the lock file of one package manager."""
    if lock is not None:
        return lock_text(found, lock)
    return {name: value for name, value in environment_object(found).items() if value is not None}
