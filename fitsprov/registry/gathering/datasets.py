"""Datasets in columns."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence, Set
from functools import cached_property
from itertools import chain, repeat
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, Engine, FromClause, Select, bindparam, select, type_coerce
from sqlalchemy.types import NullType

from fitsprov.errors import DatasetNotFound
from fitsprov.model.building import built, uuids_of
from fitsprov.model.lineage import Category, Dataset
from fitsprov.registry.engines.compiled import among, as_keys, compiled, has_rows
from fitsprov.registry.gathering.columns import (
    Each,
    Given,
    Ids,
    Keys,
    Line,
    Octets,
    Texts,
    Unlike,
    by_keys,
    listed,
    read_by_id,
)
from fitsprov.registry.gathering.values import Mostly, given, texts_of
from fitsprov.registry.gathering.words import NO_WORDS, Words, words_of
from fitsprov.registry.schema import Key, artifact, entity, listed_raw

__all__ = ["Beside", "Datasets", "Origin", "Part", "by_uuid", "columns", "effective_category", "first", "gather"]

ALIKE = ("dataset_type_id", "run_id")
"""Columns in which most datasets of one generation have what the first of them has."""

first = entity.alias("first")
"""The one to which others are compared."""


def effective_category(stated: str | None, made: bool) -> Category | None:
    """Say what kind of thing a dataset is: as `stated_category` says, else a product where it was made here."""
    if stated is not None:
        return Category(stated)
    return Category.PRODUCT if made else None


def columns(ids: type[Ids] | type[Each], is_first: ColumnElement[bool], *around: FromClause) -> Select[Any]:
    """Select keys and what `Part` reads; types and runs are compared with those of one of them.

    Parameters
    ----------
    is_first : ColumnElement
        Which of `first` that is.
    around : FromClause
        Tables around this query that say it.
    """
    it = entity.c
    usual = [select(first.c[name]).where(is_first).correlate(*around).scalar_subquery() for name in ALIKE]
    keys = (ids(it.id), Line(it.gen_aid), Octets(it.uuid))
    texts = (Line(it.data_id), Texts(it.name), Given(it.id, it.publisher_did), Given(it.id, it.origin))
    others = (Unlike(it.id, it[name], value) for name, value in zip(ALIKE, usual, strict=True))
    named = (value.label(f"usual_{name}") for name, value in zip(ALIKE, usual, strict=True))
    return select(*keys, *texts, Line(it.id).filter(it.stub.is_(True)), *others, *named)


@compiled
def by_id(runs: bool) -> Select[Any]:
    """Select by keys."""
    return by_keys(columns(Ids, first.c.id == bindparam("first", type_=Key)), entity.c.id, runs)


@compiled
def by_uuid() -> Select[Any]:
    """Select by a UUID; and whether other tables say anything of any dataset."""
    keys = (table.c.entity_id for table in (artifact, listed_raw))
    there = (type_coerce(select(key).where(key > 0).exists(), NullType()) for key in keys)
    return (
        columns(Each, first.c.uuid == bindparam("uuid")).add_columns(*there).where(entity.c.uuid == bindparam("uuid"))
    )


@compiled
def columns_beside() -> Select[Any]:
    """Select copies of datasets, and raws that their headers list, by a list of keys."""
    it = artifact.c
    copies = select(Line(it.id), Line(it.entity_id), Texts(it.uri), Line(it.size)).where(among(it.entity_id))
    listing = listed_raw.c
    raws = select(Line(listing.entity_id), Line(listing.raw_id)).where(among(listing.entity_id))
    return select(copies.subquery(), raws.subquery())


class Beside:
    """What other tables say of datasets."""

    def __init__(self, row: Sequence[Any]) -> None:
        self.columns = row[:4]
        self.raws = list(zip(listed(row[4]), listed(row[5]), strict=True))
        """Datasets, and raws that their headers list."""

    @cached_property
    def copies(self) -> dict[int, tuple[str, int | None]]:
        """Where the first copy of a dataset is, and its size."""
        ids, keys, uris, sizes = self.columns
        if not ids:
            return {}
        rows = zip(listed(ids), listed(keys), texts_of(uris), listed(sizes), strict=True)
        return {key: (uri, size) for _, key, uri, size in sorted(rows, reverse=True)}


class Part:
    """Datasets that were read by one statement."""

    def __init__(self, keys: Sequence[int] | str | None, row: Sequence[Any]) -> None:
        makers, self.octets, self.data_ids, self.names, dids, origins, stubs, *kinds = row
        self.given = keys
        self.types, self.runs = map(Mostly, kinds[len(ALIKE) :], map(given, kinds[: len(ALIKE)]))
        self.makers: list[int | None] = listed(makers)
        self.stubs = set(listed(stubs))
        self.rare = dids, origins

    @cached_property
    def keys(self) -> Sequence[int]:
        """Their keys."""
        return listed(self.given) if self.given is None or isinstance(self.given, str) else self.given

    @property
    def different_makers(self) -> set[int]:
        """The keys of the activities that made them."""
        found: set[Any] = set(self.makers)
        return found - {None}

    @cached_property
    def uuids(self) -> list[UUID]:
        """Their IDs."""
        return uuids_of(self.octets)

    def made(self, words: Words, copies: dict[int, tuple[str, int | None]]) -> list[Dataset]:
        """Make the objects."""
        kinds = words.of_types(self.types)
        names = {key: name for key, (name, _) in kinds.items()}
        categories = {
            key: [effective_category(stated, made) for made in (True, False)] for key, (_, stated) in kinds.items()
        }
        found = list(map(copies.get, self.keys)) if copies else ()
        return built(
            Dataset,
            len(self.keys),
            id=self.uuids,
            type=map(names.__getitem__, self.types.of(self.keys)),
            run=map(words.runs.get, self.runs.of(self.keys)),
            data_id=listed(self.data_ids),
            name=texts_of(self.names),
            category=[
                categories[key][maker is None]
                for maker, key in zip(self.makers, self.types.of(self.keys), strict=False)
            ],
            uri=[copy and copy[0] for copy in found] if copies else repeat(None),
            size=[copy and copy[1] for copy in found] if copies else repeat(None),
            publisher_did=self.said(self.rare[0]),
            origin=self.said(self.rare[1]),
            stub=map(self.stubs.__contains__, self.keys) if self.stubs else repeat(False),
        )

    def said(self, text: str | None) -> Iterable[str | None]:
        """Give what only some of them have for all of them."""
        some = given(text)
        return map(some.get, self.keys) if some else repeat(None)


class Origin(NamedTuple):
    """Where datasets are from."""

    engine: Engine
    keys: Callable[[], Iterable[int]]


class Datasets:
    """Datasets that were read by a few statements, each made into an object when it, or its like, is asked for."""

    def __init__(self) -> None:
        self.parts: list[Part] = []
        self.words = NO_WORDS
        self.beside: list[Beside] = []
        self.stand_alone: bool | None = None
        """Whether no other table says anything of any dataset; None where nobody has looked."""

    def begin(self, connection: Connection, uuid: UUID) -> Part:
        """Read one by its ID.

        Raises
        ------
        DatasetNotFound
            Where the registry does not know it.
        """
        ((key, *row, copies, raws),) = by_uuid().rows(connection, uuid=uuid)
        if key is None:
            raise DatasetNotFound(uuid)
        self.stand_alone = not copies and not raws
        return self.keep(listed(key), row)

    def read(self, connection: Connection, keys: Iterable[int]) -> Part:
        """Read some more."""
        wanted = Keys.of(keys)
        return self.keep(*read_by_id(connection, by_id, entity.c.id, wanted, first=wanted.first))

    def read_beside(self, connection: Connection, keys: Iterable[int]) -> Beside:
        """Read what other tables say of some of them."""
        if self.stand_alone is None:
            self.stand_alone = not has_rows(connection, artifact, listed_raw)
        row: Sequence[Any] = [None] * 6
        if not self.stand_alone:
            (row,) = columns_beside().rows(connection, **as_keys(keys))
        self.beside.append(Beside(row))
        return self.beside[-1]

    def keep(self, keys: Sequence[int] | str | None, row: Sequence[Any]) -> Part:
        """Keep the columns of one statement; keys, too, may be a column."""
        self.parts.append(Part(keys, row))
        return self.parts[-1]

    @property
    def keys(self) -> list[int]:
        """Their keys, in the order in which they were read."""
        return list(chain.from_iterable(part.keys for part in self.parts))

    @property
    def makers(self) -> list[int | None]:
        """The keys of the activities that made them."""
        return list(chain.from_iterable(part.makers for part in self.parts))

    @property
    def type_keys(self) -> set[int]:
        """The keys of their types."""
        return set().union(*(part.types.different for part in self.parts))

    @property
    def run_keys(self) -> set[int]:
        """The keys of their runs."""
        return set().union(*(part.runs.different for part in self.parts))

    @cached_property
    def uuids(self) -> list[UUID]:
        """Their IDs."""
        return list(chain.from_iterable(part.uuids for part in self.parts))

    @cached_property
    def first(self) -> Dataset:
        """The object of the only one that the first statement read."""
        (made,) = self.parts[0].made(self.words, self.copies)
        return made

    @cached_property
    def copies(self) -> dict[int, tuple[str, int | None]]:
        """Where copies of them are."""
        return dict(chain.from_iterable(some.copies.items() for some in self.beside))

    @cached_property
    def values(self) -> list[Dataset]:
        """The objects."""
        return list(chain.from_iterable(part.made(self.words, self.copies) for part in self.parts))

    def some(self, keys: Set[int]) -> Iterable[Dataset]:
        """Make the objects of some of them, each once; what was read with none of these is left as it is."""
        made: dict[int, Dataset] = {}
        for part in self.parts:
            if not keys.isdisjoint(part.keys):
                made.update(zip(part.keys, part.made(self.words, self.copies), strict=True))
        return [one for key, one in made.items() if key in keys]


def gather(connection: Connection, keys: Iterable[int]) -> Datasets:
    """Read datasets by their keys, with all that they point to."""
    found = Datasets()
    found.read(connection, keys)
    found.read_beside(connection, found.keys)
    found.words = words_of(connection, types=found.type_keys, runs=found.run_keys)
    return found
