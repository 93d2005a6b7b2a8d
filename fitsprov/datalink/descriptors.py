"""Service descriptors: resources that tell a client how to call a service (DataLink 1.1, 4).

Ours are values below. An observatory adds others as templates, each a ``<service semantics="…" content_type="…">``
around one ``RESOURCE``: its attributes and the resource's DESCRIPTION make the row that offers the service for each
dataset.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from string import Template
from urllib.parse import quote
from xml.etree import ElementTree
from xml.sax.saxutils import escape, quoteattr

from fitsprov.datalink.document import URL
from fitsprov.datalink.row import Cells
from fitsprov.datalink.terms import is_term
from fitsprov.datalink.text import to_ascii
from fitsprov.errors import UsageError

__all__ = ["COLLAPSED", "MEDIA_TYPE", "PROVENANCE", "STANDARD_ID", "Descriptor", "make_descriptors", "read_template"]

MEDIA_TYPE = "application/x-votable+xml;content=datalink"
"""Of a {links} document, exactly so (DataLink 1.1, 3.1)."""
STANDARD_ID = "ivo://ivoa.net/std/DataLink#links-1.1"
PROVENANCE = "provenance"
"""ID of the descriptor of the provenance service."""
COLLAPSED = {"#progenitor": "progenitors", "#derivation": "derivations", "#coderived": "siblings"}
"""Term → ID of the descriptor that filters its links where they are too many to list; also what they are called."""


NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*")
"""An ID in XML, as far as it is ASCII (Namespaces in XML 1.0, 3)."""
COLUMNS = {"ID", *Cells._fields[1:]}
"""IDs of the columns."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Descriptor:
    """A descriptor as it stands in a document, and the row that offers its service."""

    xml: str
    id: str | None = None
    """What rows name it by in ``service_def``; none for a service that describes itself."""
    semantics: str = ""
    description: str = ""
    content_type: str = ""


@dataclass(frozen=True, slots=True)
class Param:
    """A PARAM: fixed where it has a value, taken from a column where it has a ``ref``, else the user's choice."""

    name: str
    value: str = ""
    description: str = ""
    ref: str = ""
    ucd: str = ""
    datatype: str = "char"
    options: tuple[str, ...] = ()

    def format(self) -> str:
        attributes = {"name": self.name, "datatype": self.datatype, "ucd": self.ucd, "ref": self.ref}
        attributes["arraysize"] = "*" if self.datatype == "char" else ""
        text = "".join(f" {name}={quoteattr(value)}" for name, value in attributes.items() if value)
        inside = f"<DESCRIPTION>{escape(self.description)}</DESCRIPTION>" if self.description else ""
        if self.options:
            inside += f"<VALUES>{''.join(f'<OPTION value={quoteattr(item)}/>' for item in self.options)}</VALUES>"
        return f"<PARAM{text} value={quoteattr(to_ascii(self.value))}>{inside}</PARAM>\n"


ROW_ID = Param("ID", ref="ID", ucd="meta.id;meta.main")
ANY_ID = Param("ID", ucd="meta.id;meta.main", description="dataset ID, repeatable; UUID, ivo:// DID or butler:// URI")
SEMANTICS = Param("SEMANTICS", description="optional: only links of this kind, all of them", options=tuple(COLLAPSED))
ROLE = Param("ROLE", description="optional: only links with this local_semantics")
PARENT_ROLE = Param("ROLE", description=ROLE.description, options=("raw", "parent", "calibration", "reference"))
MAXREC = Param("MAXREC", datatype="int", description="optional: most rows")
LINKS_FORMAT = Param("RESPONSEFORMAT", description="optional; default votable", options=("votable", MEDIA_TYPE))
PROV_INPUTS = (
    ROW_ID,
    Param("DEPTH", description="optional: generations, a number or ALL; default 1", options=("1", "2", "ALL")),
    Param("DIRECTION", description="optional: BACK to ancestors, FORTH to products", options=("BACK", "FORTH")),
    Param(
        "RESPONSEFORMAT",
        description="optional; default PROV-JSON",
        options=("PROV-JSON", "PROV-N", "PROV-XML", "PROV-VOTABLE", "PROV-SVG"),
    ),
)


def make_descriptors(base_url: str, example: str = "", extra: Sequence[Descriptor] = ()) -> tuple[Descriptor, ...]:
    """Describe the services behind a base URL: the extra ones first, the {links} service itself last.

    The example is the ID of a dataset for their ``exampleURL``, which they lack without one.

    Raises
    ------
    UsageError
        Where two of the extra ones have the same ID.
    """
    for name, count in Counter(item.id for item in extra).items():
        if count > 1:
            raise UsageError(f"{count} service descriptors have the ID '{name}'; expected one")
    base = base_url.rstrip("/")
    provenance = format_service(
        PROVENANCE,
        "Full provenance of this dataset as PROV-JSON, PROV-N, PROV-XML, VOTable or SVG",
        [
            Param("accessURL", f"{base}/prov"),
            *example_url(f"{base}/prov?DEPTH=ALL&ID=", example, "all ancestors of a dataset"),
        ],
        PROV_INPUTS,
    )
    # no standardID: with one, pyvo takes it for the DataLink service of the table
    collapsed = [
        format_service(
            name,
            f"The {name} as a table of links, with filters",
            [Param("accessURL", f"{base}/links"), Param("contentType", MEDIA_TYPE)],
            [ROW_ID, Param("SEMANTICS", term, "only links of this kind"), PARENT_ROLE if i == 0 else ROLE, MAXREC],
        )
        for i, (term, name) in enumerate(COLLAPSED.items())
    ]
    return (*extra, provenance, *collapsed, describe_links(base, example))


