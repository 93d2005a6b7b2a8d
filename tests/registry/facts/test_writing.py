"""What is said of datasets, activities and runs is kept once, completed, and told of."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from fitsprov.errors import Conflict, DatasetNotFound, UsageError
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
)
from fitsprov.model.lineage import Activity, Agent, Category, Dataset, Environment, Execution, Node, Package
from fitsprov.model.record import Record
from fitsprov.registry import Counts, Registry
from tests.registry.making import ENVIRONMENT, dataset, dump, record, step, survey, uid

T = datetime(2026, 1, 1, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
ME = Agent(id="me", name="Me", type="Person")
OBSERVATION = Observation(
    dataset=uid("raw 1"),
    instrument="LSSTCam",
    sensor="R21_S11",
    site="Cerro Pachón",
    program="BLOCK-365",
    field="COSMOS",
    script="visit.py",
    script_version="1.2",
    started=T,
    ended=T + MINUTE / 2,
)


def facts(**more: Any) -> Record:
    """One fact of each kind, about the survey."""
    given: dict[str, Any] = {
        "observations": (OBSERVATION,),
        "telemetry_sources": (
            TelemetrySource(name="efd", url_template="https://x.org/q?from={start}&to={end}&i={instrument}"),
            TelemetrySource(name="dimm", url_template="https://y.org/{start}", site="elsewhere"),
        ),
        "metrics": (
            Metric(dataset=uid("raw 1"), name="seeing", value=0.7, unit="arcsec", time=T),
            Metric(run="raw/all", name="complete", verdict="pass"),
        ),
        "annotations": (Annotation(dataset=uid("raw 1"), kind="note", text="a plane", time=T, agent=ME),),
        "values": (ValueEntity(dataset=uid("gain"), value="1.5", description="gain"),),
        "descriptions": (Description(kind="value", name="gain", content={"unit": "electron/adu"}),),
        "derived": (Relation(uid("coadd"), uid("elsewhere")),),
        "members": (Relation(uid("night"), uid("raw 1")),),
        "informed": (Relation(uid("activity isr 1"), uid("activity of another")),),
        "responsible": (Responsibility(dataset=uid("raw 1"), agent=ME, role="observer"),),
        "datasets": (dataset("night", "night"), dataset("gain", "gain")),
    }
    return record(source="facts.yaml", **given | more)


def test_each_fact_comes_back(registry: Registry) -> None:
    registry.record(survey())
    given = facts()
    assert registry.record(given).facts == 12
    found = registry.facts(uid("raw 1"))
    assert found.observation == OBSERVATION
    assert found.telemetry == {"efd": "https://x.org/q?from=2026-01-01T00:00:00Z&to=2026-01-01T00:00:30Z&i=LSSTCam"}
    assert [replace(one, id=None) for one in found.metrics] == [given.metrics[1], given.metrics[0]]
    assert [replace(one, id=None) for one in found.annotations] == list(given.annotations)
    assert found.collections == (uid("night"),)
    assert [replace(one, agent=ME) for one in found.responsible] == list(given.responsible)
    assert registry.facts(uid("night")).members == (uid("raw 1"),)
    assert registry.facts(uid("gain")).value == given.values[0]
    assert registry.facts(uid("coadd")).derived_from == (uid("elsewhere"),)
    assert registry.dataset(uid("elsewhere")).stub


def test_the_same_facts_again_change_nothing(registry: Registry) -> None:
    registry.record(survey())
    registry.record(facts())
    assert registry.record(facts()) == Counts(files=1)


def test_what_is_said_of_the_activity_and_the_run_is_said_of_the_dataset(registry: Registry) -> None:
    registry.record(survey())
    said = (
        Annotation(activity=uid("activity isr 1"), kind="note", text="slow", time=T),
        Annotation(run="drp/1", kind="note", text="first try", time=T + MINUTE),
        Annotation(activity=uid("activity isr 2"), kind="note", text="another", time=T),
    )
    registry.record(record(annotations=said))
    assert [one.text for one in registry.facts(uid("image 1")).annotations] == ["slow", "first try"]


def test_facts_are_completed_and_contradictions_refused_whole(registry: Registry) -> None:
    registry.record(survey())
    registry.record(record(observations=(Observation(dataset=uid("raw 1"), instrument="LSSTCam"),)))
    registry.record(facts())
    assert registry.facts(uid("raw 1")).observation == OBSERVATION
    other = replace(OBSERVATION, field="ELAIS")
    with pytest.raises(
        Conflict, match=rf"facts\.yaml: observation '{uid('raw 1')}': field is 'ELAIS' but stands as 'COSMOS'"
    ):
        registry.record(facts(observations=(other,), run="new run"))
    metric = Metric(dataset=uid("raw 1"), name="seeing", value=0.8, unit="arcsec", time=T)
    with pytest.raises(Conflict, match=r"metric 'seeing': value is '0\.8' but stands as '0\.7'"):
        registry.record(facts(metrics=(metric,)))
    assert registry.facts(uid("raw 1")).observation == OBSERVATION


def test_two_values_in_one_record_contradict_each_other(registry: Registry) -> None:
    twice = tuple(Metric(run="r", name="seeing", value=value, time=T) for value in (1.0, 2.0))
    with pytest.raises(Conflict, match="metric 'seeing': value is"):
        registry.record(record(metrics=twice))


def test_origins_stand_and_a_named_dataset_is_a_stub(registry: Registry) -> None:
    registry.record(record(datasets=(dataset("d", origin="external"),)))
    assert registry.dataset(uid("d")).origin == "external"
    registry.record(record(metrics=(Metric(dataset=uid("x"), name="m", value=1),)))
    assert registry.dataset(uid("x")).stub


JOB = Execution(
    id=uid("job"),
    system="slurm",
    job="17",
    node=Node(name="n1", hardware="AMD EPYC"),
    environment=Environment(
        container="r@sha256:1", container_base="b@sha256:2", recipe="3e5f", packages=(Package("git", "x", "abc+dirty"),)
    ),
    started=T,
)


def test_a_job_ends_as_it_ended_whatever_was_said_before(registry: Registry) -> None:
    running, done = replace(JOB, status="running"), replace(JOB, status="done", ended=T + MINUTE)
    assert registry.record(record(executions=(running,))).facts == 1
    assert registry.record(record(executions=(done,))).facts == 1
    assert registry.record(record(executions=(running,))) == Counts(files=1)
    (job,) = registry.jobs("17")
    assert job.execution == done
    with pytest.raises(Conflict, match="status is 'failed' but stands as 'done'"):
        registry.record(record(executions=(replace(done, status="failed"),)))


def test_a_job_comes_back_with_its_activities_and_is_completed(registry: Registry) -> None:
    given = step("s", ["a"], ["b"], task="isr", execution=JOB, environment=ENVIRONMENT)
    registry.record(record(given))
    found = registry.activity(given.activity.id)
    assert found == given.activity
    ended = replace(JOB, ended=T + MINUTE, status="done", resources={"cpu_seconds": 59.5, "max_rss_bytes": 10**9})
    registry.record(record(executions=(ended,)))
    assert registry.activity(given.activity.id).execution == ended
    assert registry.record(record(given, executions=(ended,))) == Counts(files=1)
    with pytest.raises(Conflict, match="job slurm 17: status is 'failed' but stands as 'done'"):
        registry.record(record(executions=(replace(ended, status="failed"),)))


def test_another_job_of_one_activity_is_a_contradiction(registry: Registry) -> None:
    given = step("s", ["a"], ["b"], execution=JOB)
    registry.record(record(given))
    other = step("s", ["a"], ["b"], execution=replace(JOB, id=uid("other"), job="18"))
    with pytest.raises(Conflict, match="execution is"):
        registry.record(record(other))


@pytest.mark.parametrize("value", [1, "x" * 100_000, {"deep": {"deeper": [1, 2]}}, "'; DROP TABLE config_param; --"])
def test_any_configuration_is_laid_out(registry: Registry, value: Any) -> None:
    registry.record(record(step("s", ["a"], ["b"], task="t", config={"p": value, "k" * 10_000: 1})))
    config = registry.activity(uid("activity s")).config
    assert config is not None
    assert config["p"] == value


def test_standings_are_annotations_and_the_latest_counts(registry: Registry) -> None:
    registry.record(survey())
    image, coadd = uid("image 1"), uid("coadd")
    assert registry.standing([image, coadd]) == {}
    registry.retract(image, "bad flat", by="me")
    registry.supersede(coadd, uid("image 2"), "better")
    registry.mark_missing("SC_1")
    found = registry.standing([image, coadd, uid("raw 1"), uid("raw 2")])
    assert {uuid: one.kind for uuid, one in found.items()} == {
        image: "retracted",
        coadd: "superseded",
        uid("raw 1"): "missing",
    }
    assert found[image].text == "bad flat"
    assert found[image].agent == Agent(id="me")
    assert found[coadd].successor == uid("image 2")
    registry.restore(image)
    assert image not in registry.standing([image])
    assert len(registry.facts(image).annotations) == 2
    assert registry.lineage(coadd).complete


def test_what_supersedes_a_dataset_is_not_superseded_by_it(registry: Registry, url: str) -> None:
    registry.record(survey())
    one, two, three = (uid(f"image {n}") for n in (1, 2, 10))
    registry.supersede(one, two)
    registry.supersede(two, three)
    before = dump(url)
    for wrong in (two, three):
        with pytest.raises(Conflict, match=f"dataset {wrong}: superseded by '{one}' but stands as what supersedes"):
            registry.supersede(wrong, one)
    both = tuple(
        Annotation(dataset=a, kind="superseded", successor=b, time=T)
        for a, b in ((uid("raw 1"), uid("raw 2")), (uid("raw 2"), uid("raw 1")))
    )
    with pytest.raises(Conflict, match="but stands as what supersedes that"):
        registry.record(record(annotations=both))
    assert dump(url) == before
    registry.restore(one)
    registry.supersede(three, one)
    assert registry.standing([one, two, three]).keys() == {two, three}


def test_a_job_that_ends_before_it_starts_is_refused(registry: Registry, url: str) -> None:
    registry.record(record(executions=(JOB,)))
    before = dump(url)
    for wrong in (replace(JOB, ended=T - MINUTE), replace(JOB, id=uid("18"), job="18", ended=T - MINUTE)):
        with pytest.raises(Conflict, match=f"job slurm {wrong.job}: ended is '2025-.*', before it started"):
            registry.record(record(executions=(wrong,)))
    assert dump(url) == before
    registry.record(record(executions=(replace(JOB, ended=T),)))


def test_what_nobody_knows_cannot_be_annotated(registry: Registry) -> None:
    registry.record(survey())
    unknown: tuple[tuple[Any, ...], ...] = ((uid("nobody"), "note"), ("no such name", "note"))
    for subject, kind in unknown:
        with pytest.raises(DatasetNotFound):
            registry.annotate(subject, kind)
    with pytest.raises(DatasetNotFound):
        registry.supersede(uid("coadd"), uid("nobody"))
    wrong: tuple[tuple[Any, ...], ...] = (
        (uid("activity isr 1"), "retracted", None),
        (uid("coadd"), "superseded", None),
        (uid("coadd"), "note", uid("image 1")),
        (uid("coadd"), "superseded", uid("coadd")),
    )
    for subject, kind, successor in wrong:
        with pytest.raises(UsageError, match="expected"):
            registry.annotate(subject, kind, successor=successor)
    assert registry.annotate(uid("activity isr 1"), "note", "slow").activity == uid("activity isr 1")
    assert not registry.status().stubs


def test_one_query_collates_all_that_happened(registry: Registry) -> None:
    log = Dataset(id=uid("log"), type="isr_log", name="isr 1.log", category=Category.LOG)
    isr = step("isr", ["raw 1"], ["image", log], task="isr", started=T, ended=T + 5 * MINUTE, run="drp/2")
    registry.record(survey())
    registry.record(record(isr, categories={"isr_log": Category.LOG}))
    registry.record(facts())
    registry.record(
        record(
            events=(
                Event(component="LSSTCam/REB", kind="firmware", time=T - MINUTE, before="1", after="2"),
                Event(component="dome", kind="maintenance", time=T - MINUTE, until=T + MINUTE),
                Event(component="M1", kind="cleaning", time=T + 9 * MINUTE, dataset=uid("image")),
            ),
            metrics=(Metric(activity=uid("activity isr"), name="rss", value=1e9, unit="B", time=T + 4 * MINUTE),),
        )
    )
    everything = registry.events()
    assert [(one.source, one.kind) for one in everything if one.time] == [
        ("event", "firmware"),
        ("event", "maintenance"),
        ("annotation", "note"),
        ("metric", "seeing"),
        ("metric", "rss"),
        ("log", "isr_log"),
        ("event", "cleaning"),
    ]
    assert everything[-1].time is None or everything[0].time is None  # one metric says not when
    assert [one.kind for one in registry.events(uid("image"))] == ["rss", "isr_log", "cleaning"]
    assert {one.kind for one in registry.events(uid("raw 1"))} == {"maintenance", "note", "seeing", "complete"}
    assert [one.text for one in registry.events(component="LSSTCam/*")] == ["1 → 2"]
    during = registry.events(since=T + 2 * MINUTE, until=T + 4 * MINUTE)
    assert [(one.kind, one.activity, one.value) for one in during] == [("rss", uid("activity isr"), 1e9)]
    assert len(registry.events(limit=2)) == 2


def test_an_activity_that_is_only_named_stands_bare(registry: Registry) -> None:
    registry.record(record(annotations=(Annotation(activity=uid("a"), kind="note", time=T),)))
    assert registry.activity(uid("a")) == Activity(id=uid("a"))
