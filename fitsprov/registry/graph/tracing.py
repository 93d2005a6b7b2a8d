"""All that a dataset was made from, as rows: documents tell of thousands of datasets, and of none as an object."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from functools import lru_cache
from itertools import repeat
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from fitsprov.compiled import compiled
from fitsprov.model.dataid import canonical_text
from fitsprov.model.lineage import Category, Direction
from fitsprov.model.traced import ActivityRow, DatasetRow, Inputs, Presented, Traced
from fitsprov.registry.datasets import effective_category
from fitsprov.registry.facts.saying import said_of
from fitsprov.registry.gathering.activities import Activities
from fitsprov.registry.gathering.columns import listed
from fitsprov.registry.gathering.datasets import Datasets, Part
from fitsprov.registry.gathering.uses import Uses
from fitsprov.registry.gathering.values import texts_of
from fitsprov.registry.graph.lineage import Above

__all__ = ["trace_of"]

EPOCH = date(1970, 1, 1)
OBJECT = re.compile(r"\{[^}]*\}|null")


def trace_of(connection: Connection, focus: UUID, depth: int | None) -> Traced:
    """Follow a dataset up, ``depth`` generations far or to the end: what `lineage_of` finds, as rows.

    Raises
    ------
    DatasetNotFound
        Where the registry does not know the dataset.
    UsageError
        Where the depth is negative.
    """
    above = Above(connection, focus, depth)
    start = above.start
    found = {row[0]: row for row in dataset_rows(above.found)}
    used = inputs_of(above.uses, above.found.words.roles)
    order, presented = arrange(start, found, used)
    raws_of: dict[Any, list[Any]] = {}
    for key, raw in sorted(above.raws):
        raws_of.setdefault(key, []).append(raw)
    raws = [raw for key in order for raw in raws_of.get(key, ())]
    more = {row[0]: row if row[0] in above.presented else as_raw(row) for row in dataset_rows(above.more)}
    made = {key: maker for key in order if (maker := found[key][1]) is not None}
    activities = dict(activity_rows(above.activities))
    unused = (one.dataset for some in presented.values() for one in some)
    order += [key for key in dict.fromkeys([*unused, *raws]) if key not in found]
    datasets = found | more
    return Traced(
        focus=start,
        direction=Direction.UP,
        ids={key: datasets[key][2] for key in order},
        datasets=datasets,
        made=made,
        activities={key: activities[key] for key in dict.fromkeys(made.values())},
        used=used | {maker: really(used[maker]) for maker in presented},
        presented=presented,
        listed_raws={key: [datasets[raw][2] for raw in some] for key, some in raws_of.items()},
        complete=above.complete,
        said=said_of(connection, order, list(activities)),
    )


def dataset_rows(datasets: Datasets) -> Iterator[DatasetRow]:
    """Read columns of datasets."""
    for part in datasets.parts:
        yield from part_rows(datasets, part)


def part_rows(datasets: Datasets, part: Part) -> Iterator[DatasetRow]:
    """Read the columns that one statement gave."""
    words, copies = datasets.words, datasets.copies
    kinds = words.of_types(part.types)
    names = {key: name for key, (name, _) in kinds.items()}
    categories = {
        (key, made): category and category.value
        for key, (_, stated) in kinds.items()
        for made in (True, False)
        for category in [effective_category(stated, made)]
    }
    places = [copies.get(key, (None, None)) for key in part.keys] if copies else None
    return zip(
        part.keys,
        part.makers,
        uuid_texts(part.octets),
        map(names.__getitem__, part.types.of(part.keys)),
        map(words.runs.get, part.runs.of(part.keys)),
        data_ids(part.data_ids, len(part.keys)),
        texts_of(part.names),
        [categories[key, maker is not None] for maker, key in zip(part.makers, part.types.of(part.keys), strict=False)],
        repeat(None) if places is None else [uri for uri, _ in places],
        repeat(None) if places is None else [size for _, size in places],
        part.said(part.rare[0]),
        part.said(part.rare[1]),
        map(part.stubs.__contains__, part.keys),
        strict=False,
    )


def data_ids(line: str | None, number: int) -> Sequence[str | None]:
    """Read a column of dataIds, each as its text."""
    found = objects_in(line or "")
    if found is None or len(found) != number:  # there is a brace in a string
        return [None if one is None else canonical_text(one) for one in listed(line)]
    return found


@compiled
def objects_in(line: str) -> list[str | None] | None:
    """Part a column of JSON objects without others in them, and of nulls; None where it is none."""
    found = OBJECT.findall(line)
    if ",".join(found) != line:
        return None
    return [None if one == "null" else one for one in found]


def as_raw(row: DatasetRow) -> DatasetRow:
    """Call a dataset raw because a header does, where nothing else says what it is."""
    return row if row[7] is not None else (*row[:7], Category.RAW.value, *row[8:])


def inputs_of(uses: Uses, roles: Mapping[int, str]) -> dict[int, Inputs]:
    """Read columns of edges, by activity; what was presented only has a complement for its key."""
    used: dict[int, Inputs] = {}
    for activities, entities, names, actual in (part.as_stated(roles) for part in uses.parts):
        said = None if actual.count(None) == len(actual) else actual
        used |= parted(activities, entities, names, said, Inputs)
    return used


@compiled
def parted(
    activities: Sequence[int],
    entities: Sequence[int],
    roles: Sequence[str | None],
    actual: Sequence[bool | None] | None,
    make: Callable[..., Inputs],
) -> dict[int, Inputs]:
    """Part columns by activity; those of one stand together."""
    used: dict[int, Inputs] = {}
    start = 0
    for maker, number in Counter(activities).items():
        end = start + number
        used[maker] = make(entities[start:end], roles[start:end], actual and actual[start:end])
        start = end
    return used


def arrange(
    start: int, found: Mapping[int, DatasetRow], used: Mapping[int, Inputs]
) -> tuple[list[int], dict[int, list[Presented]]]:
    """Put datasets in the order in which steps lead to them; and take out what was presented to activities only."""
    order, some = ordered(start, found, used)
    presented = {
        maker: [
            Presented(place, ~key, used[maker].roles[place])
            for place, key in enumerate(used[maker].datasets)
            if key < 0
        ]
        for maker in some
    }
    return order, presented


@compiled
def ordered(start: int, found: Mapping[int, DatasetRow], used: Mapping[int, Inputs]) -> tuple[list[int], list[int]]:
    """Put datasets in the order in which steps lead to them; and find activities to which more was presented."""
    order, seen, passed, presented = [start], {start}, set[int](), list[int]()
    for dataset in order:
        maker = found[dataset][1]
        if maker is None or maker in passed or maker not in used:
            continue
        passed.add(maker)
        for key in used[maker].datasets:
            if key not in seen:
                seen.add(key)
                if key >= 0:
                    order.append(key)
        if min(used[maker].datasets, default=0) < 0:
            presented.append(maker)
    return order, presented


def really(inputs: Inputs) -> Inputs:
    """Leave out what was presented only."""
    kept = [n for n, key in enumerate(inputs.datasets) if key >= 0]
    actual = inputs.actual and [inputs.actual[n] for n in kept]
    return Inputs([inputs.datasets[n] for n in kept], [inputs.roles[n] for n in kept], actual)


def activity_rows(activities: Activities) -> Iterator[tuple[int, ActivityRow]]:
    """Read columns of activities, with their keys."""
    for part in activities.parts:
        rows = zip(uuid_texts(part.octets), *part.told(activities.setup, time_text), strict=False)
        yield from zip(part.keys, rows, strict=True)


@compiled
def uuid_texts(octets: bytes | None) -> list[str]:
    """Spell UUIDs that stand behind one another."""
    text = (octets or b"").hex()
    digits = (text[n : n + 32] for n in range(0, len(text), 32))
    return [f"{d[:8]}-{d[8:12]}-{d[12:16]}-{d[16:20]}-{d[20:]}" for d in digits]


@compiled
def time_text(microseconds: int | None) -> str | None:
    """Spell a time as xsd:dateTime, in UTC."""
    if microseconds is None:
        return None
    seconds, fraction = divmod(microseconds, 1_000_000)
    days, seconds = divmod(seconds, 86_400)
    day, clock = date_text(days), clock_text(seconds)
    return f"{day}T{clock}.{fraction:06}Z" if fraction else f"{day}T{clock}Z"


@lru_cache(maxsize=4_096)
def date_text(days: int) -> str:
    """Spell a day by its number since 1970."""
    return (EPOCH + timedelta(days=days)).isoformat()


@lru_cache(maxsize=86_400)
def clock_text(seconds: int) -> str:
    """Spell a second of a day."""
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"
