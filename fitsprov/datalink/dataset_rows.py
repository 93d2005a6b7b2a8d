"""The rows of one dataset: its file, its provenance, what stands one step from it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import quote

from fitsprov.datalink.descriptors import COLLAPSED, MEDIA_TYPE, PROVENANCE, Descriptor
from fitsprov.datalink.row import Fixed, Frame, Framed, Row, make_fixed, quick_row
from fitsprov.model.lineage import Category, Dataset, Linked, Surroundings

__all__ = ["Admission", "DatasetRows", "Site", "everybody", "media_type"]

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
    "gif": "image/gif",
    "jpeg": "image/jpeg",
    "jpg": "image/jpeg",
    "png": "image/png",
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

PICTURES = ("image/gif", "image/jpeg", "image/png")
"""Media types of what is looked at rather than worked with."""
FEW = 25
"""Logs, or pictures, up to which they are told from other siblings, with which more of them collapse."""
KEPT = 4_000
"""Files that are not described again: many datasets have the same calibrations."""

Admitted = tuple[str, bool | None]
"""``link_auth`` and ``link_authorized`` of a link."""
Admission = Callable[[Linked, bool], Admitted]
"""Who may follow a link to a dataset; where the second argument is false, a link to what is told of it."""
Related = Sequence[tuple[Linked, str | None]]
"""What stands one step from a dataset, and what it was used as."""


def everybody(dataset: Linked, data: bool) -> Admitted:
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


def link(before: str, after: str, semantics: str, description: str, kind: str, local: str, admitted: Admitted) -> Fixed:
    """Lead to a URL."""
    return Fixed(before, after, ("", "", description, semantics, kind, None, "", local, *admitted))


def service(name: str, semantics: str, description: str, kind: str, admitted: Admitted) -> Fixed:
    """Offer the service that a descriptor describes."""
    return Fixed("", "", (name, "", description, semantics, kind, None, "", name, *admitted))


class File(NamedTuple):
    """What rows tell of a file, whatever it is to the dataset whose rows they are."""

    url: str
    description: str
    media_type: str
    size: int | None
    role: str
    """Its ``local_semantics`` as a progenitor."""
    type: str
    """Its ``local_semantics`` as anything else."""
    admitted: Admitted

    def row(self, sent: str, semantics: str, role: str | None = None) -> Row:
        """Lead to it from one dataset, for which it was used as something."""
        told = f"{self.description}, used as {role}" if role else self.description
        local = self.role if semantics == "#progenitor" else self.type
        cells = (sent, self.url, "", "", told, semantics, self.media_type, self.size, "", local)
        return quick_row(cells + self.admitted)


class DatasetRows:
    """Makes the rows of datasets, one after the other; what they have in common it finds out once."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.files: dict[str, File] = {}
        self.frames: dict[tuple[Admitted, Admitted, bool], Frame] = {}

    def make(self, sent: str, near: Surroundings, collapse: int | None) -> Framed:
        """Make all rows of the dataset whose ID was sent; more than so many of one kind collapse."""
        dataset, key = near.dataset, near.dataset.id
        data, told = self.site.admission(dataset, True), self.site.admission(dataset, False)
        frame = self.frames.get((data, told, near.made))
        if frame is None:
            site = self.site
            frame = make_frame(site.base, site.prefix, site.services, data, told, near.made)
            self.frames[data, told, near.made] = frame
        logs, pictures, siblings = sorted_out(near.siblings)
        rows = [self.file(log).row(sent, "#documentation") for log in logs]
        related: tuple[Related, ...] = (
            near.parents,
            [(one, None) for one in near.products],
            [(one, None) for one in siblings],
        )
        for semantics, items in zip(COLLAPSED, related, strict=True):
            if collapse is not None and len(items) > collapse:
                more, items = collapsed(semantics, items, collapse, self.site, told)
                rows += make_fixed(more, sent, key)
            rows += [self.file(one).row(sent, semantics, role) for one, role in items]
        rows += [self.file(picture).row(sent, "#preview") for picture in pictures]
        return Framed(self.file(dataset).row(sent, "#this"), key, frame, rows)

    def file(self, dataset: Linked) -> File:
        """Describe the file of a dataset, unless that was done lately."""
        found = self.files.get(dataset.id)
        if found is None:
            if len(self.files) >= KEPT:
                self.files.clear()
            found = self.files[dataset.id] = File(
                f"{self.site.base}/files/{dataset.id}",
                describe(dataset),
                media_type(dataset),
                length(dataset),
                ROLES.get(dataset.category, "parent"),
                dataset.type or "",
                self.site.admission(dataset, True),
            )
        return found


