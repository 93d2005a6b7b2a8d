"""A run record says what it says beside datasets and activities, and refuses what is about nothing."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from fitsprov.errors import InvalidRecord
from fitsprov.exchange.records.run_record import parse_record
from fitsprov.model.facts import (
    Annotation,
    Description,
    Event,
    Metric,
    Observation,
    Relation,
    Responsibility,
    TelemetrySource,
    ValueEntity,
    fact_id,
)
from fitsprov.model.identifiers import name_id
from fitsprov.model.lineage import Agent, Dataset, Execution, Node
from fitsprov.model.record import Record

A, B, C = (UUID(f"00000000-0000-4000-8000-00000000000{n}") for n in "abc")
T = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)

WHOLE = f"""
fitsprov: 1
node: {{name: n1, hardware: 2 × AMD EPYC}}
environment: {{container: "r@sha256:1", container_base: "b@sha256:2", recipe: 3e5}}
datasets:
  - {{id: {A}, type: raw, origin: external, derived_from: [{B}, by name], members: [{C}],
     responsible: [{{id: me, role: observer}}]}}
activities:
  - id: {B}
    task: isr
    epoch: 3
    job: {{system: slurm, job: 17, resources: {{cpu_seconds: 1.5}}}}
    informed_by: [{C}]
    responsible: [{{id: me, name: Me}}]
  - {{id: {C}, task: isr, node: {{name: n2}}}}
executions: [{{system: panda, job: 4, status: done, started: 2026-01-02T03:04:05}}]
events: [{{component: dome, kind: maintenance, time: 2026-01-02T03:04:05, until: 2026-01-02T03:04:05, dataset: {A}}}]
observations:
  - {{dataset: {A}, instrument: LSSTCam, field: 10, start: 2026-01-02T03:04:05, end: 2026-01-02T03:04:05Z}}
