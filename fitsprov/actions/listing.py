"""Links of datasets in the formats that the service offers, each written piece by piece."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice

from fitsprov.datalink.descriptors import MEDIA_TYPE, Descriptor
from fitsprov.datalink.row import Fault, Row, Rows
from fitsprov.datalink.votable import COLUMNS, write_votable
from fitsprov.errors import FitsprovError

__all__ = ["LINK_FORMATS", "LinkFormat"]

NAMES = tuple(column.name for column in COLUMNS)
CHUNK = 200
"""Rows that are formatted before they are passed on; bounds the memory."""


@dataclass(frozen=True, slots=True)
class LinkFormat:
    """How links are written."""

    media_type: str
    write: Callable[[Rows, Sequence[Descriptor]], Iterator[bytes]]
    whole: bool = False
    """Whether rows of one kind never collapse."""


def write_json(rows: Rows, descriptors: Sequence[Descriptor]) -> Iterator[bytes]:
    """An object with ``links``, one object each without its empty cells, then ``status`` and ``message``."""
    stream, ahead = iter(rows), b'{"links": ['
    status, message = "OK", ""
    try:
        while chunk := list(islice(stream, CHUNK)):
            yield ahead + b",".join(b"\n" + json.dumps(filled(row)).encode() for row in chunk)
            ahead = b","
    except FitsprovError as error:
        status, message = "ERROR", Fault.FATAL.tell(str(error))
    if rows.overflow:
        status, message = "OVERFLOW", "rows were left out"
    opened = ahead if ahead != b"," else b""
    yield opened + b'],\n"status": %s, "message": %s}\n' % (json.dumps(status).encode(), json.dumps(message).encode())


def filled(row: Row) -> dict[str, object]:
    """The cells of a row that say something."""
    return {name: cell for name, cell in zip(NAMES, row, strict=True) if cell not in (None, "")}


def write_csv(rows: Rows, descriptors: Sequence[Descriptor], *, header: bool = True) -> Iterator[bytes]:
    """The table, with the names of its columns or without (RFC 4180)."""
    stream = iter(rows)
    chunk: list[Sequence[object]] = [*([NAMES] if header else []), *islice(stream, CHUNK)]
    while chunk:
        text = io.StringIO(newline="")
        csv.writer(text).writerows(chunk)
        yield text.getvalue().encode(errors="surrogatepass")
        chunk = list(islice(stream, CHUNK))


def write_manifest(rows: Rows, descriptors: Sequence[Descriptor]) -> Iterator[bytes]:
    """URLs of datasets, each once, one a line, for ``wget -i``; what has none is a comment (RFC 2483, 5)."""
    seen: set[str] = set()
    stream = iter(rows)
    while chunk := list(islice(stream, CHUNK)):
        lines = []
        for row in chunk:
            if row.error_message:
                lines.append(f"# {' '.join(row.error_message.split())}\r\n")
            elif row.semantics in DATASETS and row.access_url not in seen:
                seen.add(row.access_url)
                lines.append(f"{row.access_url}\r\n")
        yield "".join(lines).encode(errors="surrogatepass")
    if rows.overflow:
        yield b"# OVERFLOW: rows were left out\r\n"


DATASETS = ("#this", "#progenitor", "#derivation", "#coderived")
VOTABLE = LinkFormat(MEDIA_TYPE, write_votable)
XML = LinkFormat("text/xml", write_votable)
JSON = LinkFormat("application/json", write_json)
CSV = LinkFormat("text/csv;charset=utf-8;header=present", write_csv)
BARE_CSV = LinkFormat("text/csv;charset=utf-8;header=absent", partial(write_csv, header=False))
MANIFEST = LinkFormat("text/uri-list;charset=utf-8", write_manifest, whole=True)
LINK_FORMATS = {
    "": VOTABLE,
    "votable": VOTABLE,
    "application/x-votable+xml": VOTABLE,
    "text/xml": XML,
    "json": JSON,
    "application/json": JSON,
    "csv": CSV,
    "text/csv": CSV,
    "text/csv;header=absent": BARE_CSV,
    "manifest": MANIFEST,
    "text/uri-list": MANIFEST,
}
"""``RESPONSEFORMAT`` in lower case → format; of a media type's parameters only those that matter (DALI 1.1, 3.4.3)."""
