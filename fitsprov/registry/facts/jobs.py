"""Jobs into the registry and out of it, with the nodes that they ran on."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Select, func, insert, or_, select, update

from fitsprov.model.facts import Job
from fitsprov.model.lineage import Execution
from fitsprov.registry.activities import executions_by_key, read_environments
from fitsprov.registry.datasets import chunks
from fitsprov.registry.records.statement import canonical, merge, refuse_backwards
from fitsprov.registry.records.vocabulary import Vocabulary, next_key
from fitsprov.registry.schema import activity, execution, node, software_env, task

__all__ = ["find_jobs", "jobs", "take_executions"]

FACTS = ("node", "environment", "started", "ended", "status", "resources")


def take_executions(
    connection: Connection, words: Vocabulary, executions: Iterable[Execution]
) -> tuple[dict[UUID, int], int]:
    """Take jobs in; complete those that are known. Give the key of each by its UUID, and of how many
    there was something new."""
    said: dict[UUID, Execution] = {}
    for one in executions:
        known = said.setdefault(one.id, one)
        if known is not one:
            said[one.id] = unite(known, one, words.quarrels)
    if not said:
        return {}, 0
    keys = keys_of(connection, said)
    held = executions_by_key(connection, keys.values())
    changed: dict[UUID, Execution] = {}
    for uuid, one in said.items():
        old = held.get(keys.get(uuid, 0))
        merged = one if old is None else unite(old, one, words.quarrels)
        if merged is not old:
            changed[uuid] = merged
            refuse_backwards(name_of(merged), merged, words.quarrels)
    learnt = len(changed)
    take_nodes(connection, words, changed.values())
    words.add_environments({id(one.environment): one.environment for one in changed.values() if one.environment})
    for uuid in [uuid for uuid in changed if uuid in keys]:
        row = row_of(words, changed.pop(uuid))
        connection.execute(update(execution).where(execution.c.id == keys[uuid]).values(row))
    if changed:
        keys |= dict(zip(changed, range(next_key(connection, execution), 2**63), strict=False))
        rows = [{"id": keys[uuid], "uuid": uuid, **row_of(words, one)} for uuid, one in changed.items()]
        connection.execute(insert(execution), rows)
    return keys, learnt


def unite(known: Execution, one: Execution, quarrels: list[str]) -> Execution:
    """Put two statements of one job together; what was said before it had ended is not how it ended."""
    if known.ended is None and one.ended is not None and one.status is not None:
        known = replace(known, status=one.status)
    elif one.ended is None and known.ended is not None and known.status is not None:
        one = replace(one, status=None)
    return merge(name_of(one), known, one, FACTS, quarrels)


def name_of(one: Execution) -> str:
    """Call a job by what its system calls it."""
    return f"job {one.system} {one.job}"


def keys_of(connection: Connection, uuids: Iterable[UUID]) -> dict[UUID, int]:
    """Find the keys of known jobs."""
    query = select(execution.c.uuid, execution.c.id)
    rows = (row for chunk in chunks(uuids) for row in connection.execute(query.where(execution.c.uuid.in_(chunk))))
    return dict(map(tuple, rows))


def take_nodes(connection: Connection, words: Vocabulary, executions: Iterable[Execution]) -> None:
    """Take nodes in; the hardware that was stated last stands, and `validity` has what was before."""
    nodes: dict[str, str | None] = {}
    for one in executions:
        if one.node is not None:
            nodes[one.node.name] = one.node.hardware or nodes.get(one.node.name)
    words.add(node, "name", {(name,): {"name": name, "hardware": hardware} for name, hardware in nodes.items()})
    for name, hardware in nodes.items():
        if hardware is not None:
            query = update(node).where(node.c.name == name, node.c.hardware.is_distinct_from(hardware))
            connection.execute(query.values(hardware=hardware))


def row_of(words: Vocabulary, one: Execution) -> dict[str, Any]:
    """Spell a job as a row."""
    return {
        "system": one.system,
        "job": one.job,
        "node_id": None if one.node is None else words.key(node, one.node.name),
        "software_env_id": words.content_key(software_env, one.environment),
        "started": one.started,
        "ended": one.ended,
        "status": one.status,
        "resources": None if one.resources is None else canonical(one.resources),
    }


def jobs(text: str) -> Select[Any]:
    """Select executions by what the batch system calls them, or by UUID."""
    try:
        return select(execution.c.id).where(or_(execution.c.job == text, execution.c.uuid == UUID(text)))
    except ValueError:
        return select(execution.c.id).where(execution.c.job == text)


def find_jobs(connection: Connection, text: str) -> list[Job]:
    """Find what is known of jobs, by what the batch systems call them, or by UUID."""
    executions = executions_by_key(connection, connection.scalars(jobs(text)).all())
    return [told_of(connection, key, one) for key, one in sorted(executions.items())]


def told_of(connection: Connection, key: int, one: Execution) -> Job:
    """Say what ran in a job, and in which environments."""
    mine = activity.c.execution_id == key
    ran = select(activity.c.software_env_id).where(mine, activity.c.software_env_id.is_not(None)).distinct()
    environments = read_environments(connection, connection.scalars(ran).all())
    others = [environments[number] for number in sorted(environments) if environments[number] != one.environment]
    own = () if one.environment is None else (one.environment,)
    names = (task.c.name, task.c.version)
    counted = select(*names, func.count()).select_from(activity.outerjoin(task)).where(mine).group_by(*names)
    tasks = connection.execute(counted.order_by(*(name.nulls_first() for name in names)))
    return Job(execution=one, environments=(*own, *others), tasks=tuple(map(tuple, tasks)))
