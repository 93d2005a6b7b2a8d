# pathlib costs more than the system calls themselves
# ruff: noqa: PTH105, PTH112, PTH114, PTH116, PTH118, PTH119
"""Edited copies: a temporary file beside the target, renamed onto it when it is whole."""

from __future__ import annotations

import os
import stat
from typing import BinaryIO

from fitsprov.errors import FileRefused, FitsprovError
from fitsprov.files.clone import can_share
from fitsprov.files.layout import GROWTH, Edit
from fitsprov.files.locks import is_at, open_regular, refusal
from fitsprov.files.pieces import Decide, copy_pieces, pieces, stream_pieces
from fitsprov.files.space import reserve
from fitsprov.files.sync import sync, sync_folder
from fitsprov.files.temporary import MOVES_OPEN, let_go, temporary
from fitsprov.files.units import read_descriptor, reader

__all__ = ["LARGE", "export_file", "replace_file", "stream"]

LARGE = 64 * 2**20
"""Bytes from which on the time that a longer header costs readers is less than that of a copy."""


def replace_file(
    descriptor: int,
    path: str,
    status: os.stat_result,
    edit: Edit,
    hdu: int | str,
    *,
    fsync: bool,
    kind: str | None = None,
) -> None:
    """Put an edited copy in the place of an open, locked file.

    Parameters
    ----------
    kind : str, optional
        The container that it is in, and stays in.
    """
    with temporary(path) as (copy, name):
        if not is_at(path, status):
            raise FileRefused(f"{path}: was replaced meanwhile by another writer; expected to be the only one")
        write_copy(descriptor, path, copy, lambda _: edit, hdu, kind, kind)
        keep_metadata(descriptor, path, status, copy)
        publish(name, path, copy, descriptor, fsync=fsync)


def export_file(
    source: str | os.PathLike[str],
    dest: str | os.PathLike[str],
    decide: Decide,
    *,
    hdu: int | str = 0,
    overwrite: bool = False,
    fsync: bool = False,
) -> str:
    """Write an edited copy; the source stays as it is.

    Parameters
    ----------
    source : path
        A FITS file, also in a container: gzip, bzip2, xz, zstd, ``compress``.
    dest : path
        A folder or a file name; its suffix says what container the copy gets.
    decide : callable
        Given the header, what shall become of it; None copies it as it is.
    overwrite : bool
        Whether `dest` may exist.
    fsync : bool
        Whether the copy shall be on the disk before the call returns.

    Returns
    -------
    str
        The path of the copy.

    Raises
    ------
    FileRefused
        Where a file cannot be read or written, or `dest` is there already; then nothing is left of the copy.
    NotFits, TruncatedFits, UsageError
    """
    source, dest = os.fsdecode(source), os.fsdecode(dest)
    descriptor = open_regular(source)
    try:
        from fitsprov.files.containers import container_of, container_suffix

        dest = destination(source, dest)
        kind, kind_of_copy = container_of(read_descriptor(descriptor, 0, 6)), container_suffix(dest)
        need_free(descriptor, source, dest, overwrite=overwrite)
        mode = stat.S_IMODE(os.fstat(descriptor).st_mode) & 0o777
        with temporary(dest, mode) as (copy, name):
            need_free(descriptor, source, dest, overwrite=overwrite)
            write_copy(descriptor, source, copy, decide, hdu, kind, kind_of_copy)
            publish(name, dest, copy, fsync=fsync)
    except FitsprovError:
        raise
    except OSError as error:
        raise refusal(dest, error, "room and leave to write the copy") from error
    finally:
        os.close(descriptor)
    return dest


def stream(source: BinaryIO, dest: BinaryIO, decide: Decide, hdu: int | str = 0, name: str = "standard input") -> None:
    """Write an edited copy from one stream to another, in constant memory.

    Parameters
    ----------
    name : str
        What errors name.

    Raises
    ------
    NotFits, TruncatedFits, UsageError
    """
    read_at = reader(source)
    stream_pieces(read_at, pieces(read_at, decide, hdu, name, forward=True), dest)
    dest.flush()


def destination(source: str, dest: str) -> str:
    """Complete the name of a copy, and resolve symbolic links, so that they stay."""
    if os.path.isdir(dest):
        dest = os.path.join(dest, os.path.basename(source).removesuffix(".Z"))
    return os.path.realpath(dest) if os.path.islink(dest) else dest


def need_free(descriptor: int, source: str, dest: str, *, overwrite: bool) -> None:
    """Refuse a place where something stands that must stay."""
    try:
        there = os.stat(dest)
    except FileNotFoundError:
        return
    if os.path.samestat(there, os.fstat(descriptor)):
        raise FileRefused(f"{dest}: is {source} itself; expected another place, or to stamp in place")
    if not stat.S_ISREG(there.st_mode):
        raise FileRefused(
            f"{dest}: is no regular file (mode {stat.filemode(there.st_mode)}); expected a file or folder"
        )
    if not overwrite:
        raise FileRefused(f"{dest}: exists; expected a new name, or leave to overwrite")


def write_copy(
    source: int, path: str, copy: int, decide: Decide, hdu: int | str, kind: str | None, kind_of_copy: str | None
) -> None:
    """Write the edited content of one descriptor to another, from container to container."""
    if kind is None and kind_of_copy is None:
        multiple = 1
        status = os.fstat(source)
        if status.st_size >= LARGE:
            if can_share(source, copy):
                multiple = GROWTH
            elif getattr(status, "st_blocks", 0) * 512 >= status.st_size:
                reserve(copy, 0, status.st_size + 2**20)
        copy_pieces(source, pieces(reader(source), decide, hdu, path, block_multiple=multiple), copy)
        return
    from fitsprov.files.containers import packed, unpacked

    like = read_descriptor(source, 0, 1024) if kind == kind_of_copy else b""
    with (
        open(copy, "wb", closefd=False) as file,
        packed(file, kind_of_copy, path, like) as dest,
        unpacked(source, path) as content,
    ):
        read_at = reader(content)
        stream_pieces(read_at, pieces(read_at, decide, hdu, path, forward=True), dest)


def keep_metadata(source: int, path: str, status: os.stat_result, copy: int) -> None:
    """Give a copy the owner, the extended attributes (ACLs are such) and the mode of the file that it replaces."""
    mine = os.fstat(copy)
    if hasattr(os, "fchown") and (mine.st_uid, mine.st_gid) != (status.st_uid, status.st_gid):
        try:
            os.fchown(copy, status.st_uid, status.st_gid)
        except OSError as error:
            raise refusal(path, error, f"to keep its owner {status.st_uid}:{status.st_gid}") from error
    if hasattr(os, "listxattr"):
        for name in os.listxattr(source):
            try:
                os.setxattr(copy, name, os.getxattr(source, name))
            except OSError as error:
                if not name.startswith(("security.", "trusted.")):
                    raise refusal(path, error, f"to keep its attribute {name}") from error
    if hasattr(os, "fchmod"):
        os.fchmod(copy, stat.S_IMODE(status.st_mode))


def publish(name: str, path: str, copy: int, *others: int, fsync: bool) -> None:
    """Rename a whole copy onto its target; in the order that a power loss respects.

    Parameters
    ----------
    copy, others : int
        The descriptors of the copy and, where it is open, of its target.
    """
    if fsync:
        sync(copy)
    if not MOVES_OPEN:
        let_go(copy, *others)
    os.replace(name, path)
    if fsync:
        sync_folder(path)
