"""A new epoch begins exactly when something changes that results depend on, and activities keep theirs."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from fitsprov.errors import InvalidRecord, UsageError
from fitsprov.model.facts import Event
from fitsprov.model.lineage import Environment, Execution, Node, Package
from fitsprov.model.record import Record
from fitsprov.registry import Counts, Registry
from fitsprov.registry.facts.epochs import MOST
from tests.registry.making import record, step, survey, uid

T = datetime(2026, 1, 1, tzinfo=UTC)
DAY = timedelta(days=1)


def ran(name: str, day: int | None = None, task: str = "isr", **facts: Any) -> Record:
    """A record of one activity."""
    started = None if day is None else T + day * DAY
    return record(step(name, [], [f"product of {name}"], task=task, started=started, **facts))


def environment(version: str) -> Environment:
    return Environment(packages=(Package("pip", "astropy", "8.0.2"), Package("pip", "numpy", version)))


def job(hardware: str) -> Execution:
    return Execution(id=uid(hardware), system="slurm", job=hardware, node=Node(name="n1", hardware=hardware))


def firmware(day: int, before: str | None, after: str, **facts: Any) -> Event:
    return Event(component="REB", kind="firmware", time=T + day * DAY, before=before, after=after, **facts)


def test_a_registry_begins_with_its_first_epoch(registry: Registry) -> None:
    assert (registry.epoch().number, registry.epoch().kind) == (1, "start")
    registry.record(survey())
    assert registry.epochs() == [registry.epoch()]
    assert registry.activity(uid("activity isr 1")).epoch == 1


@pytest.mark.parametrize(
    ("kind", "first", "second"),
    [
        ("config", {"config": {"a": 1}}, {"config": {"a": 2}}),
        ("packages", {"environment": environment("1")}, {"environment": environment("2")}),
        ("node", {"execution": job("AMD")}, {"execution": job("Intel")}),
    ],
)
@pytest.mark.parametrize("days", [(0, 1, 2, 3), (None, None, None, None)])
def test_an_epoch_opens_when_a_state_changes_and_only_then(
    registry: Registry, kind: str, first: dict[str, Any], second: dict[str, Any], days: tuple[Any, ...]
) -> None:
    numbers = []
    for name, day, facts in zip("abcd", days, (first, first, second, second), strict=True):
        registry.record(ran(name, day, **facts))
        numbers.append(registry.activity(uid(f"activity {name}")).epoch)
    assert numbers == [1, 1, 2, 2]
    assert registry.epoch().number == 2
    assert registry.epoch().kind == kind
    assert registry.record(ran("a", days[0], **first)) == Counts(files=1)
    registry.record(ran("e", None if days[3] is None else 4, **first))
    assert registry.epoch().number == 3


def test_another_task_is_no_change(registry: Registry) -> None:
    registry.record(ran("a", 0, "isr", config={"a": 1}))
    registry.record(ran("b", 1, "coadd", config={"b": 1}))
    assert registry.epoch().number == 1


def test_new_packages_are_one_change_for_all_tasks(registry: Registry) -> None:
    for day, version in enumerate("1122"):
        for task in ("isr", "calibrate", "coadd"):
            registry.record(ran(f"{task} {day}", day, task, environment=environment(version)))
    assert registry.epoch().number == 2
    assert [change.name for change in registry.changes("coadd", 1, 2)] == ["pip numpy"]


def test_configurations_in_one_record_hold_together(registry: Registry) -> None:
    both = [step(name, [], [f"p {name}"], task="t", config={"band": name}, started=T) for name in "gr"]
    registry.record(record(*both))
    registry.record(ran("later", 1, "t", config={"band": "g"}))
    assert registry.epoch().number == 1


def steps_with(values: str) -> list[Any]:
    """An activity a day, each with a configuration by its letter."""
    return [
        step(f"day {day}", [], [f"p {day}"], task="t", config={"a": value}, started=T + day * DAY)
        for day, value in enumerate(values)
    ]


@pytest.mark.parametrize(
    ("values", "epochs", "holding"),
    [("aabb", [1, 1, 2, 2], 1), ("abc", [1, 2, 3], 1), ("abab", [1] * 4, 2), ("ababcc", [1, 1, 1, 1, 2, 2], 1)],
)
def test_configurations_one_after_the_other_are_changes_also_in_one_record(
    registry: Registry, values: str, epochs: list[int], holding: int
) -> None:
    steps = steps_with(values)
    registry.record(record(*steps))
    assert [registry.activity(one.activity.id).epoch for one in steps] == epochs
    assert registry.record(record(*steps)) == Counts(files=1)
    assert registry.epoch().number == epochs[-1]
    assert len(registry.validity("t", at=T + 9 * DAY)) == holding


def test_activities_are_compared_by_what_they_pin_where_configurations_hold_together(registry: Registry) -> None:
    registry.record(record(*steps_with("abab")))
    for one, other in (("p 0", "p 1"), ("p 3", "p 0")):
        told = [
            (change.kind, change.name, change.before, change.after)
            for change in registry.changes("t", uid(one), uid(other))
        ]
        assert told == [("config", "a", '"a"', '"b"')]
    assert registry.changes("t", uid("p 0"), uid("p 2")) == []


def test_changes_of_one_record_are_opened_in_the_order_of_time(registry: Registry) -> None:
    steps = steps_with("abb")
    between = replace(firmware(2, None, "2"), time=T + DAY + timedelta(hours=1))
    registry.record(record(*steps, events=(between,)))
    assert [one.kind for one in registry.epochs()] == ["start", "config", "firmware"]
    assert [registry.activity(one.activity.id).epoch for one in steps] == [1, 2, 3]
    assert [one.kind for one in registry.changes("t", uid("p 1"), uid("p 2"))] == ["firmware"]


def test_parameters_that_are_others_each_time_are_no_states(registry: Registry) -> None:
    steps = [
        step(f"s{n}", [], [f"p{n}"], task="t", config={"exposure": n}, started=T + n * DAY) for n in range(MOST + 1)
    ]
    registry.record(record(*steps))
    assert registry.epoch().number == 1


def test_an_activity_keeps_the_epoch_in_which_it_started(registry: Registry) -> None:
    registry.record(ran("before", 0, config={"a": 1}))
    pinned = registry.epoch().number
    registry.record(ran("change", 2, config={"a": 2}))
    registry.record(ran("long", 1, config={"a": 1}, epoch=pinned))
    assert registry.activity(uid("activity long")).epoch == pinned
    registry.record(ran("long, unpinned", 1, config={"a": 1}))
    assert registry.activity(uid("activity long, unpinned")).epoch == 1
    assert registry.epoch().number == 2
    with pytest.raises(InvalidRecord, match="epoch 9; expected one of 1 to 2"):
        registry.record(ran("wrong", 3, epoch=9))


def test_an_event_opens_an_epoch_and_a_range(registry: Registry) -> None:
    export = (firmware(1, "1", "2"), firmware(5, "2", "3"))
    registry.record(record(events=export))
    assert [(one.kind, one.before, one.after) for one in registry.epochs()[1:]] == [
        ("firmware", "1", "2"),
        ("firmware", "2", "3"),
    ]
    assert registry.record(record(events=export)) == Counts(files=1)
    restated = firmware(6, None, "3")
    registry.record(record(events=(*export, restated)))
    assert registry.epoch().number == 3
    ranges = [(one.state, one.since, one.until) for one in registry.validity("REB")]
    assert ranges == [("1", None, T + DAY), ("2", T + DAY, T + 5 * DAY), ("3", T + 5 * DAY, None)]
    assert [one.state for one in registry.validity(at=T + 2 * DAY)] == ["2"]


def test_a_late_event_finds_its_place(registry: Registry) -> None:
    registry.record(record(events=(firmware(5, None, "3"),)))
    registry.record(record(events=(firmware(1, "1", "2"),)))
    ranges = [(one.state, one.since, one.until) for one in registry.validity("REB")]
    assert ranges == [("2", T + DAY, T + 5 * DAY), ("3", T + 5 * DAY, None)]


def test_an_event_may_be_over_later(registry: Registry) -> None:
    begun = Event(component="dome", kind="maintenance", time=T)
    registry.record(record(events=(begun,)))
    registry.record(record(events=(replace(begun, until=T + DAY),)))
    assert registry.epoch().number == 2
    assert [one.until for one in registry.validity("dome")] == [T + DAY]
    assert [one.until for one in registry.events(component="dome")] == [T + DAY]


def test_activities_and_events_of_one_record_are_placed_by_time(registry: Registry) -> None:
    steps = [step(f"s{day}", [], [f"p{day}"], task="t", started=T + day * DAY) for day in (0, 2, 4)]
    registry.record(record(*steps, events=(firmware(3, None, "2"), firmware(1, None, "1"))))
    assert [registry.activity(one.activity.id).epoch for one in steps] == [1, 2, 3]


def test_changes_are_told_by_name(registry: Registry) -> None:
    registry.record(ran("a", 0, config={"x": {"y": 1}, "z": 1}, environment=environment("1"), execution=job("AMD")))
    registry.record(ran("other", 1, "other", config={"q": 1}))
    registry.record(ran("b", 2, config={"x": {"y": 2}, "z": 1}, environment=environment("2")))
    registry.record(ran("other again", 3, "other", config={"q": 2}))
    registry.record(ran("c", 4, config={"x": {"y": 2}, "z": 1}, execution=job("Intel")))
    registry.record(record(events=(firmware(5, "1", "2"),)))
    a, b = uid("activity a"), uid("product of b")
    told = [(one.kind, one.component, one.name, one.before, one.after) for one in registry.changes("isr", a, b)]
    assert told == [("config", "isr", "x.y", "1", "2"), ("packages", "isr", "pip numpy", "1", "2")]
    assert registry.changes("isr", b, a) == registry.changes("isr", a, b)
    assert registry.changes("isr", a, a) == []
    later = registry.changes("isr", T + 3 * DAY, T + 9 * DAY)
    what = [(one.kind, one.name, one.before, one.after) for one in later]
    assert what == [
        ("node", None, "AMD", "Intel"),
        ("firmware", None, "1", "2"),
    ]
    assert [one.name for one in registry.changes("other", 1, registry.epoch().number) if one.name] == ["q"]
    with pytest.raises(UsageError, match="epoch 99 is none; expected one of 1 to"):
        registry.changes("isr", 1, 99)


def test_an_epoch_is_found_by_its_number(registry: Registry) -> None:
    registry.record(record(events=(firmware(1, "1", "2"),)))
    assert registry.epoch(2).component == "REB"
    with pytest.raises(UsageError, match="epoch 3 is none; expected one of 1 to 2"):
        registry.epoch(3)
