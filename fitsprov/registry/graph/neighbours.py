"""What stands one step from many datasets: as much of it as links tell, or all that is known of it."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Connection,
    Dialect,
    LargeBinary,
    Select,
    TypeDecorator,
    bindparam,
    literal,
    null,
    select,
    type_coerce,
    types,
    union_all,
)

from fitsprov.model.identifiers import is_id, name_id
from fitsprov.model.lineage import Linked, Neighbourhood, Surroundings, Usage
from fitsprov.registry.activities import activities_by_key
from fitsprov.registry.datasets import (
    Stored,
    chunks,
    datasets_by_key,
    datasets_by_uuid,
    described,
    effective_category,
)
from fitsprov.registry.engines.compiled import among, as_keys, compiled
from fitsprov.registry.gathering.words import stated_category
from fitsprov.registry.schema import artifact, dataset_type, entity, role, run, used

__all__ = ["ids_of", "neighbourhoods_of", "surroundings_of"]

INPUT, OUTPUT, PRODUCT = range(3)
UNFIT = re.compile("[\0\ud800-\udfff]")
category_of = cache(effective_category)
decode = json.JSONDecoder().raw_decode


class SpelledUuid(TypeDecorator[str]):
    """A UUID that is given as its text."""

    impl = LargeBinary
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> types.TypeEngine[Any]:
        """Take the native type where there is one."""
        return dialect.type_descriptor(types.Uuid() if dialect.name == "postgresql" else LargeBinary(16))

    def process_bind_param(self, value: str | None, dialect: Dialect) -> Any:
        """Give the driver what it compares with."""
        if value is None or dialect.name == "postgresql":
            return value and UUID(value)
        return bytes.fromhex(value.replace("-", ""))


def spelled(value: bytes | UUID) -> str:
    """Spell a UUID as a driver gives it."""
    if isinstance(value, UUID):
        return str(value)
    text = value.hex()
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def plain(column: ColumnElement[Any]) -> ColumnElement[Any]:
    """Take a column as the driver gives it."""
    return type_coerce(column, types.NullType())


@cache
def linked_base() -> Select[Any]:
    """Select what `linked` reads."""
    it, kind, copy = entity.c, dataset_type.c, artifact.c
    own = (it.data_id, it.name, stated_category, copy.uri, copy.size, plain(it.stub))
    return described(it.id, it.gen_aid, plain(it.uuid), kind.name, run.c.name, *own)


@compiled
def linked_by_key() -> Select[Any]:
    """Select datasets by a list of keys."""
    return linked_base().where(among(entity.c.id))


@compiled
def linked_by_uuid() -> Select[Any]:
    """Select datasets by a list of UUIDs."""
    return linked_base().where(entity.c.uuid.in_(bindparam("uuids", expanding=True, type_=SpelledUuid())))


@compiled
def by_names() -> Select[Any]:
    """Select datasets by a list of publisher DIDs, as they were recorded, or of names."""
    texts = bindparam("texts", expanding=True, type_=entity.c.name.type)
    dids = select(literal(True).label("did"), entity.c.publisher_did.label("text"), plain(entity.c.uuid).label("uuid"))
    names = select(literal(False), entity.c.name, plain(entity.c.uuid))
    found = union_all(dids.where(entity.c.publisher_did.in_(texts)), names.where(entity.c.name.in_(texts))).subquery()
    return select(found.c.did, found.c.text, found.c.uuid).order_by(found.c.uuid)


def linked(row: Sequence[Any]) -> Linked:
    """Read a row of `linked_base`."""
    _, maker, uuid, type_name, run_name, data_id, name, stated, uri, size, stub = row
    place = None if data_id is None else decode(data_id)[0]
    category = category_of(stated, maker is not None)
    return Linked(spelled(uuid), type_name, run_name, place, name, category, uri, size, bool(stub))


@compiled
def steps_around() -> Select[Any]:
    """Select what a list of activities used and made, and what was made from a list of datasets; inputs as stated."""
    inputs = (
        select(
            literal(INPUT).label("kind"),
            used.c.activity_id.label("centre"),
            used.c.entity_id.label("near"),
            used.c.position,
            role.c.name,
            plain(used.c.actual),
        )
        .select_from(used.outerjoin(role, role.c.id == used.c.role_id))
        .where(among(used.c.activity_id, "makers"), used.c.actual.is_not(False))
    )
    nothing = (literal(0), null(), null())
    outputs = select(literal(OUTPUT), entity.c.gen_aid, entity.c.id, *nothing).where(among(entity.c.gen_aid, "makers"))
    products = (
        select(literal(PRODUCT), used.c.entity_id, entity.c.id, *nothing)
        .select_from(used.join(entity, entity.c.gen_aid == used.c.activity_id))
        .where(among(used.c.entity_id), used.c.actual.is_not(False))
    )
    found = union_all(inputs, outputs, products).subquery()
    return select(found).order_by(found.c.position, found.c.near)


Told = tuple[str | None, bool | None]
"""The role in which a dataset was used, and whether it was said to be really used."""


class Steps:
    """What stands one step from some datasets, by keys.

    Parameters
    ----------
    centres : iterable of int
        Of these datasets.
    makers : iterable of int
        Of the activities that made them.
    """

    def __init__(self, connection: Connection, centres: Iterable[int], makers: Iterable[int]) -> None:
        self.inputs: defaultdict[int, dict[int, Told]] = defaultdict(dict)
        self.outputs: defaultdict[int, dict[int, None]] = defaultdict(dict)
        self.products: defaultdict[int, dict[int, None]] = defaultdict(dict)
        rows = steps_around().rows(connection, **as_keys(centres), makers=as_keys(makers)["keys"])
        self.near = {row[2] for row in rows}
        for kind, centre, near, _, role_name, actual in rows:
            if kind == INPUT:
                self.inputs[centre].setdefault(near, (role_name, actual and True))
            elif kind == OUTPUT:
                self.outputs[centre][near] = None
            else:
                self.products[centre][near] = None

    def around(self, centre: int, maker: int | None) -> tuple[Mapping[int, Told], Iterable[int], Iterable[int]]:
        """What was used to make a dataset, in the order stated; what was made with it; what was made from it."""
        key = maker or 0
        return self.inputs.get(key, {}), self.outputs.get(key, ()), self.products.get(centre, ())


def surroundings_of(connection: Connection, ids: Iterable[str]) -> dict[str, Surroundings]:
    """Fetch what links tell of many datasets, with a constant number of queries."""
    rows = [row for chunk in chunks(dict.fromkeys(ids)) for row in linked_by_uuid().rows(connection, uuids=chunk)]
    found = {row[0]: linked(row) for row in rows}
    makers = {row[1] for row in rows if row[1] is not None}
    steps = Steps(connection, found, makers)
    others = linked_by_key().rows(connection, **as_keys(steps.near - found.keys()))
    near = found | {row[0]: linked(row) for row in others}

    def surroundings(key: int, maker: int | None) -> Surroundings:
        inputs, outputs, products = steps.around(key, maker)
        return Surroundings(
            near[key],
            [(near[item], role_name) for item, (role_name, _) in inputs.items()],
            [near[item] for item in products],
            [near[item] for item in outputs if item != key],
            maker is not None,
        )

    return {near[key].id: surroundings(key, maker) for key, maker, *_ in rows}


def is_text(text: str) -> bool:
    """Whether a registry could hold this: no NUL, no lone surrogate."""
    return UNFIT.search(text) is None


def ids_of(connection: Connection, texts: Iterable[str]) -> dict[str, list[str]]:
    """Find the UUIDs of the datasets that texts name: publisher DIDs as they were recorded before names."""
    asked, found = [text for text in dict.fromkeys(texts) if is_text(text)], defaultdict[str, list[str]](list)
    by_rule = {str(name_id(text)): text for text in asked if not is_id(text)}
    for chunk in chunks(by_rule):
        for row in linked_by_uuid().rows(connection, uuids=chunk):
            found[by_rule[spelled(row[2])]].append(spelled(row[2]))
    recorded = defaultdict[str, list[str]](list)
    for chunk in chunks(asked):
        for did, text, uuid in by_names().rows(connection, texts=chunk):
            (recorded if did else found)[text].append(spelled(uuid))
    return {text: list(dict.fromkeys(uuids)) for text, uuids in (found | recorded).items()}


def neighbourhoods_of(connection: Connection, ids: Sequence[UUID]) -> dict[UUID, Neighbourhood]:
    """Fetch all about many datasets and what stands one step from each, with a constant number of queries."""
    centres = datasets_by_uuid(connection, dict.fromkeys(ids))
    makers = {one.maker for one in centres.values() if one.maker is not None}
    steps = Steps(connection, (one.key for one in centres.values()), makers)
    near = {key: one.dataset for key, one in datasets_by_key(connection, steps.near).items()}
    activities = activities_by_key(connection, makers) if makers else {}

    def neighbourhood(centre: Stored) -> Neighbourhood:
        inputs, outputs, products = steps.around(centre.key, centre.maker)
        return Neighbourhood(
            dataset=centre.dataset,
            activity=activities.get(centre.maker or 0),
            parents=tuple((near[key], Usage(near[key].id, *told)) for key, told in inputs.items()),
            products=tuple(near[key] for key in products),
            siblings=tuple(near[key] for key in outputs if key != centre.key),
        )

    return {uuid: neighbourhood(centres[uuid]) for uuid in dict.fromkeys(ids) if uuid in centres}
