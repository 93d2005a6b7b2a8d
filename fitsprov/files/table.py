"""The FITSPROV table: lists of parents and raws that are too long for cards, as the last extension of a file.

A binary table (FITS 4.0, 7.3) with ``EXTNAME = 'FITSPROV'``, one row for each entry of a list, parents first, each
list in the order of its stamp. A dataset that is both a parent and a raw stands twice.

========  ======  =====================================================================================
column    form    content
========  ======  =====================================================================================
`ID`      36A     UUID, lower case with dashes; empty where the input is known by name alone
`ROLE`    1A      ``P`` immediate parent, ``R`` raw observation
`NAME`    wA      name, percent-escaped to ASCII; only on request or where an input has no UUID
`DATAID`  wA      dataId as canonical JSON; only on request
========  ======  =====================================================================================

Strings end at their column's width or at the first NUL; a width ``w`` is that of the longest string.

====================  ================================================================================
keyword               content
====================  ================================================================================
`FITSPROV`            version of this layout: 1
`P_TYPE`, `P_RUN`     dataset type and run collection that all parents share; absent where they differ
`R_TYPE`, `R_RUN`     the same of all raws
====================  ================================================================================

`DATASUM` and `CHECKSUM` are right when it is written. How many entries there should be, and the digests of both lists,
say `FPV_NPAR`, `FPV_NRAW` and `FPV_SUM` in the stamp; who reads the table holds it against them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import compress, repeat

from fitsprov.cards.card import Value, escape, format_card, parse_cards, unescape
from fitsprov.cards.grammar import BLOCK, CARD, END, PRINTABLE
from fitsprov.cards.sums import checksum_delta, word_sum
from fitsprov.errors import InvalidRecord, NotFits, TruncatedFits
from fitsprov.files.units import HeaderUnit
from fitsprov.model.building import built
from fitsprov.model.dataid import canonical_text, parse_data_id
from fitsprov.model.identifiers import escape_name, find_id, parse_id
from fitsprov.model.stamp import Input

__all__ = ["TABLE_NAME", "read_table", "size_of", "table_bytes", "table_size"]

TABLE_NAME = "FITSPROV"
VERSION = 1
NO_SUM = "0" * 16
LARGEST = 2**26
"""Bytes of a table that is still read: 1.8 million IDs."""

# 7.3.1 and 7.3.2: rA, character
CHARACTERS = re.compile(r"([0-9]{0,8})A")
COLUMNS = {
    "ID": "Dataset ID",
    "ROLE": "P immediate parent, R raw observation",
    "NAME": "Name, percent-escaped",
    "DATAID": "Data identifier, JSON",
}
ROLES = {"P": "parents", "R": "raws"}
PLAIN = bytes([0, *range(0x20, 0x7F)])
"""Printable ASCII, and the NULs that fill columns."""


def table_bytes(
    parents: Sequence[Input], raws: Sequence[Input], *, names: bool = False, data_ids: bool = False
) -> bytes:
    """Write the lists as a whole HDU.

    Parameters
    ----------
    names, data_ids : bool
        Whether names and dataIds are written beside the IDs.

    Returns
    -------
    bytes
        Header and data, each in whole blocks of 2880 bytes.
    """
    inputs = [*parents, *raws]
    columns = [
        ("ID", 36, ["" if item.id is None else str(item.id) for item in inputs]),
        ("ROLE", 1, ["P"] * len(parents) + ["R"] * len(raws)),
    ]
    if names or any(item.id is None for item in inputs):
        columns.append(text_column("NAME", [name_text(item, names) for item in inputs]))
    if data_ids:
        columns.append(text_column("DATAID", [data_id_text(item) for item in inputs]))
    cells = zip(*([text.ljust(width, "\0") for text in texts] for _, width, texts in columns), strict=True)
    data = "".join("".join(row) for row in cells).encode("ascii")
    head: list[tuple[str, Value, str]] = [
        ("XTENSION", "BINTABLE", "Binary table"),
        ("BITPIX", 8, ""),
        ("NAXIS", 2, ""),
        ("NAXIS1", sum(width for _, width, _ in columns), "Bytes of a row"),
        ("NAXIS2", len(inputs), "Rows"),
        ("PCOUNT", 0, ""),
        ("GCOUNT", 1, ""),
        ("TFIELDS", len(columns), "Columns"),
    ]
    for n, (name, width, _) in enumerate(columns, 1):
        head += [(f"TTYPE{n}", name, COLUMNS[name]), (f"TFORM{n}", f"{width}A", "")]
    head += [("EXTNAME", TABLE_NAME, "Lists of the provenance stamp"), (TABLE_NAME, VERSION, "Version of this layout")]
    return assemble([*head, *shared_values("P", parents), *shared_values("R", raws)], pad(data, b"\0"))


def name_text(item: Input, wanted: bool) -> str:
    """The name of an input as the table has it."""
    return escape_name(item.name) if item.name and (wanted or item.id is None) else ""


def data_id_text(item: Input) -> str:
    """The dataId of an input as the table has it."""
    return "" if item.data_id is None else canonical_text(item.data_id)


def text_column(name: str, texts: list[str]) -> tuple[str, int, list[str]]:
    """A column as wide as its longest text."""
    return name, max(1, *map(len, texts)) if texts else 1, texts


def shared_values(role: str, inputs: Sequence[Input]) -> Iterator[tuple[str, Value, str]]:
    """The cards of what all inputs of a list have in common."""
    for field, title in (("type", "Dataset type"), ("run", "Run collection")):
        values = {getattr(item, field) for item in inputs}
        value = values.pop() if len(values) == 1 else None
        if value is not None:
            yield f"{role}_{field.upper()}", escape(value), f"{title} of all {ROLES[role]}"


def assemble(head: Iterable[tuple[str, Value, str]], data: bytes) -> bytes:
    """Put header and data together, with their sums (4.4.2.7)."""
    cards = [format_card(*card) for card in head]
    if any(len(card) > CARD for card in cards):
        cards.append(format_card("LONGSTRN", "OGIP 1.0", "CONTINUE is used"))
    total = word_sum(data)
    cards.append(format_card("DATASUM", str(total), "Sum of the data"))
    cards.append(format_card("CHECKSUM", NO_SUM, "Makes the sum of this HDU zero"))
    header = pad(b"".join([*cards, END]), b" ")
    checksum = checksum_delta(NO_SUM, 0, word_sum(header) + total)
    return header.replace(f"'{NO_SUM}'".encode(), f"'{checksum}'".encode()) + data


def pad(text: bytes, fill: bytes) -> bytes:
    """Fill to whole blocks."""
    return text.ljust(-(-len(text) // BLOCK) * BLOCK, fill)


@dataclass(frozen=True, slots=True)
class Column:
    """Where a column stands in a row."""

    name: str
    start: int
    stop: int

    def texts(self, rows: str, width: int) -> list[str]:
        """The strings of all rows, which are printable."""
        stop = self.stop - self.start
        cells = [rows[at : at + stop] for at in range(self.start, len(rows), width)]
        return [cell.partition("\0")[0].rstrip(" ") for cell in cells] if "\0" in rows or " " in rows else cells

    def text(self, row: bytes) -> str:
        """The string of a row, up to its first NUL."""
        text = row[self.start : self.stop].partition(b"\0")[0].decode("latin-1").rstrip(" ")
        if PRINTABLE.fullmatch(text) is None:
            raise ValueError(f"{self.name} {text!a}; expected printable ASCII")
        return text


def table_size(unit: HeaderUnit) -> int:
    """Give the bytes of data that `read_table` wants.

    Raises
    ------
    InvalidRecord
        Where they are more than 64 MiB, or the HDU is no FITSPROV table.
    """
    return shape(unit, columns_of(unit))[1]


def read_table(unit: HeaderUnit, data: bytes) -> tuple[tuple[Input, ...], tuple[Input, ...]]:
    """Read parents and raws.

    Parameters
    ----------
    unit : HeaderUnit
        The header of the table.
    data : bytes
        Its data, at least `table_size` bytes.

    Raises
    ------
    InvalidRecord
        Where it is not such a table; the row and the value are named.
    TruncatedFits
        Where the data end before the table does.
    """
    columns = columns_of(unit)
    width, size = shape(unit, columns)
    if len(data) < size:
        raise TruncatedFits(f"{unit.source}: {TABLE_NAME} table ends after {len(data)} bytes; expected {size}")
    values = {card.keyword: card.value for card in parse_cards(unit.header)}
    shared = {role: [shared_text(values.get(f"{role}_{field}")) for field in ("TYPE", "RUN")] for role in ROLES}
    if not data[:size].translate(None, PLAIN):
        with suppress(ValueError):  # whose row is found below
            return read_columns(data[:size].decode("ascii"), width, columns, shared)
    lists: dict[str, list[Input]] = {role: [] for role in ROLES}
    for at in range(0, size, width):
        try:
            texts = {name: column.text(data[at : at + width]) for name, column in columns.items()}
            role = texts["ROLE"]
            lists[role].append(read_row(texts, *shared[role]))
        except (KeyError, ValueError) as error:
            what = f"ROLE {error}; expected P or R" if isinstance(error, KeyError) else str(error)[:200]
            raise InvalidRecord(f"{unit.source}: {TABLE_NAME} table, row {at // width + 1}: {what}") from None
    return tuple(lists["P"]), tuple(lists["R"])


def read_columns(
    rows: str, width: int, columns: dict[str, Column], shared: dict[str, list[str | None]]
) -> tuple[tuple[Input, ...], tuple[Input, ...]]:
    """Read a whole table, column by column, which takes a tenth of the time of its rows.

    Raises
    ------
    ValueError
        Where a row is wrong.
    """
    texts = {name: column.texts(rows, width) for name, column in columns.items()}
    roles, ids = texts["ROLE"], list(map(find_id, texts["ID"]))
    names = [unescape(name) or None for name in texts["NAME"]] if "NAME" in texts else [None] * len(ids)
    data_ids = [parse_data_id(text) if text else None for text in texts.get("DATAID", ())] or [None] * len(ids)
    nameless = [text for id_, text, name in zip(ids, texts["ID"], names, strict=True) if not id_ and (text or not name)]
    if nameless or not ROLES.keys() >= set(roles):
        raise ValueError("a row is wrong")
    inputs = built(
        Input,
        len(ids),
        id=ids,
        role=repeat(None),
        type=[shared[role][0] for role in roles],
        run=[shared[role][1] for role in roles],
        data_id=data_ids,
        name=names,
        extra=[{} for _ in ids],
        category=repeat(None),
    )
    parents, raws = (tuple(compress(inputs, map(role.__eq__, roles))) for role in ROLES)
    return parents, raws


def shared_text(value: Value | None) -> str | None:
    """What all inputs of a list have in common; None where it is not said."""
    return unescape(value) if isinstance(value, str) else None


def read_row(texts: dict[str, str], dataset_type: str | None, run: str | None) -> Input:
    """Read an entry of a list."""
    return Input(
        id=parse_id(texts["ID"]) if texts["ID"] else None,
        type=dataset_type,
        run=run,
        data_id=parse_data_id(texts["DATAID"]) if texts.get("DATAID") else None,
        name=unescape(texts.get("NAME", "")) or None,
    )


def columns_of(unit: HeaderUnit) -> dict[str, Column]:
    """Find the columns of a table of strings."""
    if unit.header[:20].rstrip() != b"XTENSION= 'BINTABLE'" or unit.name != TABLE_NAME:
        raise InvalidRecord(f"{unit.source}: HDU {unit.index} is {unit.name!a}; expected a table named {TABLE_NAME}")
    version = unit.value(TABLE_NAME)
    if version != VERSION:
        raise InvalidRecord(f"{unit.source}: {TABLE_NAME} table of version {version!r}; expected {VERSION}")
    columns, at = {}, 0
    for n in range(1, size_of(unit, "TFIELDS") + 1):
        name, form = str(unit.value(f"TTYPE{n}")), str(unit.value(f"TFORM{n}"))
        match = CHARACTERS.fullmatch(form)
        if name not in COLUMNS or match is None:
            expected = f"{', '.join(COLUMNS)} as 'wA'"
            raise InvalidRecord(
                f"{unit.source}: {TABLE_NAME} table has column {name!a} as {form!a}; expected {expected}"
            )
        stop = at + int(match[1] or 1)
        columns[name] = Column(name, at, stop)
        at = stop
    if not {"ID", "ROLE"} <= columns.keys():
        raise InvalidRecord(
            f"{unit.source}: {TABLE_NAME} table has columns {', '.join(columns) or 'none'}; expected ID and ROLE"
        )
    return columns


def shape(unit: HeaderUnit, columns: dict[str, Column]) -> tuple[int, int]:
    """The bytes of a row and of all rows."""
    width, size = size_of(unit, "NAXIS1"), size_of(unit, "NAXIS1") * size_of(unit, "NAXIS2")
    expected = max(column.stop for column in columns.values())
    if not width or width != expected:
        raise InvalidRecord(f"{unit.source}: {TABLE_NAME} table has rows of {width} bytes; expected {expected}")
    if size > LARGEST:
        raise InvalidRecord(f"{unit.source}: {TABLE_NAME} table has {size} bytes; expected at most {LARGEST}")
    return width, size


def size_of(unit: HeaderUnit, keyword: str) -> int:
    """Read a size from a header.

    Raises
    ------
    NotFits
        Where there is none.
    """
    value = unit.value(keyword)
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise NotFits(f"{unit.source}: {keyword} of HDU {unit.index} is {value!r}; expected 0 or more")
    return value
