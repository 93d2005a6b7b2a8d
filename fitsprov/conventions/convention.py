"""A convention: the keywords in which someone writes provenance, read from TOML text.

A convention file has ``name``, ``title``, ``source`` (where it is specified), ``write`` (whether we write it),
``prefix`` (what its keywords begin with), ``first`` (the first index of its lists), ``longest`` (how many items a list
holds) and ``keywords``, one row each:

``name``
    The keyword. ``{n}`` stands for the index of a list item, ``{key}`` for a dimension or another free name.
``field``
    Where its value stands in the stamp: ``run``, ``data_id.{key}``, ``data_id.tract``, ``parents.{n}.id``; see
    `fitsprov.conventions.values.FIELDS`.
``kind``
    How it is spelled; see `fitsprov.conventions.values.KINDS`.
``comment``, ``value``, ``shared``
    The comment written beside it; the value of a constant; whether others use the keyword too, so that it is ours only
    among our other keywords.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import groupby
from typing import Any

from fitsprov.cards.card import Card
from fitsprov.conventions.values import FIELDS, KINDS
from fitsprov.errors import UsageError

__all__ = ["Convention", "Keyword"]

PLACEHOLDERS = {"{n}": r"(?P<n>\d+)", "{key}": r"(?P<key>.+)"}
CONVENTION = {
    "name": str,
    "title": str,
    "source": str,
    "write": bool,
    "prefix": str,
    "keywords": list,
    "first": int,
    "longest": int,
}
ROW = {"name": str, "field": str, "kind": str, "comment": str, "value": str, "shared": bool}


@dataclass(frozen=True, slots=True, kw_only=True)
class Keyword:
    """One row of a convention."""

    name: str
    field: tuple[str, ...]
    kind: str
    comment: str = ""
    value: str | None = None
    shared: bool = False

    @classmethod
    def parse(cls, row: Any) -> Keyword:
        """Read one row."""
        table = check_table(row, ROW, required=3)
        name, kind, words = table["name"], table["kind"], tuple(table["field"].split("."))
        if kind not in KINDS:
            raise UsageError(f"{name}: kind '{kind}'; expected one of {', '.join(KINDS)}")
        place = f"{words[0]}.*" if len(words) == 2 and words[1] != "{n}" else table["field"]
        if kind not in FIELDS.get(place, ()):
            places = ", ".join(place for place, kinds in FIELDS.items() if kind in kinds)
            raise UsageError(f"{name}: field '{table['field']}'; expected, for kind '{kind}', one of {places}")
        if sorted(re.findall(r"\{.*?\}", name)) != sorted(word for word in words if word in PLACEHOLDERS):
            raise UsageError(f"{name}: field '{table['field']}'; expected the placeholders of the name, and no others")
        return cls(**{**table, "field": words})

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


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Convention:
    """A convention that was read from its text; two readings of one text are two."""

    name: str
    title: str
    source: str
    write: bool
    prefix: bytes
    first: int = 1
    longest: int | None = None
    keywords: tuple[Keyword, ...]
    groups: tuple[tuple[str, tuple[Keyword, ...]], ...] = field(default=(), repr=False)
    """Rows that follow each other and belong to one field of the stamp, with its name."""
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
            table = check_table(tomllib.loads(text), CONVENTION, required=6)
            rows = tuple(Keyword.parse(row) for row in table["keywords"])
        except (tomllib.TOMLDecodeError, UsageError) as error:
            raise UsageError(f"{source}: not a convention: {error}") from None
        own = {
            "prefix": table["prefix"].encode(),
            "keywords": rows,
            "groups": tuple((head, tuple(group)) for head, group in groupby(rows, key=lambda row: row.field[0])),
            "fixed": {row.name: row for row in rows if not row.free},
            "free": tuple((row.pattern(), row) for row in rows if row.free),
        }
        return cls(**{**table, **own})

    @lru_cache(maxsize=8192)  # noqa: B019 (conventions are few and stay)
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
        inside = [card for card in shared if start < card.start < stop]
        there = {card.keyword for card in inside}
        ids = tuple(str(card.value)[-36:].lower() for card in own if self.names_dataset(card.keyword) and card.value)
        pointers = [card for card in shared if card.keyword not in there and points_to(card.value, ids)]
        return sorted(own + inside + pointers, key=lambda card: card.start)

    def names_dataset(self, keyword: str) -> bool:
        """Whether this keyword holds the dataset's own ID, in one spelling or another."""
        row = self.fixed.get(keyword)
        return row is not None and row.field in (("id",), ("publisher_did",))


def check_table(table: Any, types: Mapping[str, type], required: int) -> dict[str, Any]:
    """Refuse a table with another key, a value of another type, or without the first `required` keys."""
    if not isinstance(table, dict):
        raise UsageError(f"{table!r}; expected a table with {', '.join(types)}")
    for key, value in table.items():
        if key not in types:
            raise UsageError(f"key '{key}'; expected one of {', '.join(types)}")
        if not isinstance(value, types[key]):
            raise UsageError(f"{key} = {value!r}; expected {types[key].__name__}")
    missing = [key for key in list(types)[:required] if key not in table]
    if missing:
        raise UsageError(f"no key '{missing[0]}'")
    return table


def points_to(url: object, ids: tuple[str, ...]) -> bool:
    """Whether a URL ends in one of these IDs."""
    return isinstance(url, str) and url.startswith("http") and url.lower().endswith(ids)
