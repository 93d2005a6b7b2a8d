"""Download what the links of datasets offer."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Event
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit
from uuid import UUID

from fitsprov.actions.following import Online, identified
from fitsprov.actions.reading import read
from fitsprov.actions.verifying import verify
from fitsprov.errors import FileRefused, FitsprovError, NotFits, ServiceError, StampMissing, UsageError
from fitsprov.files.containers import container_of
from fitsprov.model.finding import Finding, Severity
from fitsprov.model.identifiers import datalink_url, is_id, parse_id

if TYPE_CHECKING:
    from fitsprov.actions.registry import Registry
    from fitsprov.datalink.guard import GuardedSession
    from fitsprov.datalink.offers import Offer
    from fitsprov.datalink.transfer import Transfer

__all__ = ["MOST_JOBS", "Fetched", "fetch", "fetch_each"]

MOST_JOBS = 8
"""Downloads at once; services are shared."""
PATIENCE = 30.0
"""Seconds until another 64 KiB of a download must have come."""
MAGIC = b"SIMPLE  ="
FITS_TYPES = ("image/fits", "application/fits")
"""Media types of FITS files (RFC 4047)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """What a link came to."""

    url: str
    status: str
    """``fetched``, ``there`` (as it was before), ``offered`` (in a dry run) or ``failed``."""
    semantics: str = ""
    description: str = ""
    path: Path | None = None
    size: int | None = None
    """In bytes."""
    message: str = ""
    findings: tuple[Finding, ...] = ()
    """About the file that came."""

    def to_json(self) -> dict[str, Any]:
        """The object that ``--json`` prints."""
        return {
            "url": self.url,
            "status": self.status,
            "semantics": self.semantics,
            "description": self.description,
            "path": None if self.path is None else str(self.path),
            "size": self.size,
            "message": self.message,
            "findings": [finding.to_json() for finding in self.findings],
        }


def fetch(
    source: str | os.PathLike[str] | UUID,
    folder: str | os.PathLike[str] = ".",
    *,
    semantics: str | Sequence[str] = "#this",
    service: str | None = None,
    registry: Registry | None = None,
    allow_hosts: Iterable[str] = (),
    overwrite: bool = False,
    jobs: int = 2,
    dry_run: bool = False,
) -> list[Fetched]:
    """Download what the links of a dataset offer.

    Parameters
    ----------
    source : path, UUID or str
        A stamped file, whose DATALINK is followed; or the ID of a dataset.
    folder : path
        Where the files go; it is made where it is not there. Files that are whole are not downloaded again, and those
        that were cut are gone on with.
    semantics : str or sequence of str
        Terms of datalink/core, such as ``#this`` or ``#progenitor``; narrower terms count, too (DataLink 1.1, 3.2.6).
    service : str, optional
        The base URL of the service that knows an ID; else that of the registry.
    registry : Registry, optional
    allow_hosts : iterable of str
        Hosts that may have a private or loopback address.
    overwrite : bool
        Whether files that are other than those of the service are replaced.
    jobs : int
        Downloads at once, at most 8.
    dry_run : bool
        Only say what would be downloaded.

    Returns
    -------
    list of Fetched
        One a link, in the order of the links; one that failed says why.

    Raises
    ------
    ServiceError
        Where there are no links to be had.
    StampMissing
        Where the file has no DATALINK.
    UsageError
        Where nobody says which service knows an ID.
    FileRefused
        Where the folder cannot be written in.
    """
    found = fetch_each(
        source,
        Path(folder),
        semantics=[semantics] if isinstance(semantics, str) else semantics,
        service=service,
        registry=registry,
        online=Online(allow_hosts=allow_hosts),
        overwrite=overwrite,
        jobs=jobs,
        dry_run=dry_run,
    )
    return list(found)


def fetch_each(
    source: str | os.PathLike[str] | UUID,
    folder: Path,
    *,
    semantics: Sequence[str],
    online: Online,
    service: str | None = None,
    registry: Registry | None = None,
    overwrite: bool = False,
    jobs: int = 2,
    dry_run: bool = False,
    progress: Callable[[int, int], None] = lambda came, expected: None,
) -> Iterator[Fetched]:
    """Download link by link, as in `fetch`; ``progress`` is told of bytes that came, and of more that are expected."""
    from fitsprov.datalink.journal import Journal
    from fitsprov.datalink.offers import find_offers
    from fitsprov.datalink.transfer import Transfer

    if not 1 <= jobs <= MOST_JOBS:
        raise UsageError(f"{jobs} jobs; expected 1 to {MOST_JOBS}")
    url, dataset = locate(source, service, registry)
    with online.session() as session:
        offers, problems = find_offers(session, url, semantics, dataset)
    if not offers and not problems:
        raise ServiceError(f"links of {source} offer nothing as {', '.join(semantics)}", code="service-unknown")
    if dry_run:
        yield from (offered(offer) for offer in offers)
    else:
        try:
            folder.mkdir(parents=True, exist_ok=True)
            journal = Journal(folder)
        except OSError as error:
            raise FileRefused(f"{folder}: {error.strerror}; expected a folder to write in") from None
        transfer = Transfer(folder=folder, journal=journal, overwrite=overwrite, progress=progress, stopping=Event())
        yield from download(transfer, offers, online, jobs)
    yield from (Fetched(url=url, status="failed", message=str(problem)) for problem in problems)


