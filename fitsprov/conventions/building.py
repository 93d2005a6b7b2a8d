"""Values that were read → a stamp."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from fitsprov.conventions.keyword import INDICES, LISTS, Keyword
from fitsprov.model.identifiers import is_id, parse_id
from fitsprov.model.stamp import Input, Software, Stamp

__all__ = ["Draft", "Step"]

Key = int | tuple[int | str, ...]
Columns = dict[str, Any]
PLAIN = ("{n}",)
WHOLE = ("integer", "did", "software")
"""Kinds of fields without a column that are put together from several cards, or into several places."""
Step = tuple[Input, tuple[Input, ...]]
"""An ancestor and its own parents."""


@dataclass(slots=True)
class Draft:
    """What was read so far; of two values for one place, the first stands."""

    values: dict[str, Any] = field(default_factory=dict)
    lists: dict[str, dict[Key, Columns]] = field(default_factory=dict)
    counts: dict[str, dict[str, int]] = field(default_factory=dict)
    """Counted list → keyword → count: a convention may have several lists of one kind."""

    def place(self, row: Keyword, names: Mapping[str, str], value: Any) -> None:
        """Put a value where its field says."""
        head = row.field[0]
        if row.key:
            self.place_in_list(row, names, value)
        elif len(row.field) == 1 and row.kind not in WHOLE:
            self.values.setdefault(head, value)
        elif head in LISTS:
            self.place_alone(row, names, value)
        elif row.kind == "integer":
            self.counts.setdefault(head, {}).setdefault(row.name, value)
        elif row.kind == "did":
            self.values.setdefault(head, value)
            if is_id(value):
                self.values.setdefault("id", parse_id(value))
        else:
            self.values.setdefault(head, {}).setdefault(fill(row.field[1], names), value)

    def place_in_list(self, row: Keyword, names: Mapping[str, str], value: Any) -> None:
        """Put a value into a column of an item."""
        plain = row.key == PLAIN
        key: Key = int(names["n"]) if plain else key_of(row, names)
        columns = self.lists.setdefault(row.field[0], {}).setdefault(key, {})
        if len(row.column) > 1:
            columns.setdefault("extra", {}).setdefault(fill(row.column[1], names), value)
            return
        columns.setdefault(row.column[0], value)
        if row.category is not None:
            columns.setdefault("category", row.category)
        if row.role is not None:
            columns.setdefault("role", row.role)
        elif not plain and "{key}" in row.key:
            columns.setdefault("role", names["key"].lower())

    def place_alone(self, row: Keyword, names: Mapping[str, str], value: Any) -> None:
        """Put a program with its version, or a parameter with its value, that one keyword gives whole."""
        if row.kind == "software":
            name, columns = row.name, {"name": value.name, "version": value.version}
        else:
            name = fill(row.field[1], names)
            columns = {"name": name, ("version" if row.field[0] == "software" else "value"): value}
        self.lists.setdefault(row.field[0], {}).setdefault((name,), columns)

    def build(self) -> tuple[Stamp, tuple[Step, ...]]:
        """Make the stamp, and the steps that lie behind it."""
        values = dict(self.values)
        for name, counts in self.counts.items():
            values[name] = sum(counts.values())
        for name in ("parents", "raws"):
            if name in self.lists:
                values[name] = tuple(filter(None, map(build_input, self.items(name))))
            elif values.get(f"n_{name}") == 0:
                values[name] = ()
        steps = self.add_ancestors(values) if "ancestors" in self.lists else ()
        if "raws" not in values and "n_raws" not in values:
            values["raws"] = tuple(item for item in values.get("parents") or () if item.category == "raw") or None
        if "software" in self.lists:
            software = [item for item in self.items("software") if "name" in item]
            values["software"] = tuple(Software(item["name"], item.get("version")) for item in software)
        if "parameters" in self.lists:
            parameters = [item for item in self.items("parameters") if "name" in item and "value" in item]
            values["parameters"] = {item["name"]: item["value"] for item in reversed(parameters)}
        return Stamp(**values), steps

    def items(self, name: str) -> list[Columns]:
        """The items of a list, by their numbers; lists of different kinds one after the other, as they were met."""
        items = self.lists[name]
        if all(type(key) is int for key in items):
            return [items[key] for key in sorted(items)]
        kinds: dict[tuple[str, ...], int] = {}
        order = {key: (kinds.setdefault(words_of(key), len(kinds)), numbers_of(key)) for key in items}
        return [items[key] for key in sorted(items, key=order.__getitem__)]

    def add_ancestors(self, values: dict[str, Any]) -> tuple[Step, ...]:
        """Take parents and raws from a whole ancestry: those of number 0, and those that have no parents."""
        found = {int(str(key)): dict(columns) for key, columns in self.lists["ancestors"].items()}
        parents = {number: columns.pop("parents", ()) for number, columns in found.items()}
        inputs = {}
        for number, columns in found.items():
            root = not parents[number]
            item = build_input({**columns, "category": "raw"} if root else columns)
            if number != 0 and item is not None:
                inputs[number] = item
        if not parents.get(0):
            return ()
        values["n_parents"] = len(set(parents[0]))
        values["parents"] = tuple(inputs[number] for number in parents[0] if number in inputs)
        values["raws"] = tuple(inputs[number] for number in sorted(inputs) if not parents[number])
        return tuple(
            (inputs[number], tuple(inputs[parent] for parent in parents[number] if parent in inputs))
            for number in sorted(inputs)
            if parents[number]
        )

    def last_numbers(self) -> dict[str, int]:
        """The highest number in each list that is told by its numbers alone."""
        numbers = {
            name: [key for key in self.lists.get(name, ()) if isinstance(key, int)] for name in ("parents", "raws")
        }
        return {name: max(found) for name, found in numbers.items() if found and len(found) == len(self.lists[name])}


def key_of(row: Keyword, names: Mapping[str, str]) -> Key:
    """The key of an item that more than its number tells from others."""
    return tuple(int(names[word[1]]) if word[1:-1] in INDICES else fill(word, names) for word in row.key)


def fill(word: str, names: Mapping[str, str]) -> str:
    """Put what a placeholder stands for into a word of a field."""
    if "{" not in word:
        return word
    for name, value in names.items():
        word = word.replace(f"{{{name}}}", value.lower() if name == "key" else str(int(value)))
    return word


def words_of(key: Key) -> tuple[str, ...]:
    """A key without its numbers."""
    return () if isinstance(key, int) else tuple(part for part in key if isinstance(part, str))


def numbers_of(key: Key) -> tuple[int, ...]:
    """The numbers of a key."""
    return (key,) if isinstance(key, int) else tuple(part for part in key if isinstance(part, int))


def build_input(columns: Columns) -> Input | None:
    """Make an input of its columns; None where it is not named."""
    identity = columns.pop("id", None)
    if isinstance(identity, Input):
        return replace(identity, **columns) if columns else identity
    return Input(identity, **columns) if identity is not None or columns.get("name") else None
