"""The chain that takes Rubin's own tools one file open for each input: a coadd of 1,550 images, each of its raw.

SQLite without and with an adjacency file; PostgreSQL from the wheel, or the server of ``FITSPROV_TEST_PG``. What is
answered is read whole before the clock stops; one row has made the objects of it, too.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from bench_graph import database
from harness import Row, timed

INPUTS = 1550
BAR = 5.0
"""Milliseconds."""
NIGHT = datetime(2025, 5, 20, 3, tzinfo=UTC)


def measure() -> Iterator[Row]:
    """Both engines."""
    with tempfile.TemporaryDirectory() as name:
        os.environ["XDG_CACHE_HOME"] = name
        yield from measure_engine("SQLite", f"sqlite:///{name}/chain.db", Path(name))
        with database() as url:
            if url is not None:
                yield from measure_engine("PostgreSQL", url, Path(name))


def measure_engine(engine: str, url: str, folder: Path) -> Iterator[Row]:
    """One engine, without and with an adjacency file."""
    import fitsprov

    with fitsprov.Registry.create(url) as registry:
        focus = fill(registry)
        file = stamped(registry, focus, folder / f"{engine}.fits")
        yield from measure_registry(engine, registry, focus, file)
        registry.index()
        registry._reader.snapshot(registry._graph.current)
        yield from measure_registry(f"{engine} with file", registry, focus, file)


def measure_registry(name: str, registry: Any, focus: UUID, file: Path) -> Iterator[Row]:
    """What is asked."""
    import fitsprov

    def row(what: str, job: Callable[[], object], notes: str = "warm") -> Row:
        return Row(f"{name}: {what}", timed(job) * 1e3, BAR, "ms", notes)

    assert len(registry.raws(focus)) == INPUTS
    assert len(registry.lineage(focus).datasets) == 2 * INPUTS + 1
    yield row("coadd → its 1,550 raws", lambda: registry.raws(focus), "read; objects when looked at")
    yield row("the same, all looked at", lambda: list(registry.raws(focus)), "objects, sorted by dataId")
    notes = "3,101 datasets, 1,551 activities read; objects when looked at"
    yield row("the lineage of that coadd", lambda: registry.lineage(focus), notes)
    yield row("`fitsprov.resolve` of its file", lambda: fitsprov.resolve(file, registry), "in one process, warm")


def fill(registry: Any) -> UUID:
    """Record the chain; give the coadd."""
    from fitsprov.model.lineage import Activity, Dataset, Environment, Package, Usage
    from fitsprov.model.record import Record, Step

    environment = Environment(packages=(Package("eups", "lsst_distrib", "v30_0_0"),), platform={"os": "AlmaLinux 9"})
    raws, images, steps = [], [], []
    for number in range(INPUTS):
        exposure, detector = 2025052000001 + number // 10, number % 189
        place = {"instrument": "SimCam", "detector": detector}
        name = f"SC_O_20250520_{exposure % 1000000:06}_{detector:03}"
        raw = Dataset(id=uuid4(), type="raw", run="SimCam/raw/all", data_id={**place, "exposure": exposure}, name=name)
        image = Dataset(id=uuid4(), type="visit_image", run="SimCam/DRP", data_id={**place, "visit": exposure})
        started = NIGHT + timedelta(seconds=number)
        isr = Activity(
            id=uuid4(),
            task="isr",
            version="v30_0_0",
            run="SimCam/DRP",
            started=started,
            ended=started + timedelta(seconds=40),
            config={"doFlat": True},
            environment=environment,
        )
        raws.append(raw)
        images.append(image)
        steps.append(Step(activity=isr, used=(Usage(raw.id, "ccdExposure"),), generated=(image,)))
    coadd = Dataset(id=uuid4(), type="deep_coadd", run="SimCam/DRP", data_id={"tract": 9813, "patch": 42, "band": "r"})
    assemble = Activity(id=uuid4(), task="assembleCoadd", run="SimCam/DRP", environment=environment)
    used = tuple(Usage(image.id, "inputWarps") for image in images)
    steps.append(Step(activity=assemble, used=used, generated=(coadd,)))
    registry.record(Record(source="bench", steps=tuple(steps), datasets=tuple(raws)))
    return coadd.id


def stamped(registry: Any, focus: UUID, path: Path) -> Path:
    """Write a file with the stamp of a dataset, which lists nothing."""
    from astropy.io import fits

    import fitsprov

    fits.PrimaryHDU().writeto(path)
    fitsprov.stamp(path, registry.stamp(focus), lists="none")
    return path
