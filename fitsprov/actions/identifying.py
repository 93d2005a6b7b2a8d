"""Which datasets a header is about where it states no IDs: they follow by rule, so that headers meet."""

from __future__ import annotations

import os
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID

from fitsprov.errors import MalformedID
from fitsprov.model.dataid import canonical_text
from fitsprov.model.identifiers import name_id, parse_id
from fitsprov.model.stamp import Input, Stamp

if TYPE_CHECKING:
    from fitsprov.conventions.reading import Reading

__all__ = ["dataset_id", "identify", "input_id", "owner_of", "with_ids"]


def identify(reading: Reading, path: str) -> tuple[UUID, str | None]:
    """Identify the dataset that a header is about: by the ID that it states, else by `dataset_id`."""
    stamp = reading.stamp or Stamp()
    if stamp.id is not None:
        return stamp.id, None
    owner = owner_of(reading, "parents") or owner_of(reading, "raws") or reading.conventions[0]
    return dataset_id(stamp, path, owner)


def dataset_id(stamp: Stamp, path: str, convention: str) -> tuple[UUID, str | None]:
    """Identify the dataset of a header that states no ID, with its name where the ID is made of that.

    It is that of its publisher DID, else that of run, type and dataId together; and where one of these is lacking, the
    file is known by its own name, as other headers in this convention name it.
    """
    if stamp.publisher_did is not None:
        try:
            return parse_id(stamp.publisher_did), None
        except MalformedID:
            return name_id(stamp.publisher_did, convention), None
    if stamp.run and stamp.type and stamp.data_id:
        return name_id(f"{stamp.run} {stamp.type} {canonical_text(stamp.data_id)}", convention), None
    name = str(stamp.extra.get("fileid") or stamp.extra.get("path") or text_of(Path(path).name))
    return name_id(name, convention), name


def text_of(name: str) -> str:
    """A file's name as text that can be kept: what is no UTF-8 in it is spelled ``\\xff``."""
    return name if name.isascii() else os.fsencode(name).decode("utf-8", "backslashreplace")


def owner_of(reading: Reading, field: str) -> str | None:
    """The convention whose list was taken; None where none of them lists anything, or a table does."""
    items = getattr(reading.stamp, field)
    if items is None:
        return None
    if len(reading.readings) == 1:
        return reading.readings[0].convention
    owners = (entry.convention for entry in reading.readings if getattr(entry.stamp, field) == items)
    return next(owners, None)


def with_ids(reading: Reading) -> Stamp:
    """The stamp of a reading with an ID for every dataset that it lists; names are keyed within their convention."""
    stamp = reading.stamp or Stamp()
    lists = {}
    for field in ("parents", "raws"):
        items: tuple[Input, ...] | None = getattr(stamp, field)
        if items is not None and any(item.id is None for item in items):
            owner = owner_of(reading, field) or reading.conventions[0]
            lists[field] = tuple(replace(item, id=input_id(item, owner)) for item in items)
    return replace(stamp, **lists) if lists else stamp  # type: ignore[arg-type]  # two lists of inputs


def input_id(item: Input, owner: str) -> UUID:
    """The ID of an input; a bare name gets one within the convention whose list it is in."""
    return item.id if item.id is not None else keyed(item.name or "", owner)


@lru_cache(maxsize=4096)
def keyed(name: str, convention: str) -> UUID:
    """Key a name; flats and catalogues are named in thousands of headers."""
    return name_id(name, convention)
