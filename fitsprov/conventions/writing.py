"""Stamp → cards.

How each field of a stamp is written is settled once for a convention, by `writers`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import cache, lru_cache
from typing import Any

from fitsprov.cards.card import frame
from fitsprov.cards.grammar import CARD
from fitsprov.cards.sums import seal_card
from fitsprov.conventions.convention import Convention, Keyword
from fitsprov.conventions.values import KINDS
from fitsprov.errors import StampRefused, UnwritableValue
from fitsprov.model.dataid import Scalar
from fitsprov.model.stamp import Input, Stamp

__all__ = ["spell", "spell_native"]

Writer = Callable[[Any], str]
"""Gives the cards of a field from its value, CONTINUE cards with their first; ``""`` for None."""
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
    cards = spell_fields(stamp, native, lists=lists, stamped=stamped)
    if long_strings and any(map(continued, cards)):
        row = native.fixed["LONGSTRN"]
        cards.insert(1, frame(row.name, row.comment).fill(row.value or ""))
    body = "".join(cards).encode("ascii")
    return body + seal_card(body, native.fixed["FPV_SEAL"].comment)


def spell(stamp: Stamp, convention: Convention) -> bytes:
    """Spell a stamp in a convention of others, with its lists."""
    return "".join(spell_fields(stamp, convention, lists=True)).encode("ascii")


def continued(cards: str) -> bool:
    """Whether one of these is a CONTINUE card."""
    return len(cards) > CARD and any(cards.startswith("CONTINUE", at) for at in range(0, len(cards), CARD))


def spell_fields(stamp: Stamp, convention: Convention, *, lists: bool, stamped: datetime | None = None) -> list[str]:
    """The cards of each field that the stamp has something for."""
    cards = []
    for head, write in writers(convention):
        if head == "stamped" and stamped is not None:
            cards.append(write(stamped))
        elif lists or head not in LISTS:
            cards.append(write(getattr(stamp, head, None)))
    return cards


@cache
def writers(convention: Convention) -> tuple[tuple[str, Writer], ...]:
    """What writes the fields of a stamp in a convention, by their names, in its order."""
    return tuple(
        (head, list_writer(rows, convention) if head in LISTS else together([field_writer(row) for row in rows]))
        for head, rows in convention.groups
        if rows[0].kind != "constant" or head == "version"
        if rows[0].kind != "seal"
    )


def together(several: list[Writer]) -> Writer:
    """Write one field by several keywords."""
    return several[0] if len(several) == 1 else lambda value: "".join([write(value) for write in several])


def field_writer(row: Keyword) -> Writer:
    """What writes a field by one keyword."""
    if row.kind == "constant":
        constant = frame(row.name, row.comment).fill(row.value or "")
        return lambda value: constant
    if len(row.field) > 1:
        return lambda value: spell_mapping(row, row.name, value or {})
    fill, spelled = frame(row.name, row.comment).fill, KINDS[row.kind].spell
    if row.kind in REPEATED:
        return lru_cache(maxsize=1024)(lambda value: "" if value is None else fill(spelled(value)))
    return lambda value: "" if value is None else fill(spelled(value))


def spell_mapping(row: Keyword, name: str, mapping: Mapping[str, Scalar]) -> str:
    """The cards of a mapping: of all its keys, or of the one that the row names."""
    if row.field[-1] != "{key}":
        return spell_value(row, name, mapping.get(row.field[-1]))
    cards = []
    for key, value in sorted(mapping.items()):
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

    def write(items: tuple[Input, ...] | None) -> str:
        if items and convention.longest is not None and len(items) > convention.longest:
            raise StampRefused(
                f"{len(items)} {rows[0].field[0]}: convention {convention.name} holds {convention.longest} as cards;"
                " expected lists='table' or 'none'"
            )
        return "".join(
            [
                spell(row.numbered(n), item)
                for n, item in enumerate(items or (), convention.first)
                for row, spell in columns
            ]
        )

    return write


def item_writer(row: Keyword) -> Callable[[str, Input], str]:
    """What writes one column of an item of a list, under a name."""
    column = row.field[-1]
    if column == "{key}":
        return lambda name, item: spell_mapping(row, name, item.extra)
    if row.kind in ("name", "label"):
        return lambda name, item: spell_value(row, name, item)
    if column == "id":
        return lambda name, item: spell_value(row, name, item.identify())
    if len(row.column) > 1:
        return lambda name, item: spell_value(row, name, item.extra.get(column))
    return lambda name, item: spell_value(row, name, getattr(item, column))
