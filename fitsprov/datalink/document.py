"""A {links} document taken apart, as the validator looks at it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lxml.etree import _Element

__all__ = ["Document", "infos", "local"]


@dataclass(frozen=True)
class Document:
    """Its parts, where they are wherever they stand."""

    root: _Element
    results: list[_Element]
    """Resources of type ``results``."""
    tables: list[_Element]
    fields: list[_Element]
    rows: list[dict[str, str]]
    """Cells by the names of their columns."""
    descriptors: list[_Element] = field(default_factory=list)

    @classmethod
    def of(cls, root: _Element) -> Document:
        results = root.findall(".//{*}RESOURCE[@type='results']")
        tables = [table for resource in results for table in resource.iterfind("{*}TABLE")]
        fields = tables[0].findall("{*}FIELD") if tables else []
        names = [item.get("name", "") for item in fields]
        lines = tables[0].iterfind("{*}DATA/{*}TABLEDATA/{*}TR") if tables else iter(())
        rows = [dict(zip(names, ((cell.text or "").strip() for cell in line), strict=False)) for line in lines]
        services = [item for item in root.iterfind(".//{*}RESOURCE") if item.get("utype", "").startswith("adhoc:")]
        return cls(root, results, tables, fields, rows, services)

    @property
    def failed(self) -> bool:
        """Whether it only says that the request failed."""
        statuses = [info.get("value") for resource in self.results for info in infos(resource, "QUERY_STATUS")]
        return not self.tables and statuses == ["ERROR"]


def infos(parent: _Element, name: str) -> list[_Element]:
    return parent.findall(f"{{*}}INFO[@name='{name}']")


def local(element: _Element) -> str:
    return str(element.tag).rpartition("}")[2]
