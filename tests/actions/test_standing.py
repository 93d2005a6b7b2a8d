"""What is said of a dataset is shown wherever it is resolved, and how it stands is a finding."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from astropy.io import fits

import fitsprov
from fitsprov.actions.resolving import resolve_id
from fitsprov.cli.text import resolution_text
from fitsprov.model.lineage import Direction

RAW, FLAT, IMAGE, COADD, NEW = (f"00000000-0000-4000-8000-00000000000{n}" for n in range(5))
STEP = "00000000-0000-4000-8000-0000000000aa"
T = datetime(2026, 1, 1, tzinfo=UTC)


def document() -> dict[str, Any]:
    """A raw, an image of it in a job, a coadd of that, and what is said of them."""
    return {
        "fitsprov": 1,
        "run": "drp/1",
        "datasets": [
            {"id": RAW, "type": "raw"},
            {"id": FLAT, "type": "flat"},
            {"id": NEW, "type": "image", "origin": "external", "derived_from": [IMAGE]},
        ],
        "activities": [
            {
                "id": STEP,
                "task": "isr",
                "job": {
                    "system": "slurm",
                    "job": "17",
                    "node": {"name": "n1", "hardware": "AMD EPYC"},
                    "resources": {"cpu_seconds": 59.5},
                },
                "used": [{"id": RAW}, {"id": FLAT}],
                "generated": [{"id": IMAGE, "type": "image"}],
                "responsible": [{"id": "me", "name": "Me", "role": "operator"}],
            },
            {"task": "coadd", "used": [{"id": IMAGE}], "generated": [{"id": COADD, "type": "coadd"}]},
        ],
        "observations": [
            {
                "dataset": RAW,
                "instrument": "LSSTCam",
                "field": "COSMOS",
                "start": str(T),
                "end": str(T + timedelta(0, 30)),
            }
        ],
        "telemetry_sources": [{"name": "efd", "url_template": "https://x.org/{start}/{end}"}],
        "metrics": [
            {"dataset": RAW, "name": "seeing", "value": 0.7, "unit": "arcsec"},
            {"dataset": IMAGE, "name": "depth", "verdict": "pass"},
        ],
        "annotations": [{"dataset": RAW, "kind": "note", "text": "a plane", "time": str(T), "agent": {"id": "you"}}],
    }


@pytest.fixture
def registry(tmp_path: Path) -> Iterator[fitsprov.Registry]:
    with fitsprov.Registry.create(tmp_path / "r.db") as made:
        made.record(document())
        yield made


def test_json_has_what_is_said(registry: fitsprov.Registry) -> None:
    raw = resolve_id(RAW, registry).to_json()["facts"]
    assert raw["observation"]["instrument"] == "LSSTCam"
    assert raw["observation"]["ended"] == "2026-01-01T00:00:30Z"
    assert raw["telemetry"] == {"efd": "https://x.org/2026-01-01T00:00:00Z/2026-01-01T00:00:30Z"}
    assert [(one["name"], one["value"], one["unit"], one["time"]) for one in raw["metrics"]] == [
        ("seeing", 0.7, "arcsec", None)
    ]
    assert raw["annotations"][0]["agent"]["id"] == "you"
    image = resolve_id(IMAGE, registry).to_json()
    assert image["activity"]["job"]["node"] == {"name": "n1", "hardware": "AMD EPYC"}
    assert image["activity"]["job"]["resources"] == {"cpu_seconds": 59.5}
    assert image["activity"]["epoch"] == 1
    assert [(one["activity"], one["role"]) for one in image["facts"]["responsible"]] == [(STEP, "operator")]
    new = resolve_id(NEW, registry).to_json()
    assert (new["dataset"]["origin"], new["facts"]["derived_from"]) == ("external", [IMAGE])


def test_text_has_it_in_lines(registry: fitsprov.Registry) -> None:
    told = resolution_text(resolve_id(RAW, registry), "")
    for words in (
        "observed    2026-01-01 00:00:00 to 2026-01-01 00:00:30 UTC",
        "with        LSSTCam",
        "telemetry   efd  https://x.org/2026-01-01T00:00:00Z/2026-01-01T00:00:30Z",
        "metric      seeing  0.7 arcsec",
        "noted       2026-01-01  note  you  a plane",
    ):
        assert words in told
    assert "job         slurm 17  on n1 (AMD EPYC)  cpu_seconds=59.5" in resolution_text(
        resolve_id(IMAGE, registry), ""
    )


def codes(registry: fitsprov.Registry, dataset: str, **how: Any) -> list[str]:
    return [finding.code for finding in resolve_id(dataset, registry, **how).findings]


def test_how_a_dataset_stands_is_a_finding(registry: fitsprov.Registry) -> None:
    registry.retract(IMAGE, "bad flat", by="me")
    (finding,) = resolve_id(IMAGE, registry).findings
    assert finding.code == "dataset-retracted"
    assert finding.severity == "warning"
    assert finding.message.startswith(f"dataset {IMAGE}: retracted, said 20")
    assert finding.message.endswith("by Me: bad flat")
    assert codes(registry, COADD) == ["ancestor-retracted"]
    assert codes(registry, RAW, direction=Direction.DOWN) == []
    registry.supersede(IMAGE, NEW)
    assert codes(registry, IMAGE) == ["dataset-superseded"]
    assert f"superseded by {NEW}" in resolve_id(IMAGE, registry).findings[0].message
    assert codes(registry, COADD) == ["ancestor-superseded"]
    registry.restore(IMAGE)
    registry.mark_missing(RAW, "disk died")
    assert codes(registry, IMAGE) == []
    assert codes(registry, RAW) == ["dataset-missing"]


def test_verify_tells_it_too(registry: fitsprov.Registry, tmp_path: Path) -> None:
    path = tmp_path / "image.fits"
    fits.PrimaryHDU().writeto(path)
    fitsprov.stamp(path, registry.stamp(IMAGE))
    assert fitsprov.verdict_of(fitsprov.verify(path, registry)) == "ok"
    registry.retract(IMAGE, "bad flat")
    found = fitsprov.verify(path, registry)
    assert "dataset-retracted" in [finding.code for finding in found]
    assert fitsprov.verdict_of(found) == "stale"
