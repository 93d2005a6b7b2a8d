"""Metadata that are no FITS header: of a table in memory, of a Parquet file."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from fitsprov.errors import MissingExtra, NotFits
from fitsprov.files.accept import local_path

__all__ = ["metadata_of"]

MAGIC = b"PAR1"
ASTROPY = "table_meta_yaml"
"""Under this key astropy, and Rubin's Butler with it, keep the metadata of a table."""
LONGEST = 256
"""Characters of a keyword: no convention has one that is longer."""


def metadata_of(source: Any) -> Mapping[str, Any] | None:
    """The metadata of a mapping, an astropy Table or a Parquet file, as far as they may be keywords; None for all else.

    Raises
    ------
    MissingExtra
        For a Parquet file without pyarrow.
    NotFits
        For a damaged one.
    """
    if isinstance(source, str | os.PathLike):
        path = Path(local_path(os.fspath(source)))
        return keywords_of(parquet_metadata(path)) if is_parquet(path) else None
    found = getattr(source, "meta", None) if hasattr(source, "colnames") else source
    return keywords_of(found) if isinstance(found, Mapping) else None


def keywords_of(values: Mapping[Any, Any]) -> Mapping[str, Any]:
    """Leave out what no keyword is; numbers of numpy become Python's."""
    return {
        keyword: value.item() if getattr(value, "shape", None) == () else value
        for keyword, value in values.items()
        if isinstance(keyword, str) and len(keyword) <= LONGEST
    }


def is_parquet(path: Path) -> bool:
    """Whether a file begins as Parquet does."""
    try:
        with path.open("rb") as file:
            return file.read(len(MAGIC)) == MAGIC
    except (OSError, ValueError):
        return False


def parquet_metadata(path: Path) -> Mapping[str, Any]:
    """The metadata of a Parquet file, those that astropy keeps in it included."""
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError:
        raise MissingExtra(f"{path}: reading Parquet", "parquet") from None
    try:
        stored = pyarrow.parquet.read_schema(path).metadata or {}
        values = {key.decode(): value.decode() for key, value in stored.items()}
        return {**values, **astropy_metadata(values[ASTROPY])} if ASTROPY in values else values
    except (pyarrow.ArrowException, OSError, ValueError) as error:
        raise NotFits(f"{path}: Parquet without metadata that can be read: {error}") from None


def astropy_metadata(text: str) -> Mapping[str, Any]:
    """What astropy wrote down of a table's metadata."""
    from astropy.table.meta import YamlParseError, get_header_from_yaml

    try:
        found = get_header_from_yaml(text.split("\n"))
    except YamlParseError as error:
        raise ValueError(f"{ASTROPY}: {error}") from None
    values = found.get("meta") if isinstance(found, dict) else None
    return values if isinstance(values, Mapping) else {}
