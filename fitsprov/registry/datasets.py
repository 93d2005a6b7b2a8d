"""Datasets out of the registry: by key, by UUID, by spelled ID or name, and by what they are."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any, NamedTuple, TypeVar
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, Select, bindparam, func, or_, select

from fitsprov.errors import DatasetNotFound, UsageError
from fitsprov.model.dataid import DataId, Scalar, canonical_text
from fitsprov.model.identifiers import is_id, name_id, parse_id
from fitsprov.model.later import Later
from fitsprov.model.lineage import Dataset
from fitsprov.registry.engines.compiled import among, as_keys, compiled
from fitsprov.registry.engines.reader import Reader
from fitsprov.registry.gathering.datasets import effective_category, gather
from fitsprov.registry.gathering.words import stated_category
from fitsprov.registry.schema import artifact, dataset_type, entity, run

__all__ = [
    "Stored",
    "chunks",
    "datasets_by_key",
    "datasets_by_uuid",
    "datasets_later",
    "described",
    "effective_category",
    "find_datasets",
    "find_one",
    "uuid_of",
]

Item = TypeVar("Item")

FEW = 30
"""Datasets up to which one statement that gives rows is quicker than three that give columns."""
CHUNK = 8_000
"""UUIDs in one statement; SQLite takes 32,766 parameters."""


class Stored(NamedTuple):
    """A dataset as the registry holds it."""

    key: int
    maker: int | None
    """Key of the activity that made it."""
    dataset: Dataset


def chunks(items: Iterable[Item], size: int = CHUNK) -> Iterator[list[Item]]:
    """Cut a list into pieces that fit into one statement."""
    listed = list(items)
    return (listed[start : start + size] for start in range(0, len(listed), size))


def described(*columns: ColumnElement[Any]) -> Select[Any]:
    """Select columns of datasets, of their types and runs, and of the first copy of each."""
    copy = artifact.alias("copy")
    first = select(func.min(copy.c.id)).where(copy.c.entity_id == entity.c.id).correlate(entity).scalar_subquery()
    return select(*columns).select_from(
        entity.outerjoin(dataset_type, dataset_type.c.id == entity.c.dataset_type_id)
        .outerjoin(run, run.c.id == entity.c.run_id)
        .outerjoin(artifact, artifact.c.id == first)
    )


@cache
def base() -> Select[Any]:
    """Select what `stored` reads."""
    it, kind, copy = entity.c, dataset_type.c, artifact.c
    own = (it.data_id, it.name, stated_category, copy.uri, copy.size, it.publisher_did, it.origin, it.stub)
    return described(it.id, it.gen_aid, it.uuid, kind.name, run.c.name, *own)


@compiled
def by_key() -> Select[Any]:
    """Select datasets by a list of keys."""
    return base().where(among(entity.c.id))


@compiled
def by_uuid() -> Select[Any]:
    """Select datasets by a list of UUIDs."""
    return base().where(entity.c.uuid.in_(bindparam("uuids", expanding=True)))


@compiled
def by_text() -> Select[Any]:
    """Select datasets by a name, by the ID that stands for it, or by a publisher DID."""
    text = bindparam("text", type_=entity.c.name.type)
    return base().where(or_(entity.c.name == text, entity.c.publisher_did == text, entity.c.uuid == bindparam("uuid")))


def stored(row: Sequence[Any]) -> Stored:
    """Read a row of `base`."""
    key, maker, uuid, type_name, run_name, data_id, name, stated, uri, size, did, origin, stub = row
    dataset = Dataset(
        id=uuid,
        type=type_name,
        run=run_name,
        data_id=None if data_id is None else json.loads(data_id),
        name=name,
        category=effective_category(stated, maker is not None),
        uri=uri,
        size=size,
        publisher_did=did,
        origin=origin,
        stub=stub,
    )
    return Stored(key, maker, dataset)


def datasets_by_key(connection: Connection, keys: Iterable[int]) -> dict[int, Stored]:
    """Fetch datasets by their keys."""
    wanted = list(keys)
    if len(wanted) <= FEW:
        return {row[0]: stored(row) for row in by_key().rows(connection, **as_keys(wanted))}
    found = gather(connection, wanted)
    return dict(zip(found.keys, map(Stored, found.keys, found.makers, found.values), strict=True))


def datasets_later(connection: Connection, keys: Sequence[int]) -> Mapping[int, Dataset]:
    """Fetch datasets by their keys; they become objects when somebody looks at one of them."""
    if len(keys) <= FEW:
        return {row[0]: stored(row).dataset for row in by_key().rows(connection, **as_keys(keys))}
    found = gather(connection, keys)
    return Later(lambda: dict(zip(found.keys, found.values, strict=True)))


def datasets_by_uuid(connection: Connection, uuids: Iterable[UUID]) -> dict[UUID, Stored]:
    """Fetch datasets by their UUIDs; those that are not known are left out."""
    found: dict[UUID, Stored] = {}
    for chunk in chunks(uuids):
        found |= {row[2]: stored(row) for row in by_uuid().rows(connection, uuids=chunk)}
    return found


def find_one(connection: Connection, identifier: UUID | str) -> Stored:
    """Find a dataset by its ID in any spelling, or by its name.

    Raises
    ------
    DatasetNotFound
        Where the registry knows none.
    UsageError
        Where a name is that of several.
    """
    if isinstance(identifier, UUID):
        found = list(datasets_by_uuid(connection, [identifier]).values())
    elif "\0" in identifier:  # which no text in a registry holds
        found = []
    else:
        uuid = parse_id(identifier) if is_id(identifier) else name_id(identifier)
        found = [stored(row) for row in by_text().rows(connection, text=identifier, uuid=uuid)]
        # a publisher DID is matched as stored, else by its UUID
        found = [one for one in found if one.dataset.publisher_did == identifier] or found
    if not found:
        raise DatasetNotFound(identifier)
    if len(found) > 1:
        ids = ", ".join(sorted(str(one.dataset.id) for one in found)[:3])
        raise UsageError(f"'{identifier}' names {len(found)} datasets ({ids}{' …' * (len(found) > 3)}); expected an ID")
    return found[0]


def uuid_of(reader: Reader, identifier: UUID | str) -> UUID:
    """Give the ID of a dataset that is spelled in any way; it stays that for good.

    Raises
    ------
    DatasetNotFound, UsageError
        As `find_one`; an ID is not looked up.
    """
    if isinstance(identifier, UUID):
        return identifier
    return reader.look(lambda connection: find_one(connection, identifier)).dataset.id


def find_datasets(
    connection: Connection,
    *,
    run_name: str | None = None,
    type_name: str | None = None,
    data_id: DataId | None = None,
    name: str | None = None,
    limit: int | None = None,
    where: Iterable[ColumnElement[bool]] = (),
) -> list[Dataset]:
    """Find datasets by what they are, in the order of run, type, dataId and name; ``*`` and ``?`` in a run or name."""
    if any("\0" in text for text in (run_name, type_name, name) if text is not None):
        return []
    order = (run.c.name, dataset_type.c.name, entity.c.data_id, entity.c.name)
    query = base().where(*where).order_by(*(column.nulls_first() for column in order), entity.c.uuid)
    if type_name is not None:
        query = query.where(dataset_type.c.name == type_name)
    if run_name is not None:
        query = query.where(resembles(run.c.name, run_name))
    if name is not None:
        query = query.where(resembles(entity.c.name, name))
    for dimension, value in (data_id or {}).items():
        query = query.where(entity.c.data_id.contains(spelling(dimension, value), autoescape=True))
    patterns = [(glob(run_name), "run"), (glob(name), "name")]
    found: list[Dataset] = []
    for row in connection.execute(query):
        if limit is not None and len(found) >= limit:
            break
        dataset = stored(row).dataset
        if holds(dataset.data_id or {}, data_id or {}) and all(
            p.fullmatch(getattr(dataset, f) or "") for p, f in patterns
        ):
            found.append(dataset)
    return found


def glob(pattern: str | None) -> re.Pattern[str]:
    """Compile ``*`` and ``?``; every other character is itself."""
    text = "*" if pattern is None else pattern
    return re.compile("".join({"*": ".*", "?": "."}.get(c, re.escape(c)) for c in text), re.DOTALL)


def resembles(column: ColumnElement[str], pattern: str) -> ColumnElement[bool]:
    """Narrow a search by a glob; SQLite's LIKE ignores case, so the last word is not its."""
    if not {"*", "?"} & set(pattern):
        return column == pattern
    escapes = {"*": "%", "?": "_", "%": "\\%", "_": "\\_", "\\": "\\\\"}
    return column.like("".join(escapes.get(c, c) for c in pattern), escape="\\")


def spelling(dimension: str, value: Scalar) -> str:
    """Give what a stored dataId contains where it has this value."""
    if isinstance(value, float):  # 30.0 is met as 30, too
        return canonical_text({dimension: ""})[1:-3]
    return canonical_text({dimension: value})[1:-1]


def holds(data_id: DataId, wanted: DataId) -> bool:
    """Whether a dataId has all the wanted values: numbers by value, and no number is a string or a boolean."""
    return all(k in data_id and same_scalar(data_id[k], v) for k, v in wanted.items())


def same_scalar(one: Scalar, other: Scalar) -> bool:
    """Compare typed values."""
    return one == other and isinstance(one, bool) is isinstance(other, bool)
