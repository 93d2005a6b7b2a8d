"""All that a dataset was made from, as rows: documents tell of thousands of datasets, and of none as an object."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from functools import cache, lru_cache
from itertools import groupby
from operator import itemgetter
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, Select, case, func, select, type_coerce
from sqlalchemy.types import NullType

from fitsprov.errors import DatasetNotFound, UsageError
from fitsprov.model.lineage import Agent, Category, Direction
from fitsprov.model.traced import ActivityRow, DatasetRow, Presented, Traced, UsedRow
from fitsprov.registry.activities import executions_by_key, fetch, read_configs, read_environments
from fitsprov.registry.engines.compiled import among, as_keys, compiled
from fitsprov.registry.graph.lineage import key_of
from fitsprov.registry.schema import (
    activity,
    agent,
    artifact,
    config,
    dataset_type,
    entity,
    listed_raw,
    role,
    run,
    software_env,
    task,
    used,
)

__all__ = ["trace_of"]

EPOCH = date(1970, 1, 1)


def plain(column: ColumnElement[Any]) -> ColumnElement[Any]:
    """Take what the driver gives: to convert each value takes longer than to fetch it."""
    return type_coerce(column, NullType())


@compiled
def datasets() -> Select[Any]:
    """Select rows of datasets, as `DatasetRow` has them, by a list of keys."""
    copy = artifact.alias()
    first = select(func.min(copy.c.id)).where(copy.c.entity_id == entity.c.id).correlate(entity).scalar_subquery()
    category = case(
        (dataset_type.c.category.is_not(None), dataset_type.c.category),
        (dataset_type.c.name == "raw", Category.RAW.value),
        (entity.c.gen_aid.is_not(None), Category.PRODUCT.value),
    )
    columns = (entity.c.data_id, entity.c.name, category, artifact.c.uri, artifact.c.size)
    more = (entity.c.publisher_did, entity.c.origin, plain(entity.c.stub))
    names = (dataset_type.c.name, run.c.name)
    return (
        select(entity.c.id, entity.c.gen_aid, plain(entity.c.uuid), *names, *columns, *more)
        .select_from(
            entity.outerjoin(dataset_type, dataset_type.c.id == entity.c.dataset_type_id)
            .outerjoin(run, run.c.id == entity.c.run_id)
            .outerjoin(artifact, artifact.c.id == first)
        )
        .where(among(entity.c.id))
    )


@compiled
def usages() -> Select[Any]:
    """Select what a list of activities used, as `UsedRow` has it, in the order stated."""
    return (
        select(used.c.activity_id, used.c.entity_id, role.c.name, plain(used.c.actual))
        .select_from(used.outerjoin(role, role.c.id == used.c.role_id))
        .where(among(used.c.activity_id))
        .order_by(used.c.activity_id, used.c.position)
    )


@cache
def words() -> tuple[ColumnElement[Any], ...]:
    """The columns that `activity_rows` reads."""
    names = (task.c.name, task.c.version, run.c.name, plain(activity.c.started), plain(activity.c.ended))
    setup = (activity.c.config_id, config.c.digest, activity.c.software_env_id, software_env.c.digest)
    more = (agent.c.uri, agent.c.name, agent.c.type, activity.c.execution_id, activity.c.epoch_id)
    return (activity.c.id, plain(activity.c.uuid), *names, *setup, *more, activity.c.status, activity.c.n_used)


@compiled
def activities() -> Select[Any]:
    """Select activities by a list of keys."""
    return (
        select(*words())
        .select_from(
            activity.outerjoin(task, task.c.id == activity.c.task_id)
            .outerjoin(run, run.c.id == activity.c.run_id)
            .outerjoin(config, config.c.id == activity.c.config_id)
            .outerjoin(software_env, software_env.c.id == activity.c.software_env_id)
            .outerjoin(agent, agent.c.id == activity.c.agent_id)
        )
        .where(among(activity.c.id))
    )


@compiled
def listed() -> Select[Any]:
    """Select raws that headers list, of a list of datasets."""
    return (
        select(listed_raw.c.entity_id, listed_raw.c.raw_id)
        .where(among(listed_raw.c.entity_id))
        .order_by(listed_raw.c.entity_id, listed_raw.c.raw_id)
    )


def trace_of(connection: Connection, focus: UUID, depth: int | None) -> Traced:
    """Follow a dataset up, ``depth`` generations far or to the end: what `lineage_of` finds, as rows.

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
    found, used_by, cut = climb(connection, start, depth)
    order, presented = arrange(start, found, used_by)
    raws_of: dict[Any, list[Any]] = {}
    for key, raw in listed().rows(connection, **as_keys(found)):
        raws_of.setdefault(key, []).append(raw)
    raws = [raw for key in order for raw in raws_of.get(key, ())]
    unused = [one.dataset for some in presented.values() for one in some]
    shown = dict(found)
    if others := {*unused, *raws} - found.keys():
        shown |= rows_of(connection, others)
        for raw in others.difference(unused):
            shown[raw] = as_raw(shown[raw])
    made = {key: maker for key in order if (maker := found[key][1]) is not None}
    order += [key for key in dict.fromkeys([*unused, *raws]) if key not in found]
    makers, counted = activity_rows(connection, dict.fromkeys(made.values()))
    ids = dict(zip(order, uuid_texts([shown[key][2] for key in order]), strict=True))
    short = any(number > len(used_by[maker]) for maker, number in counted.items() if maker in used_by)
    stub = any(row[12] for row in found.values())
    return Traced(
        focus=start,
        direction=Direction.UP,
        ids=ids,
        datasets=shown,
        made=made,
        activities=makers,
        used=used_by | {maker: [use for use in used_by[maker] if use[3] is None or use[3]] for maker in presented},
        presented=presented,
        listed_raws={key: [ids[raw] for raw in some] for key, some in raws_of.items()},
        complete=not (cut or short or stub or not found.keys() >= set(raws)),
    )


