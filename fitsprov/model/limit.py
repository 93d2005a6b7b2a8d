"""What a metric must be for a dataset to be found: ``seeing<0.8``, ``"odd name">=3``, ``seeing=pass``."""

from __future__ import annotations

import json
import math
import re
from typing import NamedTuple

from fitsprov.errors import UsageError

__all__ = ["Limit", "parse_limit"]

LIMIT = re.compile(
    r'\s*(?P<name>"(?:[^"\\]|\\.)*"|[^"<>=!][^<>=!]*?)\s*(?P<operator><=|>=|!=|==?|<|>)\s*(?P<value>.+?)\s*'
)
TEXT = ("=", "!=")
"""Operators for a verdict, too."""


class Limit(NamedTuple):
    """A condition on a metric."""

    name: str
    operator: str
    """``<``, ``<=``, ``>``, ``>=``, ``=`` or ``!=``."""
    value: float | str
    """A number, or a verdict."""


def parse_limit(text: str) -> Limit:
    """Read a condition; a name or verdict in double quotes is read as a JSON string.

    Raises
    ------
    UsageError
        Where it is none, or compares a verdict by its size.
    """
    match = LIMIT.fullmatch(text)
    if match is None or "\0" in text:
        raise UsageError(f"metric '{text}'; expected a name, one of < <= > >= = !=, and a number or verdict")
    name, operator, value = unquoted(match["name"], text), match["operator"].replace("==", "="), match["value"]
    try:
        number = float(value)
    except ValueError:
        if operator not in TEXT:
            raise UsageError(f"metric '{text}': '{value}' is no number; expected one behind {operator}") from None
        return Limit(name, operator, unquoted(value, text))
    if not math.isfinite(number):
        raise UsageError(f"metric '{text}': '{value}' is not finite; expected a number")
    return Limit(name, operator, number)


def unquoted(word: str, text: str) -> str:
    """Read a word that may stand in quotes."""
    if not word.startswith('"'):
        return word
    try:
        return str(json.loads(word))
    except ValueError:
        raise UsageError(f"metric '{text}': {word}; expected a JSON string in double quotes") from None
