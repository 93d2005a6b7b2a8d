"""Whole lineages of many datasets, read together: what stands above several of them is read once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from uuid import UUID

from sqlalchemy import Connection

from fitsprov.model.lineage import Lineage, Usage
from fitsprov.registry.activities import Presented, activities_by_key, usages_by_key
from fitsprov.registry.datasets import Stored, datasets_by_key, datasets_by_uuid
from fitsprov.registry.engines.compiled import as_keys
from fitsprov.registry.graph.lineage import as_raw, headers_query

__all__ = ["lineages_of"]


def lineages_of(connection: Connection, ids: Iterable[UUID]) -> Iterator[Lineage]:
    """Follow many datasets up to the end; those that are not known are left out.

    The number of queries is that of the generations, however many datasets there are.
    """
    foci = [one.key for one in datasets_by_uuid(connection, dict.fromkeys(ids)).values()]
    ancestry = Ancestry(connection, foci)
    return map(ancestry.lineage, foci)


class Ancestry:
    """All that stands above some datasets.

    Parameters
    ----------
    keys : iterable of int
        Of these datasets.
    """

    def __init__(self, connection: Connection, keys: Iterable[int]) -> None:
        self.stored: dict[int, Stored] = {}
        self.used_by: dict[int, list[Presented]] = {}
        frontier = set(keys)
        presented: set[int] = set()
        while frontier:
            found = datasets_by_key(connection, frontier)
            self.stored |= found
            makers = {one.maker for one in found.values() if one.maker is not None} - self.used_by.keys()
            usages = usages_by_key(connection, makers) if makers else {}
            self.used_by |= {maker: usages.get(maker, []) for maker in makers}
            every = [one for maker in makers for one in self.used_by[maker]]
            presented |= {one.dataset for one in every}
            frontier = {one.dataset for one in every if one.actual is not False} - self.stored.keys()
        self.shown = self.stored | datasets_by_key(connection, presented - self.stored.keys())
        self.activities = activities_by_key(connection, self.used_by)
        self.listed: dict[int, list[Stored]] = {}
        self.counted: dict[int, int] = {}
        self.read_headers(connection)

    def read_headers(self, connection: Connection) -> None:
        """Read the raws that headers list, and how many inputs they count."""
        rows = headers_query().rows(connection, **as_keys(self.stored), makers=as_keys(self.used_by)["keys"])
        raws = datasets_by_key(connection, {raw for raw_of, _, raw in rows if raw_of is not None})
        for raw_of, maker, value in rows:
            if raw_of is None:
                self.counted[maker] = value
            else:
                self.listed.setdefault(raw_of, []).append(raws[value])

    def lineage(self, focus: int) -> Lineage:
        """Take out what stands above one of the datasets."""
        found = self.above(focus)
        makers = {one.maker for one in found.values() if one.maker is not None}
        used = {maker: self.used_by[maker] for maker in makers}
        shown = found | {one.dataset: self.shown[one.dataset] for usages in used.values() for one in usages}
        listed = {key: self.listed[key] for key in found.keys() & self.listed.keys()}
        short = any(self.counted.get(maker, 0) > len(usages) for maker, usages in used.items())
        stubs = any(one.dataset.stub for one in found.values())
        missing = any(one.key not in found for raws in listed.values() for one in raws)
        activities = {maker: self.activities[maker] for maker in makers}
        return Lineage(
            focus=found[focus].dataset.id,
            datasets={one.dataset.id: one.dataset for one in shown.values()},
            activities={one.id: one for one in activities.values()},
            generated_by={one.dataset.id: activities[one.maker].id for one in found.values() if one.maker is not None},
            used={
                activities[maker].id: tuple(Usage(shown[key].dataset.id, role, actual) for key, role, actual in usages)
                for maker, usages in used.items()
                if usages
            },
            listed_raws={
                found[key].dataset.id: tuple(as_raw(raw.dataset) for raw in raws) for key, raws in listed.items()
            },
            complete=not (stubs or short or missing),
        )

    def above(self, focus: int) -> dict[int, Stored]:
        """Reach all that one dataset was made from, itself first; really used edges only."""
        found = {focus: self.stored[focus]}
        frontier = [focus]
        while frontier:
            makers = {found[key].maker for key in frontier} - {None}
            reached = {one.dataset for maker in makers for one in self.used_by[maker or 0] if one.actual is not False}
            frontier = sorted(reached - found.keys())
            found |= {key: self.stored[key] for key in frontier}
        return found