def climb(
    connection: Connection, start: int, depth: int | None
) -> tuple[dict[int, DatasetRow], dict[int, Sequence[UsedRow]], bool]:
    """Fetch generation by generation: datasets, what their makers used, and whether there is more behind the depth."""
    found: dict[int, DatasetRow] = {}
    used_by: dict[int, Sequence[UsedRow]] = {}
    frontier, level = {start}, 0
    while True:
        rows = datasets().rows(connection, **as_keys(frontier))
        found |= zip(map(itemgetter(0), rows), rows, strict=True)
        makers = {row[1] for row in rows} - used_by.keys() - {None}
        edges = usages().rows(connection, **as_keys(makers)) if makers else []
        frontier = {edge[1] for edge in edges if edge[3] is None or edge[3]} - found.keys()
        if level == depth:
            return found, used_by, bool(frontier)
        used_by |= dict.fromkeys(makers, ())
        used_by |= {maker: list(some) for maker, some in groupby(edges, itemgetter(0))}
        if not frontier:
            return found, used_by, False
        level += 1


def rows_of(connection: Connection, keys: Iterable[int]) -> dict[int, DatasetRow]:
    """Fetch datasets by their keys."""
    return {row[0]: row for row in datasets().rows(connection, **as_keys(keys))}


def as_raw(row: DatasetRow) -> DatasetRow:
    """Call a dataset raw because a header does, where nothing else says what it is."""
    return row if row[7] is not None else (*row[:7], Category.RAW.value, *row[8:])


def arrange(
    start: int, found: Mapping[int, DatasetRow], used_by: Mapping[int, Sequence[UsedRow]]
) -> tuple[list[int], dict[int, list[Presented]]]:
    """Put datasets in the order in which steps lead to them; and take out what was presented to activities only."""
    order, seen, passed, presented = [start], {start}, set[int](), dict[int, list[Presented]]()
    for dataset in order:
        maker = found[dataset][1]
        if maker is None or maker in passed:
            continue
        passed.add(maker)
        for place, (_, key, part, actual) in enumerate(used_by.get(maker, ())):
            if actual is not None and not actual:
                presented.setdefault(maker, []).append(Presented(place, key, part))
            elif key not in seen:
                seen.add(key)
                order.append(key)
    return order, presented


def activity_rows(connection: Connection, keys: Mapping[int, None]) -> tuple[dict[int, ActivityRow], dict[int, int]]:
    """Fetch activities in the order of their keys, and how many inputs headers count."""
    rows = {row[0]: row for row in activities().rows(connection, **as_keys(keys))}
    config_of = fetch(connection, {row[7]: row[8] for row in rows.values()}, read_configs)
    environment_of = fetch(connection, {row[9]: row[10] for row in rows.values()}, read_environments)
    execution_of = executions_by_key(connection, {row[14] for row in rows.values()} - {None})
    agents = {row[11]: Agent(id=row[11], name=row[12], type=row[13]) for row in rows.values() if row[11]}
    made: dict[int, ActivityRow] = {}
    for key, text in zip(keys, uuid_texts([rows[key][1] for key in keys]), strict=True):
        _, _, name, version, where, began, ended, config_id, _, env_id, _, uri, _, _, job, epoch, status, _ = rows[key]
        times = (None if began is None else time_text(began), None if ended is None else time_text(ended))
        setup = (config_of.get(config_id), environment_of.get(env_id), agents.get(uri), execution_of.get(job))
        made[key] = (text, name, version, where, *times, status, *setup, epoch)
    return made, {key: row[17] for key, row in rows.items() if row[17] is not None}


def uuid_texts(values: Sequence[Any]) -> list[str]:
    """Spell UUIDs, which drivers give as bytes or as objects."""
    if not all(value.__class__ is bytes for value in values):
        return list(map(str, values))
    text = b"".join(values).hex()
    digits = (text[n : n + 32] for n in range(0, len(text), 32))
    return [f"{d[:8]}-{d[8:12]}-{d[12:16]}-{d[16:20]}-{d[20:]}" for d in digits]


def time_text(microseconds: int) -> str:
    """Spell a time as xsd:dateTime, in UTC."""
    seconds, fraction = divmod(microseconds, 1_000_000)
    days, seconds = divmod(seconds, 86_400)
    date, clock = date_text(days), clock_text(seconds)
    return f"{date}T{clock}.{fraction:06}Z" if fraction else f"{date}T{clock}Z"


@lru_cache(maxsize=4_096)
def date_text(days: int) -> str:
    """Spell a day by its number since 1970."""
    return (EPOCH + timedelta(days=days)).isoformat()


@lru_cache(maxsize=86_400)
def clock_text(seconds: int) -> str:
    """Spell a second of a day."""
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"
