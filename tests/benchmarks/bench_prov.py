"""What the provenance of a coadd costs the service, in CPU time, asked first and again."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from uuid import UUID, uuid5

from bench_service import served
from harness import Row, database

LASTING = ("bias", "dark", "defects", "linearizer", "crosstalk", "bfk", "ptc", "cti")
FILTERS = list(enumerate("ugrizy"))
ROUNDS, REQUESTS = 15, 4


def measure() -> Iterator[Row]:
    """A coadd with 1,500 ancestors in all, of few and of many calibrations, on both engines."""
    few, many = (plain(747), "a coadd with 1,500 ancestors"), (calibrated(496), "one with nine calibrations a raw")
    for record, what in (few, many):
        with tempfile.TemporaryDirectory() as folder:
            yield from measure_coadd(f"sqlite:///{folder}/fitsprov.db", record, f"{what}, from SQLite")
        with database() as url:
            if url is not None:
                yield from measure_coadd(url, record, f"{what}, from PostgreSQL", 2)


def measure_coadd(url: str, record: Mapping[str, Any], what: str, share: float = 1) -> Iterator[Row]:
    """The provenance of the coadd of a record, asked first and again; a server may take another share of time."""
    import fitsprov

    pointers = {"base_url": "https://archive.example.org", "authority": "ivo://example.org/survey"}
    with fitsprov.Registry.create(url, **pointers) as made:
        made.record(record)
        lineage = made.lineage(name("coadd"))
    ancestors, edges = len(lineage.datasets) - 1, sum(map(len, lineage.used.values()))
    with served(["-m", "fitsprov", "serve", "--registry", url, "--port"]) as service:
        asked = f"/prov?ID={name('coadd')}&DEPTH=ALL"
        # a parameter that nobody knows keeps each from being the same question again
        first = min(service.cost("GET", f"{asked}&turn={turn}-{{}}", count=REQUESTS) for turn in range(ROUNDS))
        again = service.cost("GET", asked, count=50)
    notes = f"a time: {ancestors} ancestors, {edges} uses"
    yield Row(f"`/prov` of {what}, PROV-JSON, CPU", first * 1e3, 10 * share, "ms", f"{notes}; never asked before")
    yield Row("the same, asked again", again * 1e3, 10 * share, "ms", notes)


def name(kind: str, number: int = 0) -> str:
    """The ID of a dataset."""
    return str(uuid5(UUID(int=9), f"{kind} {number}"))


def plain(visits: int) -> dict[str, Any]:
    """A raw and one of six flats make a visit, and all visits the coadd."""
    raws = [exposure("raw", n) for n in range(visits)]
    flats = [{"id": name("flat", n), "type": "flat", "data_id": {"detector": 85, "band": band}} for n, band in FILTERS]
    steps = [step("isr", [("raw", n), ("flat", n % 6)], exposure("visit", n)) for n in range(visits)]
    return survey([*raws, *flats], [*steps, stack(visits)])


def calibrated(visits: int) -> dict[str, Any]:
    """A raw and nine calibrations make a post-ISR image, this and a catalogue a visit, and all visits the coadd."""
    raws = [exposure("raw", n) for n in range(visits)]
    lasting = [{"id": name(kind), "type": kind, "data_id": {"detector": 85}} for kind in LASTING]
    flats = [
        {"id": name("flat", n), "type": "flat", "data_id": {"detector": 85, "band": band}} for n, band in FILTERS[:3]
    ]
    catalogue = {"id": name("catalogue"), "type": "catalogue", "data_id": {"htm7": 231819}}
    calibrations = [(kind, 0) for kind in LASTING]
    steps = []
    for n in range(visits):
        used = [("raw", n), *calibrations, ("flat", n % 3)]
        steps.append(step("isr", used, exposure("post", n)))
        steps.append(step("calibrateImage", [("post", n), ("catalogue", 0)], exposure("visit", n)))
    return survey([*raws, *lasting, *flats, catalogue], [*steps, stack(visits)])


def exposure(kind: str, number: int) -> dict[str, Any]:
    """A dataset of one exposure."""
    place = {"instrument": "LSSTCam", "exposure": 2025052000000 + number, "detector": 85}
    return {"id": name(kind, number), "type": kind, "data_id": place}


def stack(visits: int) -> dict[str, Any]:
    """The activity that makes the coadd."""
    coadd = {"id": name("coadd"), "type": "coadd", "data_id": {"tract": 9813, "patch": 42}}
    return step("assembleCoadd", [("visit", n) for n in range(visits)], coadd)


def step(task: str, used: Sequence[tuple[str, int]], made: Mapping[str, Any]) -> dict[str, Any]:
    """An activity."""
    return {
        "task": task,
        "version": "v30_0_0",
        "config": {"doFlat": True, "task": task},
        "started": "2025-12-29T04:48:07Z",
        "ended": "2025-12-29T04:49:00Z",
        "used": [{"id": name(kind, number), "role": kind} for kind, number in used],
        "generated": [made],
    }


def survey(datasets: Sequence[Mapping[str, Any]], activities: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """A record."""
    return {
        "fitsprov": 1,
        "run": "LSSTCam/runs/DRP/v30/DM-53697",
        "agent": {"id": "org:rubin", "name": "Rubin Observatory", "type": "Organization"},
        "environment": {"container": "stack@sha256:0", "packages": [{"manager": "eups", "name": "a", "version": "1"}]},
        "types": {"raw": {"category": "raw"}} | {kind: {"category": "calibration"} for kind in (*LASTING, "flat")},
        "datasets": list(datasets),
        "activities": list(activities),
    }
