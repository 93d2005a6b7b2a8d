"""The graph out of the registry: everything above or below a dataset."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace
from functools import cached_property
from itertools import chain
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Select, literal, select, union_all

from fitsprov.errors import UsageError
from fitsprov.model.later import Later
from fitsprov.model.lineage import Category, Dataset, Direction, Lineage, Usage
from fitsprov.registry.engines.compiled import among, compiled
from fitsprov.registry.gathering.activities import Activities
from fitsprov.registry.gathering.datasets import Datasets, Origin
from fitsprov.registry.gathering.generations import Gathered
from fitsprov.registry.gathering.uses import Uses
from fitsprov.registry.gathering.words import words_of
from fitsprov.registry.graph.reach import Bounds, follow
from fitsprov.registry.schema import activity, listed_raw

__all__ = ["as_raw", "headers_query", "lineage_of"]

FEW = 20
"""Activities that are asked first whether there is more: it is seldom that these say no and others yes."""


def lineage_of(connection: Connection, focus: UUID, direction: Direction, depth: int | None) -> Lineage:
    """Follow a dataset up or down, ``depth`` generations far or to the end.

    All of it is read here; its parts become objects when somebody looks at them.

    Raises
    ------
    DatasetNotFound
        Where the registry does not know the dataset.
    UsageError
        Where the depth is negative.
    """
    around = (Above if direction is Direction.UP else Below)(connection, focus, depth)
    return Lineage(
        focus=focus,
        direction=direction,
        datasets=Later(around.datasets, {focus: around.found.first}, Origin(connection.engine, around.shown)),
        activities=Later(around.activities.values),
        generated_by=Later(around.generated_by),
        used=Later(around.used),
        listed_raws=Later(around.listed_raws) if around.raws else {},
        complete=around.complete,
    )


class Around:
    """What was read of the graph around a dataset."""

    complete: bool

    def __init__(self, connection: Connection, focus: UUID, depth: int | None) -> None:
        if depth is not None and depth < 0:
            raise UsageError(f"depth {depth} is none; expected 0 or more")
        self.found = Datasets()
        """What can be reached; what it began with was read first, by itself."""
        self.more = Datasets()
        """What was presented to one of the activities and not used, and raws that only headers list."""
        self.uses = Uses()
        self.activities = Activities()
        self.raws: list[tuple[int, int]] = []
        """Datasets, and raws that their headers list."""
        self.more.beside = self.found.beside
        (self.start,) = self.found.begin(connection, focus).keys

    def read_about(self, connection: Connection) -> None:
        """Read what all that was found points to."""
        wanted = {
            name: self.activities.different(name) for name in ("tasks", "runs", "agents", "configs", "environments")
        }
        wanted["runs"] |= self.found.run_keys | self.more.run_keys
        wanted["types"] = self.found.type_keys | self.more.type_keys
        wanted["roles"] = self.uses.role_keys
        self.found.words = self.more.words = words = words_of(connection, **wanted)
        self.activities.read_setup(connection, words)

    @cached_property
    def ids(self) -> dict[int, UUID]:
        """IDs of datasets by their keys."""
        return {key: uuid for some in (self.found, self.more) for key, uuid in zip(some.keys, some.uuids, strict=True)}

    @cached_property
    def by_key(self) -> dict[int, Dataset]:
        """Datasets by their keys."""
        return {key: one for some in (self.found, self.more) for key, one in zip(some.keys, some.values, strict=True)}

    def shown(self) -> Iterable[int]:
        """Give the keys of the datasets that are told of."""
        return self.found.keys

    def datasets(self) -> dict[UUID, Dataset]:
        """Make the datasets."""
        return dict(zip(self.found.uuids, self.found.values, strict=True))

    def generated_by(self) -> dict[UUID, UUID]:
        """Say which activities made which datasets."""
        makers = self.activities.uuids
        made = zip(self.found.uuids, self.found.makers, strict=True)
        return {uuid: makers[maker] for uuid, maker in made if maker is not None}

    def used(self) -> dict[UUID, tuple[Usage, ...]]:
        """Say what activities used."""
        return self.uses.values(self.ids, self.activities.uuids, self.found.words.roles)

    def listed_raws(self) -> dict[UUID, tuple[Dataset, ...]]:
        """Say which raws headers list."""
        listed: defaultdict[UUID, list[Dataset]] = defaultdict(list)
        for key, raw in sorted(self.raws):
            listed[self.ids[key]].append(as_raw(self.by_key[raw]))
        return {key: tuple(raws) for key, raws in listed.items()}


class Above(Around):
    """What a dataset was made from."""

    def __init__(self, connection: Connection, focus: UUID, depth: int | None) -> None:
        super().__init__(connection, focus, depth)
        self.expanded: set[int] = set()
        """Activities whose inputs were read."""
        self.presented: set[int] = set()
        """What was presented to one of them and not used."""
        cut = self.climb(connection, depth)
        self.presented -= self.seen if self.presented else set()
        if self.presented:
            self.more.read(connection, self.presented)
        beside = self.found.read_beside(connection, () if self.found.stand_alone else self.shown())
        self.raws = [(key, raw) for key, raw in beside.raws if key not in self.presented]
        only_listed = {raw for _, raw in self.raws} - (self.seen if self.raws else set())
        if others := only_listed - self.presented:
            self.more.read(connection, others)
            self.found.read_beside(connection, others)
        self.read_about(connection)
        stubs = any(part.stubs for part in self.found.parts)
        self.complete = not (cut or stubs or only_listed or self.is_short())

    @cached_property
    def seen(self) -> set[int]:
        """What was found, when it was; seldom does somebody ask."""
        return set(self.found.keys)

    def climb(self, connection: Connection, depth: int | None) -> bool:
        """Read generation by generation; say whether there is more behind the depth."""
        gathered = Gathered(self.activities, self.uses, self.found, {self.start})
        generation, part = 0, self.found.parts[0]
        while makers := part.different_makers - self.expanded:
            if generation == depth:
                self.activities.read(connection, makers)
                return leads_on(connection, makers, self.seen)
            self.expanded |= makers
            uses, part = gathered.read_generation(connection, makers)
            self.presented |= uses.presented
            generation += 1
        return False

    def is_short(self) -> bool:
        """Whether headers count more inputs than are known."""
        counted = {key: number for key, number in self.activities.counted.items() if key in self.expanded}
        known = self.uses.counts(counted)
        return any(number > known[key] for key, number in counted.items())

    def shown(self) -> Iterable[int]:
        """Give what was presented only, too."""
        return [*dict.fromkeys(self.found.keys), *sorted(self.presented)]

    def datasets(self) -> dict[UUID, Dataset]:
        """Make what was presented only, too."""
        return super().datasets() | {self.ids[key]: self.by_key[key] for key in sorted(self.presented)}


class Below(Around):
    """What was made from a dataset."""

    def __init__(self, connection: Connection, focus: UUID, depth: int | None) -> None:
        super().__init__(connection, focus, depth)
        reached = follow(connection, [self.start], Direction.DOWN, Bounds(depth))
        self.found.read(connection, reached.keys)
        self.found.read_beside(connection, self.found.keys)
        self.uses.read_users(connection, self.found.keys)
        if makers := set(filter(None, self.found.makers)):
            self.activities.read(connection, makers)
        self.read_about(connection)
        self.complete = not reached.cut

    def used(self) -> dict[UUID, tuple[Usage, ...]]:
        """Say what activities used that made any of this, but for what it begins with."""
        _, *below = self.found.makers
        makers = {key: self.activities.uuids[key] for key in below if key is not None}
        return self.uses.values(self.ids, makers, self.found.words.roles)


def leads_on(connection: Connection, makers: set[int], seen: set[int]) -> bool:
    """Whether activities really used anything else."""
    listed = sorted(makers)
    some = (Uses().read(connection, keys).entities for keys in (listed[:FEW], listed[FEW:]) if keys)
    return any(key > 0 and key not in seen for key in chain.from_iterable(some))


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


def as_raw(one: Dataset) -> Dataset:
    """Call a dataset raw because a header does, where nothing else says what it is."""
    return one if one.category is not None else replace(one, category=Category.RAW)
