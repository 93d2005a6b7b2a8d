"""Whether anything that matters to a task changed, and what: between two epochs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Connection, Row, or_, select

from fitsprov.errors import ActivityNotFound, UsageError
from fitsprov.model.facts import Change, Epoch
from fitsprov.registry.facts.epochs import EARLIEST, TRACKED, current_epoch, epochs_at, epochs_between
from fitsprov.registry.schema import (
    activity,
    config,
    config_param,
    entity,
    env_package,
    execution,
    node,
    package,
    software_env,
    task,
    utc,
    validity,
)

__all__ = ["Moment", "changes_between"]

Moment = int | datetime | UUID
"""A place in time: the number of an epoch, a time, or an activity or dataset."""


def changes_between(connection: Connection, task_name: str, a: Moment, b: Moment) -> list[Change]:
    """List what changed for a task behind one epoch, up to another.

    Raises
    ------
    UsageError
        Where the task is not known, an epoch has never been, or an activity belongs to none.
    ActivityNotFound
    """
    if connection.scalar(select(task.c.id).where(task.c.name == task_name).limit(1)) is None:
        raise UsageError(f"task {task_name}: not in the registry; expected one that is")
    places = (place_of(connection, moment) for moment in (a, b))
    one, other = sorted(places, key=lambda place: (place.epoch, place.started or EARLIEST))
    epochs = {epoch.number: epoch for epoch in epochs_between(connection, one.epoch, other.epoch)}
    found = [change for epoch in epochs.values() if epoch.kind not in TRACKED for change in told(epoch)]
    for row, before in steps(connection, components_of(connection, task_name)):
        if row.epoch_id in epochs:
            found += differences(connection, epochs[row.epoch_id], row, before)
    if one.task == other.task == task_name:
        known = {(change.kind, change.name) for change in found if change.component == task_name}
        found += [change for change in pinned(connection, one, other) if (change.kind, change.name) not in known]
    return sorted(found, key=lambda one: (one.epoch, one.component, one.name or ""))


class Place(NamedTuple):
    """A moment; of an activity with what it pins."""

    epoch: int
    task: str | None = None
    started: datetime | None = None
    config: bytes | None = None
    packages: bytes | None = None


def place_of(connection: Connection, moment: Moment) -> Place:
    """Find the epoch of a moment, and what was used then if that is known."""
    if isinstance(moment, datetime):
        return Place(epochs_at(connection, {None: utc(moment)})[None])
    if isinstance(moment, int):
        last = current_epoch(connection).number
        if not 1 <= moment <= last:
            raise UsageError(f"epoch {moment} is none; expected one of 1 to {last}")
        return Place(moment)
    made = select(entity.c.gen_aid).where(entity.c.uuid == moment).scalar_subquery()
    columns = (activity.c.epoch_id, task.c.name, activity.c.started, config.c.digest, software_env.c.digest)
    joined = activity.outerjoin(task).outerjoin(config).outerjoin(software_env)
    query = select(*columns).select_from(joined).where(or_(activity.c.uuid == moment, activity.c.id == made))
    row = connection.execute(query).first()
    if row is None:
        raise ActivityNotFound(moment)
    if row.epoch_id is None:
        raise UsageError(f"activity {moment} belongs to no epoch; expected one that a record told of")
    return Place(*row)


def pinned(connection: Connection, one: Place, other: Place) -> Iterator[Change]:
    """What is different between two activities of a task, whatever others did meanwhile."""
    for kind, read in READ.items():
        before, after = getattr(one, kind), getattr(other, kind)
        if before is None or after is None or before == after:
            continue
        old, new = read(connection, before.hex()), read(connection, after.hex())
        for name in sorted(old.keys() | new.keys(), key=str):
            if old.get(name) != new.get(name):
                yield Change(
                    epoch=other.epoch,
                    time=other.started,
                    kind=kind,
                    component=str(other.task),
                    name=name,
                    before=old.get(name),
                    after=new.get(name),
                )


def components_of(connection: Connection, task_name: str) -> dict[str, tuple[str, ...]]:
    """What a task depends on: itself, and the nodes on which it ran."""
    nodes = (
        select(node.c.name)
        .distinct()
        .select_from(
            task.join(activity, activity.c.task_id == task.c.id)
            .join(execution, execution.c.id == activity.c.execution_id)
            .join(node, node.c.id == execution.c.node_id)
        )
        .where(task.c.name == task_name)
    )
    names = tuple(connection.scalars(nodes))
    return {"config": (task_name,), "packages": (task_name,), "node": names}


def steps(connection: Connection, components: dict[str, tuple[str, ...]]) -> Iterator[tuple[Row[Any], set[str]]]:
    """The states that components took, each with those that it had before; the first ones are no changes."""
    states: defaultdict[tuple[str, str], dict[int, list[Row[Any]]]] = defaultdict(lambda: defaultdict(list))
    for kind, names in components.items():
        query = select(validity).where(validity.c.kind == kind, validity.c.component.in_(names))
        for row in connection.execute(query.order_by(validity.c.epoch_id, validity.c.id)):
            states[row.kind, row.component][row.epoch_id].append(row)
    for history in states.values():
        before: set[str] = set()
        for rows in history.values():
            yield from ((row, before) for row in rows if before)
            before = {row.state for row in rows}


def told(one: Epoch) -> Iterator[Change]:
    """The change that an event told of."""
    yield Change(
        epoch=one.number,
        time=one.time,
        kind=one.kind,
        component=one.component,
        name=None,
        before=one.before,
        after=one.after,
    )


def differences(connection: Connection, epoch: Epoch, row: Row[Any], before: set[str]) -> Iterator[Change]:
    """What is different between two states: each parameter or package by its name."""
    read = READ.get(row.kind)
    if read is None:
        old: dict[str | None, str | None] = {None: " ".join(sorted(before))}
        new: dict[str | None, str | None] = {None: row.state}
    else:
        old, new = read(connection, min(before)), read(connection, row.state)
    for name in sorted(old.keys() | new.keys(), key=str):
        if old.get(name) != new.get(name):
            yield Change(
                epoch=epoch.number,
                time=row.since or epoch.time,
                kind=row.kind,
                component=row.component,
                name=name,
                before=old.get(name),
                after=new.get(name),
            )


def parameters_of(connection: Connection, state: str) -> dict[str | None, str | None]:
    """The parameters of a configuration by its digest, as JSON."""
    query = select(config_param.c.name, config_param.c.value).join(config, config.c.id == config_param.c.config_id)
    return dict(map(tuple, connection.execute(query.where(config.c.digest == bytes.fromhex(state)))))


def packages_of(connection: Connection, state: str) -> dict[str | None, str | None]:
    """The packages of an environment by its digest, and what it says beside them."""
    digest = bytes.fromhex(state)
    about = select(software_env.c.container, software_env.c.platform).where(software_env.c.digest == digest)
    found: dict[str | None, str | None] = {}
    for container, platform in connection.execute(about):
        found |= {"container": container, "platform": platform}
    query = (
        select(package.c.manager, package.c.name, package.c.version)
        .select_from(
            software_env.join(env_package, env_package.c.software_env_id == software_env.c.id).join(
                package, package.c.id == env_package.c.package_id
            )
        )
        .where(software_env.c.digest == digest)
    )
    return found | {f"{manager} {name}": version for manager, name, version in connection.execute(query)}


READ = {"config": parameters_of, "packages": packages_of}
"""Kind of component → what reads a state of it."""
