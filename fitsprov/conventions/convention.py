"""A convention: the keywords in which someone writes provenance, read from TOML text.

A convention file has ``name``, ``title``, ``source`` (where it is specified), ``write`` (whether we write it),
``prefix`` and ``keywords``, one row each; and it may have ``first``, ``longest``, ``nothing``, ``dotted``, ``tables``:

``prefix``
    What betrays it: one beginning of keywords, or a list of them; none where it has only tables. A header in which no
    keyword begins so is passed over at once; one that has only other keywords of the convention does not belong to it.
    ``"PRV1    "``, padded to eight characters, is that keyword alone.
``first``, ``longest``
    The first index of its lists, and how many items a list holds.
``nothing``
    Values by which it says that it says nothing: ``"N/A"``.
``dotted``
    Whether the words of its keywords may be joined by dots, as in the metadata of tables.
``tables``
    Table extensions in which it lists things: ``name`` (EXTNAME) and ``columns``, rows as those of ``keywords`` whose
    ``{n}`` is the number of the row. A table that lacks the first column is not its own.

A row has:

``name``
    The keyword. ``{n}`` stands for the index of a list item, ``{n:3}`` for one that is padded to three digits, ``{r}``
    for an index around it, ``{key}`` for a dimension or another free name.
``field``
    Where its value stands in the stamp: ``run``, ``data_id.{key}``, ``data_id.tract``, ``extra.block{n}``; see
    `fitsprov.conventions.values.FIELDS`. An item of a list has a key and a column: ``parents.{n}.id``,
    ``parents.{r}.{n}.type``, ``parents.{key}.run``, ``parents.flat.id``. Rows with the same key are of one item.
    Columns of ``software`` are ``name`` and ``version``, of ``parameters`` ``name`` and ``value``. ``ancestors`` are a
    whole ancestry by index, 0 the dataset itself; its column ``parents`` lists indices.
``kind``
    How it is spelled; see `fitsprov.conventions.values.KINDS`.
``role``, ``category``
    Of an item of a list: what it was to the activity (by default what ``{key}`` stands for), and what kind of thing it
    is. Parents of category ``raw`` are among the raws, too.
``comment``, ``value``
    The comment written beside it; the value of a constant.
``shared``, ``beside``
    Whether others use the keyword too: it is ours only among our other keywords, or anywhere beside them.
``write``
    Whether we write it where we write the convention; true unless it says otherwise.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import partial
from itertools import groupby
from typing import Any, Protocol

from fitsprov.cards.card import Card
from fitsprov.conventions.building import Place, is_placed_plainly, placing
from fitsprov.conventions.keyword import Keyword, check_table, check_written
from fitsprov.conventions.values import KINDS, read_constant
from fitsprov.errors import UsageError

__all__ = ["Convention", "Group", "Keyword", "Known", "Slot", "Spotted", "Table", "span_of"]

CONVENTION: dict[str, type | tuple[type, ...]] = {
    "name": str,
    "title": str,
    "source": str,
    "write": bool,
    "prefix": (str, list),
    "keywords": list,
    "first": int,
    "longest": int,
    "nothing": list,
    "dotted": bool,
    "tables": list,
}
TABLE = {"name": str, "columns": list}
MOST_SLOTS = 8192
SHORTEST = 2
"""Characters of a prefix: what is shorter betrays nothing."""


class Spotted(Protocol):
    """What is enough of a convention to see whether a header has it."""

    @property
    def name(self) -> str:
        """What it is called."""

    @property
    def prefixes(self) -> tuple[bytes, ...]:
        """What betrays it."""

    @property
    def extnames(self) -> tuple[str, ...]:
        """The table extensions that it knows."""

    def load(self) -> Convention:
        """Give the whole of it."""


@dataclass(frozen=True, slots=True, eq=False)
class Known:
    """A convention that is read only when a header betrays it."""

    name: str
    prefixes: tuple[bytes, ...]
    extnames: tuple[str, ...]
    load: Callable[[], Convention]

    @classmethod
    def peek(cls, text: str, load: Callable[[], Convention]) -> Known:
        """Look at what stands before the keywords; where that does not tell, at all of it."""
        try:
            head = tomllib.loads(text.partition("\nkeywords")[0])
            return cls(head["name"], prefixes_of(head), tuple(table["name"] for table in head.get("tables", ())), load)
        except (tomllib.TOMLDecodeError, KeyError, TypeError, UsageError):
            whole = load()
            return cls(whole.name, whole.prefixes, whole.extnames, load)


@dataclass(frozen=True, slots=True)
class Table:
    """A table extension in which a convention lists things."""

    name: str
    columns: tuple[Keyword, ...]

    @classmethod
    def parse(cls, row: Any) -> Table:
        """Read the description of a table."""
        table = check_table(row, TABLE, required=2)
        columns = tuple(Keyword.parse(column, in_table=True) for column in table["columns"])
        if not columns:
            raise UsageError(f"table '{table['name']}' has no columns; expected one that tells it from others")
        return cls(table["name"], columns)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Convention:
    """A convention that was read from its text; two readings of one text are two."""

    name: str
    title: str
    source: str
    write: bool
    prefix: tuple[str, ...]
    first: int = 1
    longest: int | None = None
    nothing: frozenset[str] = frozenset()
    dotted: bool = False
    keywords: tuple[Keyword, ...]
    tables: tuple[Table, ...] = ()
    prefixes: tuple[bytes, ...] = field(default=(), repr=False)
    groups: tuple[tuple[str, tuple[Keyword, ...]], ...] = field(default=(), repr=False)
    """Rows to be written that follow each other and belong to one field of the stamp, with its name."""
    fixed: dict[str, Keyword] = field(default_factory=dict, repr=False)
    """The keywords without a placeholder, by name."""
    free: tuple[tuple[re.Pattern[str], Keyword], ...] = field(default=(), repr=False)
    slots: Slots = field(init=False, repr=False)
    compact: bool = field(default=True, repr=False)
    """Whether each of its own keywords betrays it, so that none stands before the first that does."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "slots", Slots(self.make_slot))

    @classmethod
    def parse(cls, text: str, source: str = "convention") -> Convention:
        """Read a convention from TOML text.

        Raises
        ------
        UsageError
            Where the text is no convention, with the source, the value seen and what was expected.
        """
        try:
            table = check_table(tomllib.loads(text), CONVENTION, required=6)
            prefixes = prefixes_of(table)
            rows = tuple(Keyword.parse(row) for row in table["keywords"])
            tables = tuple(Table.parse(each) for each in table.get("tables", ()))
            nothing = frozenset(table.get("nothing", ()))
            check_numbers(table)
            for row in rows if table["write"] else ():
                check_row(row)
        except (tomllib.TOMLDecodeError, TypeError, UsageError) as error:
            raise UsageError(f"{source}: not a convention: {error}") from None
        written = [row for row in rows if row.write]
        prefix = tuple(each.decode() for each in prefixes)
        own = {
            "prefix": prefix,
            "prefixes": prefixes,
            "nothing": nothing,
            "keywords": rows,
            "tables": tables,
            "groups": tuple((head, tuple(group)) for head, group in groupby(written, key=lambda row: row.field[0])),
            "fixed": {row.name: row for row in rows if not row.free},
            "free": tuple((row.pattern(), row) for row in rows if row.free),
            "compact": all(row.shared or row.name.startswith(prefix) for row in rows),
        }
        return cls(**{**table, **own})

    @property
    def extnames(self) -> tuple[str, ...]:
        """The table extensions that it knows."""
        return tuple(table.name for table in self.tables)

    def load(self) -> Convention:
        """It is all there."""
        return self

    def match(self, keyword: str) -> tuple[Keyword, dict[str, str]] | None:
        """Find the row of a keyword, and what its placeholders stand for."""
        if self.dotted and "." in keyword and keyword.startswith(self.prefix[-1]):
            keyword = keyword.replace(".", " ")
        row = self.fixed.get(keyword)
        if row is not None:
            return row, {}
        for pattern, row in self.free:
            match = pattern.fullmatch(keyword)
            if match:
                return row, match.groupdict()
        return None

    @property
    def slot(self) -> Callable[[str], Slot | None]:
        """Tell what to do with a keyword; None where it is not one of this convention."""
        return self.slots.__getitem__

    def make_slot(self, keyword: str) -> Slot | None:
        """Settle what to do with a keyword."""
        found = self.match(keyword)
        if found is None:
            return None
        row, names = found
        return Slot(
            read=partial(read_constant, row.value) if row.kind == "constant" else KINDS[row.kind].read,
            place=placing(row, names),
            field=row.field[0] if is_placed_plainly(row) else None,
            betrays=self.betrayed_by(keyword),
            shared=row.shared,
            ours=row.write and not row.beside,
            names_dataset=row.field in (("id",), ("publisher_did",)),
        )

    def betrayed_by(self, keyword: str) -> bool:
        """Whether a keyword is enough to tell that a header has this convention."""
        return keyword.ljust(8).startswith(self.prefix)

    def group(self, cards: Iterable[Card], *, beside: bool = False) -> Group:
        """The cards that belong to this convention, in the order of the header.

        A keyword that others use too belongs to it between its own cards; a pointer also where it ends in their ID.

        Parameters
        ----------
        beside : bool
            Whether keywords count, too, that are not ours to replace: those of others, and those that we only read.
        """
        slot_of = self.slot
        found = [
            (card, slot) for card in cards if (slot := slot_of(card.keyword)) is not None and (beside or slot.ours)
        ]
        own = [pair for pair in found if not pair[1].shared]
        if not own or (own[0] is found[0] and own[-1] is found[-1]):
            return found if own else own
        start, stop = own[0][0].start, own[-1][0].stop
        outside = [card for card, slot in found if slot.shared and not start < card.start < stop]
        if not outside:
            return found
        there = {card.keyword for card, _ in found if card not in outside}
        ids = tuple(str(card.value)[-36:].lower() for card, slot in own if slot.names_dataset and card.value)
        others = [card for card in outside if card.keyword in there or not points_to(card.value, ids)]
        return [(card, slot) for card, slot in found if card not in others]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Slot:
    """What a convention does with one keyword, settled once."""

    read: Callable[[Any], Any]
    """Gives the meaning of its value; raises `ValueError` where it has none."""
    place: Place
    field: str | None
    """The field of the stamp that takes its value as it is, where that is all that there is to do."""
    betrays: bool
    """Whether the keyword is enough to tell that a header has the convention."""
    shared: bool
    ours: bool
    """Whether the card is ours to replace."""
    names_dataset: bool
    """Whether it holds the dataset's own ID, in one spelling or another."""


