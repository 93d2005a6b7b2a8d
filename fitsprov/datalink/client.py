"""Reading {links} documents as pyvo does, without a network for the vocabulary; and asking for them.

pyvo fetches the vocabulary into astropy's cache on the first ``bysemantics``. Here its loader is replaced for a moment
by one that answers with the copy that ships with us, so that nothing is fetched and no cache is touched.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from io import BytesIO
from threading import RLock
from typing import Any, NamedTuple
from uuid import UUID

import numpy as np
import requests
from astropy.io.votable import parse
from astropy.io.votable.exceptions import VOWarning
from pyvo.dal import DALQueryError
from pyvo.dal.adhoc import DatalinkQuery, DatalinkRecord, DatalinkResults
from pyvo.dal.exceptions import DALOverflowWarning
from pyvo.utils import vocabularies

from fitsprov.datalink.addresses import host_of
from fitsprov.datalink.bounds import check_votable
from fitsprov.datalink.guard import GuardedSession
from fitsprov.datalink.terms import core_terms
from fitsprov.errors import ServiceError
from fitsprov.model.identifiers import is_id, parse_id

__all__ = [
    "DALQueryError",
    "Link",
    "LinksResults",
    "ask_links",
    "find_provenance",
    "offline_vocabulary",
    "read_links",
    "records_of",
    "shown",
    "source_of",
]

LOCK = RLock()
LINKS_TYPES = ("application/x-votable+xml", "text/xml", "application/xml")
"""Media types of links: that of DataLink 1.1, 3.1, and those that services have, too."""
PROV_TYPES = ("application/json", "application/provenance+json")
WHOLE = {"RESPONSEFORMAT": "PROV-JSON", "DIRECTION": "BACK", "DEPTH": "ALL"}
"""What a link to a document gives."""
NEEDED = ("ID", "access_url", "service_def", "error_message", "semantics", "content_type")
"""Columns that are looked into and that links of any version have."""


@contextmanager
def offline_vocabulary() -> Iterator[None]:
    """Let pyvo take datalink/core from the copy that ships with us; other vocabularies load as ever.

    ``bysemantics`` is a generator: consume it inside. Other threads that want the same wait for the end.
    """

    def get_vocabulary(name: str, force_update: bool = False) -> Any:
        return core_terms() if name == "datalink/core" else load(name, force_update)

    with LOCK:
        load, vocabularies.get_vocabulary = vocabularies.get_vocabulary, get_vocabulary
        try:
            yield
        finally:
            vocabularies.get_vocabulary = load


class LinksResults(DatalinkResults):  # type: ignore[misc]  # pyvo is untyped
    """pyvo's links, whose ``bysemantics`` needs no network."""

    def bysemantics(self, semantics: str | list[str], *, include_narrower: bool = True) -> Iterator[DatalinkRecord]:
        """Give the records of a term, and of those narrower than it."""
        with offline_vocabulary():
            found: Iterable[DatalinkRecord] = list(super().bysemantics(semantics, include_narrower=include_narrower))
        return iter(found)


class Link(NamedTuple):
    """The cells of a row that are looked into, as text whatever they are; empty where there is none."""

    record: DatalinkRecord
    id: str
    access_url: str
    service_def: str
    error_message: str
    description: str
    semantics: str
    content_type: str
    content_length: str
    local_semantics: str
    link_auth: str
    link_authorized: str

    @classmethod
    def of(cls, record: DatalinkRecord) -> Link:
        """Take a row of pyvo's."""
        names = ("ID", *cls._fields[2:])
        return cls(record, *(plain(record.get(name)) for name in names))


def plain(value: Any) -> str:
    """A cell as text; a column may have any type."""
    return "" if value is None or value is np.ma.masked or np.ndim(value) else str(value)


