"""The dataId: which place in the survey a dataset fills, as typed ``dimension: value`` pairs.

Its canonical text is JSON with sorted keys, no blanks between tokens, and ASCII alone; ``'`` and ``&`` are escaped
because FITS strings double the one and continue on the other (FITS 4.0, 4.2.1), and so is DEL, which no card holds.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from json.encoder import encode_basestring_ascii
from typing import Any

from fitsprov.compiled import compiled
from fitsprov.errors import UsageError

__all__ = [
    "DataId",
    "Scalar",
    "canonical_text",
    "check_data_id",
    "parse_assignment",
    "parse_assignments",
    "parse_data_id",
]

Scalar = str | int | float | bool
DataId = Mapping[str, Scalar]

ESCAPED = re.compile("['&\x7f]")
SURROGATE = re.compile("[\ud800-\udfff]")


def canonical_text(data_id: DataId) -> str:
    """Spell a dataId so that equal ones have equal text.

    Raises
    ------
    UsageError
        Where it is no dataId: see `check_data_id`.
    """
    usual = usual_text(data_id)
    if usual is not None:
        return usual
    items = sorted(check_data_id(data_id).items())
    text = ",".join([f"{quoted(dimension)}:{scalar_text(value)}" for dimension, value in items])
    return f"{{{text}}}"


def scalar_text(value: Scalar) -> str:
    """Spell the value of a dimension."""
    if type(value) is int:
        return str(value)
    return quoted(value) if isinstance(value, str) else json.dumps(value)


@lru_cache(maxsize=4096)
def quoted(value: str) -> str:
    """Spell a string; most are met in many dataIds."""
    return ESCAPED.sub(lambda match: f"\\u{ord(match[0]):04x}", encode_basestring_ascii(value))


def parse_data_id(text: str) -> dict[str, Scalar]:
    """Read the canonical text, or any JSON object of scalars.

    Raises
    ------
    UsageError
        Where the text is no such object.
    """
    usual = usual_data_id(text)
    if usual is not None:
        return usual
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise UsageError(f"dataId {text!r} is not JSON: {error}") from None
    return check_data_id(value)


def check_data_id(value: Any) -> dict[str, Scalar]:
    """Refuse what is no object of strings, finite numbers and booleans, or has text that UTF-8 cannot say."""
    if is_plain(value):
        return dict(value)
    if not isinstance(value, (dict, Mapping)):
        raise UsageError(f"dataId {value!r} is {type(value).__name__}; expected an object of dimension: value")
    for dimension, item in value.items():
        if not isinstance(dimension, str) or not dimension:
            raise UsageError(f"dataId dimension {dimension!r} is no name")
        if not isinstance(item, (str, int, float)) or (isinstance(item, float) and not math.isfinite(item)):
            raise UsageError(f"dataId {dimension}={item!r} is no string, finite number or boolean")
        if has_surrogate(dimension) or (isinstance(item, str) and has_surrogate(item)):
            raise UsageError(f"dataId {dimension!r}={item!r} has a lone surrogate; expected Unicode text")
    return dict(value)


@compiled
def usual_text(data_id: DataId) -> str | None:
    """Spell a dataId of plain strings and integers; None leaves it to `canonical_text`."""
    return None


@compiled
def usual_data_id(text: str) -> dict[str, Scalar] | None:
    """Read the canonical text of plain strings and integers; None leaves it to `parse_data_id`."""
    return None


@compiled
def is_plain(value: Any) -> bool:
    """Whether a value is an object of ASCII text and integers, at a glance; False leaves it to `check_data_id`."""
    return False


def has_surrogate(text: str) -> bool:
    """Whether a text has a lone surrogate."""
    return not text.isascii() and SURROGATE.search(text) is not None


def parse_assignment(text: str) -> tuple[str, Scalar]:
    """Read ``dimension=value``: the value as a JSON scalar, else as a string; quotes force a string."""
    dimension, equals, value = text.partition("=")
    if not equals or not dimension:
        raise UsageError(f"{text!r} is not dimension=value")
    try:
        scalar = json.loads(value)
    except (ValueError, RecursionError):
        scalar = value
    return dimension, check_data_id({dimension: scalar})[dimension]


def parse_assignments(texts: Iterable[str]) -> dict[str, Scalar]:
    """Read a dataId of one ``dimension=value`` each.

    Raises
    ------
    UsageError
        Where one is none, or a dimension is given two values: a dataset fills one place.
    """
    given: dict[str, Scalar] = {}
    for dimension, value in map(parse_assignment, texts):
        before = given.setdefault(dimension, value)
        if scalar_text(before) != scalar_text(value):
            raise UsageError(f"dataId {dimension} is given as {before!r} and as {value!r}; expected one value")
    return given
