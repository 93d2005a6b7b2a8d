"""Stamp, strip and export files, and objects in memory."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import replace as replaced
from datetime import datetime
from pathlib import Path
from typing import Any

from fitsprov.actions.conventions import find_convention, writable_conventions
from fitsprov.actions.edits import LIST_CARDS, Stamping, Stripping, now
from fitsprov.actions.plain import plain_stamper, plainly
from fitsprov.files import Decide, Outcome, edit_file, export_file
from fitsprov.files.accept import local_path, open_source
from fitsprov.files.fingerprint import compute
from fitsprov.files.memory import apply_edit, header_unit
from fitsprov.model.stamp import Stamp

__all__ = ["Outcome", "edit_target", "export", "stamp", "strip"]


@plainly(plain_stamper, Outcome.FLIPPED)
def stamp(
    target: Any,
    stamp: Stamp,
    *,
    hdu: int | str = 0,
    conventions: Sequence[str] = ("native",),
    lists: str = "auto",
    list_cards: int = LIST_CARDS,
    replace: bool = False,
    derive: bool = False,
    force: bool = False,
    fingerprint: bool = False,
    fsync: bool = False,
    atomic: bool = False,
    break_hardlinks: bool = False,
    insert_range: bool = False,
    dry_run: bool = False,
    clock: Callable[[], datetime] = now,
) -> Outcome:
    """Stamp a file in place, or an object, so that what it writes afterwards carries the stamp.

    Parameters
    ----------
    target : path, HDUList, Header, HDU or fitsio.FITS
    stamp : Stamp
        What the header shall say; what it leaves open is not written.
    hdu : int or str
        Which header: 0, ``"SCI"``, ``"SCI,2"``.
    conventions : sequence of str
        Names of conventions to write, or paths of TOML files.
    lists : {'auto', 'cards', 'table', 'none'}
        Where parents and raws are listed: ``auto`` takes cards for up to `list_cards` in all, else the FITSPROV table.
    replace, derive : bool
        What to do where the header names another dataset: take its place, or keep it as a parent.
    force : bool
        Replace cards of a foreign convention that name another dataset.
    fingerprint : bool
        Fingerprint the data by SHA-256; else from DATASUM cards where all are there.
    fsync : bool
        Whether the stamp survives a loss of power, not only a crash.
    atomic : bool
        Never write in place: always a temporary file and a rename.
    break_hardlinks : bool
        Write a file that has other names too; they keep the old one.
    insert_range : bool
        Where a header has to grow in a file of 64 MiB or more, let the filesystem (ext4, xfs) insert the room in place
        of a copy. Whoever is killed in that moment leaves a file that only the next call makes whole.
    dry_run : bool
        Decide, and write nothing.

    Raises
    ------
    StampRefused
        Where the header names another dataset, or the lists have no room.
    NotFits, TruncatedFits, FileRefused, UnwritableValue, UsageError
    """
    stamping = Stamping(
        stamp=with_fingerprint(stamp, target) if fingerprint else stamp,
        conventions=writable_conventions(conventions),
        target=target,
        lists=lists,
        list_cards=list_cards,
        replace=replace,
        derive=derive,
        force=force,
        clock=clock,
    )
    return edit_target(
        target,
        stamping,
        hdu=hdu,
        fsync=fsync,
        atomic=atomic,
        break_hardlinks=break_hardlinks,
        insert_range=insert_range,
        dry_run=dry_run,
    )


def strip(
    target: Any,
    *,
    hdu: int | str = 0,
    conventions: Sequence[str] = ("native",),
    fsync: bool = False,
    atomic: bool = False,
    break_hardlinks: bool = False,
    dry_run: bool = False,
) -> Outcome:
    """Take the stamp out of a file or an object; nothing else changes.

    Parameters
    ----------
    conventions : sequence of str
        Whose cards to remove; our own by default.
    """
    stripping = Stripping(tuple(find_convention(name) for name in dict.fromkeys(conventions)), target)
    return edit_target(
        target, stripping, hdu=hdu, fsync=fsync, atomic=atomic, break_hardlinks=break_hardlinks, dry_run=dry_run
    )


def export(
    source: Any,
    dest: str | os.PathLike[str],
    stamp: Stamp,
    *,
    hdu: int | str = 0,
    conventions: Sequence[str] = ("native",),
    lists: str = "auto",
    list_cards: int = LIST_CARDS,
    replace: bool = True,
    fingerprint: bool = False,
    overwrite: bool = False,
    fsync: bool = False,
    dry_run: bool = False,
    clock: Callable[[], datetime] = now,
) -> Path:
    """Copy a file with a fresh stamp; the source is never changed.

    Parameters
    ----------
    source : path
    dest : path
        The copy, or a folder for it.
    stamp : Stamp
        What the copy's header shall say.

    Returns
    -------
    Path
        The copy.

    Raises
    ------
    FileRefused
        Where `dest` exists and is not to be overwritten.
    """
    stamping = Stamping(
        stamp=with_fingerprint(stamp, source) if fingerprint else stamp,
        conventions=writable_conventions(conventions),
        target=source,
        lists=lists,
        list_cards=list_cards,
        replace=replace,
        force=replace,
        clock=clock,
    )
    if dry_run:
        decide_only(source, stamping, hdu)
        return Path(dest)
    return Path(export_file(path_of(source), dest, stamping, hdu=hdu, overwrite=overwrite, fsync=fsync))


def edit_target(
    target: Any,
    decide: Decide,
    *,
    hdu: int | str,
    dry_run: bool,
    fsync: bool = False,
    atomic: bool = False,
    break_hardlinks: bool = False,
    insert_range: bool = False,
) -> Outcome:
    """Edit a file in place, or an object in memory."""
    if dry_run:
        return decide_only(target, decide, hdu)
    if isinstance(target, (str, os.PathLike)):
        return edit_file(
            path_of(target),
            decide,
            hdu=hdu,
            fsync=fsync,
            atomic=atomic,
            break_hardlinks=break_hardlinks,
            insert_range=insert_range,
        )
    edit = decide(header_unit(target, hdu))
    if edit is None:
        return Outcome.UNCHANGED
    apply_edit(target, edit, hdu)
    return Outcome.COPIED


def path_of(target: str | os.PathLike[str]) -> str:
    """The path that a path or a ``file://`` URL means."""
    return local_path(os.fspath(target))


def with_fingerprint(stamp: Stamp, target: Any) -> Stamp:
    """Fingerprint the data themselves."""
    with open_source(target) as source:
        return replaced(stamp, fingerprint=compute(source, "sha256"))


def decide_only(target: Any, decide: Decide, hdu: int | str) -> Outcome:
    """Say what would happen."""
    with open_source(target) as source:
        return Outcome.UNCHANGED if decide(source.unit(hdu)) is None else Outcome.COPIED
