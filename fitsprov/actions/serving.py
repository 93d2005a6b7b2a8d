"""A registry as the service sees it: its answers name neither paths of this machine nor the database."""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import islice
from time import monotonic
from typing import TYPE_CHECKING, Self
from urllib.parse import quote
from uuid import UUID

from fitsprov.actions.listing import LINK_FORMATS, LinkFormat
from fitsprov.actions.registering import open_registry
from fitsprov.datalink.descriptors import Descriptor, make_descriptors
from fitsprov.datalink.links import make_rows
from fitsprov.datalink.row import Fault, Row, Rows
from fitsprov.datalink.votable import COLUMNS, write_error
from fitsprov.errors import DatasetNotFound, FitsprovError, RegistryError, UsageError
from fitsprov.model.identifiers import datalink_url, publisher_did
from fitsprov.model.lineage import Dataset, Neighbourhood
from fitsprov.model.stamp import Stamp
from fitsprov.settings import Settings

if TYPE_CHECKING:
    from fitsprov.actions.registry import Registry

__all__ = ["COLUMNS", "LINK_FORMATS", "Archive", "Fault", "TooSlow", "base_url_of", "discreet", "links", "write_error"]

BASE_URL = re.compile(r"https?://[^\s/?#\"'<>]+(/[^\s?#\"'<>]*)?", re.ASCII)
EXAMPLE = "00000000-0000-0000-0000-00000000000e"
"""Stands for the example in descriptors that are made once."""


