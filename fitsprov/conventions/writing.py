"""Stamp → cards."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from fitsprov.cards.card import format_card
from fitsprov.cards.grammar import CARD
from fitsprov.cards.sums import seal_card
from fitsprov.conventions.convention import Convention, Keyword
from fitsprov.conventions.values import KINDS
from fitsprov.errors import StampRefused, UnwritableValue
from fitsprov.model.dataid import Scalar
from fitsprov.model.stamp import Input, Stamp

__all__ = ["spell", "spell_native"]


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
    cards = spell_rows(stamp, native, lists=lists, stamped=stamped)
    if long_strings and max(map(len, cards)) > CARD:
        row = native.fixed["LONGSTRN"]
        cards.insert(1, format_card(row.name, row.value or "", row.comment))
    body = b"".join(cards)
    return body + seal_card(body, native.fixed["FPV_SEAL"].comment)


def spell(stamp: Stamp, convention: Convention) -> bytes:
    """Spell a stamp in a convention of others, with its lists."""
    return b"".join(spell_rows(stamp, convention, lists=True))


def spell_rows(stamp: Stamp, convention: Convention, *, lists: bool, stamped: datetime | None = None) -> list[bytes]:
    """The cards of each row that the stamp has something for, CONTINUE cards with their first."""
    cards: list[bytes] = []
    for head, rows in convention.groups:
        if head in ("parents", "raws"):
            if lists:
                cards += spell_list(getattr(stamp, head) or (), rows, convention)
        elif head == "version":
            cards += [format_card(row.name, row.value or "", row.comment) for row in rows]
        elif len(rows[0].field) > 1:
            mapping = dict(sorted((getattr(stamp, head) or {}).items()))
            cards += [card for row in rows for card in spell_mapping(row, row.name, mapping)]
        elif rows[0].kind not in ("constant", "seal"):
            value = stamped if head == "stamped" and stamped is not None else getattr(stamp, head)
            if value is not None:
                cards += [format_card(row.name, KINDS[row.kind].spell(value), row.comment) for row in rows]
    return cards


def spell_mapping(row: Keyword, name: str, mapping: Mapping[str, Scalar]) -> Iterator[bytes]:
    """The cards of a mapping: of all its keys, or of the one that the row names."""
    if row.field[-1] != "{key}":
        yield from spell_value(row, name, mapping.get(row.field[-1]))
        return
    for key, value in mapping.items():
        if key.upper().lower() != key:
            raise UnwritableValue(f"{name}: key '{key}'; expected lower case, because keywords tell no case")
        yield from spell_value(row, name.replace("{key}", key.upper()), value)


def spell_value(row: Keyword, name: str, value: Any) -> Iterator[bytes]:
    """The card of a value, if there is one."""
    if value is not None:
        yield format_card(name, KINDS[row.kind].spell(value), row.comment)


def spell_list(items: tuple[Input, ...], rows: tuple[Keyword, ...], convention: Convention) -> Iterator[bytes]:
    """The cards of a list, item by item."""
    if convention.longest is not None and len(items) > convention.longest:
        raise StampRefused(
            f"{len(items)} {rows[0].field[0]}: convention {convention.name} holds {convention.longest} as cards;"
            " expected lists='table' or 'none'"
        )
    for index, item in enumerate(items, convention.first):
        for row in rows:
            name = row.numbered(index)
            if row.field[-1] == "{key}":
                yield from spell_mapping(row, name, item.extra)
            else:
                yield from spell_value(row, name, column(item, row))


def column(item: Input, row: Keyword) -> Any:
    """What an item says in one column of a list."""
    if row.kind in ("name", "label"):
        return item
    if row.field[-1] == "id":
        return item.identify()
    return item.extra.get(row.field[-1]) if len(row.column) > 1 else getattr(item, row.field[-1])
