"""Datasets are found by their metrics and by time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from fitsprov.model.facts import Metric, Observation
from fitsprov.registry import Registry
from tests.registry.making import record, step, survey, uid

T = datetime(2026, 1, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.fixture
def filled(registry: Registry) -> Registry:
    registry.record(survey())
    metrics = [
        Metric(dataset=uid(f"image {n}"), name="seeing", value=seeing, verdict="pass" if seeing < 1 else "fail")
        for n, seeing in ((1, 0.7), (2, 0.9), (10, 1.5))
    ]
    of_activity = Metric(activity=uid("activity assemble"), name="'; DROP TABLE metric; --", value=3)
    observed = Observation(dataset=uid("raw 1"), started=T, ended=T + HOUR)
    made = step("later", ["coadd"], ["catalogue"], started=T + 4 * HOUR)
    registry.record(record(made, metrics=(*metrics, of_activity), observations=(observed,)))
    return registry


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ({"metrics": ["seeing<0.8"]}, {"image 1"}),
        ({"metrics": ["seeing<=0.9"]}, {"image 1", "image 2"}),
        ({"metrics": ["seeing>0.8", "seeing=pass"]}, {"image 2"}),
        ({"metrics": ["seeing!=0.7"], "data_id": {"exposure": 10}}, {"image 10"}),
        ({"metrics": ["seeing!=pass"]}, {"image 10"}),
        ({"metrics": ["other<1"]}, set()),
        ({"metrics": ['"\'; DROP TABLE metric; --"=3']}, {"coadd"}),
        ({"since": T - HOUR, "until": T + 3 * HOUR}, {"raw 1"}),
        ({"since": T + 2 * HOUR}, {"catalogue"}),
        ({"until": T + HOUR / 2}, {"raw 1"}),
        ({"since": T + 9 * HOUR}, set()),
        ({"since": T, "type": "raw"}, {"raw 1"}),
    ],
)
def test_datasets_are_found(filled: Registry, wanted: dict[str, Any], found: set[str]) -> None:
    assert {one.id for one in filled.find(**wanted)} == {uid(name) for name in found}
