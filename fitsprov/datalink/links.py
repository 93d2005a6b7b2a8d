"""Dataset IDs → the rows of a {links} document, through whatever knows the datasets.

Each ID is echoed exactly as it was sent, its rows stand together, and one bad ID becomes one error row while the others
go on. More rows of one kind than a client can take collapse into two: a link to all, and a service that filters them.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import NamedTuple, Protocol
from urllib.parse import quote
from uuid import UUID

from fitsprov.datalink.descriptors import COLLAPSED, MEDIA_TYPE, PROVENANCE, Descriptor
from fitsprov.datalink.row import Fault, Row, Rows
from fitsprov.datalink.terms import is_term, parent_terms
from fitsprov.errors import MalformedID, UsageError
from fitsprov.model.identifiers import parse_id, publisher_did
from fitsprov.model.lineage import Category, Dataset, Neighbourhood

__all__ = ["Lookup", "make_rows"]

BATCH = 100
"""IDs that are looked up at once; bounds the memory."""
NIL = UUID(int=0)

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


class Lookup(Protocol):
    """What knows the datasets, and where the service stands that links lead to."""

    @property
    def base_url(self) -> str | None: ...

    @property
    def authority(self) -> str | None: ...

    def neighbourhoods(self, ids: Sequence[UUID]) -> Mapping[UUID, Neighbourhood]:
        """Look up many datasets at once; unknown ones are absent from the answer."""
        ...


@dataclass(frozen=True, slots=True)
class Site:
    """Where links lead."""

    base: str
    prefix: str
    """What stands before the UUID in a percent-encoded ID."""
    services: tuple[Descriptor, ...]

    @classmethod
    def of(cls, lookup: Lookup, services: Sequence[Descriptor]) -> Site:
        if not lookup.base_url:
            raise UsageError("no base URL that links could lead to; expected one as https://host/path")
        whole = publisher_did(lookup.authority, NIL) if lookup.authority else str(NIL)
        return cls(lookup.base_url.rstrip("/"), quote(whole, safe="").removesuffix(str(NIL)), tuple(services))


class Subject(NamedTuple):
    """The dataset whose links are made."""

    sent: str
    """Its ID, as the client sent it."""
    key: str
    """Its UUID."""
    site: Site


def make_rows(
    identifiers: Iterable[str],
    lookup: Lookup,
    *,
    collapse: int = 25,
    semantics: str | None = None,
    role: str | None = None,
    maxrec: int | None = None,
    services: Sequence[Descriptor] = (),
) -> Rows:
    """Make the rows of many IDs, batch by batch, each distinct ID once and empty ones not at all.

    Parameters
    ----------
    identifiers
        As the client sent them.
    collapse
        Rows of one kind beyond which they collapse; calibrations stay listed.
    semantics, role
        Keep only rows of this term (or a narrower one), or with this ``local_semantics``, and collapse none of them.
        Error rows stay.
    maxrec
        Most rows. Those of one ID are not torn apart (DataLink 1.1, 2.1.1), unless the first ID alone has too many.
    services
        Further services, each offered for each dataset.

    Raises
    ------
    UsageError
        Where ``semantics`` is no core term, or the look-up has no base URL or an authority that is no IVOID.
    """
    if semantics is not None and not is_term(semantics):
        raise UsageError(f"semantics '{semantics}' is no term of datalink/core; expected one as '#progenitor'")
    site = Site.of(lookup, services)
    filtered = semantics is not None or role is not None

    def wanted(row: Row) -> bool:
        kind = semantics is None or semantics in (row.semantics, *parent_terms(row.semantics))
        return kind and (role is None or role == row.local_semantics)

    def groups() -> Iterator[list[Row]]:
        for identifier, found in look_up(identifiers, lookup):
            if isinstance(found, Row):
                yield [found]
                continue
            subject = Subject(identifier, str(found.dataset.id), site)
            rows = dataset_rows(subject, found, None if filtered else collapse)
            yield list(filter(wanted, rows)) if filtered else rows

    return Rows(limit_rows(groups(), maxrec))


def limit_rows(groups: Iterable[list[Row]], maxrec: int | None) -> Generator[Row, None, bool]:
    """Pass on whole groups up to the limit; the return value says whether any row was left out (DALI 1.1, 3.4.4)."""
    if maxrec is not None and maxrec <= 0:
        return True
    count = 0
    for rows in groups:
        if maxrec is not None and count + len(rows) > maxrec:
            yield from rows[: 0 if count else maxrec]
            return True
        yield from rows
        count += len(rows)
    return False


def look_up(identifiers: Iterable[str], lookup: Lookup) -> Iterator[tuple[str, Neighbourhood | Row]]:
    """Give each distinct ID its neighbourhood or its error row."""
    distinct = filter(None, dict.fromkeys(identifiers))
    while batch := list(islice(distinct, BATCH)):
        parsed = {identifier: parse_or_fault(identifier) for identifier in batch}
        known = lookup.neighbourhoods(list({key for key in parsed.values() if isinstance(key, UUID)}))
        for identifier, key in parsed.items():
            if isinstance(key, Row):
                yield identifier, key
            elif key in known:
                yield identifier, known[key]
            else:
                yield identifier, error_row(identifier, Fault.NOT_FOUND, f"no dataset {key} is known here")


def parse_or_fault(identifier: str) -> UUID | Row:
    """Read an ID; a DID without a UUID can only be someone else's."""
    try:
        return parse_id(identifier)
    except MalformedID as error:
        if identifier.startswith("ivo://"):
            return error_row(identifier, Fault.NOT_FOUND, f"'{identifier}' names no dataset that is known here")
        return error_row(identifier, Fault.USAGE, str(error))


