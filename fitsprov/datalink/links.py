"""Dataset IDs → the rows of a {links} document, through whatever knows the datasets.

Each ID is echoed exactly as it was sent, its rows stand together, and one bad ID becomes one error row while the others
go on. More rows of one kind than a client can take collapse into two: a link to all, and a service that filters them.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Protocol
from urllib.parse import quote
from uuid import UUID

from fitsprov.datalink.dataset_rows import Admission, DatasetRows, Site, everybody
from fitsprov.datalink.descriptors import Descriptor
from fitsprov.datalink.row import Fault, Framed, Row, Rows
from fitsprov.datalink.terms import is_term, parent_terms
from fitsprov.errors import UsageError
from fitsprov.model.identifiers import find_plain_id, publisher_did
from fitsprov.model.lineage import Surroundings

__all__ = ["Lookup", "Selection", "make_rows"]

FIRST, MOST = 64, 256
"""IDs that are looked up at once, and at most."""
NEAR = 8_000
"""Datasets beside them that a look-up should not find many more of; bounds the memory."""
NIL = UUID(int=0)


class Lookup(Protocol):
    """What knows the datasets, and where the service stands that links lead to."""

    @property
    def base_url(self) -> str | None: ...

    @property
    def authority(self) -> str | None: ...

    def surroundings(self, ids: Sequence[str]) -> Mapping[str, Surroundings]:
        """Look up many datasets at once, by UUIDs in lower case; unknown ones are absent from the answer."""
        ...

    def ids_of(self, texts: Iterable[str]) -> Mapping[str, Sequence[str]]:
        """Find the UUIDs of what texts name: publisher DIDs as they were recorded, or names."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Which of the rows of datasets are wanted; error rows always are."""

    collapse: int = 25
    """Rows of one kind beyond which they collapse; calibrations stay listed."""
    semantics: str | None = None
    """Only rows of this term, or a narrower one; none of them collapses."""
    role: str | None = None
    """Only rows with this ``local_semantics``; none of them collapses."""
    maxrec: int | None = None
    """Most rows. Those of one ID are not torn apart (DataLink 1.1, 2.1.1), unless the first ID alone has too many."""

    @property
    def filtered(self) -> bool:
        """Whether some rows are left out."""
        return self.semantics is not None or self.role is not None

    def wants(self, row: Row) -> bool:
        """Whether a row is one of those."""
        kind = self.semantics is None or self.semantics in (row.semantics, *parent_terms(row.semantics))
        return kind and (self.role is None or self.role == row.local_semantics)


ALL = Selection()


def make_rows(
    identifiers: Iterable[str],
    lookup: Lookup,
    selection: Selection = Selection(),
    *,
    services: Sequence[Descriptor] = (),
    admission: Admission = everybody,
) -> Rows:
    """Make the rows of many IDs, batch by batch, each distinct ID once and empty ones not at all.

    Parameters
    ----------
    identifiers
        As the client sent them.
    services
        Further services, each offered for each dataset.
    admission
        Who may follow which links.

    Raises
    ------
    UsageError
        Where the semantics is no core term, or the look-up has no base URL or an authority that is no IVOID.
    """
    if selection.semantics is not None and not is_term(selection.semantics):
        raise UsageError(f"semantics '{selection.semantics}' is no term of datalink/core; expected one as #progenitor")
    if not lookup.base_url:
        raise UsageError("no base URL that links could lead to; expected one as https://host/path")
    whole = publisher_did(lookup.authority, NIL) if lookup.authority else str(NIL)
    prefix = quote(whole, safe="").removesuffix(str(NIL))
    make = DatasetRows(Site(lookup.base_url.rstrip("/"), prefix, tuple(services), admission)).make

    def groups() -> Iterator[Sequence[Row] | Framed]:
        for identifier, found in look_up(identifiers, lookup):
            if isinstance(found, Row):
                yield [found]
            elif selection.filtered:
                yield list(filter(selection.wants, make(identifier, found, None)))
            else:
                yield make(identifier, found, selection.collapse)

    return Rows(limit_rows(groups(), selection.maxrec))


def limit_rows(groups: Iterable[Sequence[Row] | Framed], maxrec: int | None) -> Generator[Row | Framed, None, bool]:
    """Pass on whole groups up to the limit; the return value says whether any row was left out (DALI 1.1, 3.4.4)."""
    if maxrec is not None and maxrec <= 0:
        return True
    count = 0
    for rows in groups:
        if maxrec is not None and count + len(rows) > maxrec:
            yield from islice(rows, 0 if count else maxrec)
            return True
        if isinstance(rows, Framed):
            yield rows
        else:
            yield from rows
        count += len(rows)
    return False


def look_up(identifiers: Iterable[str], lookup: Lookup) -> Iterator[tuple[str, Surroundings | Row]]:
    """Give each distinct ID its surroundings or its error row."""
    distinct, size = filter(None, dict.fromkeys(identifiers)), FIRST
    while batch := list(islice(distinct, size)):
        keys = identify(batch, lookup)
        known = lookup.surroundings([key for key in keys.values() if isinstance(key, str)])
        for identifier, key in keys.items():
            if not isinstance(key, str):
                yield identifier, key
            elif key in known:
                yield identifier, known[key]
            else:
                yield identifier, unknown(identifier)
        near = sum(len(one.parents) + len(one.products) + len(one.siblings) for one in known.values())
        size = max(min(MOST, NEAR * len(batch) // max(near, 1)), 1)


def identify(identifiers: Sequence[str], lookup: Lookup) -> dict[str, str | Row]:
    """Give each ID its UUID or its error row; a publisher DID is matched as it was recorded, else by its UUID."""
    keys: dict[str, str | Row] = {one: find_plain_id(one) or unknown(one) for one in identifiers}
    texts = [one for one, key in keys.items() if one.startswith("ivo://") or isinstance(key, Row)]
    for text, found in lookup.ids_of(texts).items() if texts else ():
        told = f"'{text}' names {len(found)} datasets ({', '.join(found[:3])}{' …' * (len(found) > 3)}); expected an ID"
        keys[text] = found[0] if len(found) == 1 else error_row(text, Fault.USAGE, told)
    return keys


def unknown(identifier: str) -> Row:
    return error_row(identifier, Fault.NOT_FOUND, f"no dataset '{identifier}' is known here")


def error_row(identifier: str, fault: Fault, text: str) -> Row:
    return Row(identifier, "#this", error_message=fault.tell(text))
