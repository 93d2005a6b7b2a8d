"""What is in a registry, in numbers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import URL, Connection, func, select

from fitsprov.registry.engines.engine import size_of
from fitsprov.registry.gathering.datasets import effective_category
from fitsprov.registry.gathering.words import stated_category
from fitsprov.registry.schema import activity, artifact, dataset_type, entity, event, run, software_env, stamp, used

__all__ = ["Status", "count_all"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """What ``registry status`` shows."""

    url: str
    """Without its password."""
    revision: str
    base_url: str | None
    authority: str | None
    size: int
    """Bytes on disk."""
    datasets: int
    """Described ones."""
    categories: Mapping[str, int]
    """Of the described ones; ``unknown`` where no record says."""
    stubs: int
    """Datasets that are only named."""
    activities: int
    edges: int
    runs: int
    environments: int
    events: int
    copies: int
    stamped: Mapping[str, int]
    """Those whose headers carried a stamp when they were read, by its convention."""


def count_all(connection: Connection, url: URL) -> dict[str, object]:
    """Count what is in the tables, as fields of `Status`."""
    made = entity.c.gen_aid.is_not(None)
    kinds = (
        select(stated_category, made, func.count())
        .select_from(entity.outerjoin(dataset_type))
        .where(entity.c.stub.is_(False))
        .group_by(stated_category, made)
    )
    categories: Counter[str] = Counter()
    for stated, was_made, number in connection.execute(kinds):
        categories[str(effective_category(stated, bool(was_made)) or "unknown")] += number
    tables = {
        "activities": activity,
        "edges": used,
        "runs": run,
        "environments": software_env,
        "events": event,
        "copies": artifact,
    }
    counts = {what: connection.scalar(select(func.count()).select_from(table)) for what, table in tables.items()}
    stamped = select(stamp.c.convention, func.count()).group_by(stamp.c.convention).order_by(stamp.c.convention)
    stubs = connection.scalar(select(func.count()).select_from(entity).where(entity.c.stub.is_(True)))
    return {
        "size": size_of(connection, url),
        "datasets": categories.total(),
        "categories": dict(sorted(categories.items())),
        "stubs": stubs,
        **counts,
        "stamped": dict(map(tuple, connection.execute(stamped))),
    }
