"""The activities with which an impact begins: what must hold for them, and finding them by statements."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, Select, select, union_all

from fitsprov.registry.engines.compiled import one_of
from fitsprov.registry.gathering.columns import Line, listed
from fitsprov.registry.schema import activity, used

__all__ = ["USED", "WORDS", "Having", "Seeds"]

WORDS = ("task_id", "run_id", "config_id", "software_env_id", "execution_id")
"""Columns of activities by which the adjacency file lists them."""
USED = "used"
"""What stands for such a column where the keys are of datasets that an activity really used."""


class Having(NamedTuple):
    """What holds for activities that have one of some keys in a column."""

    column: str
    """One of `WORDS`, or `USED`."""
    keys: Sequence[int]


@dataclass(frozen=True, slots=True)
class Seeds:
    """The activities for which all of some conditions hold."""

    words: Sequence[Sequence[Having]] = ()
    """For each condition alternatives, one of which holds."""
    others: Sequence[ColumnElement[bool]] = field(default=(), compare=False)
    """What only the tables can tell."""

    @property
    def are_listed(self) -> bool:
        """Whether the adjacency file can tell them."""
        return bool(self.words) and not self.others

    def query(self) -> Select[Any]:
        """Select their keys."""
        return select(activity.c.id).where(*map(either, self.words), *self.others)

    def keys(self, connection: Connection) -> list[int]:
        """Find their keys."""
        return listed(connection.scalar(self.query().with_only_columns(Line(activity.c.id))))


def either(alternatives: Sequence[Having]) -> ColumnElement[bool]:
    """Say in SQL that one of these holds."""
    each = list(map(holds, alternatives))
    if len(each) == 1:
        return each[0]
    # each has an index of its own; where either may hold, PostgreSQL asks none
    return activity.c.id.in_(union_all(*(select(activity.c.id).where(one) for one in each)))


def holds(having: Having) -> ColumnElement[bool]:
    """Say in SQL that an activity has one of some keys."""
    if having.column == USED:
        users = select(used.c.activity_id).where(one_of(used.c.entity_id, having.keys), used.c.actual.is_not(False))
        return activity.c.id.in_(users)
    return one_of(activity.c[having.column], having.keys)
