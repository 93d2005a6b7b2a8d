"""Conditions by which datasets are found beside what they are: their metrics, and when they were made or observed."""

from __future__ import annotations

import operator
from collections.abc import Iterable, Iterator
from datetime import datetime

from sqlalchemy import ColumnElement, Table, func, or_, select

from fitsprov.model.limit import Limit
from fitsprov.registry.schema import activity, entity, metric, observation, utc

__all__ = ["conditions"]

COMPARE = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "=": operator.eq,
    "!=": operator.ne,
}


def conditions(
    limits: Iterable[Limit] = (), since: datetime | None = None, until: datetime | None = None
) -> Iterator[ColumnElement[bool]]:
    """Spell conditions on datasets.

    Parameters
    ----------
    limits : iterable of Limit
        Metrics of the dataset, or of the activity that made it; all must hold.
    since, until : datetime, optional
        The observation, or else the activity that made it, was going on then.
    """
    for limit in limits:
        column = metric.c.verdict if isinstance(limit.value, str) else metric.c.value
        holds = (metric.c.name == limit.name, COMPARE[limit.operator](column, limit.value))
        yield or_(
            entity.c.id.in_(select(metric.c.entity_id).where(*holds, metric.c.entity_id.is_not(None))),
            entity.c.gen_aid.in_(select(metric.c.activity_id).where(*holds, metric.c.activity_id.is_not(None))),
        )
    if since is not None or until is not None:
        yield or_(
            entity.c.id.in_(select(observation.c.entity_id).where(*going_on(observation, since, until))),
            entity.c.gen_aid.in_(select(activity.c.id).where(*going_on(activity, since, until))),
        )


def going_on(table: Table, since: datetime | None, until: datetime | None) -> Iterator[ColumnElement[bool]]:
    """Spell that something was going on in an interval; of two times that are not both known, one is enough."""
    if until is not None:
        yield func.coalesce(table.c.started, table.c.ended) <= utc(until)
    if since is not None:
        yield func.coalesce(table.c.ended, table.c.started) >= utc(since)
