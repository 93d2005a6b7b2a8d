"""PROV-JSON read back: the lineage that was told, or a refusal in one line."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC
from typing import Any
from uuid import UUID, uuid5

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fitsprov.errors import InvalidRecord
from fitsprov.exchange.drawings.tree import draw_tree
from fitsprov.exchange.prov.prov import Name, json_text, legal
from fitsprov.exchange.prov.prov_json import write_prov_json
from fitsprov.exchange.prov.prov_read import read_prov_json
from fitsprov.exchange.prov.shown import Shown, environment_object
from fitsprov.exchange.prov.words import Model
from fitsprov.model.lineage import (
    Activity,
    Category,
    Dataset,
    Environment,
    Execution,
    Lineage,
    Node,
    Usage,
)
from tests.exchange.conftest import tell
from tests.exchange.prov.test_prov import AUTHORITY, dressed, full_lineage


def there_and_back(lineage: Lineage, **more: Any) -> Lineage:
    return read_prov_json(write_prov_json(tell(lineage, **more)), source="test")


def text(value: str | None) -> str | None:
    """A text as documents hold it."""
    return legal(value) if value else None


def told(lineage: Lineage) -> Lineage:
    """What a document can say of a lineage: that which can be reached, in texts that XML can hold."""
    shown = Shown(lineage)
    datasets = {
        key: replace(
            one,
            type=text(one.type),
            run=text(one.run),
            name=text(one.name),
            uri=text(one.uri),
            publisher_did=text(one.publisher_did),
        )
        for key, one in shown.datasets.items()
    }
    used = {
        key: tuple(usage for usage in lineage.used[key] if usage.dataset in datasets)
        for key in shown.activities
        if key in lineage.used
    }
    return replace(
        lineage,
        datasets=datasets,
        activities={key: told_activity(one) for key, one in shown.activities.items()},
        generated_by=shown.made,
        used={
            key: tuple(replace(usage, role=None if usage.role is None else legal(usage.role)) for usage in usages)
            for key, usages in used.items()
            if usages
        },
        listed_raws={
            key: tuple(datasets[raw.id] for raw in raws) for key, raws in lineage.listed_raws.items() if key in datasets
        },
    )


def told_activity(one: Activity) -> Activity:
    agent = one.agent and replace(
        one.agent, id=legal(one.agent.id), name=text(one.agent.name), type=text(one.agent.type)
    )
    return replace(
        one,
        task=text(one.task),
        version=text(one.version),
        run=text(one.run),
        status=text(one.status),
        started=one.started and (one.started.astimezone(UTC) if one.started.tzinfo else one.started),
        ended=one.ended and (one.ended.astimezone(UTC) if one.ended.tzinfo else one.ended),
        agent=agent,
    )


def sayable(lineage: Lineage) -> bool:
    """Whether its configurations and environments are Unicode text, as those of a registry are."""
    for one in lineage.activities.values():
        said = [one.config, None if one.environment is None else environment_object(one.environment)]
        try:
            json.dumps(said, ensure_ascii=False).encode()
        except UnicodeEncodeError:
            return False
    return True


@given(data=st.data())
@settings(suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much], deadline=None, max_examples=80)
def test_a_lineage_comes_back_as_it_was_told(data: st.DataObject, any_graph: st.SearchStrategy[Lineage]) -> None:
    lineage = data.draw(dressed(any_graph).filter(sayable))
    model = data.draw(st.sampled_from(Model))
    back, expected = there_and_back(lineage, model=model), told(lineage)
    for one, other in zip(back.activities.values(), expected.activities.values(), strict=True):
        assert json_text(one.config) == json_text(other.config)
        assert replace(one, config=None, agent=None) == replace(other, config=None, agent=None)
        assert (one.agent and one.agent.id) == (other.agent and other.agent.id)
    assert replace(back, activities={}) == replace(expected, activities={})
    assert list(back.datasets) == list(expected.datasets)


def test_all_that_is_known_comes_back() -> None:
    lineage = full_lineage()
    (key,) = lineage.activities
    assert lineage.activities[key].agent is not None
    assert there_and_back(lineage) == told(lineage)
    assert there_and_back(lineage).activities[key].environment == lineage.activities[key].environment


def test_the_job_the_epoch_and_the_origin_come_back() -> None:
    lineage = full_lineage()
    ((key, activity),) = lineage.activities.items()
    environment = Environment(container="c", container_base="b@sha256:1", recipe="r1", platform={"os": "linux"})
    job = Execution(
        id=uuid5(key, "job"),
        system="slurm",
        job="4711",
        node=Node(name="n1"),
        environment=environment,
        started=activity.started and activity.started.astimezone(UTC),
        resources={"cpu_seconds": 4.5},
    )
    lineage = replace(
        lineage,
        activities={key: replace(activity, execution=job, environment=environment, epoch=3)},
        datasets={k: replace(one, origin="external") for k, one in lineage.datasets.items()},
    )
    back = there_and_back(lineage)
    assert back == told(lineage)
    assert back.activities[key].epoch == 3


@given(data=st.data())
@settings(suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much], deadline=None, max_examples=30)
def test_what_was_read_is_told_in_the_same_names(data: st.DataObject, any_graph: st.SearchStrategy[Lineage]) -> None:
    lineage = data.draw(dressed(any_graph).filter(sayable))
    first = tell(lineage, authority=AUTHORITY)
    back = read_prov_json(write_prov_json(first), source="test")
    assert tell(back).namespaces == first.namespaces
    names, again = (
        {one.id for one in document.statements if ("prov:type", Name("fitsprov:Dataset")) in one.attributes}
        for document in (first, tell(back))
    )
    assert again == names


def test_a_name_that_is_no_publisher_did_says_under_what_nothing() -> None:
    for space in ("urn:uuid:", "ivo://x> <y?", "https://example.org/?", "ivo://example.org/a?id=", 7):
        document = json.loads(write_prov_json(tell(full_lineage(), authority=AUTHORITY)))
        document["prefix"]["did"] = space
        assert read_prov_json(json.dumps(document), source="test").authority is None


@pytest.mark.parametrize("name", ["survey_lineage", "large_lineage", "hostile_lineage"])
def test_the_tree_is_the_same(name: str, request: pytest.FixtureRequest) -> None:
    lineage: Lineage = request.getfixturevalue(name)
    assert draw_tree(there_and_back(lineage, authority=AUTHORITY)) == draw_tree(told(lineage))


def test_raws_that_only_headers_list_come_back() -> None:
    focus, near, far = (uuid5(UUID(int=1), name) for name in ("focus", "near", "far"))
    raws = tuple(Dataset(id=key, category=Category.RAW, name=str(key)) for key in (near, far))
    lineage = Lineage(
        focus=focus,
        datasets={focus: Dataset(id=focus), near: raws[0]},
        activities={(act := uuid5(focus, "a")): Activity(id=act)},
        generated_by={focus: act},
        used={act: (Usage(near),)},
        listed_raws={focus: raws},
        complete=False,
    )
    assert there_and_back(lineage).raws() == raws


def test_a_ring_is_refused(ring_lineage: Lineage) -> None:
    with pytest.raises(InvalidRecord, match="a cycle"):
        there_and_back(ring_lineage)


def chain(generations: int) -> Lineage:
    ids = [UUID(int=n) for n in range(generations + 1)]
    makers = [UUID(int=10**9 + n) for n in range(generations)]
    return Lineage(
        focus=ids[0],
        datasets={key: Dataset(id=key) for key in ids},
        activities={key: Activity(id=key) for key in makers},
        generated_by=dict(zip(ids, makers, strict=False)),
        used={maker: (Usage(key),) for maker, key in zip(makers, ids[1:], strict=True)},
    )


def test_a_thousand_generations_are_enough() -> None:
    assert len(there_and_back(chain(999)).datasets) == 1000
    with pytest.raises(InvalidRecord, match="more than 1000 generations"):
        there_and_back(chain(1001))


FULL = json.loads(write_prov_json(tell(full_lineage())))
PRODUCT, USED = list(FULL["entity"])[:2]
(ACTIVITY,) = FULL["activity"]


def without(*path: str) -> dict[str, Any]:
    return with_value(..., *path)


def with_value(value: Any, *path: str) -> dict[str, Any]:
    document = json.loads(json.dumps(FULL))
    at = document
    for key in path[:-1]:
        at = at[key]
    if value is ...:
        del at[path[-1]]
    else:
        at[path[-1]] = value
    return document


@pytest.mark.parametrize(
    ("document", "problem"),
    [
        ([], "expected PROV-JSON"),
        ({}, "expected PROV-JSON"),
        (with_value("urn:other:", "prefix", "fitsprov"), "in our words"),
        (with_value([], "entity"), "entity is list"),
        (with_value(5, "entity", PRODUCT), "is int"),
        (without("entity", PRODUCT, "fitsprov:direction"), "0 datasets from which it is seen"),
        (with_value("up", "entity", USED, "fitsprov:direction"), "2 datasets from which it is seen"),
        (with_value("left", "entity", PRODUCT, "fitsprov:direction"), "expected one of up, down"),
        (with_value("yes", "entity", PRODUCT, "fitsprov:complete"), "expected true or false"),
        (with_value("[1]", "entity", PRODUCT, "fitsprov:dataId"), "dataId"),
        (with_value("-1", "entity", PRODUCT, "fitsprov:size"), "expected a number"),
        (with_value('{"id": 1}', "activity", ACTIVITY, "fitsprov:job"), "expected a system and a job"),
        (with_value("[1]", "activity", ACTIVITY, "fitsprov:job"), "expected a JSON object"),
        (with_value("noon", "activity", ACTIVITY, "prov:startTime"), "expected a time"),
        (with_value("x", "activity", ACTIVITY, "fitsprov:presented"), "expected id, place and role"),
        (with_value({"$": 7}, "entity", PRODUCT, "fitsprov:run"), "expected text"),
        (with_value(["a", "b"], "entity", PRODUCT, "fitsprov:run"), "2 values"),
        (with_value("odd", "entity", PRODUCT, "fitsprov:category"), "expected one of raw"),
        (with_value({"prov:type": "fitsprov:Dataset"}, "entity", "nobody"), "ends in a UUID"),
        (with_value({"prov:entity": PRODUCT}, "used", "_:used1"), "ends in a UUID"),
        (with_value({}, "activity"), "nowhere described"),
        (with_value({"prov:type": "fitsprov:Environment"}, "entity", f"uuid:{UUID(int=9)}"), "expected a JSON object"),
        (without("entity", USED), "nowhere described"),
    ],
)
def test_what_is_no_such_document_is_refused_in_one_line(document: Any, problem: str) -> None:
    with pytest.raises(InvalidRecord, match=problem) as caught:
        read_prov_json(json.dumps(document), source="test")
    assert str(caught.value).startswith("test: ")
    assert len(str(caught.value)) < 400


@pytest.mark.parametrize("text", ["", "no", b"\xff\xfe", "[" * 100_000, '{"prefix": {}}', "null"])
def test_what_is_no_json_is_refused(text: str | bytes) -> None:
    with pytest.raises(InvalidRecord, match=r"^test: "):
        read_prov_json(text, source="test")


leaves = st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.sampled_from([PRODUCT, USED])
anything = st.recursive(
    leaves,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=5), inner, max_size=2),
    max_leaves=4,
)


@given(data=st.data(), value=anything)
def test_any_value_anywhere_gives_a_lineage_or_a_refusal(data: st.DataObject, value: Any) -> None:
    path: list[str] = []
    at: Any = FULL
    while isinstance(at, dict) and at and (len(path) < 2 or data.draw(st.booleans())):
        path.append(data.draw(st.sampled_from(list(at))))
        at = at[path[-1]]
    try:
        found = read_prov_json(json.dumps(with_value(value, *path)), source="test")
    except InvalidRecord:
        return
    assert found.dataset.id == found.focus
    draw_tree(found)
