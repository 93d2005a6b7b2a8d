"""The graph that SQL gives is the graph that was recorded."""

from __future__ import annotations

from collections import deque
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fitsprov.errors import ActivityNotFound, DatasetNotFound, UsageError
from fitsprov.model.lineage import Category, Dataset, Direction, Linked, Neighbourhood, Surroundings, Usage
from fitsprov.model.record import Record
from fitsprov.registry import Registry
from fitsprov.registry.engines.compiled import Form
from tests.registry.conftest import NewRegistry
from tests.registry.making import dataset, record, step, survey, uid


@st.composite
def graphs(draw: st.DrawFn) -> Record:
    """A record of layered steps over a few raws and stubs; inputs may be presented only, or in two roles."""
    known = [f"raw {n}" for n in range(draw(st.integers(0, 3)))]
    raws = tuple(dataset(name, "raw") for name in known)
    known += [f"stub {n}" for n in range(draw(st.integers(0, 2)))]
    steps = []
    for number in range(draw(st.integers(1, 8))):
        inputs = draw(
            st.lists(
                st.tuples(
                    st.sampled_from(known or ["stub 0"]),
                    st.sampled_from([None, "a", "b"]),
                    st.sampled_from([None, True, False]),
                ),
                max_size=5,
                unique_by=lambda one: one[:2],
            )
        )
        outputs = [f"made {number} {n}" for n in range(draw(st.integers(1, 3)))]
        steps.append(step(str(number), [Usage(uid(d), role, actual) for d, role, actual in inputs], [*outputs]))
        known += outputs
    return record(*draw(st.permutations(steps)), datasets=raws)


def levels(given_: Record, focus: UUID, direction: Direction) -> dict[UUID, int]:
    """The closure in plain Python: dataset → generations from the focus."""
    above = {d.id: [u.dataset for u in s.used if u.actual is not False] for s in given_.steps for d in s.generated}
    if direction is Direction.UP:
        following = above
    else:
        following = {}
        for child, parents in above.items():
            for parent in parents:
                following.setdefault(parent, []).append(child)
    found, queue = {focus: 0}, deque([focus])
    while queue:
        here = queue.popleft()
        for there in following.get(here, ()):
            if there not in found:
                found[there] = found[here] + 1
                queue.append(there)
    return found


@settings(max_examples=60)
@given(given_=graphs(), data=st.data())
def test_sql_finds_what_a_walk_in_python_finds(new_registry: NewRegistry, given_: Record, data: st.DataObject) -> None:
    made = {d.id: s for s in given_.steps for d in s.generated}
    everything = {*made, *(d.id for d in given_.datasets), *(u.dataset for s in given_.steps for u in s.used)}
    focus = data.draw(st.sampled_from(sorted(everything)))
    depth = data.draw(st.none() | st.integers(0, 4))
    with new_registry() as url, Registry(url) as registry:
        registry.record(given_)
        up = registry.lineage(focus, depth=depth)
        down = registry.lineage(focus, direction=Direction.DOWN, depth=depth)
        near = registry.neighbourhoods(sorted(everything))
        told = registry.surroundings([str(d) for d in sorted(everything)])
        observed = registry.raws(focus)
    above, below = (levels(given_, focus, direction) for direction in Direction)

    within = {d for d, level in above.items() if depth is None or level <= depth}
    assert {d.id for d in up.ancestors()} | {focus} == within
    presented = {u.dataset for d in within if d in made and up.activity_of(d) for u in made[d].used}
    assert within <= set(up.datasets) <= within | presented
    assert up.generated_by == {d: made[d].activity.id for d in within if d in made}
    expanded = {d for d in within & set(made) if depth is None or above[d] < depth}
    assert up.used == {made[d].activity.id: made[d].used for d in expanded if made[d].used}
    assert up.complete is (within == set(above) and not any(up.datasets[d].stub for d in within))
    if depth is None:
        raws = {d.id for d in given_.datasets}
        assert {d.id for d in up.raws()} == (within & raws) - {focus}
    assert sorted(d.id for d in observed) == sorted(set(above) & {d.id for d in given_.datasets} - {focus})

    reached = {d for d, level in below.items() if depth is None or level <= depth}
    assert set(down.datasets) == reached
    assert down.complete is (reached == set(below))
    for d in reached:
        if depth is None or below[d] < depth:
            assert {p.id for p in down.products(d)} == {x for x, s in made.items() if d in really(s.used)}

    assert set(near) == everything
    for d, one in near.items():
        assert one.dataset.id == d
        assert [p.id for p, _ in one.parents] == (really(made[d].used) if d in made else [])
        assert {p.id for p in one.products} == {x for x, s in made.items() if d in really(s.used)}
        assert {p.id for p in one.siblings} == ({x.id for x in made[d].generated} - {d} if d in made else set())
        assert (one.activity.id if one.activity else None) == (made[d].activity.id if d in made else None)
    assert told == {str(d): as_told(one) for d, one in near.items()}


