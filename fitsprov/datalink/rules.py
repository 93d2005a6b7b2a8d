"""The rules of {links} documents: DataLink 1.1 with DALI 1.1 and the VOTable schemas, offline.

Each rule is a function under the clause that it holds a document against, and gives findings whose codes stand in
`fitsprov.model.finding.CODES`. Rules that no standard makes, but that a client trips over, are warnings.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from fitsprov.datalink.descriptors import STANDARD_ID
from fitsprov.datalink.document import URL, Document, Rule, infos, local
from fitsprov.datalink.row import Fault
from fitsprov.datalink.row_rules import FAULT, ROW_RULES
from fitsprov.datalink.votable import COLUMNS
from fitsprov.model.finding import Finding

if TYPE_CHECKING:
    from lxml.etree import XMLSchema, _Element

__all__ = ["RULES"]

STATUSES = ("OK", "ERROR", "OVERFLOW")
OLDEST = (1, 2)
"""The VOTable version from which on results may have (DALI 1.1, 4.4)."""
REFERRED = ("FIELD", "PARAM", "GROUP", "COOSYS", "TIMESYS")
"""What a parameter may refer to: the column that its values come from, or what its value means (VOTable 1.4, 4)."""
WEB = ("accessURL", "exampleURL")


@cache
def load_schema(version: tuple[int, ...]) -> XMLSchema | None:
    """Load the schema of a VOTable version from those that astropy ships."""
    from lxml import etree

    spec = find_spec("astropy")
    places = (spec.submodule_search_locations if spec else None) or []
    path = Path(*places[:1], "io", "votable", "data", f"VOTable.v{'.'.join(map(str, version))}.xsd")
    return etree.XMLSchema(etree.parse(path)) if path.is_file() else None


# VOTable 1.4, A and the other versions' schemas
def check_schema(document: Document) -> Iterator[Finding]:
    version = document.root.get("version", "")
    if document.version < OLDEST or local(document.root) != "VOTABLE":
        seen = f"<{local(document.root)} version='{version}'>"
        yield Finding("datalink-schema", f"{seen}; expected <VOTABLE version='1.4'>, or 1.2 and later")
        return
    schema = load_schema(document.version)
    if schema is None:
        yield Finding("datalink-schema-absent", f"no schema of VOTable {version} is here")
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
        for data in table.iterfind("{*}DATA/*"):
            if isinstance(data.tag, str) and local(data) not in ("TABLEDATA", "INFO"):
                text = f"the table is in {local(data)}, and its rows are not looked at; only who asks for that gets it"
                yield Finding("datalink-serialization", text)


# DataLink 1.1, 3.3.1, of successful requests; IVOA identifiers ignore case (IVOA Identifiers 2.0, 2.1)
def check_standard_id(document: Document) -> Iterator[Finding]:
    for resource in [] if document.failed else document.results:
        seen = [info.get("value", "") for info in infos(resource, "standardID")]
        if [value.lower() for value in seen] != [STANDARD_ID.lower()]:
            yield Finding(
                "datalink-standard-id", f"standardID is {seen or 'absent'}; expected {STANDARD_ID}", "standardID"
            )
        elif seen != [STANDARD_ID]:
            text = f"{seen[0]}; expected {STANDARD_ID}, which Firefly looks for"
            yield Finding("datalink-standard-id-case", text, "standardID")


# DALI 1.1, 4.4, 4.4.1, 4.4.2
def check_status(document: Document) -> Iterator[Finding]:
    for resource in document.results:
        before, after = around_table(resource, "QUERY_STATUS")
        said = [info.get("value") for info in before]
        if len(said) != 1:
            seen = f"{len(said)} QUERY_STATUS before the table ({', '.join(map(str, said))})" if said else "no status"
            yield Finding("datalink-status", f"{seen}; expected one QUERY_STATUS before the table", "QUERY_STATUS")
        for info in (*before, *after):
            value, text = info.get("value"), (info.text or "").strip()
            allowed = STATUSES if info in before else STATUSES[1:]
            if value not in allowed:
                where = "before" if info in before else "after"
                expected = f"one of {', '.join(allowed)} {where} the table"
                yield Finding("datalink-status", f"QUERY_STATUS is '{value}'; expected {expected}", "QUERY_STATUS")
            # DataLink 1.1, 3.4
            if value == "ERROR" and not FAULT.fullmatch(text):
                yield Finding("datalink-fault", f"the error is '{text}'; expected {', '.join(Fault)}", "QUERY_STATUS")


def around_table(resource: _Element, name: str) -> tuple[list[_Element], list[_Element]]:
    """The INFOs of a name that stand before the table, and those behind it."""
    table = resource.find("{*}TABLE")
    first = len(resource) if table is None else resource.index(table)
    found = infos(resource, name)
    return [one for one in found if resource.index(one) < first], [one for one in found if resource.index(one) > first]


# DALI 1.1, 4.4: both stand in the results; the example of DataLink 1.1, 3.3.1 has the standardID before the table
def check_places(document: Document) -> Iterator[Finding]:
    for name in ("standardID", "QUERY_STATUS"):
        if not any(infos(resource, name) for resource in document.results):
            for info in document.root.iterfind(f".//{{*}}INFO[@name='{name}']"):
                parent = info.getparent()
                if parent is not None:
                    text = f"INFO {name} stands in {local(parent)}, not in the results"
                    yield Finding("datalink-info-misplaced", text, name)
    if any(around_table(resource, "standardID")[1] for resource in document.results):
        yield Finding("datalink-info-misplaced", "INFO standardID stands after the table", "standardID")


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


# DataLink 1.1, 4.1 to 4.3
def check_descriptors(document: Document) -> Iterator[Finding]:
    targets = {item.get("ID"): local(item) for item in document.root.iter("{*}*") if item.get("ID")}
    for item in document.descriptors:
        name = item.get("ID") or item.get("name") or "descriptor"
        for text in wrong_in(item):
            yield Finding("datalink-descriptor", f"{name}: {text}", name)
        for param in item.iterfind("{*}GROUP/{*}PARAM[@ref]"):
            target, value = targets.get(param.get("ref"), ""), param.get("value", "")
            if target not in REFERRED:
                where = f"is a {target}" if target else "is nowhere"
                text = f"{name}: {param.get('name')} refers to '{param.get('ref')}', which {where}"
                yield Finding("datalink-reference", text, name)
            elif target == "FIELD" and value:
                text = f"{name}: {param.get('name')} takes its value from a column; expected none beside, not '{value}'"
                yield Finding("datalink-reference", text, name)


def wrong_in(item: _Element) -> Iterator[str]:
    """What a descriptor itself lacks."""
    if item.get("utype") not in ("adhoc:service", "adhoc:this"):
        yield f"utype '{item.get('utype')}'; expected adhoc:service or adhoc:this"
    if item.get("type") != "meta":
        yield f"type '{item.get('type')}'; expected meta"
    if item.find("{*}TABLE") is not None:
        yield "a TABLE; expected none"
    params = [(param.get("name", ""), param.get("value", "")) for param in item.iterfind("{*}PARAM")]
    counts = Counter(name for name, _ in params)
    counts["GROUP inputParams"] = len(item.findall("{*}GROUP[@name='inputParams']"))
    for name, least in {"accessURL": 1, "GROUP inputParams": 1, "standardID": 0, "resourceIdentifier": 0}.items():
        if not least <= counts[name] <= 1:
            yield f"{counts[name] or 'no'} {name}; expected {'one' if least else 'one at most'}"
    for param in item.iter("{*}PARAM"):
        single = param.get("arraysize", "1") == "1"
        if param.get("datatype") == "char" and single and len(param.get("value", "")) > 1:  # VOTable 1.4, 2.2
            yield f"{param.get('name')} '{param.get('value')}' without arraysize, which is one character; expected '*'"
    for name, value in params:
        if name in WEB and not URL.fullmatch(value):
            yield f"{name} '{value}'; expected an absolute URL"
        if name in ("standardID", "resourceIdentifier") and not value.lower().startswith("ivo://"):
            yield f"{name} '{value}'; expected an ivo:// URI"


# DataLink 1.1, 4.4: one description of oneself, and one beside it as in DataLink 1.0
def check_self(document: Document) -> Iterator[Finding]:
    new = sum(item.get("utype") == "adhoc:this" for item in document.descriptors)
    old = sum(map(is_old_self, document.descriptors))
    if new > 1 or old > 1:
        yield Finding("datalink-self-repeated", f"{max(new, old)} descriptors describe the service itself")


def is_old_self(item: _Element) -> bool:
    return (item.get("utype"), item.get("name")) == ("adhoc:service", "this")


# pyvo sees top-level descriptors alone, and takes one with the DataLink standardID for the table's own service
def check_clients(document: Document) -> Iterator[Finding]:
    for item in document.descriptors:
        name = item.get("ID") or item.get("name") or "descriptor"
        if item.getparent() is not document.root:
            yield Finding("datalink-descriptor-hidden", f"{name}: not at the top level", name)
        standard = item.find("{*}PARAM[@name='standardID']")
        ours = standard is not None and standard.get("value", "").lower().startswith("ivo://ivoa.net/std/datalink")
        if ours and item.get("utype") == "adhoc:service" and not is_old_self(item):
            yield Finding("datalink-descriptor-hidden", f"{name}: the standardID of DataLink in an adhoc:service", name)


RULES: tuple[Rule, ...] = (
    check_schema,
    check_results,
    check_standard_id,
    check_status,
    check_places,
    check_columns,
    check_fields,
    *ROW_RULES,
    check_descriptors,
    check_self,
    check_clients,
)
