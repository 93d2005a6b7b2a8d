"""The rules of {links} documents: DataLink 1.1 with DALI 1.1 and the VOTable schemas, offline.

Each rule is a function under the clause that it holds a document against, and gives findings whose codes stand in
`fitsprov.model.finding.CODES`. Rules that no standard makes, but that a client trips over, are warnings.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from fitsprov.datalink.descriptors import MEDIA_TYPE, STANDARD_ID
from fitsprov.datalink.document import Document, infos, local
from fitsprov.datalink.row import Fault
from fitsprov.datalink.terms import VOCABULARY, is_term
from fitsprov.datalink.votable import COLUMNS
from fitsprov.model.finding import Finding

if TYPE_CHECKING:
    from lxml.etree import XMLSchema

__all__ = ["RULES"]

STATUSES = ("OK", "ERROR", "OVERFLOW")
FAULT = re.compile(rf"({'|'.join(Fault)})\s*(:.*)?", re.DOTALL)
URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[!-~]+")  # RFC 3986, 4.3
LOGICAL = {"", "?", "0", "1", "t", "f", "true", "false"}  # VOTable 1.4, 2.2
LINKS = ("access_url", "service_def", "error_message")

Rule = Callable[[Document], Iterator[Finding]]


def at(number: int, text: str) -> str:
    return f"row {number}: {text}"


@cache
def load_schema(version: str) -> XMLSchema | None:
    """Load the schema of a VOTable version from those that astropy ships."""
    from lxml import etree

    spec = find_spec("astropy")
    places = (spec.submodule_search_locations if spec else None) or []
    path = Path(*places[:1], "io", "votable", "data", f"VOTable.v{version}.xsd")
    return etree.XMLSchema(etree.parse(path)) if path.is_file() else None


# VOTable 1.4, A and the other versions' schemas
def check_schema(document: Document) -> Iterator[Finding]:
    version = document.root.get("version", "")
    schema = load_schema(version) if re.fullmatch(r"1\.\d", version) else None
    if schema is None:
        yield Finding(
            "datalink-schema", f"<{local(document.root)} version='{version}'>; expected <VOTABLE version='1.4'>"
        )
    elif not schema.validate(document.root):
        for entry in cast(Iterable[Any], schema.error_log):  # lxml-stubs know no iteration
            yield Finding("datalink-schema", f"line {entry.line}: {entry.message}")


# DataLink 1.1, 3.3.1; DALI 1.1, 4.4
def check_results(document: Document) -> Iterator[Finding]:
    if len(document.results) != 1:
        yield Finding("datalink-results", f"{len(document.results)} RESOURCEs of type results; expected one")
    if len(document.tables) != 1 and not document.failed:
        yield Finding("datalink-results", f"{len(document.tables)} TABLEs in the results; expected one")
    for table in document.tables:
        if table.find("{*}DATA/{*}TABLEDATA") is None:
            yield Finding("datalink-serialization", "the table is not in TABLEDATA")


# DataLink 1.1, 3.3.1
def check_standard_id(document: Document) -> Iterator[Finding]:
    for resource in document.results:
        seen = [info.get("value") for info in infos(resource, "standardID")]
        if seen != [STANDARD_ID]:
            yield Finding(
                "datalink-standard-id", f"standardID is {seen or 'absent'}; expected {STANDARD_ID}", "standardID"
            )


# DALI 1.1, 4.4, 4.4.1, 4.4.2
def check_status(document: Document) -> Iterator[Finding]:
    for resource in document.results:
        first = resource.find("{*}TABLE")
        before = len(resource) if first is None else resource.index(first)
        if not any(resource.index(info) < before for info in infos(resource, "QUERY_STATUS")):
            yield Finding("datalink-status", "no QUERY_STATUS before the table", "QUERY_STATUS")
        for info in infos(resource, "QUERY_STATUS"):
            value, text = info.get("value"), (info.text or "").strip()
            if value not in STATUSES:
                expected = ", ".join(STATUSES)
                yield Finding(
                    "datalink-status", f"QUERY_STATUS is '{value}'; expected one of {expected}", "QUERY_STATUS"
                )
            # DataLink 1.1, 3.4
            if value == "ERROR" and not FAULT.fullmatch(text):
                yield Finding("datalink-fault", f"the error is '{text}'; expected {', '.join(Fault)}", "QUERY_STATUS")


# DALI 1.1, 4.4
def check_places(document: Document) -> Iterator[Finding]:
    for name in ("standardID", "QUERY_STATUS"):
        for info in document.root.iterfind(f".//{{*}}INFO[@name='{name}']"):
            parent = info.getparent()
            if parent is not None and parent not in document.results:
                yield Finding(
                    "datalink-info-misplaced", f"INFO {name} stands in {local(parent)}, not in the results", name
                )


# DataLink 1.1, 3.2
def check_columns(document: Document) -> Iterator[Finding]:
    if not document.tables:
        return
    names = [item.get("name", "") for item in document.fields]
    for column in COLUMNS:
        if names.count(column.name) > 1 or (column.required and column.name not in names):
            yield Finding("datalink-column", f"{names.count(column.name)} such columns; expected one", column.name)
    if names[:1] != ["ID"]:
        yield Finding("datalink-column-order", f"the first column is {names[:1]}; pyvo takes it for the ID", "ID")


# DataLink 1.1, 3.2, table 1, and 3.2.8
def check_fields(document: Document) -> Iterator[Finding]:
    columns = {column.name: column for column in COLUMNS}
    for item in document.fields:
        column = columns.get(item.get("name", ""))
        if column is None:
            continue
        if column.ucd and item.get("ucd", "").lower() != column.ucd:
            yield Finding("datalink-column-ucd", f"ucd is '{item.get('ucd')}'; expected '{column.ucd}'", column.name)
        seen = (item.get("datatype"), item.get("arraysize", "1") != "1", item.get("unit"))
        if seen != (column.datatype, column.datatype == "char", column.unit):
            shown = " ".join(f"{key}='{item.get(key, '')}'" for key in ("datatype", "arraysize", "unit"))
            wanted = f"datatype='{column.datatype}' arraysize='{column.arraysize or ''}' unit='{column.unit or ''}'"
            yield Finding("datalink-column-type", f"{shown}; expected {wanted}", column.name)


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


# DataLink 1.1, 3.2.6: core terms as #term, others as whole URIs
def check_terms(document: Document) -> Iterator[Finding]:
    for number, row in enumerate(document.rows, 1):
        term = row.get("semantics", "")
        if term.startswith("#") and not is_term(term):
            yield Finding("datalink-term-unknown", at(number, f"'{term}' is not in {VOCABULARY}"), "semantics")
        elif term.startswith(VOCABULARY) or (term and not term.startswith("#") and not URL.fullmatch(term)):
            yield Finding(
                "datalink-term-spelling", at(number, f"'{term}'; expected #term or a foreign URI"), "semantics"
            )


# DataLink 1.1, 3.2.2, 3.2.8, 3.2.11, 3.2.12
def check_values(document: Document) -> Iterator[Finding]:
    right: dict[str, tuple[Callable[[str], object], str]] = {
        "access_url": (URL.fullmatch, "an absolute URL"),
        "content_length": (str.isdecimal, "a number of bytes"),
        "link_auth": (("false", "optional", "true").__contains__, "false, optional or true"),
        "link_authorized": (lambda value: value.lower() in LOGICAL, "true or false"),
    }
    for number, row in enumerate(document.rows, 1):
        for name, (accepts, expected) in right.items():
            value = row.get(name, "")
            if value and not accepts(value):
                yield Finding("datalink-value", at(number, f"'{value}'; expected {expected}"), name)


# VOTable 1.4, 2.1: char is ASCII
def check_ascii(document: Document) -> Iterator[Finding]:
    for number, row in enumerate(document.rows, 1):
        for name, value in row.items():
            if not value.isascii():
                yield Finding("datalink-not-ascii", at(number, f"{value!a}"), name)


# DataLink 1.1, 3.1 and 3.2.7; a service row with this type is followed twice by pyvo
def check_media_types(document: Document) -> Iterator[Finding]:
    for number, row in enumerate(document.rows, 1):
        value = row.get("content_type", "")
        if "content=datalink" not in value.replace(" ", "").replace('"', ""):
            continue
        if value != MEDIA_TYPE:
            yield Finding("datalink-media-type", at(number, f"'{value}'; expected '{MEDIA_TYPE}'"), "content_type")
        if row.get("service_def"):
            yield Finding("datalink-media-type", at(number, "on a row with service_def"), "content_type")


# DataLink 1.1, 3.2.3
def check_services(document: Document) -> Iterator[Finding]:
    known = {item.get("ID") for item in document.descriptors}
    for number, row in enumerate(document.rows, 1):
        name = row.get("service_def")
        if name and name not in known:
            yield Finding("datalink-service-unknown", at(number, f"no descriptor has the ID '{name}'"), "service_def")


# DataLink 1.1, 4.1 to 4.4
def check_descriptors(document: Document) -> Iterator[Finding]:
    ids = {item.get("ID") for item in document.root.iter() if item.get("ID")}
    for item in document.descriptors:
        name = item.get("ID") or item.get("name") or "descriptor"
        params = {param.get("name"): param.get("value", "") for param in item.iterfind("{*}PARAM")}
        wrong = {
            f"utype '{item.get('utype')}'; expected adhoc:service or adhoc:this": item.get("utype")
            not in ("adhoc:service", "adhoc:this"),
            f"type '{item.get('type')}'; expected meta": item.get("type") != "meta",
            "no accessURL": not URL.fullmatch(params.get("accessURL", "")),
            "no GROUP inputParams": item.find("{*}GROUP[@name='inputParams']") is None,
            "a standardID that is no ivo:// URI": not params.get("standardID", "ivo://").startswith("ivo://"),
        }
        for text in (text for text, holds in wrong.items() if holds):
            yield Finding("datalink-descriptor", f"{name}: {text}", name)
        for param in item.iterfind("{*}GROUP/{*}PARAM[@ref]"):
            if param.get("ref") not in ids:
                text = f"{name}: {param.get('name')} refers to '{param.get('ref')}', which is nowhere"
                yield Finding("datalink-reference", text, name)
    if sum(item.get("utype") == "adhoc:this" for item in document.descriptors) > 1:
        yield Finding("datalink-self-repeated", "more than one descriptor of utype adhoc:this")


# pyvo sees top-level descriptors alone, and takes one with the DataLink standardID for the table's own service
def check_clients(document: Document) -> Iterator[Finding]:
    for item in document.descriptors:
        name = item.get("ID") or item.get("name") or "descriptor"
        if item.getparent() is not document.root:
            yield Finding("datalink-descriptor-hidden", f"{name}: not at the top level", name)
        standard = item.find("{*}PARAM[@name='standardID']")
        ours = standard is not None and standard.get("value", "").lower().startswith("ivo://ivoa.net/std/datalink")
        if ours and item.get("utype") == "adhoc:service":
            yield Finding("datalink-descriptor-hidden", f"{name}: the standardID of DataLink in an adhoc:service", name)


RULES: tuple[Rule, ...] = (
    check_schema,
    check_results,
    check_standard_id,
    check_status,
    check_places,
    check_columns,
    check_fields,
    check_links,
    check_order,
    check_faults,
    check_terms,
    check_values,
    check_ascii,
    check_media_types,
    check_services,
    check_descriptors,
    check_clients,
)