telemetry_sources: [{{name: efd, url_template: "https://x.org/{{start}}"}}]
metrics: [{{dataset: {A}, name: seeing, value: 0.7, unit: arcsec, verdict: pass}}, {{run: r, name: done, verdict: ok}}]
annotations: [{{activity: {B}, kind: note, text: why not, time: 2026-01-02T03:04:05, agent: {{id: me}}}}]
descriptions: [{{kind: value, name: gain, content: {{unit: e/adu, n: 1}}}}]
values: [{{dataset: {C}, value: 1.5, description: gain}}]
"""


def parse(text: str) -> Record:
    return parse_record(text, source="facts.yaml", root=Path("/data"))


def test_all_facts_are_read() -> None:
    found = parse(WHOLE)
    me = Agent(id="me")
    assert found.datasets[0] == Dataset(id=A, type="raw", origin="external")
    assert found.datasets[1] == Dataset(id=name_id("by name"), name="by name", stub=True)
    assert found.derived == (Relation(A, B), Relation(A, name_id("by name")))
    assert found.members == (Relation(A, C),)
    assert found.informed == (Relation(B, C),)
    assert found.responsible == (
        Responsibility(agent=me, role="observer", dataset=A),
        Responsibility(agent=Agent(id="me", name="Me"), activity=B),
    )
    node = Node(name="n1", hardware="2 × AMD EPYC")
    job = Execution(
        id=fact_id("execution", "slurm", "17"), system="slurm", job="17", node=node, resources={"cpu_seconds": 1.5}
    )
    assert found.steps[0].activity.execution == job
    assert found.steps[0].activity.epoch == 3
    by_hand = found.steps[1].activity.execution
    assert by_hand is not None
    assert (by_hand.system, by_hand.job, by_hand.node) == ("host", "n2", Node(name="n2"))
    (other,) = found.executions
    assert (other.system, other.job, other.status, other.started, other.node) == ("panda", "4", "done", T, node)
    assert found.environment is not None
    assert (found.environment.container_base, found.environment.recipe) == ("b@sha256:2", "3e5")
    assert found.events == (Event(component="dome", kind="maintenance", time=T, until=T, dataset=A),)
    assert found.observations == (Observation(dataset=A, instrument="LSSTCam", field="10", started=T, ended=T),)
    assert found.telemetry_sources == (TelemetrySource(name="efd", url_template="https://x.org/{start}"),)
    assert found.metrics == (
        Metric(dataset=A, name="seeing", value=0.7, unit="arcsec", verdict="pass"),
        Metric(run="r", name="done", verdict="ok"),
    )
    assert found.annotations == (Annotation(activity=B, kind="note", text="why not", time=T, agent=me),)
    assert found.descriptions == (Description(kind="value", name="gain", content={"unit": "e/adu", "n": 1}),)
    assert found.values == (ValueEntity(dataset=C, value="1.5", description="gain"),)


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"metrics": [{"name": "m", "value": 1}]}, "metrics[0]: nothing that it is about; expected one of dataset,"),
    (
        {"metrics": [{"name": "m", "value": 1, "run": "r", "dataset": str(A)}]},
        "metrics[0]: 'dataset' and 'run'; expected one of",
    ),
    ({"metrics": [{"name": "m", "run": "r"}]}, "metrics[0]: neither 'value' nor 'verdict'; expected one of them"),
    ({"annotations": [{"kind": "note", "run": "r"}]}, "annotations[0]: no 'time'; expected kind and time"),
    (
        {"annotations": [{"kind": "n", "time": str(T), "activity": "x"}]},
        "annotations[0].activity: 'x'; expected a",
    ),
    ({"observations": [{"dataset": str(A), "start": "yesterday at ten"}]}, "observations[0].start: 'yesterday"),
    ({"activities": [{"id": str(A), "job": {"system": "s"}}]}, "activities[0].job: no 'job'; expected system and job"),
    ({"activities": [{"id": str(A), "epoch": "x"}]}, 'activities[0].epoch: "x"; expected integer'),
    ({"activities": [{"id": str(A), "informed_by": ["x"]}]}, "activities[0].informed_by[0]: 'x'; expected a UUID"),
    ({"descriptions": [{"kind": "odd", "name": "n", "content": {}}]}, 'descriptions[0].kind: "odd"; expected activity'),
]


@pytest.mark.parametrize(("document", "problem"), REFUSED, ids=[problem[:40] for _, problem in REFUSED])
def test_what_cannot_be_meant_is_refused(document: dict[str, Any], problem: str) -> None:
    with pytest.raises(InvalidRecord) as error:
        parse(json.dumps({"fitsprov": 1, **document}))
    assert str(error.value).startswith(f"facts.yaml: {problem}")


def test_without_an_id_the_same_fact_has_the_same() -> None:
    first, second = parse(WHOLE), parse(WHOLE)
    assert [one.identify() for one in first.events] == [one.identify() for one in second.events]
    assert [one.identify() for one in first.metrics] == [one.identify() for one in second.metrics]
    assert [one.identify() for one in first.annotations] == [one.identify() for one in second.annotations]
    assert len({metric.identify() for metric in first.metrics}) == 2


@pytest.mark.parametrize("template", ["javascript:alert({start})", "dome", "https://x.org/{begin}", "https://x.org/{}"])
def test_telemetry_is_asked_for_by_a_url_with_what_an_observation_has(template: str) -> None:
    with pytest.raises(InvalidRecord, match=r"telemetry_sources\[0\]\.url_template: .*; expected an http"):
        parse(f"fitsprov: 1\ntelemetry_sources: [{{name: efd, url_template: '{template}'}}]")


@pytest.mark.parametrize(
    "line",
    [
        "events: [{component: dome, kind: wind, time: 2026-01-02, until: 2026-01-01}]",
        f"observations: [{{dataset: {A}, start: 2026-01-02, end: 2026-01-01}}]",
    ],
)
def test_what_ends_before_it_begins_is_refused(line: str) -> None:
    with pytest.raises(InvalidRecord, match=r"\[0\]\.(until|end): '2026-01-01' is before '(time|start)'"):
        parse(f"fitsprov: 1\n{line}")
