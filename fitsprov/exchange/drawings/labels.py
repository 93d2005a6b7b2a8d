"""How datasets and activities are called where people read them. All text is safe to print: nothing in it acts."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from unicodedata import combining, east_asian_width

from fitsprov.model.dataid import Scalar
from fitsprov.model.lineage import Dataset

__all__ = ["Members", "columns", "counted", "dimensions", "identity", "pad", "printable", "runs", "spell", "type_name"]

PLAIN = re.compile(r"(?!(?:true|false|null|NaN|Infinity)$)[A-Za-z_][\w./:+-]*")
"""Strings that no one takes for a number or a boolean: they stand without quotes."""


def printable(text: str) -> str:
    """Spell out what a terminal or XML would act on: controls, direction marks, lone surrogates."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def type_name(dataset: Dataset) -> str:
    """The dataset type, as a noun also where none is known."""
    return printable(dataset.type) if dataset.type else "dataset"


def dimensions(dataset: Dataset) -> dict[str, str]:
    """The dataId as text, dimension → value, sorted."""
    return {printable(key): spell(value) for key, value in sorted((dataset.data_id or {}).items())}


def spell(value: Scalar) -> str:
    """Spell a value as ``--data-id`` reads it: JSON, a plain string without its quotes."""
    if type(value) is int:
        return str(value)
    if isinstance(value, str) and PLAIN.fullmatch(value):
        return printable(value)
    return printable(json.dumps(value, ensure_ascii=False))


def identity(dataset: Dataset) -> str:
    """What tells a dataset from others of its type: its dataId, else its name, else its ID."""
    pairs = " ".join(f"{key}={value}" for key, value in dimensions(dataset).items())
    return pairs or printable(dataset.name or str(dataset.id))


def runs(datasets: Iterable[Dataset]) -> dict[str, int]:
    """Number the runs by first mention, for a legend."""
    return {run: number for number, run in enumerate(dict.fromkeys(d.run for d in datasets if d.run), 1)}


class Members:
    """Datasets of one kind, told by what they share and by how they differ.

    Attributes
    ----------
    shared : dict of str
        Dimensions on which all agree.
    varying : str
        The one dimension in which they differ; empty where it takes more, or something else, to tell them apart.
    each : list of str
        How each is told from the others: by its value of `varying`, by pairs, by name or by ID.
    """

    def __init__(self, datasets: Sequence[Dataset]) -> None:
        placed = [dimensions(dataset) for dataset in datasets]
        first = placed[0].items()
        self.shared = {key: value for key, value in first if all(p.get(key) == value for p in placed)}
        rest = [{key: value for key, value in p.items() if key not in self.shared} for p in placed]
        keys = {key for p in rest for key in p}
        self.varying = keys.pop() if len(keys) == 1 and all(rest) else ""
        if self.varying:
            self.each = [p[self.varying] for p in rest]
        else:
            self.each = [" ".join(f"{key}={value}" for key, value in p.items()) for p in rest]
        if len(set(self.each)) < len(datasets):
            self.varying, self.each = "", [printable(d.name or str(d.id)) for d in datasets]
        if len(set(self.each)) < len(datasets):
            self.each = [str(d.id) for d in datasets]


def counted(number: int, noun: str) -> str:
    """A number of things, in English."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def columns(text: str) -> int:
    """How many columns of a terminal a text takes."""
    if text.isascii():
        return len(text)
    return sum(0 if combining(c) else 2 if east_asian_width(c) in "WF" else 1 for c in text)


def pad(text: str, width: int) -> str:
    """Fill a text with blanks to a number of columns."""
    return text + " " * (width - columns(text))
