"""Rows → the bytes of a {links} document, streamed (DataLink 1.1, 3.3.1; DALI 1.1, 4.4; VOTable 1.4).

A document is one ``RESOURCE type="results"`` with the INFO elements ``standardID`` and ``QUERY_STATUS`` before a table
in TABLEDATA, then the service descriptors that its rows name. What is known only after the last row, truncation or an
error on the way, is a second ``QUERY_STATUS`` after the table.

All text is ASCII, because ``char`` columns hold nothing else before VOTable 1.6: anything beyond it is percent-encoded.
The ID column alone is exempt, because an ID is echoed exactly as it was sent.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import chain, islice
from typing import NamedTuple
from xml.sax.saxutils import escape, quoteattr

from fitsprov.datalink.descriptors import STANDARD_ID, Descriptor
from fitsprov.datalink.row import Fault, Fixed, Frame, Framed, Row, Rows, quick_row
from fitsprov.datalink.text import echo_id, to_ascii
from fitsprov.errors import FitsprovError

__all__ = ["COLUMNS", "Column", "write_error", "write_votable"]


class Column(NamedTuple):
    """A FIELD of the table."""

    name: str
    ucd: str
    datatype: str
    required: bool
    description: str

    @property
    def arraysize(self) -> str | None:
        return "*" if self.datatype == "char" else None

    @property
    def unit(self) -> str | None:
        return "byte" if self.name == "content_length" else None


# DataLink 1.1, 3.2, table 1, in its order, which is also the order of `Row`
COLUMNS = (
    Column("ID", "meta.id;meta.main", "char", True, "Input identifier"),
    Column("access_url", "meta.ref.url", "char", True, "Link to data or service"),
    Column("service_def", "meta.ref", "char", True, "Reference to a service descriptor resource"),
    Column("error_message", "meta.code.error", "char", True, "Error if no link can be made"),
    Column("description", "meta.note", "char", True, "Human-readable text about this link"),
    Column("semantics", "meta.code", "char", True, "Term of the vocabulary http://www.ivoa.net/rdf/datalink/core"),
    Column("content_type", "meta.code.mime", "char", True, "Media type of what the link returns"),
    Column("content_length", "phys.size;meta.file", "long", True, "Size of what the link returns"),
    Column("content_qualifier", "", "char", False, "Nature of what the link returns"),
    Column("local_semantics", "meta.id.assoc", "char", False, "Which of the links of one kind this is"),
    Column("link_auth", "meta.code", "char", False, "Whether the link needs authentication: false, optional, true"),
    Column("link_authorized", "meta.code", "boolean", False, "Whether the caller may use the link"),
)

LOGICAL = {None: "", False: "false", True: "true"}
CONTROLS = bytes([*range(2, 32), 127])
CHUNK = 200
"""Rows that are formatted before they are passed on; bounds the memory."""


def write_votable(rows: Iterable[Row], descriptors: Sequence[Descriptor] = ()) -> Iterator[bytes]:
    """Write a {links} document, in constant memory however many rows there are.

    Descriptors stand in the given order after the table; one whose ID no row names is left out.

    Raises
    ------
    FitsprovError
        What the rows raise before the first of them is made. Later it is too late to take the document back: it says
        so itself, in a ``QUERY_STATUS`` after the table (DALI 1.1, 4.4.2).
    """
    stream = rows.items() if isinstance(rows, Rows) else iter(rows)
    first = list(islice(stream, 1))
    yield HEAD
    table, status = Table(), ""
    pending, size = list[Row | Framed](), 0
    try:
        for item in chain(first, stream):
            pending.append(item)
            size += len(item) if isinstance(item, Framed) else 1
            if size >= CHUNK:
                yield table.format(pending)
                pending, size = [], 0
    except FitsprovError as error:  # what was made before it is in the list
        status = format_status("ERROR", Fault.FATAL.tell(str(error)))
    yield table.format(pending)
    if isinstance(rows, Rows) and rows.overflow:
        status = format_status("OVERFLOW", "rows were left out")
    shown = [item.xml for item in descriptors if item.id is None or item.id in table.named]
    yield f"</TABLEDATA></DATA></TABLE>\n{status}</RESOURCE>\n{''.join(shown)}</VOTABLE>\n".encode()


def write_error(fault: Fault, text: str) -> bytes:
    """Write the document that tells a client why its whole request failed (DataLink 1.1, 3.4; DALI 1.1, 4.4.2)."""
    return f"{OPENING}{format_status('ERROR', fault.tell(text))}</RESOURCE>\n</VOTABLE>\n".encode()


class Table:
    """The rows of one document."""

    def __init__(self) -> None:
        self.named: set[str] = set()
        """Descriptors that rows name."""

    def format(self, items: Iterable[Row | Framed]) -> bytes:
        """Format rows; those that datasets share are formatted once, with NUL for the ID and SOH for the UUID."""
        listed = list(items)
        own = [row for one in listed for row in ((one.this, *one.others) if isinstance(one, Framed) else (one,))]
        self.named.update([row[2] for row in own])
        lines = iter(format_rows(own))
        parts = []
        for item in listed:
            line = next(lines)
            parts.append(line)
            if isinstance(item, Framed):
                id_, key = line[8 : line.index("<", 8)], item.key
                first, last, named = format_frame(item.frame)
                self.named |= named
                parts.append(first.replace("\0", id_).replace("\1", key))
                parts += islice(lines, len(item.others))
                parts.append(last.replace("\0", id_).replace("\1", key))
        return "".join(parts).encode()


@lru_cache(maxsize=64)
def format_frame(frame: Frame) -> tuple[str, str, frozenset[str]]:
    """Format rows without their IDs and UUIDs; and tell what descriptors they name."""
    fixed = (*frame.first, *frame.last)
    lines = format_rows([quick_row(("", one.before, *one.cells)) for one in fixed])
    done = [f"<TR><TD>\0{mark_key(line, one)}" for line, one in zip(lines, fixed, strict=True)]
    middle = len(frame.first)
    return "".join(done[:middle]), "".join(done[middle:]), frozenset(str(one.cells[0]) for one in fixed)


def mark_key(line: str, fixed: Fixed) -> str:
    """Put the mark of the UUID, and what stands behind it, into the URL of a formatted row."""
    _, before, rest = line.split("</TD><TD>", 2)
    url = f"{before}\1{escape(to_ascii(fixed.after))}" if fixed.before else ""
    return f"</TD><TD>{url}</TD><TD>{rest}"


def format_rows(rows: Sequence[Row]) -> list[str]:
    """Format each row; all of them are looked at and escaped at once."""
    if not rows:
        return []
    text = join_cells(rows)
    if not is_plain(text, len(rows)):
        text = join_cells([spelled_out(row) for row in rows])
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("\r", "&#13;")
    return [f"<TR><TD>{line}</TD></TR>\n" for line in text.replace("\0", "</TD><TD>").split("\1")]


def join_cells(rows: Iterable[Row]) -> str:
    """Put the cells of rows into one text, between NUL, and rows between SOH."""
    return "\1".join(
        [
            f"{id_}\0{url}\0{service}\0{error}\0{told}\0{term}\0{kind}\0{'' if size is None else size}\0{nature}"
            f"\0{local}\0{auth}\0{LOGICAL[authorized]}"
            for id_, url, service, error, told, term, kind, size, nature, local, auth, authorized in rows
        ]
    )


def is_plain(text: str, rows: int) -> bool:
    """Whether there is nothing but printable ASCII in the cells of so many rows."""
    if not text.isascii() or text.count("\0") != rows * (len(COLUMNS) - 1) or text.count("\1") != rows - 1:
        return False
    return len(text.encode().translate(None, CONTROLS)) == len(text)


def spelled_out(row: Row) -> Row:
    """A row in printable ASCII; but its ID stays as it was sent, as far as XML can hold it."""
    cells = [to_ascii(cell) if isinstance(cell, str) else cell for cell in row]
    return Row._make([echo_id(row.id), *cells[1:]])


def format_status(value: str, message: str = "") -> str:
    return f'<INFO name="QUERY_STATUS" value="{value}">{escape(to_ascii(message))}</INFO>\n'


def format_field(column: Column) -> str:
    attributes = {
        "name": column.name,
        "ID": column.name,
        "ucd": column.ucd,
        "datatype": column.datatype,
        "arraysize": column.arraysize,
        "unit": column.unit,
    }
    text = "".join(f" {name}={quoteattr(value)}" for name, value in attributes.items() if value)
    return f"<FIELD{text}><DESCRIPTION>{escape(column.description)}</DESCRIPTION></FIELD>\n"


OPENING = f"""\
<?xml version="1.0" encoding="UTF-8"?>
<VOTABLE version="1.4" xmlns="http://www.ivoa.net/xml/VOTable/v1.3">
<RESOURCE type="results">
<INFO name="standardID" value="{STANDARD_ID}"/>
"""
HEAD = f"""\
{OPENING}<INFO name="QUERY_STATUS" value="OK"/>
<TABLE name="links">
{"".join(map(format_field, COLUMNS))}<DATA><TABLEDATA>
""".encode()
