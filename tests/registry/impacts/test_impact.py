"""What a flaw touched is what was made from it, no more and no less; and it can be worked off."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection
from sqlalchemy import event as on

from fitsprov.errors import ActivityNotFound, Conflict, DatasetNotFound, IncidentNotFound, UsageError
from fitsprov.model.impact import Cause, Hit, Requirement
from fitsprov.model.lineage import Agent, Category, Dataset, Direction, Environment, Usage
from fitsprov.model.record import Record
from fitsprov.registry import Registry
from tests.registry.conftest import NewRegistry
from tests.registry.graph.test_lineage import graphs, levels
from tests.registry.making import dataset, record, step, survey, uid

NOON = datetime(2026, 3, 14, 12, tzinfo=UTC)
INCIDENT = uid("incident")


@pytest.fixture
def filled(registry: Registry) -> Registry:
    """A registry that holds the survey."""
    registry.record(survey())
    return registry


def touched(registry: Registry, **cause: Any) -> set[UUID]:
    """The IDs of what a cause touched."""
    found = registry.touched(Cause(**cause))
    counted = registry.impact(Cause(**cause))
    assert counted.datasets == len(found)
    assert counted.direct == sum(direct for _, direct in found)
    return {one.id for one, _ in found}


@settings(max_examples=40)
@given(given_=graphs(), data=st.data())
def test_a_dataset_touched_all_that_a_walk_in_python_finds(
    new_registry: NewRegistry, given_: Record, data: st.DataObject
) -> None:
    known = {d.id for s in given_.steps for d in s.generated} | {d.id for d in given_.datasets}
    focus = data.draw(st.sampled_from(sorted(known)))
    with new_registry() as url, Registry(url) as registry:
        registry.record(given_)
        assert touched(registry, dataset=focus) == levels(given_, focus, Direction.DOWN).keys() - {focus}


def test_what_was_only_presented_is_not_touched(filled: Registry) -> None:
    assert touched(filled, dataset=uid("raw 10")) == {uid("image 10")}
    assert touched(filled, dataset=uid("raw 1")) == {uid("image 1"), uid("coadd")}


def test_counts_are_by_type_and_run_the_greatest_first(filled: Registry) -> None:
    impact = filled.impact(Cause(dataset=uid("flat")))
    assert [(one.type, one.run, one.datasets, one.direct) for one in impact.touched] == [
        ("image", "drp/1", 3, 3),
        ("deep_coadd", "drp/1", 1, 0),
    ]
    assert (impact.activities, impact.datasets, impact.direct) == (3, 4, 3)


def test_datasets_of_a_type_are_counted_together_whatever_their_own_category_is(registry: Registry) -> None:
    own = Dataset(id=uid("a"), category=Category.CALIBRATION, stub=True)
    registry.record(record(step("s", ["raw"], ["b"]), step("t", ["raw"], []), datasets=(own,)))
    registry.record(record(step("t", ["raw"], ["a"])))
    impact = registry.impact(Cause(dataset=uid("raw")))
    assert [(one.type, one.datasets, one.direct) for one in impact.touched] == [("image", 2, 2)]
    assert registry.dataset(uid("a")).category is Category.CALIBRATION


def test_an_activity_touched_what_it_made_and_what_follows(filled: Registry) -> None:
    assert touched(filled, activity=uid("activity isr 2")) == {uid("image 2"), uid("coadd")}


@pytest.mark.parametrize(
    ("cause", "hits"),
    [
        ({"task": "assemble"}, {"coadd"}),
        ({"task": "isr>=1.0"}, {"image 1", "image 2", "image 10", "coadd"}),
        ({"task": "isr>1.0"}, set()),
        ({"package": "numpy>=2,<3"}, {"image 1", "image 2", "image 10", "coadd"}),
        ({"package": "numpy<2"}, set()),
    ],
)
def test_versions_are_held_against_bounds(filled: Registry, cause: dict[str, str], hits: set[str]) -> None:
    assert touched(filled, **{name: Requirement.parse(text) for name, text in cause.items()}) == set(map(uid, hits))


def test_a_configuration_value_is_found_by_its_dotted_name_and_type(filled: Registry) -> None:
    assert touched(filled, config=("clip", 3)) == {uid("coadd")}
    assert touched(filled, config=("sigma", 3.5)) >= {uid("image 1")}
    assert touched(filled, config=("clip", "3")) == set()


@pytest.mark.parametrize(
    ("value", "equal"),
    [
        (2, [2.0]),
        (2.0, [2]),
        (0, [0.0, -0.0]),
        (-0.0, [0]),
        (1e16, [10**16]),
        (2.5, []),
        (10**400, []),
        (True, []),
        ("2", []),
        ([1], []),
    ],
)
def test_a_configuration_value_is_found_by_numbers_that_equal_it(
    registry: Registry, value: Any, equal: list[Any]
) -> None:
    registry.record(record(step("s", [], ["made"], task="t", config={"x": value}), step("r", [], ["raw"], task="t")))
    for one in (value, *equal):
        assert touched(registry, config=("x", one)) == {uid("made")}
    for other in {"1", "2.0", 1, False, 3}:
        assert touched(registry, config=("x", other)) == set()


@pytest.mark.parametrize("container", ["registry/simcam@sha256:1", "sha256:1"])
def test_a_container_is_found_by_its_image_or_digest(filled: Registry, container: str) -> None:
    assert uid("coadd") in touched(filled, container=container)


def test_a_base_image_is_found_too(registry: Registry) -> None:
    environment = Environment(container="a@sha256:2", container_base="b@sha256:3")
    registry.record(record(step("one", [], ["x"]), environment=environment))
    assert touched(registry, container="sha256:3") == {uid("x")}


def test_a_run_is_a_cause(filled: Registry) -> None:
    assert touched(filled, run="drp/1") == {uid(name) for name in ("image 1", "image 2", "image 10", "coadd")}


def test_a_window_holds_what_ran_within_it(registry: Registry) -> None:
    steps = [
        step(f"{n}", [], [f"made {n}"], started=NOON + timedelta(hours=n), ended=NOON + timedelta(hours=n + 1))
        for n in range(5)
    ]
    registry.record(record(*steps))
    window = {"since": NOON + timedelta(hours=1, minutes=30), "until": NOON + timedelta(hours=3)}
    assert touched(registry, **window) == {uid(f"made {n}") for n in (1, 2, 3)}
    assert touched(registry, until=NOON - timedelta(seconds=1)) == set()
    assert touched(registry, since=NOON + timedelta(hours=4, minutes=30)) == {uid("made 4")}


def test_all_that_is_given_must_hold(filled: Registry) -> None:
    assert touched(filled, dataset=uid("raw 1"), task=Requirement("assemble")) == set()
    assert touched(filled, dataset=uid("image 1"), task=Requirement("assemble")) == {uid("coadd")}


@pytest.mark.parametrize(
    ("cause", "error"),
    [
        ({"dataset": uid("nowhere")}, DatasetNotFound),
        ({"activity": uid("nowhere")}, ActivityNotFound),
        ({"package": Requirement("numpyy")}, UsageError),
        ({"task": Requirement("isrr")}, UsageError),
        ({"config": ("doFlatt", True)}, UsageError),
        ({"container": "sha256:9"}, UsageError),
        ({"run": "drp"}, UsageError),
        ({"job": "1234"}, UsageError),
        ({"node": "n1"}, UsageError),
    ],
)
def test_a_cause_that_nobody_knows_is_refused(filled: Registry, cause: dict[str, Any], error: type[Exception]) -> None:
    """A misspelt one would else have touched nothing."""
    with pytest.raises(error, match="in the registry"):
        filled.impact(Cause(**cause))


def test_names_are_told_apart(filled: Registry) -> None:
    assert filled.named(str(uid("raw 1"))) == {"dataset": uid("raw 1")}
    assert filled.named("SC_1") == {"dataset": uid("raw 1")}
    assert filled.named(uid("activity isr 1")) == {"activity": uid("activity isr 1")}
    assert filled.named("drp/1") == {"run": "drp/1"}
    with pytest.raises(DatasetNotFound, match="drp/2"):
        filled.named("drp/2")


def test_a_limit_and_filters_cut_the_list(filled: Registry) -> None:
    cause = Cause(dataset=uid("flat"))
    assert len(filled.touched(cause, limit=2)) == 2
    assert [one.id for one, _ in filled.touched(cause, type="deep_coadd")] == [uid("coadd")]
    assert filled.touched(cause, run="raw/all") == []


def test_all_that_one_activity_made_is_touched(registry: Registry) -> None:
    """What is made from one of its outputs, and the outputs that nothing was made from."""
    registry.record(record(step("a", [Usage(uid("x"))], ["y", "z"]), step("b", [Usage(uid("y"))], ["w"])))
    assert touched(registry, dataset=uid("x")) == set(map(uid, "yzw"))


def test_an_incident_is_opened_worked_off_and_closed(filled: Registry) -> None:
    opened = filled.incidents.open(
        Cause(dataset=uid("flat")), "bad flat", id=INCIDENT, time=NOON, agent=Agent(id="orcid:1", name="Ada")
    )
    assert (opened.title, opened.hits, opened.done, opened.agent, opened.opened) == ("bad flat", 4, 0, "orcid:1", NOON)
    images = [uid(f"image {n}") for n in (1, 2, 10)]
    assert filled.incidents.work_off(INCIDENT, images, time=NOON, text="made anew") == 3
    assert filled.incidents.work_off(INCIDENT, images, time=NOON) == 0
    with pytest.raises(UsageError, match="1 of 4 hits are open; expected none"):
        filled.incidents.close(INCIDENT, time=NOON)
    assert filled.incidents.hits(INCIDENT, done=False) == [Hit(filled.dataset(uid("coadd")), False)]
    filled.incidents.work_off(INCIDENT, [uid("coadd")], time=NOON)
    dealt = {one.dataset.id: (one.direct, one.done, one.text) for one in filled.incidents.hits(INCIDENT, done=True)}
    assert dealt == {**dict.fromkeys(images, (True, NOON, "made anew")), uid("coadd"): (False, NOON, None)}
    closed = filled.incidents.close(INCIDENT, time=NOON + timedelta(days=1), text="made again")
    assert (closed.closed, closed.text, closed.done) == (NOON + timedelta(days=1), "made again", 4)
    for text in (None, "made again"):
        assert filled.incidents.close(INCIDENT, time=NOON + timedelta(days=2), text=text) == closed
    with pytest.raises(Conflict, match="closed 2026-03-15 with 'made again', not 'left'; expected that"):
        filled.incidents.close(INCIDENT, time=NOON, text="left")
    assert filled.incidents[INCIDENT] == closed


def test_an_incident_opened_again_takes_what_was_touched_since(filled: Registry) -> None:
    cause = Cause(dataset=uid("image 10"))
    assert filled.incidents.open(cause, "bad image", id=INCIDENT, time=NOON).hits == 0
    filled.record(record(step("late", [Usage(uid("image 10"))], [dataset("late")])))
    again = filled.incidents.open(cause, "bad image", id=INCIDENT, time=NOON + timedelta(days=1))
    assert (again.hits, again.opened) == (1, NOON)
    assert len(list(filled.incidents)) == 1


def test_an_incident_keeps_its_cause(filled: Registry) -> None:
    filled.incidents.open(Cause(dataset=uid("flat")), "bad flat", id=INCIDENT, time=NOON)
    with pytest.raises(UsageError, match="of another cause"):
        filled.incidents.open(Cause(run="drp/1"), "bad run", id=INCIDENT, time=NOON)
    assert filled.incidents[INCIDENT].cause == Cause(dataset=uid("flat"))


def test_what_is_no_hit_cannot_be_worked_off(filled: Registry) -> None:
    filled.incidents.open(Cause(dataset=uid("flat")), "bad flat", id=INCIDENT, time=NOON)
    with pytest.raises(UsageError, match="not touched by incident"):
        filled.incidents.work_off(INCIDENT, [uid("image 1"), uid("raw 1")], time=NOON)
    assert filled.incidents[INCIDENT].done == 0


def test_an_unknown_incident_is_said(filled: Registry) -> None:
    with pytest.raises(IncidentNotFound, match="no such incident"):
        filled.incidents[INCIDENT]
    with pytest.raises(IncidentNotFound):
        filled.incidents.hits(INCIDENT)


def test_an_agent_of_another_name_refuses_the_incident(filled: Registry) -> None:
    with pytest.raises(Conflict, match="org:simcam"):
        filled.incidents.open(
            Cause(dataset=uid("flat")), "x", id=INCIDENT, time=NOON, agent=Agent(id="org:simcam", name="Other")
        )
    assert list(filled.incidents) == []


def test_an_incident_is_worked_off_though_the_server_hangs_up(database: str) -> None:
    """Each step, in the middle of its transaction."""
    hung_up: list[str] = []

    def hang_up(connection: Connection) -> None:
        if connection.get_execution_options().get("writes") and len(hung_up) % 2 == 0:
            hung_up.append("now")
            connection.exec_driver_sql("SELECT pg_terminate_backend(pg_backend_pid())")
        elif hung_up:
            hung_up.append("again")

    with Registry(database) as registry:
        registry.record(survey())
        on.listen(registry._engine, "commit", hang_up)
        try:
            hits = registry.incidents.open(Cause(dataset=uid("flat")), "bad flat", id=INCIDENT, time=NOON).hits
            left = [one.dataset.id for one in registry.incidents.hits(INCIDENT)]
            assert registry.incidents.work_off(INCIDENT, left, time=NOON) == hits == 4
            assert registry.incidents.close(INCIDENT, time=NOON).closed == NOON
        finally:
            on.remove(registry._engine, "commit", hang_up)
    assert hung_up == ["now", "again"] * 3
