"""The rules of {links}, row by row (DataLink 1.1, 3.2 and 3.4)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from fitsprov.datalink.descriptors import MEDIA_TYPE
from fitsprov.datalink.document import URL, Document, Rule
from fitsprov.datalink.row import Fault
from fitsprov.datalink.terms import VOCABULARY, is_term
from fitsprov.model.finding import Finding

__all__ = ["FAULT", "ROW_RULES"]

FAULT = re.compile(rf"({'|'.join(Fault)})(\s*|:.*)", re.DOTALL)
LOGICAL = {"", "?", "0", "1", "t", "f", "true", "false"}  # VOTable 1.4, 2.2
INTEGER = re.compile(r"[+-]?[0-9]{1,25}|0[xX][0-9A-Fa-f]{1,16}")  # VOTable 1.4, 6
REAL = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?|[+-]?Inf|NaN")  # VOTable 1.4, 6
TYPE = re.compile(r"[\w!#$&^.+-]+/[\w!#$&^.+-]+\s*(;.*)?", re.ASCII)  # RFC 6838, 4.2
LINKS = ("access_url", "service_def", "error_message")
TEXT_16 = (1, 6)
"""The VOTable version since which ``char`` is more than ASCII."""


def at(number: int, text: str) -> str:
    return f"row {number}: {text}"


# VOTable 1.4, 5.1: one cell for each column
def check_cells(document: Document) -> Iterator[Finding]:
    wanted = len(document.fields)
    for number, line in enumerate(document.cells, 1):
        if len(line) != wanted:
            yield Finding("datalink-row-length", at(number, f"{len(line)} cells; expected {wanted}, one a column"))


# DataLink 1.1, 3.2: exactly one of three; ID and semantics always; a description is recommended (3.2.5)
def check_links(document: Document) -> Iterator[Finding]:
    for number, row in enumerate(document.rows, 1):
        given = [name for name in LINKS if row.get(name)]
        if len(given) != 1:
            seen = " and ".join(given) or "none"
            yield Finding(
                "datalink-link-count", at(number, f"{seen} given; expected exactly one of {', '.join(LINKS)}")
            )
        for name in ("ID", "semantics"):
            if not row.get(name):
                yield Finding("datalink-value-missing", at(number, f"no {name}"), name)
        if not row.get("description") and not row.get("error_message"):
            yield Finding("datalink-description-missing", at(number, "no description"), "description")


# DataLink 1.1, 3.2: rows of one ID are consecutive
def check_order(document: Document) -> Iterator[Finding]:
    seen: set[str] = set()
    last = None
    for number, row in enumerate(document.rows, 1):
        identifier = row.get("ID", "")
        if identifier != last and identifier in seen:
            yield Finding("datalink-rows-scattered", at(number, f"'{identifier}' again, after other IDs"), "ID")
        seen.add(identifier)
        last = identifier


# DataLink 1.1, 3.4
def check_faults(document: Document) -> Iterator[Finding]:
    for number, row in enumerate(document.rows, 1):
        message = row.get("error_message", "")
        if message and not FAULT.fullmatch(message):
            text = at(number, f"'{message}'; expected {', '.join(Fault)}, then ': text'")
            yield Finding("datalink-fault", text, "error_message")


# DataLink 1.1, 3.2.6 and 3.2.9: terms of the column's own vocabulary as #term, others as whole URIs
def check_terms(document: Document) -> Iterator[Finding]:
    for number, row in enumerate(document.rows, 1):
        term, nature = row.get("semantics", ""), row.get("content_qualifier", "")
        if term.startswith("#") and not is_term(term):
            yield Finding("datalink-term-unknown", at(number, f"'{term}' is not in {VOCABULARY}"), "semantics")
        for value, column in ((term, "semantics"), (nature, "content_qualifier")):
            core = value == VOCABULARY or value.startswith(f"{VOCABULARY}#")
            if core or (value and not value.startswith("#") and not URL.fullmatch(value)):
                text = at(number, f"'{value}'; expected #term or a foreign URI")
                yield Finding("datalink-term-spelling", text, column)


def is_integer(text: str) -> bool:
    """Whether a text is a number that a ``long`` holds."""
    found = INTEGER.fullmatch(text) is not None
    return found and -(2**63) <= int(text, 16 if "x" in text.lower() else 10) < 2**63


def is_size(text: str) -> bool:
    """Whether a text is a number of bytes."""
    return is_integer(text) and not text.startswith("-")


def is_boolean(text: str) -> bool:
    """Whether a text is a truth value."""
    return text.lower() in LOGICAL


KINDS: dict[str, tuple[Callable[[str], object], str]] = {
    "boolean": (is_boolean, "true or false"),
    **dict.fromkeys(("unsignedByte", "short", "int", "long"), (is_integer, "an integer")),
    **dict.fromkeys(("float", "double"), (REAL.fullmatch, "a number")),
}
"""Of single values: what they have to be."""


# DataLink 1.1, 3.2.2, 3.2.8, 3.2.11, 3.2.12
def check_values(document: Document) -> Iterator[Finding]:
    right: dict[str, tuple[Callable[[str], object], str]] = {
        "access_url": (URL.fullmatch, "an absolute URL"),
        "content_length": (is_size, "a number of bytes"),
        "link_auth": (("false", "optional", "true").__contains__, "false, optional or true"),
        "link_authorized": KINDS["boolean"],
    }
    for item in document.fields:
        name, kind = item.get("name", ""), item.get("datatype", "")
        if name not in right and kind in KINDS and item.get("arraysize", "1") == "1":
            right[name] = KINDS[kind]
    for number, row in enumerate(document.rows, 1):
        for name, (accepts, expected) in right.items():
            value = row.get(name, "")
            if value and not accepts(value):
                yield Finding("datalink-value", at(number, f"'{value}'; expected {expected}"), name)


# VOTable 1.4, 2.2: a text is no longer than its column holds
def check_lengths(document: Document) -> Iterator[Finding]:
    sizes = {item.get("name", ""): item.get("arraysize", "1").rstrip("*") for item in document.fields}
    kinds = {item.get("name", ""): item.get("datatype", "") for item in document.fields}
    for name, size in sizes.items():
        if kinds[name] in ("char", "unicodeChar") and size.isdecimal():
            for number, row in enumerate(document.rows, 1):
                if len(row.get(name, "")) > int(size):
                    text = at(number, f"'{row[name]}' has {len(row[name])} characters; the column holds {size}")
                    yield Finding("datalink-value", text, name)


# VOTable 1.4, 2.1: char is ASCII
def check_ascii(document: Document) -> Iterator[Finding]:
    if document.version >= TEXT_16:
        return
    narrow = {item.get("name", "") for item in document.fields if item.get("datatype") == "char"}
    for number, row in enumerate(document.rows, 1):
        for name, value in row.items():
            if name in narrow and not value.isascii():
                yield Finding("datalink-not-ascii", at(number, f"{value!a}"), name)


# DataLink 1.1, 3.1 and 3.2.7; a service row with the type of links is followed twice by pyvo
def check_media_types(document: Document) -> Iterator[Finding]:
    for number, row in enumerate(document.rows, 1):
        value = row.get("content_type", "")
        if value and not TYPE.fullmatch(value):
            text = at(number, f"'{value}'; expected a media type, as image/fits")
            yield Finding("datalink-media-type", text, "content_type")
        if "content=datalink" not in value.replace(" ", "").replace('"', ""):
            continue
        if value != MEDIA_TYPE:
            yield Finding("datalink-media-type", at(number, f"'{value}'; expected '{MEDIA_TYPE}'"), "content_type")
        if row.get("service_def"):
            yield Finding("datalink-media-type", at(number, "on a row with service_def"), "content_type")


# DataLink 1.1, 3.2.3
def check_services(document: Document) -> Iterator[Finding]:
    known = {item.get("ID"): item.get("utype") for item in document.descriptors}
    for number, row in enumerate(document.rows, 1):
        name = row.get("service_def")
        if name and known.get(name) == "adhoc:this":
            text = at(number, f"'{name}' is of utype adhoc:this, which pyvo passes over")
            yield Finding("datalink-descriptor-hidden", text, "service_def")
        if name and name not in known:
            yield Finding("datalink-service-unknown", at(number, f"no descriptor has the ID '{name}'"), "service_def")


ROW_RULES: tuple[Rule, ...] = (
    check_cells,
    check_links,
    check_order,
    check_faults,
    check_terms,
    check_values,
    check_lengths,
    check_ascii,
    check_media_types,
    check_services,
)
