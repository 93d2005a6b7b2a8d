"""Write the links of datasets: a document for the command line, or any format for a client of the service."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from time import monotonic
from typing import TYPE_CHECKING

from fitsprov.actions.listing import LinkFormat
from fitsprov.actions.serving import Archive, TooSlow, discreet, services_at
from fitsprov.datalink.descriptors import make_descriptors
from fitsprov.datalink.links import Selection, make_rows
from fitsprov.datalink.row import Fault, Framed, Row, Rows
from fitsprov.datalink.votable import COLUMNS, write_error, write_votable
from fitsprov.errors import UsageError
from fitsprov.model.identifiers import parse_id
from fitsprov.model.lineage import Surroundings

if TYPE_CHECKING:
    from fitsprov.actions.registry import Registry

__all__ = ["COLUMNS", "Fault", "Selection", "links", "served_links", "unknown", "write_error"]


def links(
    identifiers: Sequence[str], registry: Registry, selection: Selection, services: Sequence[str] = ()
) -> Iterator[bytes]:
    """Write the {links} document of datasets (DataLink 1.1), piece by piece.

    Parameters
    ----------
    identifiers : sequence of str
        IDs as they are to be echoed; one that the registry does not know becomes an error row.
    services : sequence of str
        Templates of service descriptors, by name; each service is offered for each dataset.

    Raises
    ------
    UsageError
        Where the registry has no base URL, so that there is nothing to link to; where a template is none.
    """
    if registry.base_url is None:
        raise UsageError("the registry has no base URL for links; expected fitsprov init --base-url URL")
    extra = services_at(registry.base_url, services)
    rows = make_rows(identifiers, registry, selection, services=extra)
    return write_votable(rows, make_descriptors(registry.base_url, identifiers[0] if identifiers else "", extra))


def unknown(identifiers: Sequence[str], registry: Registry) -> list[str]:
    """Those of some IDs that the registry does not know.

    Raises
    ------
    MalformedID
    """
    named = registry.ids_of(identifiers)
    keys = {one: parse_id(one) for one in identifiers if one not in named}
    found = registry.datasets(keys.values())
    return [one for one, key in keys.items() if key not in found]


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

    def surroundings(self, ids: Sequence[str]) -> Mapping[str, Surroundings]:
        """Look up many datasets at once."""
        if monotonic() > self.deadline:
            raise TooSlow(self.archive.settings.max_seconds)
        with discreet():
            return self.archive.registry.surroundings(ids)

    def ids_of(self, texts: Iterable[str]) -> Mapping[str, Sequence[str]]:
        """Find the UUIDs of what texts name."""
        with discreet():
            return self.archive.registry.ids_of(texts)


def served_links(
    archive: Archive,
    identifiers: Sequence[str],
    format: LinkFormat,
    *,
    semantics: str | None = None,
    role: str | None = None,
    maxrec: int | None = None,
) -> Iterator[bytes]:
    """Write the links of datasets for a client, within the limits of the settings.

    Parameters
    ----------
    identifiers : sequence of str
        IDs as they are to be echoed; beyond the limit they are left out, which the answer says.
    format : LinkFormat
        One of those of `fitsprov.actions.listing`.
    semantics, role, maxrec
        As `Selection` has them.

    Raises
    ------
    UsageError
        Where ``semantics`` is no core term.
    """
    settings = archive.settings
    asked = [identifier for identifier in dict.fromkeys(identifiers) if identifier]
    selection = Selection(
        collapse=settings.max_rows if format.whole else settings.collapse,
        semantics=semantics,
        role=role,
        maxrec=settings.max_rows if maxrec is None else min(maxrec, settings.max_rows),
    )
    rows = make_rows(
        islice(asked, settings.max_ids),
        Timed(archive, monotonic() + settings.max_seconds),
        selection,
        services=archive.services,
        admission=archive.admission,
    )
    if len(asked) > settings.max_ids:
        rows = Rows(cut_off(rows))
    return format.write(rows, archive.example(asked[0] if asked else ""))


def cut_off(rows: Rows) -> Generator[Row | Framed, None, bool]:
    """Pass rows on and say that they are not all."""
    yield from rows.items()
    return True