def as_told(near: Neighbourhood) -> Surroundings:
    """Leave what links tell."""
    return Surroundings(
        as_linked(near.dataset),
        [(as_linked(one), usage.role) for one, usage in near.parents],
        [as_linked(one) for one in near.products],
        [as_linked(one) for one in near.siblings],
        near.activity is not None,
    )


def as_linked(one: Dataset) -> Linked:
    return Linked(str(one.id), one.type, one.run, one.data_id, one.name, one.category, one.uri, one.size, one.stub)


def really(usages: tuple[Usage, ...]) -> list[UUID]:
    """What was really used, in order, each once."""
    return list(dict.fromkeys(u.dataset for u in usages if u.actual is not False))


def test_what_was_presented_only_is_shown_and_no_ancestor(registry: Registry) -> None:
    registry.record(survey())
    lineage = registry.lineage(uid("coadd"))
    assert uid("image 10") in lineage.datasets
    assert uid("image 10") not in {d.id for d in lineage.ancestors()}
    assert uid("raw 10") not in lineage.datasets
    assert [u.actual for u in lineage.used[uid("activity assemble")]] == [None, None, False]
    assert [d.name for d in registry.raws(uid("coadd"))] == ["SC_1", "SC_2"]
    assert not registry.lineage(uid("image 10"), direction=Direction.DOWN).products()


def test_an_unused_stub_leaves_a_lineage_complete(registry: Registry) -> None:
    registry.record(
        record(step("s", [Usage(uid("stub"), None, False), "raw"], ["x"]), datasets=(dataset("raw", "raw"),))
    )
    assert registry.lineage(uid("x")).complete


def test_a_depth_that_reaches_everything_cuts_nothing(registry: Registry) -> None:
    registry.record(survey())
    assert [registry.lineage(uid("coadd"), depth=n).complete for n in range(4)] == [False, False, True, True]
    assert registry.lineage(uid("coadd"), depth=2).datasets == registry.lineage(uid("coadd")).datasets


def test_a_negative_depth_is_refused(registry: Registry) -> None:
    registry.record(survey())
    with pytest.raises(UsageError, match="depth -1 is none; expected"):
        registry.lineage(uid("coadd"), depth=-1)


def test_direction_down_keeps_the_maker_of_the_focus(registry: Registry) -> None:
    registry.record(survey())
    lineage = registry.lineage(uid("image 1"), direction=Direction.DOWN)
    assert lineage.activity_of(uid("image 1")) == registry.activity(uid("activity isr 1"))
    assert [d.id for d in lineage.products()] == [uid("coadd")]


def test_what_is_unknown_is_not_found(registry: Registry) -> None:
    for ask in (registry.lineage, registry.raws, registry.stamp, registry.dataset):
        with pytest.raises(DatasetNotFound, match=str(uid("nothing"))):
            ask(uid("nothing"))
    with pytest.raises(ActivityNotFound, match="no such activity"):
        registry.activity(uid("nothing"))
    assert registry.datasets([uid("nothing")]) == {}
    assert registry.neighbourhoods([uid("nothing")]) == {}
    assert registry.surroundings([str(uid("nothing"))]) == {}


def test_neighbourhoods_take_as_many_queries_for_one_as_for_all(
    registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    registry.record(survey())
    everything = [dataset.id for dataset in registry.find()]
    statements: list[str] = []
    bound = Form.bound

    def spy(form: Form, values: dict[str, Any]) -> tuple[str, Any]:
        statements.append(form.text)
        return bound(form, values)

    monkeypatch.setattr(Form, "bound", spy)
    registry.neighbourhoods([uid("coadd")])
    one = len(statements)
    statements.clear()
    registry.neighbourhoods(everything)
    assert len(statements) <= one <= 6
    statements.clear()
    registry.surroundings([str(one) for one in everything])
    assert len(statements) == 3
    statements.clear()
    registry.lineage(uid("coadd"))
    assert len(statements) <= 7 + 2 * 3, "two for each generation, too"


def test_names_and_recorded_dids_lead_to_ids(registry: Registry) -> None:
    registry.record(survey())
    did = "ivo://eso.org/ID?ADP.2026-01"
    registry.record(record(datasets=(dataset("told", "image", publisher_did=did), dataset("taken", "image", name=did))))
    found = registry.ids_of(["SC_1", did, "nothing", "a\0b", "\ud800", "SC_1"])
    assert found == {"SC_1": [str(registry.dataset("SC_1").id)], did: [str(uid("told"))]}


def test_a_name_that_several_bear_leads_to_all_of_them(registry: Registry) -> None:
    registry.record(record(datasets=(dataset("a", name="SC_7"), dataset("b", name="SC_7"))))
    assert sorted(registry.ids_of(["SC_7"])["SC_7"]) == sorted([str(uid("a")), str(uid("b"))])


def test_categories_come_with_the_lineage(registry: Registry) -> None:
    registry.record(survey())
    parents = registry.lineage(uid("image 1")).parents()
    assert [(d.category, u.role) for d, u in parents] == [(Category.RAW, "exposure"), (Category.CALIBRATION, "flat")]
