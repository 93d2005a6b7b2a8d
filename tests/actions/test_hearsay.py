"""What a service says beside a lineage is read as it was spelled, and what is not of its form is passed over."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fitsprov.actions.fact_objects import facts_object
from fitsprov.actions.hearsay import read_hearsay
from fitsprov.model.facts import Annotation, DatasetFacts, Metric, Observation, Responsibility, ValueEntity
from fitsprov.model.finding import Finding
from fitsprov.model.lineage import Agent

DATASET = UUID(int=5)
words = st.text(st.characters(codec="utf-8", categories=("L", "N", "P", "S")), max_size=20)
named = st.none() | words
times = st.datetimes(datetime(1900, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))
agents = st.builds(Agent, id=words, name=named, type=named)
about = st.sampled_from([{"dataset": DATASET}, {"activity": UUID(int=6)}, {"run": "night 7"}])
numbers = st.none() | st.floats(allow_nan=False, allow_infinity=False)


def said_of(what: type, /, **fields: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Something that is said of a dataset, an activity or a run."""
    return st.builds(lambda subject, told: what(**subject, **told), about, st.fixed_dictionaries(fields))


metrics = said_of(Metric, name=words, value=numbers, unit=named, verdict=named, time=st.none() | times)
annotations = said_of(
    Annotation, kind=words, time=times, text=named, agent=st.none() | agents, successor=st.none() | st.uuids()
)
observations = st.builds(
    Observation,
    dataset=st.just(DATASET),
    started=st.none() | times,
    ended=st.none() | times,
    **dict.fromkeys(("instrument", "sensor", "site", "program", "field", "script", "script_version"), named),
)
some_ids = st.lists(st.uuids(), max_size=3).map(tuple)
facts = st.builds(
    DatasetFacts,
    observation=st.none() | observations,
    telemetry=st.dictionaries(words, words, max_size=2),
    metrics=st.lists(metrics, max_size=3).map(tuple),
    annotations=st.lists(annotations, max_size=3).map(tuple),
    value=st.none() | st.builds(ValueEntity, dataset=st.just(DATASET), value=words, description=named),
    derived_from=some_ids,
    members=some_ids,
    collections=some_ids,
    responsible=st.lists(said_of(Responsibility, agent=agents, role=named), max_size=2).map(tuple),
)


def told(facts: object, findings: object = ()) -> bytes:
    """The answer of a service."""
    return json.dumps([{"dataset": {"id": str(DATASET)}, "findings": findings, "facts": facts}]).encode()


@given(facts)
def test_facts_are_read_as_they_were_spelled(facts: DatasetFacts) -> None:
    assert read_hearsay(told(facts_object(facts)), DATASET).facts == facts


@pytest.mark.parametrize(
    "changed",
    [
        {"observation": 7},
        {"telemetry": []},
        {"metrics": [{}]},
        {"metrics": "none"},
        {"annotations": [{"time": "soon"}]},
        {"derived_from": ["no ID"]},
        {"members": 1},
        {"value": []},
        {"responsible": [{"agent": None}]},
    ],
)
def test_facts_of_another_form_are_passed_over_and_findings_stay(changed: dict[str, Any]) -> None:
    finding = {"code": "dataset-retracted", "message": "made with it"}
    whole = facts_object(DatasetFacts())
    assert whole is not None
    assert read_hearsay(told(whole, [finding]), DATASET).facts == DatasetFacts()
    found = read_hearsay(told(whole | changed, [finding]), DATASET)
    assert found == ([Finding("dataset-retracted", "made with it")], None)


def test_what_is_said_does_nothing_to_a_terminal_and_is_not_endless() -> None:
    metric = Metric(name="\x1b[31mred\u202e", unit="x" * 10**6, dataset=DATASET)
    found = read_hearsay(told(facts_object(DatasetFacts(metrics=(metric,)))), DATASET).facts
    assert found is not None
    (read,) = found.metrics
    assert read.name.isprintable()
    assert len(read.unit or "") == 500
