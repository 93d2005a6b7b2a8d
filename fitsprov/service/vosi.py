"""``/availability``, ``/capabilities`` and ``/tables``: what a service says about itself (VOSI 1.1)."""

from __future__ import annotations

from datetime import UTC, datetime
from xml.sax.saxutils import escape, quoteattr

from fitsprov.actions.linking import COLUMNS
from fitsprov.actions.listing import LINK_FORMATS
from fitsprov.actions.serving import Archive
from fitsprov.service.answer import Answer, document, text
from fitsprov.service.call import Call

__all__ = ["answer_availability", "answer_capabilities", "answer_tables"]

STARTED = datetime.now(UTC)
MEDIA_TYPE = "text/xml;charset=utf-8"
HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'
XSI = "http://www.w3.org/2001/XMLSchema-instance"
VOSI = {
    "availability": "ivo://ivoa.net/std/VOSI#availability",
    "capabilities": "ivo://ivoa.net/std/VOSI#capabilities",
    "tables": "ivo://ivoa.net/std/VOSI#tables-1.1",
}
SPACES = (
    f'xmlns:vosi="http://www.ivoa.net/xml/VOSITables/v1.0" xmlns:xsi="{XSI}"'
    ' xmlns:vs="http://www.ivoa.net/xml/VODataService/v1.1"'
)
LINKS = "ivo://ivoa.net/std/DataLink#links-1.1"


def answer_availability(archive: Archive, call: Call) -> Answer:
    """Say whether the service works: it does where the registry answers."""
    archive.check()
    since = f"<upSince>{STARTED:%Y-%m-%dT%H:%M:%SZ}</upSince>"
    content = f'<availability xmlns="http://www.ivoa.net/xml/VOSIAvailability/v1.0"><available>true</available>{since}'
    return document(call, [f"{HEAD}{content}</availability>\n".encode()], MEDIA_TYPE)


def answer_capabilities(archive: Archive, call: Call) -> Answer:
    """Say what can be asked here."""
    base = archive.base_url
    parts = [capability(uri, interface(f"{base}/{name}")) for name, uri in VOSI.items()]
    results = f"<resultType>{LINK_FORMATS[''].media_type}</resultType>"
    query = "<queryType>GET</queryType><queryType>POST</queryType>"
    parts.append(capability(LINKS, interface(f"{base}/links", f"{query}{results}", use="base")))
    spaces = (
        f'xmlns:vosi="http://www.ivoa.net/xml/VOSICapabilities/v1.0" xmlns:xsi="{XSI}"'
        ' xmlns:vs="http://www.ivoa.net/xml/VODataService/v1.1"'
    )
    content = f"{HEAD}<vosi:capabilities {spaces}>\n{''.join(parts)}</vosi:capabilities>\n"
    return document(call, [content.encode()], MEDIA_TYPE)


def capability(standard: str, content: str) -> str:
    """One thing that the service can (VOResource 1.1, 3.3)."""
    return f"<capability standardID={quoteattr(standard)}>{content}</capability>\n"


def interface(url: str, content: str = "", *, use: str = "full") -> str:
    """How it is called (VODataService 1.1, 3.2.3)."""
    access = f'<accessURL use="{use}">{escape(url)}</accessURL>'
    return f'<interface xsi:type="vs:ParamHTTP" role="std" version="1.1">{access}{content}</interface>'


def answer_tables(archive: Archive, call: Call) -> Answer:
    """Describe the table of links, or this table alone (VOSI 1.1, 5)."""
    name = call.path.get("name")
    if name is None:
        content = f'<schema><name>default</name><table type="output">{links_table()}</table></schema>'
        return tables_document(call, f"<vosi:tableset {SPACES}>{content}</vosi:tableset>")
    if name != "links":
        return text(f"NotFoundFault: table '{name[:80]}' is unknown; expected links", 404)
    return tables_document(call, f'<vosi:table {SPACES} type="output">{links_table()}</vosi:table>')


def tables_document(call: Call, content: str) -> Answer:
    """A document of VOSITables."""
    return document(call, [f"{HEAD}{content}\n".encode()], MEDIA_TYPE)


def links_table() -> str:
    """The table of links and its columns (VODataService 1.1, 3.3)."""
    columns = "".join(
        f"<column><name>{item.name}</name><description>{escape(item.description)}</description>"
        f"{f'<unit>{item.unit}</unit>' if item.unit else ''}{f'<ucd>{item.ucd}</ucd>' if item.ucd else ''}"
        f'<dataType xsi:type="vs:VOTableType"{f" arraysize={quoteattr(item.arraysize)}" if item.arraysize else ""}>'
        f"{item.datatype}</dataType></column>\n"
        for item in COLUMNS
    )
    return f"<name>links</name><description>Links of datasets</description>\n{columns}"