class TooSlow(FitsprovError, TimeoutError):
    """A request that asks for more than can be found in its time."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"took more than {seconds:g} s; try a smaller part")
        self.seconds = seconds


@dataclass(frozen=True, slots=True)
class Archive:
    """A registry, where it is met from outside, and what may be asked of it."""

    registry: Registry
    base_url: str
    settings: Settings
    descriptors: tuple[Descriptor, ...]
    bare_descriptors: tuple[Descriptor, ...]
    """Without an example."""

    @classmethod
    def open(cls, settings: Settings) -> Self:
        """Open the registry of the settings.

        Raises
        ------
        RegistryError
            Where there is none.
        UsageError
            Where nobody says where the service is met from outside.
        """
        base = base_url_of(settings)
        if base is None:
            raise UsageError("nobody says where the service is met from outside; expected --base-url http(s)://host")
        registry = open_registry(settings.need_registry())
        return cls(registry, base, settings, make_descriptors(base, EXAMPLE), make_descriptors(base))

    @property
    def authority(self) -> str | None:
        """The registered part of publisher DIDs."""
        return self.registry.authority

    def close(self) -> None:
        """Close the registry."""
        self.registry.close()

    def check(self) -> None:
        """Ask the registry something.

        Raises
        ------
        RegistryError
            Where it does not answer.
        """
        with discreet():
            self.registry.datasets([UUID(int=0)])

    def find(self, identifier: str) -> Dataset:
        """Find a dataset by its ID in any spelling, or by its name.

        Raises
        ------
        DatasetNotFound
        """
        with discreet():
            try:
                return self.registry.dataset(identifier)
            except UsageError as error:
                raise DatasetNotFound(identifier) from error

    def file_url(self, dataset: UUID) -> str:
        """Where the service gives a dataset."""
        return f"{self.base_url}/files/{dataset}"

    def did(self, dataset: Dataset) -> str:
        """The ID under which a dataset is published."""
        if dataset.publisher_did is None and self.authority is not None:
            return publisher_did(self.authority, dataset.id)
        return dataset.publisher_did or str(dataset.id)

    def public(self, dataset: Dataset) -> Dataset:
        """A dataset whose copy is the one that the service gives, under the ID by which it is published."""
        did = None if self.authority is None else self.did(dataset)
        return replace(dataset, uri=self.file_url(dataset.id), publisher_did=dataset.publisher_did or did)

    def provenance_link(self, dataset: Dataset) -> bytes:
        """The Link header that leads from a resource to its provenance (W3C PROV-AQ, 3.1)."""
        did = self.did(dataset)
        anchor = quote(did, safe=":/?=&;,@!$'()*+~") if ":" in did else f"urn:uuid:{dataset.id}"
        url = f"{self.base_url}/prov?ID={quote(did, safe='')}&DEPTH=ALL"
        return f'<{url}>; rel="http://www.w3.org/ns/prov#has_provenance"; anchor="{anchor}"'.encode()

    def stamp(self, dataset: Dataset) -> Stamp:
        """What the header of a dataset should say when it leaves through this service."""
        with discreet():
            found = self.registry.stamp(dataset.id)
        return replace(found, datalink=datalink_url(self.base_url, found.publisher_did or str(dataset.id)))

    def example(self, identifier: str) -> tuple[Descriptor, ...]:
        """The service descriptors, with an ID as their example."""
        if not identifier:
            return self.bare_descriptors
        shown = quote(identifier, safe="", errors="surrogatepass")
        return tuple(replace(d, xml=d.xml.replace(EXAMPLE, shown)) if EXAMPLE in d.xml else d for d in self.descriptors)


def base_url_of(settings: Settings) -> str | None:
    """Say where links lead: as the settings say, else the registry; None where neither does.

    Raises
    ------
    RegistryError
        Where there is no registry.
    UsageError
        Where that is no base URL.
    """
    with open_registry(settings.need_registry()) as registry:
        base = settings.base_url or registry.base_url
    if base is not None and not BASE_URL.fullmatch(base):
        raise UsageError(f"base URL '{base}' is not one; expected http(s)://host[/path]")
    return None if base is None else base.rstrip("/")


@contextmanager
def discreet() -> Iterator[None]:
    """Keep from clients where the registry lies."""
    try:
        yield
    except RegistryError as error:
        raise RegistryError("the registry cannot answer now") from error


@dataclass(frozen=True, slots=True)
class Timed:
    """The datasets of an archive, looked up until time is over."""

    archive: Archive
    deadline: float

    @property
    def base_url(self) -> str:
        return self.archive.base_url

    @property
    def authority(self) -> str | None:
        return self.archive.authority

    def neighbourhoods(self, ids: Sequence[UUID]) -> Mapping[UUID, Neighbourhood]:
        """Look up many datasets at once."""
        if monotonic() > self.deadline:
            raise TooSlow(self.archive.settings.max_seconds)
        with discreet():
            return self.archive.registry.neighbourhoods(ids)


def links(
    archive: Archive,
    identifiers: Sequence[str],
    *,
    format: LinkFormat,
    semantics: str | None = None,
    role: str | None = None,
    maxrec: int | None = None,
) -> Iterator[bytes]:
    """Write the links of datasets, piece by piece.

    Parameters
    ----------
    identifiers : sequence of str
        IDs as they are to be echoed; beyond the limit of the settings they are left out, which the answer says.
    format : LinkFormat
        One of `LINK_FORMATS`.
    semantics, role : str, optional
        Keep only rows of this term, or with this ``local_semantics``; none collapses then.
    maxrec : int, optional
        Most rows, within the limit of the settings.

    Raises
    ------
    UsageError
        Where ``semantics`` is no core term.
    """
    settings = archive.settings
    asked = [identifier for identifier in dict.fromkeys(identifiers) if identifier]
    rows = make_rows(
        islice(asked, settings.max_ids),
        Timed(archive, monotonic() + settings.max_seconds),
        collapse=settings.max_rows if format.whole else settings.collapse,
        semantics=semantics,
        role=role,
        maxrec=settings.max_rows if maxrec is None else min(maxrec, settings.max_rows),
    )
    if len(asked) > settings.max_ids:
        rows = Rows(cut_off(rows))
    return format.write(rows, archive.example(asked[0] if asked else ""))


def cut_off(rows: Rows) -> Generator[Row, None, bool]:
    """Pass rows on and say that they are not all."""
    yield from rows
    return True
