"""One row of a convention: a keyword, or a column of a table, and where its value stands in a stamp."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping
from typing import Any

from fitsprov.cards.grammar import HIERARCH_KEYWORD, HIERARCH_LONGEST, KEYWORD
from fitsprov.conventions.values import FIELDS, KINDS
from fitsprov.errors import UsageError

__all__ = ["LISTS", "Keyword", "check_table", "check_written"]

LISTS = ("parents", "raws", "ancestors", "software", "parameters")
"""Fields of several items with columns each."""
INDICES = ("n", "r")
PLACEHOLDER = re.compile(r"\{(n|r|key)(?::(\d))?\}")
BRACES = re.compile(r"\{.*?\}")
# FITS 4.0, 4.4.1, 4.4.2.7, 7.2 and 7.3; what a file means, or how long it is, follows from these
STRUCTURE = re.compile(
    r"SIMPLE|XTENSION|BITPIX|NAXIS\d*|EXTEND|PCOUNT|GCOUNT|GROUPS|TFIELDS|THEAP|T(?:FORM|TYPE|DIM|NULL|SCAL|ZERO|BCOL)\d+"
    r"|BSCALE|BZERO|BLANK|Z(?:IMAGE|TABLE|CMPTYPE|BITPIX|NAXIS\d*)|CHECKSUM|DATASUM|END|CONTINUE|COMMENT|HISTORY|HIERARCH"
)
ROW = {
    "name": str,
    "field": str,
    "kind": str,
    "comment": str,
    "value": str,
    "shared": bool,
    "beside": bool,
    "write": bool,
    "role": str,
    "category": str,
}


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Keyword:
    """One row of a convention."""

    name: str
    field: tuple[str, ...]
    kind: str
    comment: str = ""
    value: str | None = None
    shared: bool = False
    beside: bool = False
    write: bool = True
    role: str | None = None
    category: str | None = None
    key: tuple[str, ...] = dataclasses.field(default=(), repr=False)
    """Of an item of a list: the words of its field by which it is told from the others."""
    column: tuple[str, ...] = dataclasses.field(default=(), repr=False)
    """Of an item of a list: the last word of its field; ``extra`` and a name."""

    @classmethod
    def parse(cls, row: Any, *, in_table: bool = False) -> Keyword:
        """Read one row; a column of a table has the number of its row for ``{n}``."""
        named = isinstance(row, dict) and isinstance(row.get("name"), str)
        table = check_table(row, ROW, required=3, what=f"{row['name']}: " if named else "")
        name, kind, words = table["name"], table["kind"], tuple(table["field"].split("."))
        if kind not in KINDS:
            raise UsageError(f"{name}: kind '{kind}'; expected one of {', '.join(KINDS)}")
        key, column = split_field(words)
        if kind not in FIELDS.get(place_of(words, column), ()):
            places = ", ".join(place for place, kinds in FIELDS.items() if kind in kinds)
            raise UsageError(f"{name}: field '{table['field']}'; expected, for kind '{kind}', one of {places}")
        if placeholders(table["field"]) != (["{n}"] if in_table else placeholders(name)):
            raise UsageError(f"{name}: field '{table['field']}'; expected the placeholders of the name, and no others")
        if "category" in table:
            check_category(name, table["category"])
        return cls(**{**table, "field": words, "key": key, "column": column})

    @property
    def free(self) -> bool:
        """Whether its name has a placeholder."""
        return "{" in self.name

    @property
    def writable(self) -> bool:
        """Whether we know how to write it: no item of a list that is told by more than its number."""
        return self.kind != "software" and (not self.key or (self.field[0] in LISTS[:2] and self.key == ("{n}",)))

    def pattern(self) -> re.Pattern[str]:
        """What a free keyword matches."""
        parts, at = [], 0
        for match in PLACEHOLDER.finditer(self.name):
            word, width = match.groups()
            regex = ".+" if word == "key" else rf"\d{{{width},}}" if width else r"\d+"
            parts += [re.escape(self.name[at : match.start()]), f"(?P<{word}>{regex})"]
            at = match.end()
        return re.compile("".join(parts) + re.escape(self.name[at:]))

    def numbered(self, index: int) -> str:
        """Its name for one item of a list."""
        return PLACEHOLDER.sub(lambda m: str(index).zfill(int(m[2] or 0)) if m[1] == "n" else m[0], self.name)


def split_field(words: tuple[str, ...]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Tell the key of an item of a list from its column; both are empty for other fields."""
    if words[0] not in LISTS or len(words) < 3:
        return (), ()
    cut = -2 if len(words) > 3 and words[-2] == "extra" else -1
    return words[1:cut], words[cut:]


def place_of(words: tuple[str, ...], column: tuple[str, ...]) -> str:
    """How the table of fields names a field."""
    if column:
        return f"{words[0]}.{{n}}.{'extra.*' if len(column) > 1 else column[0]}"
    return f"{words[0]}.*" if len(words) == 2 else ".".join(words)


def placeholders(text: str) -> list[str]:
    """The placeholders in a name or a field, whatever their width; what is none stays as it stands."""
    return sorted(PLACEHOLDER.sub(r"{\1}", found) for found in BRACES.findall(text))


def check_category(name: str, category: str) -> None:
    """Refuse what is no category of datasets."""
    from fitsprov.model.lineage import Category  # our own convention, the only one that most files have, names none

    if category not in list(Category):
        raise UsageError(f"{name}: category '{category}'; expected one of {', '.join(Category)}")


def check_written(row: Keyword) -> None:
    """Refuse a keyword that fits no card, or that says how a file is built: to write it would destroy the file."""
    shortest = PLACEHOLDER.sub(lambda m: "X" if m[1] == "key" else "1".zfill(int(m[2] or 0)), row.name)
    legal = KEYWORD.fullmatch(shortest) or (
        shortest == shortest.upper() and len(shortest) <= HIERARCH_LONGEST and HIERARCH_KEYWORD.fullmatch(shortest)
    )
    if not legal:
        expected = f"A-Z 0-9 _ - in 8 characters, or upper-case words of ≤ {HIERARCH_LONGEST}"
        raise UsageError(f"keyword '{row.name}' fits no card; expected {expected}")
    if STRUCTURE.fullmatch(shortest):
        raise UsageError(f"keyword '{row.name}' says how a file is built; expected one of your own")


def check_table(
    table: Any, types: Mapping[str, type | tuple[type, ...]], required: int, what: str = ""
) -> dict[str, Any]:
    """Refuse a table with another key, a value of another type, or without the first `required` keys."""
    if not isinstance(table, dict):
        raise UsageError(f"{table!r}; expected a table with {', '.join(types)}")
    for key, value in table.items():
        if key not in types:
            raise UsageError(f"{what}key '{key}'; expected one of {', '.join(types)}")
        allowed = types[key]
        if not isinstance(value, allowed):
            names = [each.__name__ for each in (allowed if isinstance(allowed, tuple) else (allowed,))]
            raise UsageError(f"{what}{key} = {value!r}; expected {' or '.join(names)}")
    missing = [key for key in list(types)[:required] if key not in table]
    if missing:
        raise UsageError(f"{what}no key '{missing[0]}'; expected {', '.join(list(types)[:required])}")
    return table
