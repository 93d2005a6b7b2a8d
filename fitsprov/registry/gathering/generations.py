"""Generations of a graph: activities, what they used, and the datasets that this is."""

from __future__ import annotations

from collections.abc import Iterable, Set
from typing import Any, NamedTuple

from sqlalchemy import ARRAY, Connection, FromClause, Select, Subquery, any_, func, select

from fitsprov.registry.engines.compiled import compiled
from fitsprov.registry.gathering import activities as of_activities
from fitsprov.registry.gathering import datasets as of_datasets
from fitsprov.registry.gathering import uses as of_uses
from fitsprov.registry.gathering.activities import Activities
from fitsprov.registry.gathering.columns import Each, Ids, Keys, Places, by_keys, listed, read_columns
from fitsprov.registry.gathering.datasets import Datasets
from fitsprov.registry.gathering.datasets import Part as Inputs
from fitsprov.registry.gathering.uses import Part as Edges
from fitsprov.registry.gathering.uses import Uses
from fitsprov.registry.schema import Key, entity, used

__all__ = ["Gathered", "read_inputs"]


@compiled
def generation(runs: bool) -> Select[Any]:
    """Select one by the keys of its activities, for PostgreSQL: what leads on need not be sent to and fro."""
    first, usual = of_activities.first, of_activities.usual
    makers = of_activities.compared(runs, usual).correlate(first).lateral("makers")
    really = func.array_agg(used.c.entity_id, type_=ARRAY(Key)).filter(used.c.actual.is_not(False))
    edges = of_uses.columns(used.c.activity_id, runs, Places).add_columns(really.label("really")).subquery("uses")
    inputs = really_used(edges)
    told = (column for column in edges.c if column.name != "really")
    found = select(*makers.c, *usual, *told, *inputs.c)
    return found.select_from(first, makers, edges, inputs).where(of_activities.is_first)


@compiled
def used_by(runs: bool) -> Select[Any]:
    """Select what activities really used."""
    return by_keys(select(Each(used.c.entity_id)).where(used.c.actual.is_not(False)), used.c.activity_id, runs)


@compiled
def inputs_of(runs: bool) -> Select[Any]:
    """Select the same as datasets, for PostgreSQL."""
    keys = func.array_agg(used.c.entity_id, type_=ARRAY(Key)).label("really")
    edges = by_keys(select(keys).where(used.c.actual.is_not(False)), used.c.activity_id, runs).subquery("uses")
    inputs = really_used(edges)
    return select(*inputs.c).select_from(edges, inputs)


def really_used(edges: Subquery) -> FromClause:
    """Select the datasets whose keys edges have in an array; a server looks them up at once."""
    read = of_datasets.columns(Ids, of_datasets.first.c.id == edges.c.really[1], edges)
    return read.where(entity.c.id == any_(edges.c.really)).correlate(edges).lateral("inputs")


def read_inputs(connection: Connection, datasets: Datasets, makers: Iterable[int], seen: Set[int]) -> Inputs:
    """Read the datasets that activities really used; on PostgreSQL those that were seen, too."""
    if connection.dialect.name != "postgresql":
        (found,) = read_columns(connection, used_by, makers, alone=True)
        return datasets.read(connection, set(listed(found)) - seen)
    keys, *row = read_columns(connection, inputs_of, makers, alone=True)
    return datasets.keep(keys, row)


class Gathered(NamedTuple):
    """What was read of a graph."""

    activities: Activities
    uses: Uses
    datasets: Datasets
    seen: set[int]
    """Datasets that need not be read; PostgreSQL reads them again, because it finds them by itself."""

    def read_generation(self, connection: Connection, makers: set[int]) -> tuple[Edges, Inputs]:
        """Read activities, what they used, and the datasets that this is."""
        keys = Keys.of(makers)
        if connection.dialect.name != "postgresql":
            self.activities.read(connection, keys)
            edges = self.uses.read(connection, keys)
            inputs = self.datasets.read(connection, edges.really - self.seen)
            self.seen.update(inputs.keys)
            return edges, inputs
        row = read_columns(connection, generation, keys, alone=True, first=keys.first)
        first, last = of_activities.WIDTH, of_activities.WIDTH + of_uses.WIDTH
        self.activities.keep(row[0], row[1:first])
        return self.uses.keep(row[first:last]), self.datasets.keep(row[last], row[last + 1 :])
