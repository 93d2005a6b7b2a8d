"""A stamp of ours that stands as we wrote it, read in one pass where C does it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from fitsprov.cards.grammar import KEYWORD
from fitsprov.cards.sums import seal_template
from fitsprov.compiled import COMPILED, compiled
from fitsprov.conventions.building import is_placed_plainly
from fitsprov.conventions.convention import Convention, Keyword
from fitsprov.model.stamp import Input

__all__ = ["Form", "form_of"]

Row = tuple[str, str, bytes, bytes]
"""Field, kind, keyword with its value indicator, and what it always says."""
PLAIN = ("uuid", "text", "string", "url", "json", "digests", "time")
"""Kinds whose values are taken as they were read."""
COUNTS = (("n_parents",), ("n_raws",))
LISTS = (("parents", "{n}", "id"), ("raws", "{n}", "id"))


@compiled
class Form:
    """Reads our own convention, where C does it; here it leaves all to `fitsprov.conventions.reading`."""

    def __init__(
        self, rows: Sequence[Row], others: Sequence[bytes], template: bytes, own_sum: int, made: type[Input]
    ) -> None:
        """Take rows; how all keywords of the convention begin; the seal without what it says; the class of inputs."""

    def read(self, header: bytes, start: int) -> dict[str, Any] | None:
        """Give the fields of a stamp whose first card stands at an offset, if it is whole, sealed and alone.

        None leaves what has gaps, repeats, quotes or escapes in it, and what is no longer as we wrote it, to Python.
        """
        return None


@lru_cache(maxsize=8)
def form_of(convention: Convention) -> Form | None:
    """Make the form of our own convention; None where that would not help."""
    rows = [row for row in convention.keywords if row.write]
    lists = sum(row.field in LISTS for row in rows)
    if not (
        COMPILED
        and convention.compact
        and convention.first == 1
        and not (convention.nothing or convention.dotted)
        and all(is_usual(row) for row in rows[:-1])
        and all(row.field in LISTS for row in rows[len(rows) - 1 - lists : -1])
        and len({row.field for row in rows}) == len(rows)
        and rows[-1].kind == "seal"
        and rows[-1].name.startswith(convention.prefix)
        and not any(row.free for row in convention.keywords if row.shared)
    ):
        return None
    shared = [f"{row.name:<8}".encode() for row in convention.keywords if row.shared]
    return Form(
        [(row.field[0], row.kind, f"{stem_of(row):<8}= ".encode(), (row.value or "").encode()) for row in rows[:-1]],
        [*convention.prefixes, *shared],
        *seal_template(rows[-1].comment),
        Input,
    )


def is_usual(row: Keyword) -> bool:
    """Whether the values of a row stand in cards of one keyword, or of one with a number behind it."""
    if KEYWORD.fullmatch(stem_of(row)) is None or row.role or row.category:
        return False
    if row.field in LISTS:
        return row.kind == "name" and row.name.endswith("{n}")
    if row.kind == "integer":
        return row.field in COUNTS
    return row.kind == "constant" or (row.kind in PLAIN and is_placed_plainly(row))


def stem_of(row: Keyword) -> str:
    """A keyword without its number."""
    return row.name.removesuffix("{n}")
