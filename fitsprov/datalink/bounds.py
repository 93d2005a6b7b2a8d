"""What a VOTable that anyone may have sent has to keep to before it is parsed.

A parser of VOTables does what a document tells it: it makes room for as many rows and values as are announced, unpacks
what is packed, expands entities, and opens URLs and local files that a STREAM names. Links need none of that.
"""

from __future__ import annotations

import re
from typing import Any
from xml.parsers import expat

from fitsprov.errors import ServiceError

__all__ = ["check_votable"]

DEPTH = 32
"""Elements within each other."""
COLUMNS = 200
PARAMS = 10_000
"""PARAMs, INFOs and other elements that are no cells."""
ROWS = 100_000
WIDE = 10_000
"""Values that one cell or parameter announces."""
ROOM = 2**26
"""Values that all cells together announce."""
CELLS = frozenset({"TR", "TD"})


def check_votable(data: bytes, source: str) -> None:
    """Look through a VOTable for what no document of links has.

    Raises
    ------
    ServiceError
        Where it is no XML, or is not to be parsed.
    """
    parser = expat.ParserCreate()
    look = Look(source)
    parser.StartDoctypeDeclHandler = look.doctype
    parser.StartElementHandler = look.start
    parser.EndElementHandler = look.end
    try:
        parser.Parse(data, True)
    except (expat.ExpatError, ValueError, LookupError) as error:
        raise ServiceError(f"{source}: {error}; expected a VOTable", code="service-answer-invalid") from None
    look.need(look.depth == 0 and look.is_votable, "its root is another element", "a VOTable")


class Look:
    """What was seen of a document."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.depth = self.rows = self.columns = self.others = self.width = 0
        self.is_votable = False

    def need(self, holds: bool, seen: str, expected: str) -> None:
        """Refuse the document where something does not hold."""
        if not holds:
            raise ServiceError(f"{self.source}: {seen}; expected {expected}", code="service-answer-invalid")

    def doctype(self, *_: Any) -> None:
        """Refuse a document type: it can declare entities, which can stand for anything."""
        self.need(False, "a document type declaration", "a VOTable, which has none")

    def start(self, name: str, attributes: dict[str, str]) -> None:
        """See an element."""
        kind = name.rpartition(":")[2]
        if self.depth == 0:
            self.is_votable = kind == "VOTABLE"
        self.depth += 1
        self.need(self.depth <= DEPTH, f"elements {self.depth} deep", f"{DEPTH} at most")
        if kind in CELLS:
            self.rows += kind == "TR"
            self.need(self.rows <= ROWS, f"more than {ROWS} rows", "fewer links")
        else:
            self.other(kind, attributes)
        self.need(self.rows * self.width <= ROOM, "more values than a document holds", "links")

    def other(self, kind: str, attributes: dict[str, str]) -> None:
        """See an element that is no cell."""
        self.others += 1
        self.need(self.others <= PARAMS, f"more than {PARAMS} elements beside the links", "fewer")
        self.need(kind not in ("STREAM", "BINARY", "BINARY2", "FITS", "PARQUET"), f"data as {kind}", "TABLEDATA")
        announced = attributes.get("nrows", "0")
        self.need(
            announced.isdigit() and len(announced) < 10 and int(announced) <= ROWS, f"nrows={announced[:20]}", "rows"
        )
        if "arraysize" in attributes or kind == "FIELD":
            size = room(attributes.get("arraysize", ""))
            self.need(size <= WIDE, f"arraysize={attributes.get('arraysize', '')[:40]}", f"{WIDE} values at most")
            self.width += size
        self.columns += kind == "FIELD"
        self.need(self.columns <= COLUMNS, f"more than {COLUMNS} columns", "those of links")

    def end(self, name: str) -> None:
        """Leave an element."""
        self.depth -= 1


def room(arraysize: str) -> int:
    """How many values an array size announces; what is open is as large as what comes."""
    size = 1
    for number in re.findall(r"[0-9]+(?![0-9*])", arraysize):
        size *= min(int(number[:12]), 10**12)
        if size > WIDE:
            break
    return size
