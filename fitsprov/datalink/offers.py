"""What links offer for download: the rows of some terms, those behind a collapsed link included."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from uuid import UUID

from fitsprov.datalink.client import Link, LinksResults, ask_links, records_of, shown, source_of
from fitsprov.datalink.guard import GuardedSession
from fitsprov.datalink.terms import VOCABULARY, parent_terms
from fitsprov.errors import ServiceError

__all__ = ["Offer", "find_offers"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """A link that can be downloaded."""

    url: str
    semantics: str
    description: str = ""
    media_type: str = ""
    size: int | None = None
    """In bytes, as the link says."""


def find_offers(
    session: GuardedSession, url: str, semantics: Sequence[str], dataset: UUID | None
) -> tuple[list[Offer], list[ServiceError]]:
    """Find what the links of a dataset offer in some roles, each URL once.

    Parameters
    ----------
    semantics : sequence of str
        Terms of datalink/core, or URIs; narrower terms count, too.
    dataset : UUID, optional
        Of which the links must be; None where that is not known.

    Returns
    -------
    list of Offer
    list of ServiceError
        Why some links cannot be downloaded, or are not there.

    Raises
    ------
    ServiceError
        Where the service gives no links of this dataset.
    """
    terms = {term.removeprefix(VOCABULARY) if ":" in term else f"#{term.removeprefix('#')}" for term in semantics}
    offers: dict[str, Offer] = {}
    problems: list[ServiceError] = []

    def take(links: LinksResults, *, follow: bool) -> None:
        records = records_of(links, dataset)
        if links.status[0].lower() == "overflow":
            problems.append(ServiceError(f"{source_of(links)}: some are left out; expected all of them"))
        for record in (one for one in records if is_wanted(one.semantics, terms)):
            if record.error_message:
                problems.append(ServiceError(f"{source_of(links)}: {shown(record.error_message)}"))
            elif is_links(record):
                if follow and record.access_url:
                    take(ask_links(session, record.access_url), follow=False)
            elif record.access_url and is_forbidden(record):
                problems.append(ServiceError(f"{shown(record.access_url)}: is not for you, the link says"))
            elif record.access_url:
                offers.setdefault(record.access_url, offer(record))

    take(ask_links(session, url), follow=True)
    return list(offers.values()), problems


def is_wanted(semantics: str, terms: Collection[str]) -> bool:
    """Whether a row has one of some terms, or a narrower one (DataLink 1.1, 3.2.6)."""
    own = semantics.removeprefix(VOCABULARY)
    return any(term in terms for term in (own, *parent_terms(own)))


def offer(record: Link) -> Offer:
    """A row as an offer."""
    size = record.content_length
    return Offer(
        url=record.access_url,
        semantics=record.semantics,
        description=shown(record.description),
        media_type=shown(record.content_type),
        size=int(size) if size.isdecimal() and 0 < len(size.lstrip("0")) < 19 else None,
    )


def is_links(record: Link) -> bool:
    """Whether a row leads to further links (DataLink 1.1, 3.1)."""
    kind = record.content_type.replace(" ", "").lower()
    return kind.startswith("application/x-votable+xml;") and "content=datalink" in kind


def is_forbidden(record: Link) -> bool:
    """Whether a row says that who asks may not have it (DataLink 1.1, 3.2.11 and 3.2.12); pyvo reads null as false."""
    return record.link_auth == "true" and record.link_authorized.lower() in ("false", "f")
