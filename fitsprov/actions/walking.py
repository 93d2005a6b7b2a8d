"""Which files a user means: by name, by glob, or all below a folder; in the order of their paths."""

from __future__ import annotations

import glob
import heapq
import os
import re
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from importlib.util import find_spec
from itertools import groupby
from pathlib import Path

from fitsprov.errors import FileRefused

__all__ = ["FITS_ENDINGS", "find_files", "uri_of"]

SUFFIXES = (".fits", ".fit", ".fts", ".fz")
CONTAINERS = ("", ".gz", ".bz2", ".xz", ".zst", ".z")
FITS_ENDINGS = tuple(suffix + container for suffix in SUFFIXES for container in CONTAINERS)
"""How the names of FITS files end, in lower case."""
PARQUET_ENDINGS = (".parq", ".parquet")
PLAIN = re.compile(r"[A-Za-z0-9/._~-]+")
"""Paths that stand in a URI as they are."""


def find_files(paths: Iterable[str], refuse: Callable[[FileRefused], None]) -> Iterator[str]:
    """List files by absolute path, sorted, each once; of folders no more than one listing a level is in memory.

    Parameters
    ----------
    paths : iterable of str
        Files, whatever their names; folders, of which the files with the suffixes of FITS are taken, and where pyarrow
        can read them those of Parquet; globs, in which ``**`` stands for any folders.
    refuse : callable
        Called with what cannot be listed; the others go on.
    """
    files: list[str] = []
    folders: list[str] = []
    for name in paths:
        found = [name] if os.path.lexists(name) else sorted(glob.glob(name, recursive=True))  # noqa: PTH207 (plain text)
        if not found:
            refuse(FileRefused(f"{name}: no such file or folder; expected a path or a glob"))
        for path in map(os.path.abspath, found):
            (folders if os.path.isdir(path) else files).append(path)  # noqa: PTH112 (plain text)
    merged = heapq.merge(sorted(files), *(walk(folder, refuse) for folder in sorted(set(folders))))
    return (path for path, _ in groupby(merged))


def walk(folder: str, refuse: Callable[[FileRefused], None]) -> Iterator[str]:
    """List the files below a folder in the order of their whole paths; links to folders are not followed."""
    try:
        with os.scandir(folder) as entries:
            names = sorted(e.name + "/" * e.is_dir(follow_symlinks=False) for e in entries if is_wanted(e))
    except OSError as error:
        refuse(FileRefused(f"{folder}: {error.strerror}; expected a folder that can be read"))
        return
    for name in names:
        path = f"{folder.rstrip('/')}/{name}"
        if name.endswith("/"):
            yield from walk(path[:-1], refuse)
        else:
            yield path


def is_wanted(entry: os.DirEntry[str]) -> bool:
    """Whether an entry of a folder is a folder itself, or is called as files with headers are."""
    return (entry.name.lower().endswith(endings()) and entry.is_file()) or entry.is_dir(follow_symlinks=False)


@cache
def endings() -> tuple[str, ...]:
    """How the names of files end that can be read here."""
    return FITS_ENDINGS if find_spec("pyarrow") is None else (*FITS_ENDINGS, *PARQUET_ENDINGS)


def uri_of(path: str) -> str:
    """Spell an absolute path as a ``file://`` URI (RFC 8089)."""
    return f"file://{path}" if PLAIN.fullmatch(path) else Path(path).as_uri()
