"""What columns hold, as values."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import repeat
from typing import Any, NamedTuple

from fitsprov.registry.gathering.columns import listed, read_json

__all__ = ["Mostly", "different", "given", "texts_of"]

FEW, SHORT = 16, 256
"""Different values of a column up to which each is looked for; characters from which on that is quicker."""
NOTHING = "{}"


class Mostly(NamedTuple):
    """A column in which one value is that of most rows."""

    usual: Any
    others: Mapping[int, Any]
    """Of rows that have another one, by key."""

    @property
    def different(self) -> set[Any]:
        """The different values."""
        return {self.usual, *self.others.values()} - {None}

    def of(self, keys: Iterable[int]) -> Iterable[Any]:
        """Give the values of rows."""
        return [self.others.get(key, self.usual) for key in keys] if self.others else repeat(self.usual)


def texts_of(texts: str | None) -> list[Any]:
    """Read `Texts`."""
    values: list[Any] = read_json(texts)[0] if texts else []
    return values


def given(text: str | None) -> dict[int, Any]:
    """Read what `Given`, or `Unlike`, gave."""
    return {int(key): value for key, value in read_json(text)[0].items()} if text and text != NOTHING else {}


def different(line: str | None) -> set[Any]:
    """Give the different values of a `Line`, which often are few."""
    if not line or len(line) < SHORT:
        return set(listed(line)) - {None}
    first = line[: line.index(",") + 1]
    if first * ((len(line) + 1) // len(first)) == f"{line},":
        return set(listed(first[:-1])) - {None}
    rest = f",{line.replace(',', ',,')},"
    found: set[str] = set()
    while rest and len(found) < FEW:
        value = rest[1 : rest.index(",", 1)]
        found.add(value)
        rest = rest.replace(f",{value},", "")
    return set(listed(f"{','.join(found)}{rest[:-1].replace(',,', ',')}")) - {None}
