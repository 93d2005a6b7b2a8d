"""Epochs: a number for each state of all that results depend on, in the order in which changes were learnt.

The configuration and the packages of a task, the hardware of a node, and whatever events tell of are components. A
component has a state, a record that states another one opens an epoch, and `validity` holds which state held from when
to when. What is met for the first time has not changed. A record that comes late, of a time before its component
changed, changes nothing now.

An activity has the epoch that its record pins; else the last one that had begun when it started, looked up once, when
it is recorded. Nothing is looked up by time afterwards.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import accumulate
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Connection, Row, Select, and_, bindparam, func, insert, literal_column, or_, select, update

from fitsprov.errors import InvalidRecord
from fitsprov.model.facts import Epoch, Event
from fitsprov.model.lineage import Activity
from fitsprov.registry.datasets import chunks
from fitsprov.registry.engines.compiled import compiled
from fitsprov.registry.records.vocabulary import next_key
from fitsprov.registry.schema import epoch, utc, validity

__all__ = [
    "EARLIEST",
    "TRACKED",
    "current_epoch",
    "epochs_between",
    "extend_event",
    "place_activities",
]

TRACKED = ("config", "packages", "node")
"""Kinds of component whose states are compared when activities are recorded; the others are told by events."""
SHARED = ("packages",)
"""Kinds whose change is one change, for however many tasks."""

EVENT = ("", "")
"""Sorts before any component."""
MOST = 100
"""States of one component that one record may tell of one after the other."""
EARLIEST = datetime.min.replace(tzinfo=UTC)

Component = tuple[str, str]
"""Kind and name."""


def as_epoch(row: Row[Any]) -> Epoch:
    """Read a row."""
    return Epoch(
        number=row.id, time=row.time, kind=row.kind, component=row.component, before=row.before, after=row.after
    )


def current_epoch(connection: Connection) -> Epoch:
    """Fetch the last epoch."""
    return as_epoch(connection.execute(select(epoch).order_by(epoch.c.id.desc()).limit(1)).one())


def epochs_between(connection: Connection, after: int = 0, last: int | None = None) -> list[Epoch]:
    """Fetch the epochs behind one, up to another."""
    query = select(epoch).where(epoch.c.id > after).order_by(epoch.c.id)
    return [as_epoch(row) for row in connection.execute(query if last is None else query.where(epoch.c.id <= last))]


def open_epoch(
    connection: Connection, time: datetime, component: Component, before: str | None, after: str | None
) -> int:
    """Open an epoch; give its number."""
    number = next_key(connection, epoch)
    kind, name = component
    row = {"time": time, "kind": kind, "component": name, "before": before, "after": after}
    connection.execute(insert(epoch).values(id=number, **row))
    return number


@dataclass(slots=True)
class States:
    """What a record says of one component."""

    spans: dict[str, tuple[datetime, datetime]] = field(default_factory=dict)
    """State → when it was first met, and last."""

    def meet(self, state: str, time: datetime) -> None:
        """Note a state at a time."""
        first, last = self.spans.get(state, (time, time))
        self.spans[state] = min(time, first), max(time, last)

    def turns(self) -> Iterator[dict[str, datetime]]:
        """Give states with when they were first met; those together that hold beside each other, one after the other.

        What is another in more activities than any history has is no state that anything stays in: all hold together.
        """
        turn: dict[str, datetime] = {}
        end = EARLIEST
        for state, (first, last) in sorted(self.spans.items(), key=lambda one: (one[1], one[0])):
            if turn and first > end and len(self.spans) <= MOST:
                yield turn
                turn = {}
            turn[state] = first
            end = max(end, last)
        yield turn


def place_activities(
    connection: Connection,
    source: str,
    activities: Iterable[Activity],
    digest_of: Callable[[Any], bytes],
    events: Sequence[Event] = (),
) -> dict[UUID, int]:
    """Open epochs for what events and activities tell of, in the order of time; give each activity its own.

    Parameters
    ----------
    digest_of : callable
        From a configuration or environment to what identifies its content.
    events : sequence of Event
        Those that are new.

    Raises
    ------
    InvalidRecord
        Where an activity pins an epoch that there has never been.
    """
    placed = {one.id: one.epoch for one in activities if one.epoch is not None}
    if placed and not 1 <= min(placed.values()) <= max(placed.values()) <= current_epoch(connection).number:
        last = current_epoch(connection).number
        pinned, number = next((uuid, n) for uuid, n in placed.items() if not 1 <= n <= last)
        raise InvalidRecord(f"{source}: activity {pinned}: epoch {number}; expected one of 1 to {last}")
    times = {one.id: one.started for one in activities if one.epoch is None}
    latest, number = latest_change(connection) if None in times.values() else (EARLIEST, 0)
    latest = max(latest, *(utc(one.time) for one in events), EARLIEST)
    started = {uuid: utc(time or latest) for uuid, time in times.items()}
    components: defaultdict[Component, States] = defaultdict(States)
    for one in activities:
        if one.id in started:
            for component, state in states_of(one, digest_of):
                components[component].meet(state, started[one.id])
    if components or events:
        compare(connection, components, events)
    elif times and not any(times.values()):
        return placed | dict.fromkeys(times, number)
    return placed | epochs_at(connection, started)


@compiled
def latest_query() -> Select[Any]:
    """Select the last epoch, when the last one began, and since when the state holds that changed last."""
    greatest = (func.max(column) for column in (epoch.c.id, epoch.c.time, validity.c.since))
    return select(*(select(one).scalar_subquery() for one in greatest))


def latest_change(connection: Connection) -> tuple[datetime, int]:
    """Find the time of the last change that is known, and the epoch: what happened nobody knows when came after it."""
    ((number, *times),) = latest_query().rows(connection)
    return max(filter(None, times)), number


def states_of(one: Activity, digest_of: Callable[[Any], bytes]) -> Iterable[tuple[Component, str]]:
    """What an activity says of the components that it depends on."""
    if one.task is not None and one.config is not None:
        yield ("config", one.task), digest_of(one.config).hex()
    if one.task is not None and one.environment is not None:
        yield ("packages", one.task), digest_of(one.environment).hex()
    node = None if one.execution is None else one.execution.node
    if node is not None and node.hardware is not None:
        yield ("node", node.name), node.hardware


def compare(connection: Connection, components: Mapping[Component, States], events: Iterable[Event]) -> None:
    """Open an epoch for each change that a record tells of, the earliest first."""
    holding: defaultdict[Component, list[Held]] = defaultdict(list)
    for chunk in chunks({name for _, name in components}):
        for row in map(Held._make, holding_query().rows(connection, components=chunk)):
            holding[row.kind, row.component].append(row)
    changes: list[tuple[datetime, Component, Event | dict[str, datetime]]] = []
    changes += [(utc(one.time), EVENT, one) for one in events]
    for component, states in components.items():
        changes += [(min(turn.values()), component, turn) for turn in states.turns()]
    for _, component, told in sorted(changes, key=lambda one: one[:2]):
        if isinstance(told, Event):
            open_by_event(connection, told)
        else:
            holding[component] = change(connection, component, told, holding[component])


class Held(NamedTuple):
    """A state that holds."""

    kind: str
    component: str
    state: str | None
    since: datetime
    epoch_id: int | None


@compiled
def holding_query() -> Select[Any]:
    """Select the states that hold of a list of components."""
    query = select(*(validity.c[name] for name in Held._fields))
    component = validity.c.component.in_(bindparam("components", expanding=True))
    return query.where(or_(*(validity.c.kind == kind for kind in TRACKED)), validity.c.until.is_(None), component)


def change(
    connection: Connection, component: Component, since: Mapping[str, datetime], holding: list[Held]
) -> list[Held]:
    """Change the states of one component to those of a turn; give what holds then."""
    held = {row.state for row in holding}
    new = {state: time for state, time in since.items() if state not in held}
    begun = max((row.since for row in holding), default=None)
    if not new or (begun is not None and max(new.values()) < begun):
        return holding
    kind, name = component
    time = min(new.values())
    number = None
    if holding:
        before, after = (" ".join(sorted(filter(None, states))) for states in (held, since))
        number = known_change(connection, component, max(row.epoch_id or 0 for row in holding), after)
        number = number or open_epoch(connection, time, component, before, after)
        over = update(validity).where(validity.c.kind == kind, validity.c.component == name, validity.c.until.is_(None))
        connection.execute(over.where(validity.c.state.not_in(list(since))).values(until=time))
    number = number or max(epochs_at(connection, {None: time}).values())
    rows = [{"component": name, "kind": kind, "state": s, "since": t, "epoch_id": number} for s, t in new.items()]
    connection.execute(insert(validity), rows)
    return [row for row in holding if row.state in since] + [Held(kind, name, s, t, number) for s, t in new.items()]


def known_change(connection: Connection, component: Component, behind: int, after: str) -> int | None:
    """Find the epoch that another task's change to the same packages has opened."""
    kind, _ = component
    if kind not in SHARED:
        return None
    same = select(func.max(epoch.c.id)).where(epoch.c.kind == kind, epoch.c.after == after, epoch.c.id > behind)
    found: int | None = connection.scalar(same)
    return found


