"""Activities out of the registry, with configuration, environment and agent."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from typing import Any, NamedTuple, TypeVar
from uuid import UUID

from sqlalchemy import Connection, Select, bindparam, select

from fitsprov.model.lineage import Activity, Agent, Environment, Execution, Node, Package
from fitsprov.registry.datasets import chunks
from fitsprov.registry.engines.compiled import among, as_keys, compiled
from fitsprov.registry.schema import (
    activity,
    agent,
    config,
    env_package,
    execution,
    node,
    package,
    role,
    run,
    software_env,
    task,
    used,
)

__all__ = [
    "Presented",
    "activities_by_key",
    "activities_by_uuid",
    "executions_by_key",
    "usages_by_key",
    "usages_of_datasets",
]


T = TypeVar("T")
Reading = Callable[[Connection, Iterable[int]], dict[int, T]]

MOST = 500
RECENT: dict[bytes, Any] = {}
"""Configurations and environments by their digests, which no other registry gives to something else."""


class Presented(NamedTuple):
    """A usage, its dataset by key."""

    dataset: int
    role: str | None
    actual: bool | None


@cache
def base() -> Select[Any]:
    """Select what `assemble` reads."""
    return select(
        activity.c.id,
        activity.c.uuid,
        task.c.name,
        task.c.version,
        run.c.name,
        activity.c.started,
        activity.c.ended,
        activity.c.status,
        activity.c.config_id,
        config.c.digest,
        activity.c.software_env_id,
        software_env.c.digest,
        agent.c.uri,
        agent.c.name,
        agent.c.type,
        activity.c.execution_id,
        activity.c.epoch_id,
    ).select_from(
        activity.outerjoin(task, task.c.id == activity.c.task_id)
        .outerjoin(run, run.c.id == activity.c.run_id)
        .outerjoin(config, config.c.id == activity.c.config_id)
        .outerjoin(software_env, software_env.c.id == activity.c.software_env_id)
        .outerjoin(agent, agent.c.id == activity.c.agent_id)
    )


@compiled
def by_key() -> Select[Any]:
    """Select activities by a list of keys."""
    return base().where(among(activity.c.id))


@compiled
def by_uuid() -> Select[Any]:
    """Select activities by a list of UUIDs."""
    return base().where(activity.c.uuid.in_(bindparam("uuids", expanding=True)))


@compiled
def configs() -> Select[Any]:
    """Select configurations by a list of keys."""
    return select(config.c.id, config.c.content).where(among(config.c.id))


@compiled
def environments() -> Select[Any]:
    """Select environments by a list of keys, one row for each package."""
    return (
        select(
            software_env.c.id,
            software_env.c.container,
            software_env.c.container_base,
            software_env.c.recipe,
            software_env.c.platform,
            package.c.manager,
            package.c.name,
            package.c.version,
        )
        .select_from(
            software_env.outerjoin(env_package, env_package.c.software_env_id == software_env.c.id).outerjoin(
                package, package.c.id == env_package.c.package_id
            )
        )
        .where(among(software_env.c.id))
    )


@compiled
def executions() -> Select[Any]:
    """Select jobs by a list of keys, with their nodes."""
    return (
        select(
            execution.c.id,
            execution.c.uuid,
            execution.c.system,
            execution.c.job,
            execution.c.started,
            execution.c.ended,
            execution.c.status,
            execution.c.resources,
            execution.c.software_env_id,
            software_env.c.digest,
            node.c.name,
            node.c.hardware,
        )
        .select_from(
            execution.outerjoin(node, node.c.id == execution.c.node_id).outerjoin(
                software_env, software_env.c.id == execution.c.software_env_id
            )
        )
        .where(among(execution.c.id))
    )


@compiled
def usages() -> Select[Any]:
    """Select what a list of activities used, in the order stated."""
    return (
        select(used.c.activity_id, used.c.entity_id, role.c.name, used.c.actual)
        .select_from(used.outerjoin(role, role.c.id == used.c.role_id))
        .where(among(used.c.activity_id))
        .order_by(used.c.activity_id, used.c.position)
    )


@compiled
def usages_of() -> Select[Any]:
    """Select who used a list of datasets, in the order stated."""
    return (
        select(used.c.activity_id, used.c.entity_id, role.c.name, used.c.actual)
        .select_from(used.outerjoin(role, role.c.id == used.c.role_id))
        .where(among(used.c.entity_id))
        .order_by(used.c.activity_id, used.c.position)
    )


def activities_by_key(connection: Connection, keys: Iterable[int]) -> dict[int, Activity]:
    """Fetch activities by their keys."""
    return assemble(connection, by_key().rows(connection, **as_keys(keys)))


def activities_by_uuid(connection: Connection, uuids: Iterable[UUID]) -> dict[int, Activity]:
    """Fetch activities by their UUIDs, with their keys; those that are not known are left out."""
    rows = [row for chunk in chunks(uuids) for row in by_uuid().rows(connection, uuids=chunk)]
    return assemble(connection, rows)


def assemble(connection: Connection, rows: Sequence[Sequence[Any]]) -> dict[int, Activity]:
    """Give each row of `base` its configuration, environment and job."""
    config_of = fetch(connection, {row[8]: row[9] for row in rows}, read_configs)
    environment_of = fetch(connection, {row[10]: row[11] for row in rows}, read_environments)
    execution_of = executions_by_key(connection, {row[15] for row in rows} - {None})
    found = {}
    for row in rows:
        key, uuid, name, version, run_name, started, ended, status, config_id, _, env_id, _, *rest = row
        uri, who, kind, execution_id, epoch = rest
        found[key] = Activity(
            id=uuid,
            task=name,
            version=version,
            run=run_name,
            started=started,
            ended=ended,
            status=status,
            config=config_of.get(config_id),
            environment=environment_of.get(env_id),
            agent=None if uri is None else Agent(id=uri, name=who, type=kind),
            execution=execution_of.get(execution_id),
            epoch=epoch,
        )
    return found


def executions_by_key(connection: Connection, keys: Iterable[int]) -> dict[int, Execution]:
    """Fetch jobs by their keys, with node and environment."""
    if not keys:
        return {}
    rows = executions().rows(connection, **as_keys(keys))
    environment_of = fetch(connection, {row[8]: row[9] for row in rows}, read_environments)
    return {
        key: Execution(
            id=uuid,
            system=system,
            job=job,
            node=None if name is None else Node(name=name, hardware=hardware),
            environment=environment_of.get(env_id),
            started=started,
            ended=ended,
            status=status,
            resources=None if resources is None else json.loads(resources),
        )
        for key, uuid, system, job, started, ended, status, resources, env_id, _, name, hardware in rows
    }


def fetch(connection: Connection, digests: dict[Any, bytes], read: Reading[T]) -> dict[int, T]:
    """Fetch by its keys what a digest of its content tells apart; what was met lately is still there."""
    digests.pop(None, None)
    found = {key: RECENT[digest] for key, digest in digests.items() if digest in RECENT}
    if missing := digests.keys() - found.keys():
        if len(RECENT) > MOST:
            RECENT.clear()
        for key, content in read(connection, missing).items():
            found[key] = RECENT[digests[key]] = content
    return found


def read_configs(connection: Connection, keys: Iterable[int]) -> dict[int, Mapping[str, Any]]:
    """Read configurations by their keys."""
    return {key: json.loads(content) for key, content in configs().rows(connection, **as_keys(keys))}


def read_environments(connection: Connection, keys: Iterable[int]) -> dict[int, Environment]:
    """Read environments by their keys, packages in order."""
    about: dict[int, dict[str, Any]] = {}
    packages: defaultdict[int, list[Package]] = defaultdict(list)
    rows = environments().rows(connection, **as_keys(keys))
    for key, container, base, recipe, platform, manager, name, version in rows:
        about[key] = {"container": container, "container_base": base, "recipe": recipe, "platform": platform}
        if name is not None:
            packages[key].append(Package(manager, name, version))
    return {
        key: Environment(packages=tuple(sorted(packages[key])), **facts | {"platform": json.loads(facts["platform"])})
        for key, facts in about.items()
    }


def usages_by_key(connection: Connection, keys: Iterable[int]) -> dict[int, list[Presented]]:
    """Fetch what activities used: activity → what was presented to it, in the order stated."""
    return collect(usages().rows(connection, **as_keys(keys)))


def usages_of_datasets(connection: Connection, keys: Iterable[int]) -> dict[int, list[Presented]]:
    """Fetch who used datasets: activity → which of them were presented to it, in the order stated."""
    return collect(usages_of().rows(connection, **as_keys(keys)))


def collect(rows: Iterable[Sequence[Any]]) -> dict[int, list[Presented]]:
    """Group usages by activity."""
    found: defaultdict[int, list[Presented]] = defaultdict(list)
    for maker, *presented in rows:
        found[maker].append(Presented(*presented))
    return dict(found)
