"""Edit a file in place: by flip where that is possible, by copy elsewhere."""

from __future__ import annotations

import os
from dataclasses import replace
from enum import StrEnum
from logging import getLogger

from fitsprov.errors import FileRefused, FitsprovError, NotFits, TruncatedFits
from fitsprov.files.copy import LARGE, replace_file
from fitsprov.files.flip import flip
from fitsprov.files.freeing import free_aside, wait_for_room
from fitsprov.files.insert import complete, grow_inside
from fitsprov.files.layout import Edit, has_junk, leftover, plan_flip
from fitsprov.files.locks import open_target, open_to_read, open_usual, refusal, release
from fitsprov.files.pieces import TABLE, Decide
from fitsprov.files.units import FIRST_READ, HeaderUnit, find_unit, read_descriptor, walk

__all__ = ["Outcome", "edit_file", "read_unit"]

logger = getLogger(__name__)


class Outcome(StrEnum):
    """What became of a file."""

    UNCHANGED = "unchanged"
    FLIPPED = "flipped"
    COPIED = "copied"
    GROWN = "grown"


def read_unit(path: str | os.PathLike[str], hdu: int | str = 0) -> HeaderUnit:
    """Read one header of a file, also of one in a container.

    Raises
    ------
    FileRefused, NotFits, TruncatedFits, UsageError
    """
    path = os.fsdecode(path)
    try:
        descriptor = open_to_read(path)
        try:
            return find_unit(descriptor, hdu, path)
        except NotFits:
            if container(descriptor) is None:
                raise
        finally:
            os.close(descriptor)
    except FitsprovError:
        raise
    except OSError as error:
        raise refusal(path, error, "a FITS file that can be read") from error
    from fitsprov.files.containers import open_bytes

    with open_bytes(path) as content:
        return find_unit(content, hdu, path)


def container(descriptor: int) -> str | None:
    """Tell the container of a file that begins with no FITS header."""
    from fitsprov.files.containers import container_of

    return container_of(read_descriptor(descriptor, 0, 6))


def edit_file(
    path: str | os.PathLike[str],
    decide: Decide,
    *,
    hdu: int | str = 0,
    fsync: bool = False,
    atomic: bool = False,
    break_hardlinks: bool = False,
    insert_range: bool = False,
) -> Outcome:
    """Edit one header of a file in place, under a lock.

    Parameters
    ----------
    path : path
        The file; symbolic links are followed and stay.
    decide : callable
        Given the header, what shall become of it; None for nothing.
    fsync : bool
        Whether the edit shall be safe against a loss of power, and on the disk before the call returns; it is always
        safe against the death of the process.
    atomic : bool
        Whether readers shall see the old file or the new and nothing between: always by copy.
    break_hardlinks : bool
        Whether a file with several names may become one with this name alone.
    insert_range : bool
        Whether the header of a file of 64 MiB or more may grow inside it, by 184,320 bytes, where the filesystem can do
        that (ext4, xfs) and nobody else has the file open. Killed meanwhile, the file is whole after the next call.

    What stands behind END and is not blank, as it should be (FITS 4.0, 3.3.1), becomes blank; the log tells.

    Raises
    ------
    FileRefused
        For what is no regular file, is read-only, has several names, is held by another writer, or where the system
        refuses to write; the file then is as it was.
    NotFits, TruncatedFits, UsageError
    """
    path = path if type(path) is str else os.fsdecode(path)
    status, header, end, close = None, b"", 0, release
    opened = open_usual(path, FIRST_READ)
    if opened is not None:
        descriptor, size, names, header, end = opened
    else:
        descriptor, path, status = open_target(path)
        size, names = status.st_size, status.st_nlink
    try:
        if status is not None:
            complete(descriptor, path, status)
        try:
            unit = HeaderUnit(0, 0, header, end, path) if header and hdu == 0 else find_unit(descriptor, hdu, path)
        except NotFits:
            kind = container(descriptor)
            if kind is None:
                raise
            return edit_packed(
                descriptor, path, os.fstat(descriptor), decide, hdu, kind, fsync=fsync, break_hardlinks=break_hardlinks
            )
        edit = decide(unit)
        if edit is None:
            if not leftover(unit):
                return Outcome.UNCHANGED
            edit = Edit()
        if unit.data_start + unit.data_size > size:
            raise TruncatedFits(f"{path}: ends after {size} bytes; expected {unit.data_start + unit.data_size} or more")
        if edit.table is not None and edit.table == old_table(descriptor, path):
            edit = replace(edit, table=None)
        plan = plan_flip(unit, edit)
        if plan is not None and not plan.behind:
            return Outcome.UNCHANGED
        if names > 1:
            need_one_name(path, names, break_hardlinks=break_hardlinks)
        if (plan is None or not plan.blank) and has_junk(unit):
            logger.warning("%s: what stands behind END of HDU %s and is not blank is lost", path, unit.index)
        if plan is not None and not atomic and names == 1 and flip(descriptor, unit, plan, fsync=fsync):
            return Outcome.FLIPPED
        inside = insert_range and plan is None and edit.table is None and names == 1
        if inside and size >= LARGE and grow_inside(descriptor, path, unit, edit, fsync=fsync):
            return Outcome.GROWN
        if size >= LARGE:
            wait_for_room()
        replace_file(descriptor, path, os.fstat(descriptor), edit, hdu, fsync=fsync)
        close = free_aside if size >= LARGE and names == 1 else release
        return Outcome.COPIED
    except FitsprovError:
        raise
    except OSError as error:
        raise refusal(path, error, "room and leave to write; the file is as it was") from error
    finally:
        close(descriptor)


def edit_packed(
    descriptor: int,
    path: str,
    status: os.stat_result,
    decide: Decide,
    hdu: int | str,
    kind: str,
    *,
    fsync: bool,
    break_hardlinks: bool,
) -> Outcome:
    """Edit a file in a container, by copy."""
    from fitsprov.files.containers import unpacked

    with unpacked(descriptor, path) as content:
        unit = find_unit(content, hdu, path)
    edit = decide(unit)
    if edit is None:
        return Outcome.UNCHANGED
    need_one_name(path, status.st_nlink, break_hardlinks=break_hardlinks)
    replace_file(descriptor, path, status, edit, hdu, fsync=fsync, kind=kind)
    return Outcome.COPIED


def need_one_name(path: str, names: int, *, break_hardlinks: bool) -> None:
    """Refuse to change a file under names that the caller does not know."""
    if names > 1 and not break_hardlinks:
        raise FileRefused(f"{path}: has {names} names (hard links); expected one, or leave to break the links")


def old_table(descriptor: int, path: str) -> bytes:
    """Read the FITSPROV table that a file has; ``b""`` for none."""
    for unit in walk(descriptor, path, truncated=True):
        if unit.name == TABLE:
            return read_descriptor(descriptor, unit.start, unit.next_start - unit.start)
    return b""
