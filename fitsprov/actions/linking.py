"""Write DataLink documents from a registry."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from fitsprov.datalink.descriptors import make_descriptors
from fitsprov.datalink.links import make_rows
from fitsprov.datalink.votable import write_votable
from fitsprov.errors import UsageError
from fitsprov.model.identifiers import parse_id

if TYPE_CHECKING:
    from fitsprov.actions.registry import Registry

__all__ = ["links", "unknown"]


def links(
    identifiers: Sequence[str],
    registry: Registry,
    *,
    collapse: int = 25,
    semantics: str | None = None,
    role: str | None = None,
    maxrec: int | None = None,
) -> Iterator[bytes]:
    """Write the {links} document of datasets (DataLink 1.1), piece by piece.

    Parameters
    ----------
    identifiers : sequence of str
        IDs as they are to be echoed; one that the registry does not know becomes an error row.
    collapse : int
        Rows of one kind beyond which they collapse.
    semantics, role : str, optional
        Keep only rows of this term, or with this ``local_semantics``; none collapses then.
    maxrec : int, optional
        Most rows; more are said to overflow.

    Raises
    ------
    UsageError
        Where the registry has no base URL, so that there is nothing to link to.
    """
    if registry.base_url is None:
        raise UsageError("the registry has no base URL for links; expected fitsprov init --base-url URL")
    rows = make_rows(identifiers, registry, collapse=collapse, semantics=semantics, role=role, maxrec=maxrec)
    return write_votable(rows, make_descriptors(registry.base_url, identifiers[0] if identifiers else ""))


def unknown(identifiers: Sequence[str], registry: Registry) -> list[str]:
    """Those of some IDs that the registry does not know.

    Raises
    ------
    MalformedID
    """
    found = registry.datasets([parse_id(identifier) for identifier in identifiers])
    return [identifier for identifier in identifiers if parse_id(identifier) not in found]
