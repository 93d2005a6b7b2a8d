"""Table extensions → stamps: the lists that some conventions keep in binary tables (FITS 4.0, 7.3)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from fitsprov.cards.card import Value, parse_cards
from fitsprov.conventions.building import Draft, placing
from fitsprov.conventions.convention import Spotted, Table
from fitsprov.conventions.merging import ConventionReading
from fitsprov.conventions.values import KINDS
from fitsprov.model.finding import Finding

__all__ = ["read_tables"]

FORM = re.compile(r"(\d{0,8})([LXBIJKAEDCMPQ])")
SIZES = {"L": 1, "B": 1, "I": 2, "J": 4, "K": 8, "A": 1, "E": 4, "D": 8, "C": 8, "M": 16, "P": 8, "Q": 16}
INTEGERS = "IJK"

Column = tuple[int, int, str]
"""Where a column begins in a row, where it ends, and the letter of its form."""


def read_tables(
    extensions: Iterable[tuple[str, bytes, bytes]], conventions: Sequence[Spotted]
) -> tuple[list[ConventionReading], list[Finding]]:
    """Read the tables in which conventions list things.

    Parameters
    ----------
    extensions : iterable of (str, bytes, bytes)
        EXTNAME, header and data of each; what is no such table is passed over, data that end too early are read so far.
    """
    drafts: dict[str, Draft] = {}
    findings: list[Finding] = []
    for extname, header, data in extensions:
        for known in conventions:
            if extname not in known.extnames:
                continue
            for table in known.load().tables:
                if table.name == extname:
                    draft = drafts.get(known.name) or Draft()
                    if read_rows(table, header, data, known.load().nothing, draft, findings):
                        drafts[known.name] = draft
    return [ConventionReading(name, *draft.build()) for name, draft in drafts.items()], findings


def read_rows(
    table: Table, header: bytes, data: bytes, nothing: frozenset[str], draft: Draft, findings: list[Finding]
) -> bool:
    """Put the rows of a table into a draft; False where it is another table of that name."""
    width, count, columns = shape(header)
    found = [(row, columns[row.name.upper()]) for row in table.columns if row.name.upper() in columns]
    if not found or found[0][0] is not table.columns[0]:
        return False
    for number in range(min(count, len(data) // width if width else 0)):
        names = {"n": str(number + 1)}
        for row, column in found:
            value = cell(data, number * width, column)
            if value is None or value in nothing:
                continue
            try:
                placing(row, names)(draft, KINDS[row.kind].read(value))
            except ValueError as error:
                message = f"{table.name}, row {number + 1}, {row.name}: {error}"
                findings.append(Finding("value-malformed", message, table.name))
    return True


def shape(header: bytes) -> tuple[int, int, Mapping[str, Column]]:
    """Bytes of a row, number of rows, and the columns by name, of a binary table; no columns where it is none."""
    cards = {card.keyword: card.value for card in parse_cards(header)}
    sizes = [cards.get(name) for name in ("NAXIS1", "NAXIS2", "TFIELDS")]
    width, count, fields = (size if type(size) is int and size >= 0 else 0 for size in sizes)
    if cards.get("XTENSION") != "BINTABLE":
        return width, count, {}
    return width, count, {name: column for name, column in columns_of(cards, min(fields, 999)) if column[1] <= width}


def columns_of(cards: Mapping[str, Value | None], fields: int) -> Iterator[tuple[str, Column]]:
    """The columns of a table, as far as their forms can be read (7.3.2)."""
    at = 0
    for number in range(1, fields + 1):
        match = FORM.match(str(cards.get(f"TFORM{number}")))
        if match is None:
            return
        repeat, letter = int(match[1] or 1), match[2]
        size = -(-repeat // 8) if letter == "X" else repeat * SIZES[letter]
        if letter == "A" or (letter in INTEGERS and repeat == 1):
            yield str(cards.get(f"TTYPE{number}")).upper(), (at, at + size, letter)
        at += size


def cell(data: bytes, start: int, column: Column) -> Value | None:
    """The value of one cell; a string ends at its first NUL (7.3.3.1)."""
    begin, end, letter = column
    raw = data[start + begin : start + end]
    if letter != "A":
        return int.from_bytes(raw, "big", signed=True)
    return raw.partition(b"\0")[0].decode("latin-1").rstrip(" ") or None
