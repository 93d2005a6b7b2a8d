"""What is said of all that a lineage reaches is fetched together."""

from __future__ import annotations

from datetime import UTC, datetime

from fitsprov.model.facts import (
    Annotation,
    Description,
    Metric,
    Observation,
    Relation,
    Responsibility,
    TelemetrySource,
    ValueEntity,
)
from fitsprov.model.lineage import Agent
from fitsprov.model.said import NOTHING
from fitsprov.registry import Registry
from tests.registry.making import dataset, record, step, survey, uid

NOON = datetime(2026, 3, 16, 12, tzinfo=UTC)
WHO = Agent(id="org:who", name="Who", type="Organization")


def test_nothing_is_said_of_what_is_only_recorded(registry: Registry) -> None:
    registry.record(survey())
    assert registry.trace(uid("coadd")).said == NOTHING
    assert registry.said([uid("coadd")], [uid("activity assemble")]) == NOTHING


def test_all_that_is_said_is_found(registry: Registry) -> None:
    seen = Observation(dataset=uid("raw"), instrument="SimCam", started=NOON)
    metrics = (
        Metric(dataset=uid("image"), name="seeing", value=0.5, unit="arcsec", time=NOON),
        Metric(activity=uid("activity isr"), name="speed", verdict="pass"),
        Metric(run="drp/1", name="total", value=3.0),
    )
    note = Annotation(dataset=uid("raw"), kind="superseded", time=NOON, agent=WHO, successor=uid("other"))
    registry.record(
        record(
            step("isr", ["raw", "set"], [dataset("image", run="drp/1")], task="isr"),
            step("before", ["raw"], ["other"]),
            datasets=(dataset("raw", "raw"), dataset("set", "set"), dataset("flat", "flat")),
            observations=(seen,),
            telemetry_sources=(TelemetrySource(name="efd", url_template="https://e.org/{instrument}"),),
            metrics=(*metrics, Metric(dataset=uid("other"), name="elsewhere", value=1.0)),
            annotations=(note,),
            descriptions=(Description(kind="activity", name="isr", content={"docurl": "https://e.org"}),),
            values=(ValueEntity(dataset=uid("set"), value="7"),),
            responsible=(Responsibility(dataset=uid("image"), agent=WHO, role="owner"),),
            derived=(Relation(uid("image"), uid("flat")),),
            informed=(Relation(uid("activity isr"), uid("activity before")),),
            members=(Relation(uid("set"), uid("raw")), Relation(uid("set"), uid("flat"))),
        )
    )
    found = registry.trace(uid("image")).said
    assert found == registry.said([uid(name) for name in ("image", "raw", "set")], [uid("activity isr")])
    assert found.observations == (seen,)
    assert found.telemetry == {uid("raw"): ("https://e.org/SimCam",)}
    assert [one.name for one in found.metrics] == ["seeing", "speed", "total"]
    assert found.metrics[1].activity == uid("activity isr")
    assert [(one.kind, one.agent, one.successor) for one in found.annotations] == [("superseded", WHO, uid("other"))]
    assert found.values == (ValueEntity(dataset=uid("set"), value="7"),)
    assert [(one.dataset, one.agent, one.role) for one in found.responsible] == [(uid("image"), WHO, "owner")]
    assert found.derived == (Relation(uid("image"), uid("flat")),)
    assert found.informed == (Relation(uid("activity isr"), uid("activity before")),)
    assert set(found.members) == {Relation(uid("set"), uid("raw")), Relation(uid("set"), uid("flat"))}
    assert [one.content for one in found.descriptions] == [{"docurl": "https://e.org"}]
