"""PROV-JSON (W3C Member Submission, 24 April 2013): statements by kind, then by identifier."""

from __future__ import annotations

import json
from collections.abc import Sequence

from fitsprov.exchange.prov.prov import FORMAL, Document, Link, Name, Value

__all__ = ["write_prov_json"]

KEYS = {kind: [f'"prov:{name}":"' for name in names] for kind, names in FORMAL.items()}
SEPARATOR = ",\n"
quote = json.encoder.encode_basestring_ascii


def write_prov_json(document: Document) -> str:
    """Write a document as PROV-JSON, in ASCII, one statement a line.

    A statement without identifier has a blank one, ``_:used7``: the format files each under its own.
    """
    filed: dict[str, list[str]] = {}
    known: dict[int, str] = {}  # many statements share one list of attributes
    for kind, name, arguments, attributes in document.statements:
        lines = filed.setdefault(kind, [])
        told = known.get(id(attributes))
        if told is None:
            told = known[id(attributes)] = spell_attributes(attributes)
        pairs = [f'{key}{argument}"' for key, argument in zip(KEYS[kind], arguments, strict=True) if argument]
        if told:
            pairs.append(told)
        lines.append(f'"{name or f"_:{kind}{len(lines) + 1}"}":{{{",".join(pairs)}}}')
    groups = [f'"{kind}":{{{SEPARATOR.join(lines)}}}' for kind, lines in filed.items()]
    return f'{{"prefix":{json.dumps(document.namespaces)},\n{SEPARATOR.join(groups)}}}\n'


def spell_attributes(attributes: Sequence[tuple[str, Value]]) -> str:
    """Attributes; what one name says more than once, which stands together, is a list (PROV-JSON, 2.2)."""
    pairs: list[str] = []
    last = first = ""
    for name, value in attributes:
        text = quote(value) if value.__class__ is str else spell(value)
        if name != last:
            pairs.append(f'"{name}":{text}')
            last, first = name, text
        else:
            first = f"{first},{text}"
            pairs[-1] = f'"{name}":[{first}]'
    return ",".join(pairs)


def spell(value: Value) -> str:
    """A value that is no plain string; all but booleans say their type."""
    if isinstance(value, Name):
        return f'{{"$":"{value}","type":"prov:QUALIFIED_NAME"}}'
    if isinstance(value, Link):
        return f'{{"$":{quote(value)},"type":"xsd:anyURI"}}'
    return str(value).lower() if isinstance(value, bool) else f'{{"$":"{value}","type":"xsd:long"}}'
