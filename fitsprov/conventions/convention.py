"""A convention: the keywords in which someone writes provenance, read from TOML text.

A convention file has ``name``, ``title``, ``source`` (where it is specified), ``write`` (whether we write it),
``prefix`` (what its keywords begin with), ``first`` (the first index of its lists), ``longest`` (how many items a list
holds) and ``keywords``, one row each:

``name``
    The keyword. ``{n}`` stands for the index of a list item, ``{key}`` for a dimension or another free name.
``field``
    Where its value stands in the stamp: ``run``, ``data_id.{key}``, ``parents.{n}.id``.
``kind``
    How it is spelled; see `fitsprov.conventions.values.KINDS`.
``comment``, ``value``, ``shared``
    The comment written beside it; the value of a constant; whether others use the keyword too, so that it is ours only
    among our other keywords.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from fitsprov.cards.card import Card
from fitsprov.conventions.values import KINDS
from fitsprov.errors import UsageError

__all__ = ["Convention", "Keyword"]

PLACEHOLDERS = {"{n}": r"(?P<n>\d+)", "{key}": r"(?P<key>.+)"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Keyword:
    """One row of a convention."""

    name: str
    field: tuple[str, ...]
    kind: str
    comment: str = ""
    value: str | None = None
    shared: bool = False

    @property
    def free(self) -> bool:
        """Whether its name has a placeholder."""
        return "{" in self.name

    def pattern(self) -> re.Pattern[str]:
        """What a free keyword matches."""
        text = re.escape(self.name)
        for placeholder, regex in PLACEHOLDERS.items():
            text = text.replace(re.escape(placeholder), regex)
        return re.compile(text)


@dataclass(frozen=True, slots=True, kw_only=True)
class Convention:
    """A convention that was read from its text."""

    name: str
    title: str
    source: str
    write: bool
    prefix: bytes
    first: int = 1
    longest: int | None = None
    keywords: tuple[Keyword, ...]
    fixed: dict[str, Keyword] = field(default_factory=dict, repr=False)
    """The keywords without a placeholder, by name."""
    free: tuple[tuple[re.Pattern[str], Keyword], ...] = field(default=(), repr=False)

    @classmethod
    def parse(cls, text: str, source: str = "convention") -> Convention:
        """Read a convention from TOML text.

        Raises
        ------
        UsageError
            Where the text is no convention, with the source, the value seen and what was expected.
        """
        try:
            table: dict[str, Any] = tomllib.loads(text)
            rows = [Keyword(**{**row, "field": tuple(row["field"].split("."))}) for row in table.pop("keywords")]
            unknown = [row.kind for row in rows if row.kind not in KINDS]
            if unknown:
                raise UsageError(f"kind '{unknown[0]}'; expected one of {', '.join(KINDS)}")
            return cls(
                **{**table, "prefix": table["prefix"].encode("ascii")},
                keywords=tuple(rows),
                fixed={row.name: row for row in rows if not row.free},
                free=tuple((row.pattern(), row) for row in rows if row.free),
            )
        except (tomllib.TOMLDecodeError, KeyError, TypeError, AttributeError, UsageError) as error:
            raise UsageError(f"{source}: not a convention: {error}") from None

    def match(self, keyword: str) -> tuple[Keyword, dict[str, str]] | None:
        """Find the row of a keyword, and what its placeholders stand for."""
        row = self.fixed.get(keyword)
        if row is not None:
            return row, {}
        for pattern, row in self.free:
            match = pattern.fullmatch(keyword)
            if match:
                return row, match.groupdict()
        return None

    def group(self, cards: Iterable[Card]) -> list[Card]:
        """The cards that belong to this convention, in the order of the header.

        A keyword that others use too belongs to it between its own cards; a pointer also where it ends in their ID.
        """
        own: list[Card] = []
        shared: list[Card] = []
        for card in cards:
            found = self.match(card.keyword)
            if found is not None:
                (shared if found[0].shared else own).append(card)
        if not own or not shared:
            return own
        start, stop = own[0].start, own[-1].stop
        ids = tuple(str(card.value)[-36:].lower() for card in own if self.names_dataset(card.keyword))
        inside = [card for card in shared if start < card.start < stop or points_to(card.value, ids)]
        return sorted(own + inside, key=lambda card: card.start)

    def names_dataset(self, keyword: str) -> bool:
        """Whether this keyword holds the dataset's own ID, in one spelling or another."""
        row = self.fixed.get(keyword)
        return row is not None and row.field in (("id",), ("publisher_did",))


def points_to(url: object, ids: tuple[str, ...]) -> bool:
    """Whether a URL ends in one of these IDs."""
    return isinstance(url, str) and url.startswith("http") and url.lower().endswith(ids)
