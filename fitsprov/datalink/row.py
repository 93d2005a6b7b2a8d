"""A row of a {links} table, and the faults that an error message begins with (DataLink 1.1, 3.2 and 3.4)."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from typing import Any, NamedTuple, Self, cast

__all__ = ["Fault", "Fixed", "Frame", "Framed", "Row", "Rows", "make_fixed", "quick_row"]


class Fault(StrEnum):
    """What an error message begins with (DataLink 1.1, 3.4)."""

    NOT_FOUND = "NotFoundFault"
    """Unknown ID."""
    USAGE = "UsageFault"
    """Invalid input, such as an ID that is none."""
    TRANSIENT = "TransientFault"
    """Not able to answer now."""
    FATAL = "FatalFault"
    """Not able to do what was asked."""
    DEFAULT = "DefaultFault"
    """Anything else."""

    def tell(self, text: str) -> str:
        """Spell an error message."""
        return f"{self}: {text}"


class Cells(NamedTuple):
    id: str
    access_url: str
    service_def: str
    error_message: str
    description: str
    semantics: str
    content_type: str
    content_length: int | None
    content_qualifier: str
    local_semantics: str
    link_auth: str
    link_authorized: bool | None


class Row(Cells):
    """One link: the cells in the order of the table's columns; an empty text is a null value (DataLink 1.1, 3.2).

    Raises
    ------
    ValueError
        Where not exactly one of ``access_url``, ``service_def`` and ``error_message`` is given, or ``id`` or
        ``semantics`` is empty.
    """

    __slots__ = ()

    def __new__(
        cls,
        id: str,
        semantics: str,
        *,
        access_url: str = "",
        service_def: str = "",
        error_message: str = "",
        description: str = "",
        content_type: str = "",
        content_length: int | None = None,
        content_qualifier: str = "",
        local_semantics: str = "",
        link_auth: str = "",
        link_authorized: bool | None = None,
    ) -> Self:
        if (not access_url) + (not service_def) + (not error_message) != 2:
            raise ValueError(
                f"link {semantics} of '{id}' has access_url='{access_url}', service_def='{service_def}',"
                f" error_message='{error_message}'; expected exactly one of them"
            )
        if not id or not semantics:
            raise ValueError(f"link has ID='{id}' and semantics='{semantics}'; expected both")
        return tuple.__new__(
            cls,
            (
                id,
                access_url,
                service_def,
                error_message,
                description,
                semantics,
                content_type,
                content_length,
                content_qualifier,
                local_semantics,
                link_auth,
                link_authorized,
            ),
        )


quick_row: Callable[[tuple[Any, ...]], Row] = partial(tuple.__new__, Row)
"""Makes a row of cells that are as they should be; all rows but few are, and this takes a third of the time."""


class Fixed(NamedTuple):
    """A row that many datasets have: of its cells only the ID and the URL differ."""

    before: str
    """What stands before the UUID in the URL; nothing where a service is offered instead."""
    after: str
    cells: tuple[str | int | bool | None, ...]
    """Those behind the URL."""


def make_fixed(fixed: Iterable[Fixed], sent: str, key: str) -> list[Row]:
    """Make such rows of the dataset with an ID, as it was sent, and a UUID."""
    return [quick_row((sent, f"{before}{key}{after}" if before else "", *cells)) for before, after, cells in fixed]


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """The rows that many datasets have beside those of their own, in the order in which they stand."""

    first: tuple[Fixed, ...]
    last: tuple[Fixed, ...]


@dataclass(frozen=True, slots=True)
class Framed(Iterable[Row]):
    """The rows of one dataset; those that others have, too, are made only for who looks at them."""

    this: Row
    """Its own file; then come the first rows of the frame."""
    key: str
    """Its UUID."""
    frame: Frame
    others: list[Row]

    def __iter__(self) -> Iterator[Row]:
        yield self.this
        yield from make_fixed(self.frame.first, self.this.id, self.key)
        yield from self.others
        yield from make_fixed(self.frame.last, self.this.id, self.key)

    def __len__(self) -> int:
        return 1 + len(self.frame.first) + len(self.others) + len(self.frame.last)


class Rows(Iterable[Row]):
    """Rows that are made while they are read, once.

    A generator's return value says whether it left rows out.
    """

    overflow = False
    """Whether rows were left out; known after the last row (DALI 1.1, 4.4.1)."""

    def __init__(self, source: Iterable[Row | Framed]) -> None:
        self.source = source

    def items(self) -> Generator[Row | Framed, None, None]:
        """Give the rows, those of a dataset together."""
        self.overflow = bool((yield from cast(Generator[Row | Framed, None, bool | None], self.source)))

    def __iter__(self) -> Iterator[Row]:
        for item in self.items():
            if isinstance(item, Framed):
                yield from item
            else:
                yield item
