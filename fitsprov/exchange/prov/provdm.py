"""IVOA ProvenanceDM 1.0 in VOTable 1.4: one table a class, one row an instance, null where nothing is known.

Tables, columns and utypes are those of the VO-DML. A column that holds the key of the instance to which a row belongs,
as the activity of a ``Used``, has the utype of that key. Columns without utype are ours.

A configuration is told as ``Parameter``s and not as an entity; those of one configuration share an ``id``, by which
``WasConfiguredBy`` joins them to an activity, so that a configuration of many activities stands once.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from fitsprov.exchange.prov.prov import Document
from fitsprov.exchange.prov.provdm_classes import CLASSES
from fitsprov.exchange.prov.provdm_instances import Class, Column, Instances

__all__ = ["write_votable"]

DATATYPES = {
    "id": 'datatype="char" arraysize="*"',
    "text": 'datatype="unicodeChar" arraysize="*"',
    "time": 'datatype="char" arraysize="*" xtype="timestamp"',
    "flag": 'datatype="boolean"',
    "size": 'datatype="long" unit="byte"',
    "number": 'datatype="long"',
}
OVERFLOW = '<INFO name="QUERY_STATUS" value="OVERFLOW"/>\n'
CARRIAGE = {"\r": "&#13;"}
"""Else a reader takes it for the end of a line (XML 1.0, 2.11)."""


def write_votable(document: Document, *, overflow: bool = False) -> str:
    """Write a document that is told in the words of the IVOA as a VOTable.

    Classes of which there is no instance have no table.

    Parameters
    ----------
    overflow : bool
        Whether something was left out because it was too much (DALI 1.1, 4.4.1).
    """
    instances = Instances(document)
    told = [(each, list(each.rows(instances))) for each in CLASSES]
    tables = "".join(spell_table(each, rows) for each, rows in told if rows)
    infos = "".join(f"<INFO name={quoteattr(name)} value={quoteattr(value)}/>\n" for name, value in instances.about())
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<VOTABLE version="1.4" xmlns="http://www.ivoa.net/xml/VOTable/v1.3">\n'
        "<DESCRIPTION>Provenance of one dataset, in the classes of IVOA ProvenanceDM 1.0</DESCRIPTION>\n"
        f'<RESOURCE type="results">\n<INFO name="QUERY_STATUS" value="OK"/>\n{infos}{tables}'
        f"{OVERFLOW * overflow}</RESOURCE>\n</VOTABLE>\n"
    )


def spell_table(each: Class, rows: Iterable[dict[str, Any]]) -> str:
    """A class with its instances."""
    utype = f" utype={quoteattr(f'voprov:{each.utype}')}" if each.utype else ""
    fields = "".join(map(spell_field, each.columns))
    keys = [column.key for column in each.columns]
    body = "".join(f"<TR>{''.join([spell_cell(row.get(key)) for key in keys])}</TR>\n" for row in rows)
    return (
        f'<TABLE name="{each.name}"{utype}>\n<DESCRIPTION>{escape(each.description)}</DESCRIPTION>\n'
        f"{fields}<DATA><TABLEDATA>\n{body}</TABLEDATA></DATA></TABLE>\n"
    )


def spell_field(column: Column) -> str:
    """A column."""
    utype = f' utype="voprov:{column.utype}"' if column.utype else ""
    ucd = f' ucd="{column.ucd}"' if column.ucd else ""
    about = f"<DESCRIPTION>{escape(column.description)}</DESCRIPTION>" if column.description else ""
    return f'<FIELD name="{column.name}"{ucd}{utype} {DATATYPES[column.type]}>{about}</FIELD>\n'


def spell_cell(value: str | bool | int | None) -> str:
    """A value; nothing where it is not known."""
    if value is None:
        return "<TD/>"
    text = value if isinstance(value, str) else str(value).lower()
    return f"<TD>{escape(text, CARRIAGE)}</TD>"
