"""The way of who holds a file and has no registry: from its DATALINK to the provenance that the archive gives.

What a header says is anyone's text, and so is what a service answers. `datalink.guard` decides where a request may go
and how much may come back; what does come is held against the stamp.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from threading import Lock
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from uuid import UUID

from fitsprov.actions.hearsay import Hearsay, read_hearsay
from fitsprov.errors import InvalidRecord, MalformedID, ServiceError
from fitsprov.model.identifiers import parse_id
from fitsprov.model.lineage import Direction, Lineage
from fitsprov.model.stamp import Stamp

if TYPE_CHECKING:
    from fitsprov.datalink.guard import GuardedSession

__all__ = ["Online", "identified"]

WAYS = {Direction.UP: "BACK", Direction.DOWN: "FORTH"}


class Online:
    """Leave to ask the services that files point to; a host that did not answer is not asked again.

    Parameters
    ----------
    consent : callable, optional
        Called with each host before anything is sent to it; false refuses. By default any public host is asked.
    allow_hosts : iterable of str
        Hosts that may have private or loopback addresses.
    seconds : float, optional
        How long the way to one lineage may take.
    """

    def __init__(
        self,
        consent: Callable[[str], bool] | None = None,
        allow_hosts: Iterable[str] = (),
        *,
        seconds: float | None = None,
    ) -> None:
        self.consent = consent
        self.allow_hosts = tuple(allow_hosts)
        self.seconds = seconds
        self.lock = Lock()
        self.answers: dict[str, bool] = {}
        self.silent: dict[str, ServiceError] = {}

    def agrees(self, host: str) -> bool:
        """Whether a host may be asked; the user is asked once."""
        with self.lock:
            if host not in self.answers:
                self.answers[host] = self.consent is None or self.consent(host)
            return self.answers[host]

    def session(self, *, streams: float | None = None) -> GuardedSession:
        """Open a guarded session: for documents, or for streams of which each piece must come within some seconds."""
        from fitsprov.datalink.guard import SECONDS, GuardedSession

        if streams is not None:
            return GuardedSession(self.agrees, self.allow_hosts, seconds=streams, most=None)
        return GuardedSession(self.agrees, self.allow_hosts, seconds=self.seconds or SECONDS)

    def lineage(self, stamp: Stamp, direction: Direction, depth: int | None) -> tuple[Lineage, Hearsay]:
        """Follow the DATALINK of a stamp: links, provenance service, provenance; with what is said beside it.

        Raises
        ------
        ServiceError
            Where no lineage of this dataset comes of it.
        """
        from fitsprov.datalink.client import ask_links, find_provenance
        from fitsprov.exchange.prov.prov_read import read_prov_json

        url = stamp.datalink or ""
        site = urlsplit(url).netloc.lower() if url.isascii() and "[" not in url else url
        if site in self.silent:
            raise self.silent[site]
        dataset = identified(stamp)
        with self.session() as session:
            try:
                service = find_provenance(session, ask_links(session, url), dataset)
                found = service.ask("PROV-JSON", direction=WAYS[direction], depth=depth)
            except ServiceError as error:
                if not session.answered:
                    self.silent[site] = error
                raise
            beside = b""
            with suppress(ServiceError):  # what only services of ours tell
                beside = service.ask("JSON", direction=WAYS[direction], depth=depth)
        try:
            lineage = read_prov_json(found, source=f"provenance of {site}")
        except InvalidRecord as error:
            raise ServiceError(str(error), code="service-answer-invalid") from None
        if dataset is not None and lineage.focus != dataset:
            message = f"provenance of {site} is that of {lineage.focus}; expected that of {dataset}"
            raise ServiceError(message, code="service-answers-otherwise")
        if lineage.direction is not direction:
            message = f"provenance of {site} goes {lineage.direction}; expected {direction}"
            raise ServiceError(message, code="service-answers-otherwise")
        return lineage, read_hearsay(beside, lineage.focus)


def identified(stamp: Stamp) -> UUID | None:
    """The dataset that a stamp names by an ID; None where it names none."""
    if stamp.id is not None or stamp.publisher_did is None:
        return stamp.id
    try:
        return parse_id(stamp.publisher_did)
    except MalformedID:
        return None