def error_row(identifier: str, fault: Fault, text: str) -> Row:
    return Row(identifier, "#this", error_message=fault.tell(text))


def dataset_rows(subject: Subject, near: Neighbourhood, collapse: int | None) -> list[Row]:
    """Make all rows of one dataset; services stand before the provenance service, because pyvo calls the first."""
    parents = [(dataset, usage.role) for dataset, usage in near.parents if usage.actual is not False]
    return [
        file_row(subject, "#this", near.dataset, near.dataset.type or ""),
        *service_rows(subject),
        *documentation_rows(subject),
        *related_rows(subject, "#progenitor", parents, collapse),
        *related_rows(subject, "#derivation", [(dataset, None) for dataset in near.products], collapse),
        *related_rows(subject, "#coderived", [(dataset, None) for dataset in near.siblings], collapse),
        Row(
            subject.sent,
            "#detached-header",
            access_url=f"{subject.site.base}/headers/{subject.key}",
            description="the header with its provenance stamp",
            content_type="text/plain",
            local_semantics="header",
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
    sent, key, site = subject
    yield Row(
        sent,
        "#documentation",
        service_def=PROVENANCE,
        description="provenance service",
        local_semantics="provenance",
    )
    for name, content_type in RECORDS:
        yield Row(
            sent,
            "#documentation",
            access_url=f"{site.base}/prov?ID={site.prefix}{key}&RESPONSEFORMAT={name}&DEPTH=ALL",
            description=f"full provenance, {name}",
            content_type=content_type,
            local_semantics="provenance",
        )
    yield Row(
        sent,
        "#documentation",
        access_url=f"{site.base}/dataset/{key}",
        description="what it is and how it was made, a page",
        content_type="text/html",
        local_semantics="page",
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
    sent, key, site = subject
    name = COLLAPSED[semantics]
    yield Row(
        sent,
        semantics,
        access_url=f"{site.base}/links?ID={site.prefix}{key}&SEMANTICS={quote(semantics)}",
        description=f"{count} {name}, too many to list here: follow for their links",
        content_type=MEDIA_TYPE,
        local_semantics=name,
    )
    # no content type: with that of {links}, clients follow both rows
    yield Row(
        sent,
        semantics,
        service_def=name,
        description=f"{count} {name}, to be filtered",
        local_semantics=name,
    )


def file_row(subject: Subject, semantics: str, dataset: Dataset, local: str, role: str | None = None) -> Row:
    return Row(
        subject.sent,
        semantics,
        access_url=f"{subject.site.base}/files/{dataset.id}",
        description=describe(dataset, role),
        content_type=media_type(dataset),
        content_length=dataset.size,
        local_semantics=local,
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
