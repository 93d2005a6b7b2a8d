"""Configurations: trees of names with JSON values at their leaves."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

__all__ = ["leaves"]


def leaves(config: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """List the values of a configuration by their dotted names, in order; an empty object is a value."""
    waiting: list[tuple[str, Any]] = [(str(key), value) for key, value in reversed(list(config.items()))]
    while waiting:
        name, value = waiting.pop()
        if isinstance(value, Mapping) and value:
            waiting += [(f"{name}.{key}", below) for key, below in reversed(list(value.items()))]
        else:
            yield name, value