def sorted_out(siblings: Sequence[Linked]) -> tuple[Sequence[Linked], Sequence[Linked], Sequence[Linked]]:
    """Tell logs and pictures, where they are few, from what else the same activity made."""
    if not siblings:
        return (), (), ()
    logs = [one for one in siblings if one.category is Category.LOG]
    pictures = [one for one in siblings if one.category is not Category.LOG and media_type(one) in PICTURES]
    logs, pictures = ([] if len(kind) > FEW else kind for kind in (logs, pictures))
    told = {one.id for one in (*logs, *pictures)}
    return logs, pictures, [one for one in siblings if one.id not in told] if told else siblings


@lru_cache(maxsize=64)
def make_frame(
    base: str, prefix: str, services: tuple[Descriptor, ...], data: Admitted, told: Admitted, made: bool
) -> Frame:
    """Offer what there is of every dataset.

    Services stand before the provenance service, because pyvo calls the first; then come whole records, the page, and
    the configuration of what made it. The header is the last row of all.
    """
    term, asked = "#documentation", f"{base}/prov?ID={prefix}"
    page, how = "what it is and how it was made, a page", "the activity that made it, with its configuration"
    first = [service(one.id or "", one.semantics, one.description, one.content_type, data) for one in services]
    first.append(service(PROVENANCE, term, "provenance service", "", told))
    for name, description, kind in RECORDS:
        first.append(link(asked, f"&RESPONSEFORMAT={name}&DEPTH=ALL", term, description, kind, "provenance", told))
    first.append(link(f"{base}/dataset/", "", term, page, "text/html", "page", told))
    if made:
        after = "&RESPONSEFORMAT=PROV-JSON&DEPTH=0"
        first.append(link(asked, after, term, how, "application/json", "configuration", told))
    stamp = "the header with its provenance stamp"
    header = link(f"{base}/headers/", "", "#detached-header", stamp, "text/plain", "header", data)
    return Frame(tuple(first), (header,))


def collapsed(
    semantics: str, items: Related, collapse: int, site: Site, told: Admitted
) -> tuple[Sequence[Fixed], Related]:
    """Stand for many links of one kind: a link to all of them, and a service that filters them; calibrations stay."""
    progenitors = semantics == "#progenitor"
    calibrations = [item for item in items if progenitors and item[0].category is Category.CALIBRATION]
    if len(items) - len(calibrations) <= collapse:
        return (), items
    name = COLLAPSED[semantics]
    told_of_all = f"{len(items)} {name}, too many to list here: follow for their links"
    url = f"{site.base}/links?ID={site.prefix}", f"&SEMANTICS={quote(semantics)}"
    return (
        link(*url, semantics, told_of_all, MEDIA_TYPE, name, told),
        # no content type: with that of {links}, clients follow both rows
        service(name, semantics, f"{len(items)} {name}, to be filtered", "", told),
    ), calibrations


def length(dataset: Linked) -> int | None:
    """Bytes that come from ``/files``; None where a stamp is added on the way out, which makes FITS files longer."""
    stamped = (dataset.uri or "").startswith("file:") and media_type(dataset) in STAMPED
    return None if stamped else dataset.size


def describe(dataset: Linked) -> str:
    """Name a dataset to people: ``flat detector=85``."""
    place = " ".join([f"{key}={value}" for key, value in dataset.data_id.items()]) if dataset.data_id else dataset.name
    return f"{dataset.type} {place}" if dataset.type and place else dataset.type or place or f"dataset {dataset.id}"


def media_type(dataset: Dataset | Linked) -> str:
    """Tell from the name of a copy; a dataset without one is taken for a FITS image, unless it cannot be one."""
    if dataset.uri is None:
        blank = dataset.stub or dataset.category in (Category.LOG, Category.METRIC)
        return "" if blank else "image/fits"
    return MEDIA_TYPES.get(dataset.uri.lower().rpartition(".")[2], "")