def locate(
    source: str | os.PathLike[str] | UUID, service: str | None, registry: Registry | None
) -> tuple[str, UUID | None]:
    """Where the links of a source are, and of which dataset they must be; an existing path wins."""
    name = str(source)
    if not isinstance(source, UUID) and Path(source).exists():
        stamp = read(source)
        if stamp is None or stamp.datalink is None:
            raise StampMissing(f"{name}: carries no DATALINK; expected a file whose stamp has one")
        return stamp.datalink, identified(stamp)
    if not is_id(name):
        raise UsageError(f"'{name}' is no file and not a dataset ID; expected one of them")
    base = service or (registry.base_url if registry is not None else None)
    if base is None:
        raise UsageError(
            f"nobody says which service knows {name}; expected --service URL, or a registry with a base URL"
        )
    return datalink_url(base, name), parse_id(name)


def offered(offer: Offer) -> Fetched:
    """A link that would be downloaded."""
    return Fetched(
        url=offer.url, status="offered", semantics=offer.semantics, description=offer.description, size=offer.size
    )


def download(transfer: Transfer, offers: Sequence[Offer], online: Online, jobs: int) -> Iterator[Fetched]:
    """Download, several at once; each thread keeps its connections."""
    idle: SimpleQueue[GuardedSession] = SimpleQueue()
    opened: list[GuardedSession] = []

    def open_session() -> GuardedSession:
        opened.append(online.session(streams=PATIENCE))
        return opened[-1]

    def work(offer: Offer) -> Fetched:
        try:
            session = idle.get_nowait()
        except Empty:
            session = open_session()
        found = one(transfer, session, offer)
        if session.rest():
            idle.put(session)
        return found

    pool = ThreadPoolExecutor(jobs)
    try:
        yield from pool.map(work, offers)
    finally:
        transfer.stopping.set()
        for session in opened:
            session.stop()
        pool.shutdown(cancel_futures=True)
        for session in opened:
            session.close()


def one(transfer: Transfer, session: GuardedSession, offer: Offer) -> Fetched:
    """Download one link; what goes wrong with it is no reason to leave the others."""
    try:
        got = transfer.get(session, offer.url, offer.size)
    except (ServiceError, FileRefused) as error:
        return replace(offered(offer), status="failed", message=str(error))
    findings = check_content(got.path, offer) if got.fresh else ()
    status = "fetched" if got.fresh else "there"
    return replace(offered(offer), status=status, path=got.path, size=got.size, findings=findings)


def check_content(path: Path, offer: Offer) -> tuple[Finding, ...]:
    """Hold a file that came against the type that its link tells; a FITS file against its own stamp, too."""
    with path.open("rb") as file:
        head = file.read(len(MAGIC))
    kind = offer.media_type.partition(";")[0].strip().lower()
    if head == MAGIC and not kind.startswith("text/"):  # a header alone is text
        return check_stamp(path, offer.url)
    if kind in FITS_TYPES and head != MAGIC and container_of(head) is None:
        message = f"{path.name} begins with {head!r}; expected FITS, as its link says"
        return (Finding("service-answer-invalid", message),)
    return ()


def check_stamp(path: Path, url: str) -> tuple[Finding, ...]:
    """Hold a FITS file that came against its own stamp, and against the ID in its URL."""
    try:
        findings = [finding for finding in verify(path) if finding.severity is not Severity.INFO]
        stamp = read(path)
    except NotFits as error:
        return (Finding("service-answer-invalid", str(error)),)
    except FitsprovError:
        return ()
    last = urlsplit(url).path.rpartition("/")[2]
    if stamp is not None and stamp.id is not None and is_id(last) and parse_id(last) != stamp.id:
        message = f"{path.name} is dataset {stamp.id}; expected {last}"
        findings.append(Finding("service-answers-otherwise", message, "FPV_ID"))
    return tuple(finding for finding in findings if finding.code != "stamp-missing")