def describe_links(base: str, example: str) -> Descriptor:
    """Describe the {links} service itself (DataLink 1.1, 4.4)."""
    return format_service(
        None,
        "Links of datasets; SEMANTICS and ROLE keep only some of them",
        [
            Param("standardID", STANDARD_ID),
            Param("accessURL", f"{base}/links"),
            Param("contentType", MEDIA_TYPE),
            *example_url(f"{base}/links?ID=", example, "links of a dataset"),
        ],
        [ANY_ID, SEMANTICS, ROLE, MAXREC, LINKS_FORMAT],
    )


def example_url(url: str, example: str, description: str) -> list[Param]:
    """A call that works, for whoever looks after the service (DataLink 1.1, 4.2)."""
    return [Param("exampleURL", url + quote(example, safe=""), description)] if example else []


def format_service(name: str | None, description: str, params: Sequence[Param], inputs: Sequence[Param]) -> Descriptor:
    kind = f'utype="adhoc:service" ID="{name}" name="{name}"' if name else 'utype="adhoc:this" name="links"'
    xml = (
        f'<RESOURCE type="meta" {kind}><DESCRIPTION>{escape(description)}</DESCRIPTION>\n'
        f"{''.join(item.format() for item in params)}"
        f'<GROUP name="inputParams">\n{"".join(item.format() for item in inputs)}</GROUP></RESOURCE>\n'
    )
    return Descriptor(xml=xml, id=name)


def read_template(text: str, values: Mapping[str, str], name: str) -> Descriptor:
    """Read a descriptor from a template, with ``${key}`` replaced by values, escaped.

    Raises
    ------
    UsageError
        Where the template, by the given name in the message, names an unknown value or is no service descriptor.
    """
    escaped = {key: escape(to_ascii(value), {'"': "&quot;", "'": "&apos;"}) for key, value in values.items()}
    try:
        service = ElementTree.fromstring(Template(text).substitute(escaped))
    except KeyError as error:
        raise UsageError(f"{name}: ${{{error.args[0]}}} is unknown; expected one of {', '.join(values)}") from None
    except (ValueError, ElementTree.ParseError) as error:
        raise UsageError(f"{name}: {error}; expected XML with ${{key}} for values and $$ for a dollar") from None
    resource = service.find("RESOURCE")
    if service.tag != "service" or resource is None:
        raise UsageError(f"{name}: <{service.tag}>; expected <service semantics=… content_type=…> around a <RESOURCE>")
    check_template(service, resource, name)
    return Descriptor(
        xml=ElementTree.tostring(resource).decode().rstrip() + "\n",
        id=resource.get("ID"),
        semantics=service.get("semantics", ""),
        description=" ".join(resource.findtext("DESCRIPTION", "").split()),
        content_type=service.get("content_type", ""),
    )


def check_template(service: ElementTree.Element, resource: ElementTree.Element, name: str) -> None:
    """Refuse what no client could call (DataLink 1.1, 4.1 to 4.3)."""
    url = resource.find("PARAM[@name='accessURL']")
    refs = [item.get("ref", "") for item in resource.iterfind("GROUP/PARAM[@ref]")]
    own, inner = resource.get("ID", ""), {item.get("ID", "") for item in resource.iter()}
    wanted = {
        "semantics='#term' of datalink/core": is_term(service.get("semantics", "")),
        "<RESOURCE type='meta' utype='adhoc:service'>": (resource.get("type"), resource.get("utype"))
        == ("meta", "adhoc:service"),
        "an ID that is none of ours": NAME.fullmatch(own) and own not in {PROVENANCE, *COLLAPSED.values(), *COLUMNS},
        "a DESCRIPTION": resource.findtext("DESCRIPTION"),
        "a PARAM accessURL with an absolute URL": url is not None and URL.fullmatch(url.get("value", "")),
        "a GROUP inputParams": resource.find("GROUP[@name='inputParams']") is not None,
        "each ref to be to a column, as ID": {*refs} <= COLUMNS | inner,
    }
    for expected, found in wanted.items():
        if not found:
            seen = ElementTree.tostring(service, encoding="unicode").split("\n", 1)[0]
            raise UsageError(f"{name}: {seen}; expected {expected}")
