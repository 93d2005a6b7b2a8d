"""PROV-XML (W3C Note, 30 April 2013).

Names are xsd:QName there, and no local part of those begins with a digit, as most UUIDs do. The digits go into the
namespace, which an element declares for itself: ``uuid:01a1f86f-…`` is written as ``uuid.01:a1f86f-…`` with
``xmlns:uuid.01="urn:uuid:01"``. The URI is the same. Of a UUID without any letter, one in two million, there is
nothing to split; it stands as it is, which readers take though the schema does not.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from xml.sax.saxutils import escape, quoteattr

from fitsprov.exchange.prov.prov import FORMAL, Document, Link, Name, Statement, Value

__all__ = ["write_prov_xml"]

FIXED = {
    "prov": "http://www.w3.org/ns/prov#",
    "xsd": "http://www.w3.org/2001/XMLSchema",
    "xsi": "http://www.w3.org/2001/XMLSchema-instance",
}
UNNAMEABLE = re.compile(r"([\w-]+):([0-9-]+)([a-z].*)")
"""A qualified name, split where a local part may begin."""
CARRIAGE = {"\r": "&#13;"}
"""Else a reader takes it for the end of a line (XML 1.0, 2.11)."""


def write_prov_xml(document: Document) -> str:
    """Write a document as PROV-XML."""
    spaces = "".join(declare(prefix, uri) for prefix, uri in (FIXED | dict(document.namespaces)).items())
    lines = [spell_statement(statement, document.namespaces) for statement in document.statements]
    body = "".join(f"{line}\n" for line in lines)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<prov:document{spaces}>\n{body}</prov:document>\n'


def spell_statement(statement: Statement, spaces: Mapping[str, str]) -> str:
    """A statement as an element: its arguments, then its attributes."""
    kind = statement.kind
    parts = [
        f"<prov:{key}>{argument}</prov:{key}>"
        if key.endswith("Time")
        else f"<prov:{key}{refer('ref', argument, spaces)}/>"
        for key, argument in zip(FORMAL[kind], statement.arguments, strict=True)
        if argument is not None
    ]
    parts += [f"<{key}{spell(value, spaces)}</{key}>" for key, value in statement.attributes]
    return f"<prov:{kind}{refer('id', statement.id, spaces) if statement.id else ''}>{''.join(parts)}</prov:{kind}>"


def refer(attribute: str, name: str, spaces: Mapping[str, str]) -> str:
    """A name in an attribute."""
    declaration, name = settle(name, spaces)
    return f'{declaration} prov:{attribute}="{name}"'


def spell(value: Value, spaces: Mapping[str, str]) -> str:
    """A value after the rest of the tag before it; what is no string says its type."""
    if isinstance(value, Name):
        declaration, name = settle(value, spaces)
        return f'{declaration} xsi:type="xsd:QName">{name}'
    if isinstance(value, str):
        type_ = ' xsi:type="xsd:anyURI"' if isinstance(value, Link) else ""
        return f"{type_}>{escape(value, CARRIAGE)}"
    return f' xsi:type="{"xsd:boolean" if isinstance(value, bool) else "xsd:long"}">{str(value).lower()}'


def settle(name: str, spaces: Mapping[str, str]) -> tuple[str, str]:
    """A name as an xsd:QName, behind the declaration of the namespace that makes it one."""
    split = UNNAMEABLE.fullmatch(name)
    if split is None:
        return "", name
    prefix, digits, rest = split.groups()
    return declare(f"{prefix}.{digits}", spaces[prefix] + digits), f"{prefix}.{digits}:{rest}"


def declare(prefix: str, uri: str) -> str:
    """A namespace."""
    return f" xmlns:{prefix}={quoteattr(uri)}"
