"""PROV-JSON (W3C Member Submission, 24 April 2013): statements by kind, then by identifier."""

from __future__ import annotations

import json
from collections.abc import Sequence
from itertools import groupby
from operator import itemgetter

from fitsprov.exchange.prov import FORMAL, Document, Link, Name, Statement, Value

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
    for statement in document.statements:
        lines = filed.setdefault(statement.kind, [])
        attributes = known.get(id(statement.attributes))
        if attributes is None:
            attributes = known[id(statement.attributes)] = spell_attributes(statement.attributes)
        name = statement.id or f"_:{statement.kind}{len(lines) + 1}"
        told = spell_arguments(statement)
        lines.append(f'"{name}":{{{told}{"," if told and attributes else ""}{attributes}}}')
    groups = [f'"{kind}":{{{SEPARATOR.join(lines)}}}' for kind, lines in filed.items()]
    return f'{{"prefix":{json.dumps(document.namespaces)},\n{SEPARATOR.join(groups)}}}\n'


def spell_arguments(statement: Statement) -> str:
    """Names and times, which have nothing to escape."""
    pairs = zip(KEYS[statement.kind], statement.arguments, strict=True)
    return ",".join([f'{key}{argument}"' for key, argument in pairs if argument is not None])


def spell_attributes(attributes: Sequence[tuple[str, Value]]) -> str:
    """Attributes; what one name says more than once is a list (PROV-JSON, 2.2)."""
    told = []
    for name, pairs in groupby(attributes, itemgetter(0)):
        values = [spell(value) for _, value in pairs]
        told.append(f'"{name}":{values[0]}' if len(values) == 1 else f'"{name}":[{",".join(values)}]')
    return ",".join(told)


def spell(value: Value) -> str:
    """A value; what is neither a string nor a boolean says its type."""
    if value.__class__ is str:
        return quote(value)
    if isinstance(value, Name):
        return f'{{"$":"{value}","type":"prov:QUALIFIED_NAME"}}'
    if isinstance(value, Link):
        return f'{{"$":{quote(value)},"type":"xsd:anyURI"}}'
    return str(value).lower() if isinstance(value, bool) else f'{{"$":"{value}","type":"xsd:long"}}'
