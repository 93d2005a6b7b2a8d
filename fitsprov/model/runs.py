"""Names of run collections, and what became of those that were too long for the program that wrote them."""

from __future__ import annotations

import re

__all__ = ["is_short_for", "is_shortened"]

SHORTENED = re.compile(r"([^.]+(?:\.{1,2}[^.]+)*)\.{3}([^.].*)")
"""What astropy before 7.1 made Rubin do with values that were too long for one card."""


def is_shortened(run: str) -> bool:
    """Whether the middle of a run's name was left out."""
    return "..." in run and SHORTENED.fullmatch(run) is not None


def is_short_for(short: str, whole: str) -> bool:
    """Whether a run's name is this one with its middle left out."""
    match = SHORTENED.fullmatch(short) if "..." in short else None
    return match is not None and len(whole) > len(short) and whole.startswith(match[1]) and whole.endswith(match[2])
