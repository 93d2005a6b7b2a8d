"""PROV-JSON (W3C Member Submission, 24 April 2013): statements by kind, then by identifier."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from fitsprov.exchange.prov.prov import FORMAL, Document, Link, Name, Statement, Value

__all__ = [
    "blocks",
    "file_document",
    "quote",
    "read_document",
    "spell",
    "spell_attributes",
    "spell_statement",
    "write_prov_json",
]

KEYS = {kind: [f'"prov:{name}":"' for name in names] for kind, names in FORMAL.items()}
SEPARATOR = ",\n"
BLOCK = 128
TYPES: Mapping[str, Callable[[str], Value]] = {"prov:QUALIFIED_NAME": Name, "xsd:anyURI": Link, "xsd:long": int}
quote = json.encoder.encode_basestring_ascii


def write_prov_json(document: Document) -> str:
    """Write a document as PROV-JSON, in ASCII, one statement a line.

    A statement without identifier has a blank one, ``_:used7``: the format files each under its own.
    """
    filed: dict[str, list[str]] = {}
    for statement in document.statements:
        lines = filed.setdefault(statement.kind, [])
        lines.append(spell_statement(statement, len(lines) + 1))
    return "".join(file_document(document.namespaces, filed))


def spell_statement(statement: Statement, number: int) -> str:
    """A statement; it has a number among those of its kind."""
    kind, name, arguments, attributes = statement
    pairs = [f'{key}{argument}"' for key, argument in zip(KEYS[kind], arguments, strict=True) if argument]
    if attributes:
        pairs.append(spell_attributes(attributes))
    return f'"{name or f"_:{kind}{number}"}":{{{",".join(pairs)}}}'


def blocks(lines: Iterable[str]) -> Iterator[str]:
    """Put some lines at a time together, so that megabytes of them need not be in memory several times."""
    left = iter(lines)
    while some := SEPARATOR.join(islice(left, BLOCK)):
        yield some


def file_document(namespaces: Mapping[str, str], filed: Mapping[str, Iterable[str]]) -> Iterator[str]:
    """Put statements together that are spelled, by their kinds; a kind of which there is none is left out.

    Parameters
    ----------
    filed : mapping of str to iterable of str
        Kind → texts of one or some statements each.
    """
    yield f'{{"prefix":{json.dumps(namespaces)}'
    for kind, texts in filed.items():
        opening = f'{SEPARATOR}"{kind}":{{'
        for text in texts:
            yield opening
            yield text
            opening = SEPARATOR
        if opening is SEPARATOR:
            yield "}"
    yield "}\n"


def read_document(text: str) -> Document:
    """Read a document that was written here."""
    prefixes, *kinds = json.loads(text).items()
    return Document(prefixes[1], [statement for kind, filed in kinds for statement in read_statements(kind, filed)])


def read_statements(kind: str, filed: Mapping[str, Mapping[str, Any]]) -> Iterator[Statement]:
    """Read the statements of one kind."""
    formal = [f"prov:{name}" for name in FORMAL[kind]]
    for name, told in filed.items():
        arguments = tuple(map(told.get, formal))
        said = {key: value if isinstance(value, list) else [value] for key, value in told.items() if key not in formal}
        attributes = [(key, read(one)) for key, values in said.items() for one in values]
        yield Statement(kind, None if name.startswith("_:") else name, arguments, attributes)


def read(value: Any) -> Value:
    """Read what `spell` wrote, or a plain string."""
    if not isinstance(value, dict):
        plain: Value = value
        return plain
    return TYPES[value["type"]](value["$"])


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