class Slots(dict[str, Slot | None]):
    """The slots of keywords that were met; of many keywords only the latest are kept."""

    def __init__(self, make: Callable[[str], Slot | None]) -> None:
        super().__init__()
        self.make = make

    def __missing__(self, keyword: str) -> Slot | None:
        if len(self) >= MOST_SLOTS:
            self.clear()
        slot = self[keyword] = self.make(keyword)
        return slot


Group = list[tuple[Card, Slot]]
"""The cards of one convention in a header, each with what is done with it."""


def span_of(group: Group) -> tuple[int, int] | None:
    """Where the cards of a group stand, if they follow each other as those of a stamp do; None if not."""
    start, stop = group[0][0].start, group[-1][0].stop
    return (start, stop) if sum([card.stop - card.start for card, _ in group]) == stop - start else None


def prefixes_of(table: dict[str, Any]) -> tuple[bytes, ...]:
    """What betrays a convention; the last is its dotted spelling, where it has one."""
    prefix = table["prefix"]
    found = [prefix] if isinstance(prefix, str) else prefix
    if (not found and not table.get("tables")) or not all(
        isinstance(each, str) and each.isascii() and len(each) >= SHORTEST for each in found
    ):
        raise UsageError(f"prefix = {prefix!r}; expected {SHORTEST} characters or more of a keyword, or a list of such")
    dotted = [found[0].replace(" ", ".")] if table.get("dotted") else []
    return tuple(each.encode() for each in [*found, *dotted])


def check_numbers(table: dict[str, Any]) -> None:
    """Refuse lists that begin before 0 or hold nothing."""
    for key, least in (("first", 0), ("longest", 1)):
        if table.get(key, least) < least:
            raise UsageError(f"{key} = {table[key]}; expected {least} or more")


def check_row(row: Keyword) -> None:
    """Refuse a row of a convention that is written, if it cannot be written or must not."""
    if not row.write:
        return
    if not row.writable:
        raise UsageError(f"{row.name}: field '{'.'.join(row.field)}' is only read; expected write = false")
    check_written(row)


def points_to(url: object, ids: tuple[str, ...]) -> bool:
    """Whether a URL ends in one of these IDs."""
    return isinstance(url, str) and url.startswith("http") and url.lower().endswith(ids)
