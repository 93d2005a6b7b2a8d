"""What a file or an object says about itself."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from fitsprov.actions.conventions import native, readable_conventions
from fitsprov.actions.metadata import metadata_of
from fitsprov.conventions.reading import Reading, check_counts, check_digests, combine, read_header, read_metadata
from fitsprov.errors import NotFits
from fitsprov.files.accept import Source, open_source
from fitsprov.files.table import TABLE_NAME, read_table, table_size
from fitsprov.model.finding import Finding
from fitsprov.model.stamp import Stamp

if TYPE_CHECKING:
    from fitsprov.conventions.convention import Spotted
    from fitsprov.files.units import HeaderUnit

__all__ = ["Reading", "find_table", "inspect", "inspect_metadata", "inspect_source", "read"]

LARGEST = 2**26
"""Bytes of a table of others that are still read."""
OWN_LISTS = {"native", "rubin"}
"""Conventions that keep no lists in such tables."""


def read(source: Any, *, hdu: int | str | None = None, conventions: Sequence[str] = ()) -> Stamp | None:
    """Read the stamp of a file or an object.

    Parameters
    ----------
    source : path, URL, bytes, binary file, HDUList, Header, HDU or fitsio.FITS
    hdu : int or str, optional
        Which header: 0, ``"SCI"``, ``"SCI,2"``. By default the primary, then the first extension, then the others.
    conventions : sequence of str
        Names of the conventions to read, all by default; and paths of TOML files, which are read beside them.

    Returns
    -------
    Stamp or None
        What the header says; None where it says nothing in any known convention.
    """
    return inspect(source, hdu=hdu, conventions=conventions).stamp


def inspect(source: Any, *, hdu: int | str | None = None, conventions: Sequence[str] = ()) -> Reading:
    """Read all that a header says: merged, in each convention, and what is wrong with it.

    A mapping, an astropy Table and a Parquet file are read by their metadata. The parameters are those of `read`.
    """
    told = None if isinstance(source, (str, os.PathLike)) else inspect_metadata(source, conventions)
    if told is not None:
        return told
    try:
        with open_source(source) as opened:
            return inspect_source(opened, hdu=hdu, conventions=conventions)
    except NotFits:
        told = inspect_metadata(source, conventions)
        if told is None:
            raise
        return told


def inspect_metadata(source: Any, conventions: Sequence[str] = ()) -> Reading | None:
    """Read the metadata of what is no FITS file: a mapping, an astropy Table, a Parquet file; None for all else.

    Raises
    ------
    MissingExtra, NotFits
        For Parquet files: without pyarrow, or damaged.
    """
    values = metadata_of(source)
    return None if values is None else read_metadata(values, readable_conventions(conventions))


def inspect_source(source: Source, *, hdu: int | str | None = None, conventions: Sequence[str] = ()) -> Reading:
    """Read what an opened source says."""
    known = readable_conventions(conventions)
    if hdu is not None:
        return with_table(source, read_header(source.unit(hdu).cards, known), source.units())
    units = source.units()
    tables = []
    for unit in units:
        reading = read_header(unit.cards, known)
        stamp = reading.stamp
        if stamp is None:
            tables += [unit] if is_foreign_table(unit, known) else []
            continue
        if unit.index > 0:
            where = f"HDU {unit.index}" + (f" ({unit.name})" if unit.name else "")
            found = Finding("stamp-in-extension", f"the stamp stands in {where}")
            reading = replace(reading, findings=(*reading.findings, found))
        if stamp.parents is not None or OWN_LISTS & set(reading.conventions):
            return with_table(source, reading, units)
        tables += [unit for unit in units if is_foreign_table(unit, known)]
        return with_foreign_tables(source, reading, tables, known)
    return with_foreign_tables(source, Reading(), tables, known)


def is_foreign_table(unit: HeaderUnit, known: Sequence[Spotted]) -> bool:
    """Whether an extension has the name of a table in which some convention lists things."""
    return unit.index > 0 and any(unit.name in each.extnames for each in known if each.extnames)


def with_foreign_tables(
    source: Source, reading: Reading, units: Iterable[HeaderUnit], known: Sequence[Spotted]
) -> Reading:
    """Complete a reading from tables of other conventions."""
    extensions = [
        (unit.name, unit.header, source.read_at(unit.data_start, min(unit.data_size, LARGEST))) for unit in units
    ]
    if not extensions:
        return reading
    from fitsprov.conventions.tables import read_tables

    readings, findings = read_tables(extensions, known)
    return combine([*reading.readings, *readings], [*reading.findings, *findings])


def with_table(source: Source, reading: Reading, units: Iterable[HeaderUnit]) -> Reading:
    """Complete the lists that a stamp counts and does not list, from the FITSPROV table among these HDUs."""
    stamp = reading.stamp
    if stamp is None or not needs_table(stamp):
        return reading
    unit = find_table(units)
    if unit is None:
        return reading
    parents, raws = read_table(unit, source.read_at(unit.data_start, table_size(unit)))
    completed = replace(
        stamp,
        parents=parents if stamp.n_parents is not None else None,
        raws=raws if stamp.n_raws is not None else None,
    )
    problems = (*check_counts(completed, native()), *check_digests(completed))
    return replace(reading, stamp=completed, findings=(*reading.findings, *problems))


def needs_table(stamp: Stamp) -> bool:
    """Whether a list is counted and not there."""
    return bool((stamp.n_parents and stamp.parents is None) or (stamp.n_raws and stamp.raws is None))


def find_table(units: Iterable[HeaderUnit]) -> HeaderUnit | None:
    """Find the FITSPROV extension."""
    return next((unit for unit in units if unit.index and unit.name == TABLE_NAME), None)
