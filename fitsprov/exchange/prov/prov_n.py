"""PROV-N (W3C Recommendation, 30 April 2013): statements for people to read, one a line."""

from __future__ import annotations

from fitsprov.exchange.prov.prov import Document, Link, Name, Statement, Value

__all__ = ["write_prov_n"]

ESCAPES = str.maketrans({"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"})
# PROV-N, [60] STRING_LITERAL, after SPARQL's [156] and [160]


def write_prov_n(document: Document) -> str:
    """Write a document as PROV-N."""
    lines = [f"prefix {prefix} <{uri}>" for prefix, uri in document.namespaces.items()]
    lines += map(spell_statement, document.statements)
    return "document\n" + "".join(f"  {line}\n" for line in lines) + "endDocument\n"


def spell_statement(statement: Statement) -> str:
    """A statement; an argument that is not known is a dash."""
    arguments = [argument or "-" for argument in statement.arguments]
    if statement.id is not None:
        arguments.insert(0, statement.id)
    if statement.attributes:
        arguments.append(f"[{', '.join([f'{name}={spell(value)}' for name, value in statement.attributes])}]")
    return f"{statement.kind}({', '.join(arguments)})"


def spell(value: Value) -> str:
    """A literal; what is neither a string nor a name says its type."""
    if isinstance(value, Name):
        return f"'{value}'"
    if isinstance(value, str):
        return f'"{value.translate(ESCAPES)}"' + (" %% xsd:anyURI" if isinstance(value, Link) else "")
    return f'"{str(value).lower()}" %% {"xsd:boolean" if isinstance(value, bool) else "xsd:long"}'
