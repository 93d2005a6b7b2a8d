"""The rows of one dataset: its file, its provenance, what stands one step from it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
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
RECORDS = (
    ("PROV-JSON", "application/json"),
    ("PROV-N", "text/provenance-notation"),
    ("PROV-VOTABLE", "application/x-votable+xml"),
)

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
    subject = Subject(sent, str(dataset.id), site, site.admission(dataset, False))
    auth, authorized = site.admission(dataset, True)
    parents = [(parent, usage.role) for parent, usage in near.parents if usage.actual is not False]
    return [
        file_row(subject, "#this", dataset, dataset.type or ""),
        *service_rows(subject),
        *documentation_rows(subject),
        *related_rows(subject, "#progenitor", parents, collapse),
        *related_rows(subject, "#derivation", [(product, None) for product in near.products], collapse),
        *related_rows(subject, "#coderived", [(sibling, None) for sibling in near.siblings], collapse),
        Row(
            sent,
            "#detached-header",
            access_url=f"{site.base}/headers/{subject.key}",
            description="the header with its provenance stamp",
            content_type="text/plain",
            local_semantics="header",
            link_auth=auth,
            link_authorized=authorized,
        ),
    ]


def service_rows(subject: Subject) -> Iterator[Row]:
    """Offer the services that the observatory adds."""
    for item in subject.site.services:
        yield Row(
            subject.sent,
            item.semantics,
            service_def=item.id or "",
            description=item.description,
            content_type=item.content_type,
            local_semantics=item.id or "",
        )


def documentation_rows(subject: Subject) -> Iterator[Row]:
    """Offer the provenance: the service first, then whole records, then the page."""
    sent, key, site, (auth, authorized) = subject
    yield Row(
        sent,
        "#documentation",
        service_def=PROVENANCE,
        description="provenance service",
        local_semantics="provenance",
        link_auth=auth,
        link_authorized=authorized,
    )
    for name, content_type in RECORDS:
        yield Row(
            sent,
            "#documentation",
            access_url=f"{site.base}/prov?ID={site.prefix}{key}&RESPONSEFORMAT={name}&DEPTH=ALL",
            description=f"full provenance, {name}",
            content_type=content_type,
            local_semantics="provenance",
            link_auth=auth,
            link_authorized=authorized,
        )
    yield Row(
        sent,
        "#documentation",
        access_url=f"{site.base}/dataset/{key}",
        description="what it is and how it was made, a page",
        content_type="text/html",
        local_semantics="page",
        link_auth=auth,
        link_authorized=authorized,
    )


def related_rows(
    subject: Subject, semantics: str, related: Sequence[tuple[Dataset, str | None]], collapse: int | None
) -> Iterator[Row]:
    """List what stands one step from a dataset, each with what it was used as, or collapse it."""
    progenitors = semantics == "#progenitor"
    calibrations = [item for item in related if progenitors and item[0].category is Category.CALIBRATION]
    if collapse is not None and len(related) - len(calibrations) > collapse:
        yield from collapsed_rows(subject, semantics, len(related))
        related = calibrations
    for dataset, role in related:
        local = ROLES.get(dataset.category, "parent") if progenitors else dataset.type or ""
        yield file_row(subject, semantics, dataset, local, role)


def collapsed_rows(subject: Subject, semantics: str, count: int) -> Iterator[Row]:
    """Stand for many links of one kind: a link to all of them, and a service that filters them."""
    sent, key, site, (auth, authorized) = subject
    name = COLLAPSED[semantics]
    yield Row(
        sent,
        semantics,
        access_url=f"{site.base}/links?ID={site.prefix}{key}&SEMANTICS={quote(semantics)}",
        description=f"{count} {name}, too many to list here: follow for their links",
        content_type=MEDIA_TYPE,
        local_semantics=name,
        link_auth=auth,
        link_authorized=authorized,
    )
    # no content type: with that of {links}, clients follow both rows
    yield Row(
        sent,
        semantics,
        service_def=name,
        description=f"{count} {name}, to be filtered",
        local_semantics=name,
        link_auth=auth,
        link_authorized=authorized,
    )


def file_row(subject: Subject, semantics: str, dataset: Dataset, local: str, role: str | None = None) -> Row:
    """Lead to the file of a dataset."""
    auth, authorized = subject.site.admission(dataset, True)
    return Row(
        subject.sent,
        semantics,
        access_url=f"{subject.site.base}/files/{dataset.id}",
        description=describe(dataset, role),
        content_type=media_type(dataset),
        content_length=dataset.size,
        local_semantics=local,
        link_auth=auth,
        link_authorized=authorized,
    )


def describe(dataset: Dataset, role: str | None) -> str:
    """Name a dataset to people: ``flat detector=85, used as flat``."""
    place = " ".join(f"{key}={value}" for key, value in (dataset.data_id or {}).items())
    text = " ".join(filter(None, (dataset.type, place or dataset.name))) or f"dataset {dataset.id}"
    return f"{text}, used as {role}" if role else text


def media_type(dataset: Dataset) -> str:
    """Tell from the name of a copy; a dataset without one is taken for a FITS image, unless it cannot be one."""
    if dataset.uri is None:
        blank = dataset.stub or dataset.category in (Category.LOG, Category.METRIC)
        return "" if blank else "image/fits"
    return MEDIA_TYPES.get(dataset.uri.lower().rpartition(".")[2], "")
