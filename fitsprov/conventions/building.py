"""Values that were read → a stamp.

Where the value of a keyword goes is settled once, by `placing`; then each value is put there without a further look at
its row.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from fitsprov.conventions.keyword import INDICES, LISTS, Keyword
from fitsprov.model.identifiers import find_id
from fitsprov.model.stamp import Input, Software, Stamp

__all__ = ["Draft", "Place", "Step", "is_placed_plainly", "placing"]

Key = int | tuple[int | str, ...]
Columns = dict[str, Any]
PLAIN = ("{n}",)
UNPLACED = ("constant", "seal")
"""Kinds whose values say nothing of a dataset."""
Step = tuple[Input, tuple[Input, ...]]
"""An ancestor and its own parents."""


@dataclass(slots=True)
class Draft:
    """What was read so far; of two values for one place, the first stands."""

    values: dict[str, Any] = field(default_factory=dict)
    lists: dict[str, dict[Key, Columns]] = field(default_factory=dict)
    counts: dict[str, dict[str, int]] = field(default_factory=dict)
    """Counted list → keyword → count: a convention may have several lists of one kind."""

    def count(self, name: str, keyword: str, value: int) -> None:
        """Put a count that one keyword states."""
        self.counts.setdefault(name, {}).setdefault(keyword, value)

    def add(self, name: str, key: str, columns: Columns) -> None:
        """Put a program with its version, or a parameter with its value, that one keyword gives whole."""
        self.lists.setdefault(name, {}).setdefault((key,), columns)

    def item(self, name: str, key: Key) -> Columns:
        """The columns of an item of a list."""
        return self.lists.setdefault(name, {}).setdefault(key, {})

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
        if set(map(type, items)) == {int}:
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

    def numbered(self) -> dict[str, tuple[int, int]]:
        """Of each list that is told by its numbers alone, how many there are, and the highest."""
        found = {}
        for name in ("parents", "raws"):
            numbers = [key for key in self.lists.get(name, ()) if isinstance(key, int)]
            if numbers and len(numbers) == len(self.lists[name]):
                found[name] = len(numbers), max(numbers)
        return found


Place = Callable[[Draft, Any], object]
"""Puts a value into a draft."""


def is_placed_plainly(row: Keyword) -> bool:
    """Whether the value of a row is a field of the stamp, and says nothing else."""
    return len(row.field) == 1 and not row.key and row.kind not in (*UNPLACED, "software", "integer", "did")


def placing(row: Keyword, names: Mapping[str, str]) -> Place:
    """Give what puts values of a row where its field says.

    Parameters
    ----------
    names : mapping of str to str
        What the placeholders of its name stand for.
    """
    head, words = row.field[0], row.field[1:]
    if row.kind in UNPLACED:
        return place_nowhere
    if row.key:
        return placing_in_column(row, names)
    if row.kind == "software":
        return lambda draft, value: draft.add(head, row.name, {"name": value.name, "version": value.version})
    if row.kind == "integer":
        return lambda draft, value: draft.count(head, row.name, value)
    if row.kind == "did":
        return place_did
    if not words:
        return lambda draft, value: draft.values.setdefault(head, value)
    name, column = fill(words[0], names), "version" if head == "software" else "value"
    if head in LISTS:
        return lambda draft, value: draft.add(head, name, {"name": name, column: value})
    return lambda draft, value: draft.values.setdefault(head, {}).setdefault(name, value)


def placing_in_column(row: Keyword, names: Mapping[str, str]) -> Place:
    """Give what puts values into a column of one item of a list, with what the row itself says of the item."""
    head, plain = row.field[0], row.key == PLAIN
    key: Key = int(names["n"]) if plain else key_of(row, names)
    if len(row.column) > 1:
        extra = fill(row.column[1], names)
        return lambda draft, value: draft.item(head, key).setdefault("extra", {}).setdefault(extra, value)
    column, said = row.column[0], {}
    if row.category is not None:
        said["category"] = row.category
    if row.role is not None:
        said["role"] = row.role
    elif not plain and "{key}" in row.key:
        said["role"] = names["key"].lower()
    if not said:
        return lambda draft, value: draft.item(head, key).setdefault(column, value)

    def place(draft: Draft, value: Any) -> None:
        item = draft.item(head, key)
        item.setdefault(column, value)
        for name, text in said.items():
            item.setdefault(name, text)

    return place


def place_did(draft: Draft, value: str) -> None:
    """Put a publisher DID, and the ID that it ends in."""
    draft.values.setdefault("publisher_did", value)
    dataset = find_id(value)
    if dataset is not None:
        draft.values.setdefault("id", dataset)


def place_nowhere(draft: Draft, value: Any) -> None:
    """Put nothing: the value is only read."""


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
    identity = columns.get("id")
    if isinstance(identity, Input):
        return Input(**{"name": identity.name, **columns, "id": identity.id}) if len(columns) > 1 else identity
    return Input(**columns) if identity is not None or columns.get("name") else None
