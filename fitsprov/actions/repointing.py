"""Move the pointers of stamps, DATALINK and FPV_DID, after a service has moved."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from fitsprov.actions.edits import Repointing
from fitsprov.actions.reading import read
from fitsprov.actions.stamping import Outcome, edit_target
from fitsprov.errors import UsageError
from fitsprov.model.identifiers import pointers
from fitsprov.model.stamp import Stamp

if TYPE_CHECKING:
    from uuid import UUID

    from fitsprov.actions.registry import Registry

__all__ = ["Move", "move_by_registry", "move_pointers", "move_to", "repoint"]

Move = Callable[[Stamp], Stamp]
"""Give what a header says other pointers."""


def repoint(
    target: Any,
    registry: Registry | None = None,
    *,
    base_url: str | None = None,
    authority: str | None = None,
    hdu: int | str = 0,
    fsync: bool = False,
    atomic: bool = False,
    break_hardlinks: bool = False,
    dry_run: bool = False,
) -> Outcome:
    """Move DATALINK and FPV_DID of a stamped file or object; all else in its stamp stays.

    Parameters
    ----------
    target : path, HDUList, Header, HDU or fitsio.FITS
    registry : Registry, optional
        Point where it would point now; what it leaves open stays.
    base_url, authority : str, optional
        Point there, without a registry; of these what is not given stays.

    Raises
    ------
    StampMissing
        Where the header carries no stamp, or one that names no dataset.
    StampRefused
        Where the stamp was edited.
    DatasetNotFound
        Where the registry does not know the dataset.
    NotFits, TruncatedFits, FileRefused, UsageError
    """
    if base_url is not None or authority is not None:
        move = move_to(base_url, authority)
    elif registry is not None:
        move = move_by_registry(registry, target, hdu)
    else:
        raise UsageError("nobody says where to point; expected a registry, a base URL or an authority")
    return move_pointers(
        target, move, hdu=hdu, fsync=fsync, atomic=atomic, break_hardlinks=break_hardlinks, dry_run=dry_run
    )


def move_pointers(target: Any, move: Move, *, hdu: int | str = 0, dry_run: bool = False, **options: bool) -> Outcome:
    """Move the pointers of one file or object; `options` are those of `repoint`."""
    return edit_target(target, Repointing(move), hdu=hdu, dry_run=dry_run, **options)


def move_to(base_url: str | None, authority: str | None) -> Move:
    """Point to a service that is named, whatever the dataset; the registered part or the base that is not given stays.

    Raises
    ------
    UsageError
        Where one of them is malformed.
    """
    from fitsprov.registry.engines.opening import checked_authority, checked_base_url

    return partial(move_one, checked_base_url(base_url), checked_authority(authority), {})


def move_by_registry(registry: Registry, target: Any, hdu: int | str = 0) -> Move:
    """Point where a registry would point now, for the dataset that a header names.

    Raises
    ------
    DatasetNotFound
    UsageError
        Where the registry knows neither a base URL nor an authority.
    """
    if registry.base_url is None and registry.authority is None:
        raise UsageError("the registry knows neither base URL nor authority; expected one of them")
    stamp = read(target, hdu=hdu)
    recorded = {}
    if stamp is not None and stamp.id is not None:
        recorded[stamp.id] = registry.dataset(stamp.id).publisher_did
    return partial(move_one, registry.base_url, registry.authority, recorded)


def move_one(base_url: str | None, authority: str | None, recorded: Mapping[UUID, str | None], stamp: Stamp) -> Stamp:
    """Point a stamp that names its dataset elsewhere; a DID that was recorded comes before one made by rule."""
    assert stamp.id is not None
    known = recorded.get(stamp.id)
    if known is None and authority is None:
        known = stamp.publisher_did
    if base_url is None and "/links?ID=" in (stamp.datalink or ""):
        base_url = (stamp.datalink or "").partition("/links?ID=")[0]
    did, datalink = pointers(stamp.id, base_url, authority, known)
    return replace(stamp, publisher_did=did, datalink=datalink or stamp.datalink)