@compiled
def begun_query() -> Select[Any]:
    """Select the last epoch that had begun at a time."""
    begun = epoch.c.time <= bindparam("time", type_=epoch.c.time.type)
    return select(epoch.c.id).where(begun).order_by(epoch.c.id.desc()).limit(literal_column("1"))


def epochs_at(connection: Connection, times: Mapping[Any, datetime]) -> dict[Any, int]:
    """Find the last epoch that had begun at each of some times; the first one had always."""
    if not times:
        return {}
    earliest, latest = min(times.values()), max(times.values())
    first = next((number for (number,) in begun_query().rows(connection, time=earliest)), 1)
    if earliest == latest:
        return dict.fromkeys(times, first)
    later = select(epoch.c.time, epoch.c.id).where(epoch.c.id > first, epoch.c.time <= latest)
    steps = [(time, number) for time, number in connection.execute(later.order_by(epoch.c.time, epoch.c.id))]
    numbers = [first, *accumulate((number for _, number in steps), max)]
    return {name: numbers[bisect_right(steps, time, key=lambda step: step[0])] for name, time in times.items()}


def open_by_event(connection: Connection, event: Event) -> int | None:
    """Take the change that an event tells of; give the number of its epoch, None where nothing has changed."""
    time, component = utc(event.time), (event.kind, event.component)
    mine = and_(validity.c.component == event.component, validity.c.kind == event.kind)
    ordered = select(validity).where(mine).order_by(validity.c.since.desc())
    earlier = connection.execute(ordered.where(validity.c.since <= time).limit(1)).first()
    later = connection.scalar(select(func.min(validity.c.since)).where(mine, validity.c.since > time))
    if earlier is not None and event.after is not None and earlier.state == event.after:
        return None
    before = event.before if event.before is not None or earlier is None else earlier.state
    number = open_epoch(connection, time, component, before, event.after)
    over = update(validity).where(mine, or_(validity.c.since.is_(None), validity.c.since <= time))
    connection.execute(over.where(or_(validity.c.until.is_(None), validity.c.until > time)).values(until=time))
    row = {"component": event.component, "kind": event.kind, "epoch_id": number}
    if earlier is None and later is None and event.before is not None:
        connection.execute(insert(validity).values(**row | {"epoch_id": None}, state=event.before, until=time))
    until = later if event.until is None else utc(event.until)
    connection.execute(insert(validity).values(**row, state=event.after, since=time, until=until))
    return number


def extend_event(connection: Connection, event: Event) -> None:
    """Note that what an event told of is over."""
    mine = and_(validity.c.component == event.component, validity.c.kind == event.kind)
    row = update(validity).where(mine, validity.c.since == utc(event.time))
    if event.until is not None:
        connection.execute(row.values(until=utc(event.until)))
