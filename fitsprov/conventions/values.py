"""The kinds of value that a keyword may have: how each is spelled in a card, and read back."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, NamedTuple
from uuid import UUID

from fitsprov.cards.card import Value, escape, unescape
from fitsprov.model.dataid import canonical_text, parse_data_id
from fitsprov.model.identifiers import find_id, parse_id, usual_id
from fitsprov.model.stamp import Input, Software

__all__ = ["FIELDS", "KINDS", "Kind", "read_constant"]


DIGESTS = re.compile(r"(?:[0-9a-f]{32})?:(?:[0-9a-f]{32})?")
VERSIONED = re.compile(r"(.+?)[/ _-](v?\d\S*)", re.IGNORECASE)
FILE_NAME = re.compile(r"(?:.*[/$])?([^/$]+?)(?:\[[^\[\]]*\])*", re.DOTALL)
"""Folders, as paths and IRAF write them, and behind the name what is meant of the file: ``rawdir$n1.fits[SCI,1]``."""
TOO_MANY = 2**31
"""No list is as long, and no registry counts as far."""


class Kind(NamedTuple):
    """One kind of value; ``read`` raises `ValueError` for what is none."""

    spell: Callable[[Any], Value]
    read: Callable[[Any], Any]
    meaning: str


def need_text(value: Value) -> str:
    """Give a string; numbers are no text."""
    if not isinstance(value, str):
        raise ValueError(f"{value!r} is no string")
    return value


def need_count(value: Value) -> int:
    """Give a count."""
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < TOO_MANY:
        raise ValueError(f"{value!r} is no count")
    return value


def need_finite(value: Value) -> Value:
    """Give any value but a number that has overflowed."""
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError(f"{value!r} is no finite number")
    return value


def read_time(value: Value) -> datetime:
    """Read a FITS date (FITS 4.0, 9.1.1) as UTC."""
    time = datetime.fromisoformat(need_text(value))
    if time.tzinfo is not None:
        raise ValueError(f"{value!r} has a time zone; expected a FITS date")
    return time.replace(tzinfo=UTC)


def spell_time(value: datetime) -> str:
    """Spell a time as a FITS date in UTC, whole seconds."""
    return (value if value.tzinfo is UTC else value.astimezone(UTC)).isoformat()[:19]


def read_uuid(value: Value) -> UUID:
    """Read an ID in any of its spellings."""
    return (usual_id(value) if type(value) is str else None) or parse_id(need_text(value))


def read_text(value: Value) -> str:
    """Read a string with escapes."""
    return unescape(need_text(value))


def read_constant(expected: str | None, value: Value) -> str:
    """Read what is always the same."""
    if need_text(value) != expected:
        raise ValueError(f"{value!r} is not {expected!r}")
    return expected


def read_seal(value: Value) -> Value:
    """Read whatever stands there: it is held against the other cards, not by itself."""
    return value


def read_digests(value: Value) -> str:
    """Read the digests of two lists; a half may be empty."""
    text = need_text(value)
    if DIGESTS.fullmatch(text) is None:
        raise ValueError(f"{text!r} is no pair of digests")
    return text


def read_input(value: Value) -> Input:
    """Read an entry of a list: an ID, or an escaped name."""
    text = need_text(value)
    found = usual_id(text) or find_id(text)
    return Input(found) if found is not None else Input(name=unescape(text))


def read_word(value: Value) -> str:
    """Read a word that programs may take for a number."""
    if isinstance(value, bool | float) or value == "":
        raise ValueError(f"{value!r} is no name")
    return str(value)


def read_label(value: Value) -> Input:
    """Read what someone calls a dataset: an ID in any spelling, or a name as it stands."""
    text = read_word(value)
    found = find_id(text)
    return Input(found) if found is not None else Input(name=text)


def read_file(value: Value) -> Input:
    """Read what someone calls a file: an ID, or its name, wherever it lay and whatever part of it is meant."""
    item = read_label(value)
    match = FILE_NAME.fullmatch(item.name or "")
    return Input(name=match[1]) if match else item


def read_version(value: Value) -> str:
    """Read a version, which programs may take for a number."""
    if isinstance(value, bool):
        raise ValueError(f"{value!r} is no version")
    return str(value)


def read_software(value: Value) -> Software:
    """Read a name with a version behind it: ``muse/2.8.5``, ``cpl-7.1``."""
    text = need_text(value)
    match = VERSIONED.fullmatch(text)
    return Software(text) if match is None else Software(match[1], match[2])


def read_indices(value: Value) -> tuple[int, ...]:
    """Read indices with commas between them."""
    words = str(value).replace(",", " ").split()
    if not all(word.isascii() and word.isdigit() for word in words):
        raise ValueError(f"{value!r} is no list of indices")
    return tuple(map(int, words))


KINDS: dict[str, Kind] = {
    "text": Kind(escape, read_text, "a string; what no card holds is escaped as %XX"),
    "string": Kind(str, need_text, "a string, as it stands"),
    "url": Kind(str, need_text, "a URI, never escaped again"),
    "uuid": Kind(str, read_uuid, "a UUID, lower case"),
    "name": Kind(lambda v: v.key, read_input, "a UUID, or a percent-escaped name"),
    "label": Kind(lambda v: v.name or str(v.id), read_label, "a name as it stands, or else an ID in any spelling"),
    "file": Kind(
        lambda v: v.name or str(v.id), read_file, "a file's name, without folders before it and [HDU] behind it"
    ),
    "did": Kind(str, need_text, "a publisher DID; its UUID is the dataset's ID"),
    "word": Kind(str, read_word, "a string, or an integer that is meant as one"),
    "version": Kind(str, read_version, "a version, as a string or a number"),
    "software": Kind(str, read_software, "a program's name with its version, as muse/2.8.5"),
    "indices": Kind(str, read_indices, "integers with commas between them"),
    "integer": Kind(int, need_count, "a number of things"),
    "scalar": Kind(lambda v: str(v) if isinstance(v, UUID) else v, need_finite, "a string, number or logical"),
    "json": Kind(canonical_text, lambda v: parse_data_id(need_text(v)), "canonical JSON"),
    "digests": Kind(str, read_digests, "two truncated SHA-256 digests"),
    "time": Kind(spell_time, read_time, "a FITS date in UTC"),
    "constant": Kind(str, need_text, "always the same"),
    "seal": Kind(str, read_seal, "16 letters and digits"),
}

TEXTS = ("text", "string", "url")
SCALARS = ("scalar", *TEXTS)
FIELDS: dict[str, tuple[str, ...]] = {
    "id": ("uuid",),
    "run": TEXTS,
    "type": TEXTS,
    "data_id": ("json",),
    "data_id.*": SCALARS,
    "activity_id": ("uuid",),
    "task": TEXTS,
    "software": ("software",),
    "software.*": ("version",),
    "software.{n}.name": ("word",),
    "software.{n}.version": ("version",),
    "parameters.*": SCALARS,
    "parameters.{n}.name": ("word",),
    "parameters.{n}.value": SCALARS,
    "publisher_did": (*TEXTS, "did"),
    "datalink": TEXTS,
    **{f"{items}.{{n}}.id": ("uuid", "name", "label", "file") for items in ("parents", "raws", "ancestors")},
    **{f"{items}.{{n}}.{column}": TEXTS for items in ("parents", "raws") for column in ("run", "type", "role", "name")},
    **{f"{items}.{{n}}.extra.*": SCALARS for items in ("parents", "raws", "ancestors")},
    "ancestors.{n}.parents": ("indices",),
    "n_parents": ("integer",),
    "n_raws": ("integer",),
    "digests": ("digests",),
    "fingerprint": TEXTS,
    "stamped": ("time",),
    "extra.*": SCALARS,
    "version": ("constant",),
    "long_strings": ("constant",),
    "seal": ("seal",),
}
"""Where a value may stand in a stamp, ``*`` for any words, and in which kinds."""
