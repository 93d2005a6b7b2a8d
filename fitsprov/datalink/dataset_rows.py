"""The rows of one dataset: its file, its provenance, what stands one step from it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple
from urllib.parse import quote

from fitsprov.datalink.descriptors import COLLAPSED, MEDIA_TYPE, PROVENANCE, Descriptor
from fitsprov.datalink.row import Row
from fitsprov.model.lineage import Category, Dataset, Neighbourhood

__all__ = ["Admission", "Site", "Subject", "dataset_rows", "everybody", "media_type"]

ROLES: Mapping[Category | None, str] = {
    Category.RAW: "raw",
    Category.CALIBRATION: "calibration",
    Category.REFERENCE: "reference",
}
"""Category of a progenitor → its ``local_semantics``; ``parent`` for any other."""
MEDIA_TYPES = {
    "fits": "image/fits",
    "fit": "image/fits",
    "fts": "image/fits",
    "fz": "image/fits",
    "gz": "application/gzip",
    "csv": "text/csv",
    "ecsv": "text/csv",
    "json": "application/json",
    "log": "text/plain",
    "parq": "application/vnd.apache.parquet",
    "parquet": "application/vnd.apache.parquet",
    "txt": "text/plain",
    "vot": "application/x-votable+xml",
    "yaml": "application/yaml",
}
"""Suffix of a copy → media type; Firefly shows nothing but ``image/fits``."""
STAMPED = ("image/fits", "application/gzip")
"""Media types of copies that get a stamp on their way out, where they are on this machine."""
RECORDS = (
    ("PROV-JSON", "full provenance, PROV-JSON", "application/json"),
    ("PROV-N", "full provenance, PROV-N", "text/provenance-notation"),
    ("PROV-VOTABLE", "full provenance, PROV-VOTABLE", "application/x-votable+xml"),
)
"""``RESPONSEFORMAT``, description and media type of the records that are offered."""

Admission = Callable[[Dataset, bool], tuple[str, bool | None]]
"""``link_auth`` and ``link_authorized`` of a link to a dataset, or, where the second argument is false, of a link to
what is told of it."""


def everybody(dataset: Dataset, data: bool) -> tuple[str, bool | None]:
    """Say nothing, where nobody is ever turned away."""
    return "", None


@dataclass(frozen=True, slots=True)
class Site:
    """Where links lead, and for whom."""

    base: str
    prefix: str
    """What stands before the UUID in a percent-encoded ID."""
    services: tuple[Descriptor, ...] = ()
    admission: Admission = everybody


class Subject(NamedTuple):
    """The dataset whose links are made."""

    sent: str
    """Its ID, as the client sent it."""
    key: str
    """Its UUID."""
    site: Site
    told: tuple[str, bool | None]
    """``link_auth`` and ``link_authorized`` of links to what is told of it."""


def dataset_rows(sent: str, near: Neighbourhood, site: Site, collapse: int | None) -> list[Row]:
    """Make all rows of one dataset; services stand before the provenance service, because pyvo calls the first."""
    dataset = near.dataset
    key, admission = str(dataset.id), site.admission(dataset, True)
    subject = Subject(sent, key, site, site.admission(dataset, False))
    rows = [file_row(subject, "#this", dataset, dataset.type or "")]
    rows += [
        Row.to_service(sent, item.semantics, item.id or "", item.description, item.content_type, admission)
        for item in site.services
    ]
    rows += documentation_rows(subject)
    parents = [(parent, usage.role) for parent, usage in near.parents if usage.actual is not False]
    rows += related_rows(subject, "#progenitor", parents, collapse)
    rows += related_rows(subject, "#derivation", [(product, None) for product in near.products], collapse)
    rows += related_rows(subject, "#coderived", [(sibling, None) for sibling in near.siblings], collapse)
    url, told = f"{site.base}/headers/{key}", "the header with its provenance stamp"
    rows.append(Row.to_url(sent, "#detached-header", url, told, "text/plain", "header", admission))
    return rows


def documentation_rows(subject: Subject) -> list[Row]:
    """Offer the provenance: the service first, then whole records, then the page."""
    sent, key, site, admission = subject
    term, kind, asked = "#documentation", "provenance", f"{site.base}/prov?ID={site.prefix}{key}&RESPONSEFORMAT="
    page = "what it is and how it was made, a page"
    return [
        Row.to_service(sent, term, PROVENANCE, "provenance service", "", admission),
        *[
            Row.to_url(sent, term, f"{asked}{name}&DEPTH=ALL", told, content_type, kind, admission)
            for name, told, content_type in RECORDS
        ],
        Row.to_url(sent, term, f"{site.base}/dataset/{key}", page, "text/html", "page", admission),
    ]


def related_rows(
    subject: Subject, semantics: str, related: Sequence[tuple[Dataset, str | None]], collapse: int | None
) -> list[Row]:
    """List what stands one step from a dataset, each with what it was used as, or collapse it."""
    progenitors, rows = semantics == "#progenitor", list[Row]()
    if collapse is not None and len(related) > collapse:
        calibrations = [item for item in related if progenitors and item[0].category is Category.CALIBRATION]
        if len(related) - len(calibrations) > collapse:
            rows += collapsed_rows(subject, semantics, len(related))
            related = calibrations
    for dataset, role in related:
        local = ROLES.get(dataset.category, "parent") if progenitors else dataset.type or ""
        rows.append(file_row(subject, semantics, dataset, local, role))
    return rows


def collapsed_rows(subject: Subject, semantics: str, count: int) -> list[Row]:
    """Stand for many links of one kind: a link to all of them, and a service that filters them."""
    sent, key, site, admission = subject
    name = COLLAPSED[semantics]
    url = f"{site.base}/links?ID={site.prefix}{key}&SEMANTICS={quote(semantics)}"
    told = f"{count} {name}, too many to list here: follow for their links"
    return [
        Row.to_url(sent, semantics, url, told, MEDIA_TYPE, name, admission),
        # no content type: with that of {links}, clients follow both rows
        Row.to_service(sent, semantics, name, f"{count} {name}, to be filtered", "", admission),
    ]


def file_row(subject: Subject, semantics: str, dataset: Dataset, local: str, role: str | None = None) -> Row:
    """Lead to the file of a dataset."""
    sent, _, site, _ = subject
    admission = site.admission(dataset, True)
    url, told = f"{site.base}/files/{dataset.id}", describe(dataset, role)
    return Row.to_url(sent, semantics, url, told, media_type(dataset), local, admission, length(dataset))


def length(dataset: Dataset) -> int | None:
    """Bytes that come from ``/files``; None where a stamp is added on the way out, which makes FITS files longer."""
    stamped = (dataset.uri or "").startswith("file:") and media_type(dataset) in STAMPED
    return None if stamped else dataset.size


def describe(dataset: Dataset, role: str | None) -> str:
    """Name a dataset to people: ``flat detector=85, used as flat``."""
    place = " ".join([f"{key}={value}" for key, value in dataset.data_id.items()]) if dataset.data_id else dataset.name
    text = f"{dataset.type} {place}" if dataset.type and place else dataset.type or place or f"dataset {dataset.id}"
    return f"{text}, used as {role}" if role else text


def media_type(dataset: Dataset) -> str:
    """Tell from the name of a copy; a dataset without one is taken for a FITS image, unless it cannot be one."""
    if dataset.uri is None:
        blank = dataset.stub or dataset.category in (Category.LOG, Category.METRIC)
        return "" if blank else "image/fits"
    return MEDIA_TYPES.get(dataset.uri.lower().rpartition(".")[2], "")
