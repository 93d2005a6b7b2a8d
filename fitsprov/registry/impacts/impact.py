"""What a flaw touched: the activities for which a cause holds, what they made, and all that was made from it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any
from uuid import UUID

from sqlalchemy import CTE, ColumnElement, Connection, Select, Table, bindparam, func, literal, or_, select

from fitsprov.errors import ActivityNotFound, DatasetNotFound, UsageError
from fitsprov.model.dataid import Scalar
from fitsprov.model.identifiers import is_id, parse_id
from fitsprov.model.impact import Cause, Impact, Requirement, Touched
from fitsprov.model.lineage import Dataset
from fitsprov.registry.adjacency.graph import Graph
from fitsprov.registry.datasets import chunks, datasets_by_key, find_one
from fitsprov.registry.engines.compiled import among, as_keys, compiled
from fitsprov.registry.facts.jobs import jobs
from fitsprov.registry.graph.seeds import USED, Having, Seeds
from fitsprov.registry.records.statement import canonical, indexable
from fitsprov.registry.schema import (
    activity,
    config_param,
    dataset_type,
    entity,
    env_package,
    execution,
    node,
    package,
    run,
    software_env,
    task,
    used,
)

__all__ = ["hits_of", "impact_of", "named", "seeds", "touched_by"]


def impact_of(connection: Connection, cause: Cause, graph: Graph) -> Impact:
    """Count what a cause touched, by type and run.

    Raises
    ------
    DatasetNotFound, ActivityNotFound, UsageError
        Where the cause names what the registry does not know.
    """
    activities, counted = graph.tally(connection, seeds(connection, cause))
    types, runs = (
        {0: None, **dict(names_of(kind).rows(connection, **as_keys({one[place] for one in counted})))}
        for place, kind in enumerate(("type", "run"))
    )
    sums: dict[tuple[str | None, str | None], tuple[int, int]] = {}
    for one in counted:  # one type has several keys where some of its datasets have a category of their own
        datasets, direct = sums.get((types[one.type], runs[one.run]), (0, 0))
        sums[types[one.type], runs[one.run]] = datasets + one.datasets, direct + one.direct
    touched = [Touched(*place, *numbers) for place, numbers in sums.items()]
    touched.sort(key=lambda one: (-one.datasets, one.type or "", one.run or ""))
    return Impact(cause=cause, activities=activities, touched=tuple(touched))


def named(connection: Connection, identifier: UUID | str) -> dict[str, Any]:
    """Say what an ID or a name is of, as a part of a cause: a dataset, an activity, a job or a run.

    Raises
    ------
    DatasetNotFound
        Where it is of nothing here.
    """
    try:
        return {"dataset": find_one(connection, identifier).dataset.id}
    except DatasetNotFound:
        pass
    text = str(identifier)
    if is_id(text):
        uuid = parse_id(text)
        if connection.scalar(select(activity.c.id).where(activity.c.uuid == uuid)) is not None:
            return {"activity": uuid}
    for kind, query in (("job", jobs(text)), ("run", runs(text))):
        if connection.scalar(query.limit(1)) is not None:
            return {kind: text}
    raise DatasetNotFound(identifier)


def hits_of(
    connection: Connection, cause: Cause, *, type_name: str | None, run_name: str | None, limit: int | None
) -> Iterator[tuple[Dataset, bool]]:
    """List what a cause touched, and whether directly, in the order of run, type and dataId."""
    query = touched_by(seeds(connection, cause).query())
    query = query.outerjoin(dataset_type, dataset_type.c.id == entity.c.dataset_type_id)
    query = query.outerjoin(run, run.c.id == entity.c.run_id)
    if type_name is not None:
        query = query.where(dataset_type.c.name == type_name)
    if run_name is not None:
        query = query.where(run.c.name == run_name)
    query = query.order_by(run.c.name, dataset_type.c.name, entity.c.data_id, entity.c.name, entity.c.uuid)
    for chunk in chunks(connection.execute(query.limit(limit))):
        found = datasets_by_key(connection, [key for key, _ in chunk])
        for key, direct in chunk:
            yield found[key].dataset, bool(direct)


def touched_by(begun: Select[Any]) -> Select[Any]:
    """Select the datasets that activities made, and all that was made from these: key, and whether made directly."""
    reached = downstream(begun)
    return select(entity.c.id, reached.c.direct).select_from(reached.join(entity, entity.c.gen_aid == reached.c.id))


def downstream(begun: Select[Any]) -> CTE:
    """Select activities and all that used what they made, really used: each once, with whether it is of the first."""
    first = begun.subquery()
    reached = select(first.c.id, literal(1).label("direct")).cte("reached", recursive=True)
    here = entity.alias("here")
    step = (
        select(used.c.activity_id, literal(0))
        .select_from(reached.join(here, here.c.gen_aid == reached.c.id).join(used, used.c.entity_id == here.c.id))
        .where(used.c.actual.is_not(False))
    )
    reached = reached.union(step)
    return select(reached.c.id, func.max(reached.c.direct).label("direct")).group_by(reached.c.id).cte("found")


def seeds(connection: Connection, cause: Cause) -> Seeds:
    """Say for which activities all of a cause holds."""
    return Seeds(tuple(words_of(connection, cause)), tuple(others_of(connection, cause)))


def words_of(connection: Connection, cause: Cause) -> Iterator[tuple[Having, ...]]:
    """Find the words and the dataset that a cause names."""
    if cause.dataset is not None:
        yield (Having(USED, [known(connection, entity, cause.dataset, DatasetNotFound(cause.dataset))]),)
    if cause.run is not None:
        yield (Having("run_id", some(connection, f"run {cause.run}", runs(cause.run))),)
    if cause.job is not None:
        yield (Having("execution_id", some(connection, f"job {cause.job}", jobs(cause.job))),)
    if cause.node is not None:
        nodes = select(execution.c.id).join(node, node.c.id == execution.c.node_id).where(node.c.name == cause.node)
        yield (Having("execution_id", some(connection, f"node {cause.node}", nodes)),)
    if cause.task is not None:
        yield (Having("task_id", admitted(connection, "task", cause.task)),)
    if cause.package is not None:
        packages = admitted(connection, "package", cause.package)
        yield ran_in(connection, keys(environments_with().rows(connection, **as_keys(packages))))
    if cause.container is not None:
        yield ran_in(connection, some(connection, f"container {cause.container}", containers(cause.container)))
    if cause.config is not None:
        yield (Having("config_id", configured(connection, *cause.config)),)


def others_of(connection: Connection, cause: Cause) -> Iterator[ColumnElement[bool]]:
    """Say in SQL what else a cause is."""
    if cause.activity is not None:
        yield activity.c.id == known(connection, activity, cause.activity, ActivityNotFound(cause.activity))
    if cause.since is not None:
        yield func.coalesce(activity.c.ended, activity.c.started) >= literal(cause.since, activity.c.started.type)
    if cause.until is not None:
        yield activity.c.started <= cause.until


def known(connection: Connection, table: Table, uuid: UUID, error: LookupError) -> int:
    """Give the key of a UUID."""
    key: int | None = connection.scalar(select(table.c.id).where(table.c.uuid == uuid))
    if key is None:
        raise error
    return key


def some(connection: Connection, what: str, query: Select[Any]) -> list[int]:
    """Fetch keys, and refuse to find none: a misspelt cause has touched nothing, and nobody would notice."""
    found = keys(connection.execute(query))
    if not found:
        raise UsageError(f"{what}: not in the registry; expected one that is")
    return found


def keys(rows: Iterable[Any]) -> list[int]:
    """Give what rows of one column have."""
    return [key for (key,) in rows]


def runs(name: str) -> Select[Any]:
    """Select a run by its name."""
    return select(run.c.id).where(run.c.name == name)


def containers(text: str) -> Select[Any]:
    """Select environments by an image, or by the digest at its end."""
    columns = (software_env.c.container, software_env.c.container_base)
    return select(software_env.c.id).where(
        or_(*(or_(one == text, one.endswith(f"@{text}", autoescape=True)) for one in columns))
    )


@compiled
def names_of(kind: str) -> Select[Any]:
    """Select the names of types or runs."""
    table = {"type": dataset_type, "run": run}[kind]
    return select(table.c.id, table.c.name).where(among(table.c.id))


@compiled
def versions_of(kind: str) -> Select[Any]:
    """Select the versions of a package or task."""
    table = {"package": package, "task": task}[kind]
    return select(table.c.id, table.c.version).where(table.c.name == bindparam("name"))


@compiled
def environments_with() -> Select[Any]:
    """Select the environments that have one of some packages."""
    return select(env_package.c.software_env_id).distinct().where(among(env_package.c.package_id))


@compiled
def jobs_in() -> Select[Any]:
    """Select the jobs that ran in one of some environments."""
    return select(execution.c.id).where(among(execution.c.software_env_id))


def admitted(connection: Connection, kind: str, wanted: Requirement) -> list[int]:
    """Fetch the keys of versions that a requirement admits."""
    rows = versions_of(kind).rows(connection, name=wanted.name)
    if not rows:
        raise UsageError(f"{kind} {wanted.name}: not in the registry; expected one that is")
    return [key for key, version in rows if wanted.admits(version)]


def ran_in(connection: Connection, environments: list[int]) -> tuple[Having, ...]:
    """Say that an activity, or the job above it, ran in one of these environments."""
    above = keys(jobs_in().rows(connection, **as_keys(environments)))
    itself = Having("software_env_id", environments)
    return (itself, Having("execution_id", above)) if above else (itself,)


def configured(connection: Connection, name: str, value: Scalar) -> list[int]:
    """Find the configurations that have this value; the name alone must be known."""
    named = select(config_param.c.config_id).where(config_param.c.name == indexable(name))
    some(connection, f"config {name}", named.limit(1))
    texts = [indexable(canonical(one)) for one in equals(value)]
    return keys(connection.execute(named.where(config_param.c.value.in_(texts))))


def equals(value: Scalar) -> list[Scalar]:
    """Give all values that a number equals, as an integer and as a float; what is no number has its own like alone."""
    if type(value) not in (int, float):
        return [value]
    if value == 0:
        return [0, 0.0, -0.0]
    try:
        return [one for one in (int(value), float(value)) if one == value]
    except OverflowError:
        return [value]
