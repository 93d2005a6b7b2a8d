"""What links offer for download: the rows of some terms, those behind a collapsed link included."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from fitsprov.datalink.client import LinksResults, ask_links, records_of, shown, source_of
from fitsprov.datalink.guard import GuardedSession
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
    offers: dict[str, Offer] = {}
    problems: list[ServiceError] = []

    def take(links: LinksResults, *, follow: bool) -> None:
        records = records_of(links, dataset)
        if links.status[0].lower() == "overflow":
            problems.append(ServiceError(f"{source_of(links)}: some are left out; expected all of them"))
        for record in among(links, records, semantics):
            target = str(record.get("access_url") or "")  # pyvo's own access_url gives that of a service, too
            if record.error_message:
                problems.append(ServiceError(f"{source_of(links)}: {shown(record.error_message)}"))
            elif target and is_links(record):
                if follow:
                    take(ask_links(session, target), follow=False)
            elif target and is_forbidden(record):
                problems.append(ServiceError(f"{shown(target)}: is not for you, the link says"))
            elif target:
                offers.setdefault(target, offer(target, record))

    take(ask_links(session, url), follow=True)
    return list(offers.values()), problems


def among(links: LinksResults, records: Iterable[Any], semantics: Sequence[str]) -> list[Any]:
    """Those of some records that have a term, or a narrower one."""
    terms = {record.semantics for record in links.bysemantics(list(semantics))}
    return [record for record in records if record.semantics in terms]


def offer(url: str, record: Any) -> Offer:
    """A row as an offer."""
    size = str(record.get("content_length") or "")
    return Offer(
        url=url,
        semantics=str(record.semantics),
        description=shown(record.get("description") or ""),
        media_type=shown(record.content_type or ""),
        size=int(size) if size.isdecimal() and len(size) < 19 else None,
    )


def is_links(record: Any) -> bool:
    """Whether a row leads to further links (DataLink 1.1, 3.1)."""
    kind = str(record.content_type or "").replace(" ", "").lower()
    return kind.startswith("application/x-votable+xml;") and "content=datalink" in kind


def is_forbidden(record: Any) -> bool:
    """Whether a row says that who asks may not have it (DataLink 1.1, 3.2.11 and 3.2.12); pyvo reads null as false."""
    return str(record.get("link_auth")) == "true" and str(record.get("link_authorized")) in ("False", "false", "F", "f")