def read_links(data: bytes, *, url: str | None = None, session: Any = None) -> LinksResults:
    """Read a {links} document.

    Parameters
    ----------
    url : str, optional
        Where it came from.
    session : requests.Session, optional
        What further links are asked with.

    Raises
    ------
    pyvo.dal.DALQueryError
        Where the document says that the request failed.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", VOWarning)
        warnings.simplefilter("ignore", DALOverflowWarning)
        return LinksResults(parse(BytesIO(data)), url=url, session=session)


def ask_links(session: GuardedSession, url: str) -> LinksResults:
    """Ask a service for links.

    Raises
    ------
    ServiceError
        Where it may not be asked, gives no links, or says why it does not.
    """
    response = session.get(url)
    source = f"links of {host_of(response.url)}"
    need_type(response, source, LINKS_TYPES)
    check_votable(response.content, source)
    try:
        links = read_links(response.content, url=response.url, session=session)
        need_columns(links, source)
    except DALQueryError as error:
        raise told_fault(source, str(error)) from None
    except ServiceError:
        raise
    except Exception as error:  # whatever pyvo and astropy make of what a stranger sent
        raise ServiceError(f"{source}: {shown(error)}; expected a VOTable", code="service-answer-invalid") from None
    need_success(response, source)
    return links


class Offered(NamedTuple):
    """How the provenance of a dataset is to be had."""

    session: GuardedSession
    links: LinksResults
    record: Link

    def ask(self, format: str, *, direction: str, depth: int | None) -> bytes:
        """Ask for it.

        Parameters
        ----------
        format : str
            ``PROV-JSON``, or another ``RESPONSEFORMAT`` that is JSON.
        direction : {'BACK', 'FORTH'}
        depth : int, optional
            Generations; all by default.

        Raises
        ------
        ServiceError
            Where the service does not answer, or not in JSON.
        """
        wanted = {"RESPONSEFORMAT": format, "DIRECTION": direction, "DEPTH": "ALL" if depth is None else str(depth)}
        if self.record.service_def:
            response = call_service(self.session, self.links, self.record, wanted)
        elif wanted == WHOLE:
            response = self.session.get(self.record.access_url)
        else:
            raise ServiceError(f"{source_of(self.links)} offer no such provenance", code="service-unknown")
        source = f"provenance of {host_of(response.url)}"
        need_success(response, source)
        need_type(response, source, PROV_TYPES)
        found: bytes = response.content
        return found


def find_provenance(session: GuardedSession, links: LinksResults, dataset: UUID | None) -> Offered:
    """Find how links offer the provenance of a dataset: by a service, else as a document.

    Parameters
    ----------
    dataset : UUID, optional
        Of which the links must be; None where that is not known.

    Raises
    ------
    ServiceError
        Where the links are those of another dataset, say that there is none, or offer none.
    """
    offered = [record for record in records_of(links, dataset) if record.local_semantics == "provenance"]
    for record in offered:
        if record.service_def or (record.access_url and record.content_type == "application/json"):
            return Offered(session, links, record)
    raise ServiceError(f"{source_of(links)} offer no provenance service; expected one", code="service-unknown")


def records_of(links: LinksResults, dataset: UUID | None) -> list[Link]:
    """The rows of a dataset; of all, where it is not known.

    Raises
    ------
    ServiceError
        Where they are those of another, or say that there is none.
    """
    rows = [Link.of(record) for record in links]
    records = [row for row in rows if dataset is None or identify(row.id) == dataset]
    if rows and not records:
        others = ", ".join(sorted({shown(row.id) for row in rows})[:3])
        message = f"{source_of(links)} are those of {others}; expected those of {dataset}"
        raise ServiceError(message, code="service-answers-otherwise")
    for record in records:
        if record.error_message and record.semantics == "#this":
            raise told_fault(source_of(links), record.error_message)
    return records


def source_of(links: LinksResults) -> str:
    """What links are called in messages."""
    return f"links of {host_of(links.queryurl)}"


def call_service(
    session: GuardedSession, links: LinksResults, record: Link, wanted: Mapping[str, str]
) -> requests.Response:
    """Call the service of a row, as its descriptor says (DataLink 1.1, 4)."""
    try:
        service = links.get_adhocservice_by_id(record.service_def)
        query = DatalinkQuery.from_resource(record.record, service, session=session)
    except Exception as error:  # a descriptor may be anything
        message = (
            f"{source_of(links)} describe no service {shown(record.service_def)} that can be called: {shown(error)}"
        )
        raise ServiceError(message, code="service-answer-invalid") from None
    query.update(wanted)
    response: requests.Response = query.submit()
    return response


def need_columns(links: LinksResults, source: str) -> None:
    """Refuse a table that has not the columns of links (DataLink 1.1, 3.2)."""
    missing = [name for name in NEEDED if name not in links.fieldnames]
    if missing:
        message = f"{source} have no column {', '.join(missing)}; expected links"
        raise ServiceError(message, code="service-answer-invalid")


def need_type(response: requests.Response, source: str, expected: tuple[str, ...]) -> None:
    """Refuse an answer that says it is something else."""
    told = response.headers.get("content-type", "").partition(";")[0].strip().lower()
    if told not in expected:
        need_success(response, source)
        message = f"{source}: {told[:80] or 'no media type'}; expected {expected[0]}"
        raise ServiceError(message, code="service-answer-invalid")


def need_success(response: requests.Response, source: str) -> None:
    """Refuse an answer that says it is an error."""
    if response.status_code in (404, 410):
        raise ServiceError(f"{source}: HTTP {response.status_code}; expected that it is known", code="service-unknown")
    if response.status_code != 200:
        raise ServiceError(f"{source}: HTTP {response.status_code}; expected an answer")


def told_fault(source: str, message: str) -> ServiceError:
    """What a service says went wrong (DataLink 1.1, 3.4)."""
    unknown = message.lstrip().startswith("NotFoundFault")
    return ServiceError(f"{source}: {shown(message)}", code="service-unknown" if unknown else "service-unreachable")


def identify(text: str) -> UUID | None:
    """The dataset ID in a text, where it is one."""
    return parse_id(text) if is_id(text) else None


def shown(value: object) -> str:
    """A few words of what a stranger said."""
    return " ".join(str(value).split())[:160]
