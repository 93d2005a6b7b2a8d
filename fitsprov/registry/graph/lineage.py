"""The graph out of the registry: everything above or below a dataset."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Select, bindparam, literal, select, union_all

from fitsprov.errors import DatasetNotFound, UsageError
from fitsprov.model.lineage import Category, Dataset, Direction, Lineage, Usage
from fitsprov.registry.activities import activities_by_key, usages_by_key, usages_of_datasets
from fitsprov.registry.datasets import Stored, datasets_by_key
from fitsprov.registry.engines.compiled import among, as_keys, compiled
from fitsprov.registry.graph.reach import Bounds, follow
from fitsprov.registry.schema import activity, entity, listed_raw

__all__ = ["lineage_of"]


@compiled
def key_of() -> Select[Any]:
    """Select the key of a UUID."""
    return select(entity.c.id).where(entity.c.uuid == bindparam("uuid"))


def lineage_of(connection: Connection, focus: UUID, direction: Direction, depth: int | None) -> Lineage:
    """Follow a dataset up or down, ``depth`` generations far or to the end.

    Raises
    ------
    DatasetNotFound
        Where the registry does not know the dataset.
    UsageError
        Where the depth is negative.
    """
    if depth is not None and depth < 0:
        raise UsageError(f"depth {depth} is none; expected 0 or more")
    start = next((key for (key,) in key_of().rows(connection, uuid=focus)), None)
    if start is None:
        raise DatasetNotFound(focus)
    reached = follow(connection, [start], direction, Bounds(depth))
    levels = {start: 0} | {key: level for level, keys in enumerate(reached.generations, 1) for key in keys}
    found = datasets_by_key(connection, levels)
    if direction is Direction.UP:
        expanded = {one.maker for one in found.values() if depth is None or levels[one.key] < depth} - {None}
        used_by = usages_by_key(connection, filter(None, expanded))
        presented = {one.dataset for usages in used_by.values() for one in usages} - found.keys()
        shown = found | (datasets_by_key(connection, presented) if presented else {})
        listed, short = said_by_headers(connection, found, expanded, used_by)
        stubs = any(one.dataset.stub for one in found.values())
        unknown = stubs or short or not {one.key for raws in listed.values() for one in raws} <= found.keys()
    else:
        makers = {one.maker for one in found.values() if one.key != start}
        used_by = {maker: usages for maker, usages in usages_of_datasets(connection, found).items() if maker in makers}
        shown, listed, unknown = found, {}, False
    activities = activities_by_key(connection, filter(None, {one.maker for one in found.values()}))
    return Lineage(
        focus=focus,
        direction=direction,
        datasets={one.dataset.id: one.dataset for one in shown.values()},
        activities={one.id: one for one in activities.values()},
        generated_by={one.dataset.id: activities[one.maker].id for one in found.values() if one.maker is not None},
        used={
            activities[maker].id: tuple(
                Usage(shown[key].dataset.id, role, actual) for key, role, actual in usages if key in shown
            )
            for maker, usages in used_by.items()
        },
        listed_raws={found[key].dataset.id: tuple(map(as_raw, raws)) for key, raws in listed.items()},
        complete=not unknown and not reached.cut,
    )


@compiled
def headers_query() -> Select[Any]:
    """Select raws that headers list, of a list of datasets; and how many inputs they count, of a list of activities."""
    raws = select(
        listed_raw.c.entity_id.label("raw_of"), literal(None).label("maker"), listed_raw.c.raw_id.label("value")
    )
    counts = select(literal(None), activity.c.id, activity.c.n_used)
    found = union_all(
        raws.where(among(listed_raw.c.entity_id)),
        counts.where(among(activity.c.id, "makers"), activity.c.n_used.is_not(None)),
    ).subquery()
    return select(found).order_by(found.c.raw_of, found.c.value)


def said_by_headers(
    connection: Connection,
    found: Mapping[int, Stored],
    makers: Iterable[int | None],
    used_by: Mapping[int, Sequence[object]],
) -> tuple[dict[int, list[Stored]], bool]:
    """Fetch the raws that headers list, and whether they count more inputs than are known."""
    rows = headers_query().rows(connection, **as_keys(found), makers=as_keys(filter(None, makers))["keys"])
    known = {raw for raw_of, _, raw in rows if raw_of is not None}
    raws = datasets_by_key(connection, known) if known else {}
    listed: defaultdict[int, list[Stored]] = defaultdict(list)
    for raw_of, _, raw in rows:
        if raw_of is not None:
            listed[raw_of].append(raws[raw])
    return listed, any(n_used > len(used_by.get(maker, ())) for raw_of, maker, n_used in rows if raw_of is None)


def as_raw(one: Stored) -> Dataset:
    """Call a dataset raw because a header does, where nothing else says what it is."""
    return one.dataset if one.dataset.category is not None else replace(one.dataset, category=Category.RAW)
