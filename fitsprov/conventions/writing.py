"""Stamp → cards.

How each field of a stamp is written is settled once for a convention, by `writers`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import lru_cache, partial
from operator import attrgetter
from typing import Any

from fitsprov.cards.card import format_card, frame
from fitsprov.cards.grammar import CARD, KEYWORD
from fitsprov.cards.sums import seal_card, seal_template
from fitsprov.compiled import COMPILED, compiled
from fitsprov.conventions.convention import Convention, Keyword
from fitsprov.conventions.values import KINDS
from fitsprov.errors import StampRefused, UnwritableValue
from fitsprov.model.dataid import Scalar
from fitsprov.model.stamp import Input, Stamp

__all__ = ["Sheet", "sheet_of", "spell", "spell_native"]

Writer = Callable[[Any], str]
"""Gives the cards of a field from its value, CONTINUE cards with their first."""
Row = tuple[str, str, bytes, bytes, str | None]
"""Field, kind, keyword with its value indicator, comment behind its slash, and what it always says."""
SHEET_KINDS = ("constant", "uuid", "text", "url", "did", "json", "integer", "digests", "time", "name")
LISTS = ("parents", "raws")
REPEATED = ("text", "string")
"""Kinds of value that stand in many headers."""


def spell_native(
    stamp: Stamp,
    native: Convention,
    *,
    stamped: datetime | None = None,
    lists: bool = True,
    long_strings: bool = True,
) -> bytes:
    """Spell our own stamp, sealed: its cards add nothing to any CHECKSUM.

    Parameters
    ----------
    stamp : Stamp
    native : Convention
    stamped : datetime, optional
        When; in place of what the stamp says.
    lists : bool
        Whether parents and raws are listed in cards; their counts and digests always stand.
    long_strings : bool
        Whether LONGSTRN goes with CONTINUE cards; not where the header has one.
    """
    sheet = sheet_of(native)
    if sheet is not None:
        spelled = sheet.spell(stamp, stamped, lists, long_strings)
        if spelled is not None:
            return spelled
    cards = spell_fields(stamp, native, lists=lists, stamped=stamped)
    if long_strings and continued(cards):
        row = native.fixed["LONGSTRN"]
        cards = cards[:CARD] + frame(row.name, row.comment).fill(row.value or "") + cards[CARD:]
    body = cards.encode("ascii")
    return body + seal_card(body, native.fixed["FPV_SEAL"].comment)


def spell(stamp: Stamp, convention: Convention) -> bytes:
    """Spell a stamp in a convention of others, with its lists."""
    return spell_fields(stamp, convention, lists=True).encode("ascii")


def continued(cards: str) -> bool:
    """Whether one of these is a CONTINUE card."""
    return "CONTINUE" in cards and any(cards.startswith("CONTINUE", at) for at in range(0, len(cards), CARD))


def spell_fields(stamp: Stamp, convention: Convention, *, lists: bool, stamped: datetime | None = None) -> str:
    """The cards of each field that the stamp has something for."""
    cards = []
    for head, value_of, write in writers(convention):
        value = stamped if head == "stamped" and stamped is not None else value_of(stamp)
        if value is not None and (lists or head not in LISTS):
            cards.append(write(value))
    return "".join(cards)


@lru_cache(maxsize=64)
def writers(convention: Convention) -> tuple[tuple[str, Callable[[Stamp], Any], Writer], ...]:
    """The fields of a stamp that are written in a convention, in its order: name, value, and what writes that."""
    found: list[tuple[str, Callable[[Stamp], Any], Writer]] = []
    for head, rows in convention.groups:
        if head in LISTS:
            found.append((head, attrgetter(head), list_writer(rows, convention)))
        elif head == "version":
            found += [(head, partial(constant, row), frame(row.name, row.comment).fill) for row in rows]
        elif rows[0].kind not in ("constant", "seal"):
            found += [(head, attrgetter(head), field_writer(row)) for row in rows]
    return tuple(found)


@compiled
class Sheet:
    """Fills the rows of our own convention, where C does it; here it leaves all to `spell_fields`."""

    def __init__(self, rows: Sequence[Row], long_strings: bytes, template: bytes, own_sum: int) -> None:
        """Take rows, the LONGSTRN card, and the seal without what it says."""

    def spell(self, stamp: Stamp, stamped: datetime | None, lists: bool, long_strings: bool) -> bytes | None:
        """Give the cards of a stamp, sealed; None for what has to be quoted, escaped or refused."""
        return None


@lru_cache(maxsize=8)
def sheet_of(convention: Convention) -> Sheet | None:
    """Make the sheet of our own convention; None where that would not help."""
    rows = [row for head, rows in convention.groups if head in ("version", *Stamp.__slots__) for row in rows]
    stems = [row.name.removesuffix("{n}") for row in rows]
    plain = all(row.kind in SHEET_KINDS and (len(row.field) == 1 or row.kind == "name") for row in rows)
    alone = len({row.field[0] for row in rows}) == len(rows) and convention.first == 1
    if not (COMPILED and plain and alone and all(map(KEYWORD.fullmatch, stems))):
        return None
    long_strings, seal = convention.fixed["LONGSTRN"], convention.fixed["FPV_SEAL"]
    return Sheet(
        [
            (row.field[0], row.kind, f"{stem:<8}= ".encode(), frame(stem, row.comment).remark.encode(), row.value)
            for row, stem in zip(rows, stems, strict=True)
        ],
        format_card(long_strings.name, long_strings.value or "", long_strings.comment),
        *seal_template(seal.comment),
    )


def constant(row: Keyword, stamp: Stamp) -> str:
    """What a keyword always says."""
    return row.value or ""


def field_writer(row: Keyword) -> Writer:
    """What writes a field by one keyword."""
    if row.field[0] == "software":
        return lambda programs: spell_mapping(row, row.name, {one.name: one.version for one in programs})
    if len(row.field) > 1:
        return lambda mapping: spell_mapping(row, row.name, dict(sorted(mapping.items())))
    fill, spelled = frame(row.name, row.comment).fill, KINDS[row.kind].spell
    if row.kind in REPEATED:
        return lru_cache(maxsize=1024)(lambda value: fill(spelled(value)))
    return lambda value: fill(spelled(value))


def spell_mapping(row: Keyword, name: str, mapping: Mapping[str, Scalar | None]) -> str:
    """The cards of a mapping: of all its keys, or of the one that the row names."""
    if row.field[-1] != "{key}":
        return spell_value(row, name, mapping.get(row.field[-1]))
    cards = []
    for key, value in mapping.items():
        if key.upper().lower() != key:
            raise UnwritableValue(f"{name}: key '{key}'; expected lower case, because keywords tell no case")
        cards.append(spell_value(row, name.replace("{key}", key.upper()), value))
    return "".join(cards)


def spell_value(row: Keyword, name: str, value: Any) -> str:
    """The card of a value, if there is one."""
    return "" if value is None else frame(name, row.comment).fill(KINDS[row.kind].spell(value))


def list_writer(rows: tuple[Keyword, ...], convention: Convention) -> Writer:
    """What writes a list, item by item."""
    columns = [(row, item_writer(row)) for row in rows]

    def write(items: tuple[Input, ...]) -> str:
        if convention.longest is not None and len(items) > convention.longest:
            raise StampRefused(
                f"{len(items)} {rows[0].field[0]}: convention {convention.name} holds {convention.longest} as cards;"
                " expected lists='table' or 'none'"
            )
        return "".join(
            [spell(row.numbered(n), item) for n, item in enumerate(items, convention.first) for row, spell in columns]
        )

    return write


def item_writer(row: Keyword) -> Callable[[str, Input], str]:
    """What writes one column of an item of a list, under a name."""
    column = row.field[-1]
    if column == "{key}":
        return lambda name, item: spell_mapping(row, name, item.extra)
    if row.kind in ("name", "label", "file"):
        return lambda name, item: spell_value(row, name, item)
    if column == "id":
        return lambda name, item: spell_value(row, name, item.identify())
    if len(row.column) > 1:
        return lambda name, item: spell_value(row, name, item.extra.get(column))
    return lambda name, item: spell_value(row, name, getattr(item, column))
