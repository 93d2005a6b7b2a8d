"""Stamp a stream on its way, in constant memory."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import nullcontext
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from fitsprov.actions.conventions import all_conventions, writable_conventions
from fitsprov.actions.edits import LIST_CARDS, Stamping, now
from fitsprov.actions.stamping import with_fingerprint
from fitsprov.conventions.reading import read_header
from fitsprov.errors import FileRefused, UsageError
from fitsprov.files import Edit, stream
from fitsprov.files.containers import open_bytes, unpacked_stream
from fitsprov.files.units import find_unit
from fitsprov.model.stamp import Stamp

if TYPE_CHECKING:
    from fitsprov.files.units import HeaderUnit

__all__ = ["export_stream"]


def export_stream(
    source: BinaryIO | Path,
    dest: BinaryIO,
    choose: Callable[[Stamp | None], Stamp],
    *,
    hdu: int | str = 0,
    conventions: Sequence[str] = ("native",),
    lists: str = "auto",
    list_cards: int = LIST_CARDS,
    fingerprint: bool = False,
    dry_run: bool = False,
    clock: Callable[[], datetime] = now,
) -> None:
    """Copy a stream, or a file to a stream, with a fresh stamp.

    What stands behind a header is not known when it is written: so a stream gets no fingerprint from DATASUM cards, and
    one that carries its lists in a table keeps that.

    Parameters
    ----------
    source : binary stream or Path
        A FITS file, read forward from where it stands, also in a container; the copy is in none.
    choose : callable
        Given what the header says, None for nothing, what that of the copy shall say.
    fingerprint : bool
        Fingerprint the data by SHA-256; only those of a Path, which can be read before the header is written.
    dry_run : bool
        Read the header, decide, and write nothing.

    Raises
    ------
    StampRefused, NotFits, TruncatedFits, UsageError
    FileRefused
        Where the system refuses to read or write.
    """
    written, path = writable_conventions(conventions), source if isinstance(source, Path) else None
    if fingerprint and path is None:
        raise UsageError("no fingerprint of a stream; expected a file, whose data can be read before its header")

    def decide(unit: HeaderUnit) -> Edit | None:
        stamp = choose(read_header(unit.cards, all_conventions()).stamp)
        stamping = Stamping(
            stamp=with_fingerprint(stamp, path) if fingerprint else stamp,
            conventions=written,
            target=path,
            lists=lists,
            list_cards=list_cards,
            replace=True,
            force=True,
            clock=clock,
        )
        return stamping(unit)

    name = "standard input" if path is None else str(path)
    try:
        with open_bytes(name) if isinstance(source, Path) else nullcontext(unpacked_stream(source, name)) as content:
            if dry_run:
                decide(find_unit(content, hdu, name))
            else:
                stream(content, dest, decide, hdu, name)
    except FileRefused:
        raise
    except OSError as error:
        raise FileRefused(f"{name}: {error.strerror or error}; expected to copy all of it") from error
