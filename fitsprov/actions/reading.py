"""What a file or an object says about itself."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from fitsprov.actions.conventions import all_conventions
from fitsprov.conventions.reading import Reading, check_lists, read_header
from fitsprov.files.accept import Source, open_source
from fitsprov.files.table import TABLE_NAME, read_table, table_size
from fitsprov.model.finding import Finding
from fitsprov.model.stamp import Stamp

if TYPE_CHECKING:
    from fitsprov.files.units import HeaderUnit

__all__ = ["Reading", "find_table", "inspect", "inspect_source", "read"]


def read(source: Any, *, hdu: int | str | None = None) -> Stamp | None:
    """Read the stamp of a file or an object.

    Parameters
    ----------
    source : path, URL, bytes, binary file, HDUList, Header, HDU or fitsio.FITS
    hdu : int or str, optional
        Which header: 0, ``"SCI"``, ``"SCI,2"``. By default the primary, then the first extension, then the others.

    Returns
    -------
    Stamp or None
        What the header says; None where it says nothing in any known convention.
    """
    return inspect(source, hdu=hdu).stamp


def inspect(source: Any, *, hdu: int | str | None = None) -> Reading:
    """Read all that a header says: merged, in each convention, and what is wrong with it."""
    with open_source(source) as opened:
        return inspect_source(opened, hdu=hdu)


def inspect_source(source: Source, *, hdu: int | str | None = None) -> Reading:
    """Read what an opened source says."""
    if hdu is not None:
        return with_table(source, read_header(source.unit(hdu).header, all_conventions()), source.units())
    units = source.units()
    for unit in units:
        reading = read_header(unit.header, all_conventions())
        if reading.stamp is None:
            continue
        if unit.index > 0:
            where = f"HDU {unit.index}" + (f" ({unit.name})" if unit.name else "")
            found = Finding("stamp-in-extension", f"the stamp stands in {where}")
            reading = replace(reading, findings=(*reading.findings, found))
        return with_table(source, reading, units)
    return Reading()


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
    problems = check_lists(completed, all_conventions()[0])
    return replace(reading, stamp=completed, findings=(*reading.findings, *problems))


def needs_table(stamp: Stamp) -> bool:
    """Whether a list is counted and not there."""
    return bool((stamp.n_parents and stamp.parents is None) or (stamp.n_raws and stamp.raws is None))


def find_table(units: Iterable[HeaderUnit]) -> HeaderUnit | None:
    """Find the FITSPROV extension."""
    return next((unit for unit in units if unit.index and unit.name == TABLE_NAME), None)
