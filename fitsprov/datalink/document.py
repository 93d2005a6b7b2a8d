"""A {links} document taken apart, as the validator looks at it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from fitsprov.model.finding import Finding

if TYPE_CHECKING:
    from lxml.etree import _Element

__all__ = ["URL", "Document", "Rule", "infos", "local", "text_of"]

URL = re.compile(r"(?!https?:(?!//[^/?#:]))[A-Za-z][A-Za-z0-9+.-]*:(?:[!#$&-;=?-Z\[\]_a-z~]|%[0-9A-Fa-f]{2})+")
"""An absolute URL (RFC 3986, 2 and 4.3); one of the web has a host."""


@dataclass(frozen=True)
class Document:
    """Its parts, where they are wherever they stand."""

    root: _Element
    results: list[_Element]
    """Resources of type ``results``."""
    tables: list[_Element]
    fields: list[_Element]
    cells: list[list[str]]
    """Of each row, in the order in which they stand; a null is an empty text."""
    descriptors: list[_Element] = field(default_factory=list)
    failed: bool = False
    """Whether it only says that the request failed; a table beside that is none of links (DALI 1.1, 4.4.2)."""

    @classmethod
    def of(cls, root: _Element) -> Document:
        results = root.findall(".//{*}RESOURCE[@type='results']")
        statuses = [info.get("value") for resource in results for info in infos(resource, "QUERY_STATUS")]
        failed = statuses[:1] == ["ERROR"]
        tables = [] if failed else [table for resource in results for table in resource.iterfind("{*}TABLE")]
        fields = tables[0].findall("{*}FIELD") if tables else []
        nulls = [null_of(item) for item in fields]
        lines = tables[0].iterfind("{*}DATA/{*}TABLEDATA/{*}TR") if tables else iter(())
        cells = [
            [value if i >= len(nulls) or value != nulls[i] else "" for i, value in enumerate(map(text_of, line))]
            for line in (line.findall("{*}TD") for line in lines)
        ]
        services = [item for item in root.iterfind(".//{*}RESOURCE") if item.get("utype", "").startswith("adhoc:")]
        return cls(root, results, tables, fields, cells, services, failed)

    @cached_property
    def rows(self) -> list[dict[str, str]]:
        """Cells by the names of their columns."""
        names = [item.get("name", "") for item in self.fields]
        return [dict(zip(names, line, strict=False)) for line in self.cells]

    @property
    def version(self) -> tuple[int, ...]:
        """Of VOTable, as the document says; nothing where it does not."""
        text = self.root.get("version", "")
        return tuple(map(int, text.split("."))) if re.fullmatch(r"1\.\d{1,2}", text) else ()


Rule = Callable[[Document], Iterator[Finding]]


def text_of(element: _Element) -> str:
    """The text of a cell or an INFO, with what stands behind a comment."""
    return "".join([element.text or "", *(child.tail or "" for child in element)]).strip()


def null_of(column: _Element) -> str:
    """What stands for a null in a column (VOTable 1.4, 4.7)."""
    values = column.find("{*}VALUES[@null]")
    return "" if values is None else values.get("null", "")


def infos(parent: _Element, name: str) -> list[_Element]:
    return parent.findall(f"{{*}}INFO[@name='{name}']")


def local(element: _Element) -> str:
    return str(element.tag).rpartition("}")[2]
