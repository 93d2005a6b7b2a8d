"""The graph of a survey: loading it, following it by statements and in its adjacency file.

SQLite always; PostgreSQL from the wheel, or the server of ``FITSPROV_TEST_PG``. Ten million edges take four minutes and
six gigabytes of disk; ``FITSPROV_BENCH_EDGES=1e6`` makes another number of them.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from time import perf_counter, process_time
from typing import Any
from uuid import UUID, uuid4

from harness import Row, database, timed
from survey_graph import ROLES, TYPES, Survey, uuid

EDGES = int(float(os.environ.get("FITSPROV_BENCH_EDGES", "1e7")))
ENTITY = ("id", "uuid", "dataset_type_id", "run_id", "gen_aid", "data_id", "stub")
ACTIVITY = ("id", "uuid", "task_id", "run_id", "software_env_id")
USED = ("activity_id", "position", "entity_id", "role_id", "actual")
COADD, FLAT, VERSION = "coadd → its 200 raws", "flat → its products", "package version → its products"
PACKAGE = "lsst_distrib"


@dataclass(frozen=True)
class Bars:
    """What one engine may take."""

    load: float
    """Microseconds for an edge."""
    look_up: float
    """Microseconds."""
    coadd: float
    """Milliseconds, as the following."""
    flat: float
    version: float
    activity: float
    size: float
    """Bytes for an edge."""


BARS = {
    "SQLite": Bars(4, 40, 2, 10, 500, 1, 80),
    "PostgreSQL": Bars(1 / 0.3, 150, 8, 20, 1500, 2, 200),
}


def measure() -> Iterator[Row]:
    """Both engines, and the file of each."""
    survey = Survey.of(EDGES)
    with tempfile.TemporaryDirectory() as folder:
        os.environ["XDG_CACHE_HOME"] = folder
        yield from measure_engine("SQLite", f"sqlite:///{folder}/survey.db", survey)
        with database() as url:
            if url is not None:
                yield from measure_engine("PostgreSQL", url, survey)


def measure_engine(engine: str, url: str, survey: Survey) -> Iterator[Row]:
    """All about one engine."""
    from fitsprov.registry import Registry

    Registry.create(url).close()
    bars, number = BARS[engine], f"{survey.edges / 1e6:.1f}·10⁶ edges"
    with Registry(url) as registry:
        seconds = load(registry, survey)
        speed = f"{survey.edges / seconds / 1e3:,.0f} k edges/s, indexes included"
        yield Row(f"{engine}: bulk load of {number}, an edge", seconds / survey.edges * 1e6, bars.load, "µs", speed)
        size = registry.status().size / survey.edges
        yield Row(f"{engine}: size of all tables, an edge", size, bars.size, "bytes", "with UUIDs, dataIds, indexes")
        asked = questions(registry, survey)
        yield Row(f"{engine}: dataset by UUID", asked.look_up() * 1e6, bars.look_up, "µs")
        yield Row(f"{engine}: {COADD}", asked.coadd() * 1e3, bars.coadd, "ms", "keys")
        yield Row(f"{engine}: {FLAT}", asked.flat() * 1e3, bars.flat, "ms", f"{asked.products:,} keys")
        notes = f"{asked.version_products:,} datasets counted by type and run, of {asked.activities:,} activities"
        yield Row(f"{engine}: {VERSION}", asked.version() * 1e3, bars.version, "ms", notes)
        yield Row(f"{engine}: one durable activity", asked.activity() * 1e3, bars.activity, "ms")
        yield from measure_file(engine, asked, survey)


def measure_file(engine: str, asked: Questions, survey: Survey) -> Iterator[Row]:
    """The adjacency file."""
    clock = clock_of(asked.registry)
    start = clock()
    index = asked.registry.index()
    seconds = clock() - start
    yield Row(f"{engine}: adjacency file built, 10⁷ edges", seconds / survey.edges * 1e7, 15, "s", "in proportion")
    yield Row(f"{engine}: adjacency file, an edge", index.size / index.edges, 20, "bytes")
    asked.open_file()
    yield Row(f"{engine} with file: {COADD}", asked.coadd() * 1e3, 0.5, "ms", "keys")
    yield Row(f"{engine} with file: {FLAT}", asked.flat() * 1e3, 1, "ms", f"{asked.products:,} keys")
    yield Row(f"{engine} with file: {VERSION}", asked.version() * 1e3, 15, "ms", f"{asked.version_products:,} datasets")


def load(registry: Any, survey: Survey) -> float:
    """Load a survey; give the seconds without those that making its rows took."""
    from fitsprov.registry import schema
    from fitsprov.registry.engines.loading import loading
    from fitsprov.registry.harvests.bulk import insert_rows

    making, clock = 0.0, clock_of(registry)
    begun = clock()
    with loading(registry._engine, registry._url) as connection:
        put = partial(insert_rows, connection)
        versions = range(1, survey.environments + 1)
        put(schema.run, ("id", "name"), [(1, "SimCam/raw/all"), (2, "SimCam/runs/DRP")])
        put(schema.task, ("id", "name"), list(enumerate(("isr", "calibrate", "coadd"), 1)))
        put(schema.role, ("id", "name"), list(enumerate(ROLES, 1)))
        put(schema.dataset_type, ("id", "name", "category"), [(n, one, None) for n, one in enumerate(TYPES, 1)])
        put(schema.software_env, ("id", "digest", "platform"), [(n, n.to_bytes(32), "{}") for n in versions])
        packages = [(n, "eups", PACKAGE, f"v{n}") for n in versions]
        put(schema.package, ("id", "manager", "name", "version"), packages)
        put(schema.env_package, ("software_env_id", "package_id"), [(n, n) for n in versions])
        put(schema.entity, ENTITY, survey.first())
        for block in survey.blocks():
            start = clock()
            activities, entities, edges = block.rows()
            making += clock() - start
            put(schema.activity, ACTIVITY, activities)
            put(schema.entity, ENTITY, entities)
            put(schema.used, USED, edges)
    return clock() - begun - making


def clock_of(registry: Any) -> Callable[[], float]:
    """Count the time of this process, where all is done in it: what is more is what other programs did meanwhile."""
    return process_time if registry._engine.dialect.name == "sqlite" else perf_counter


class Questions:
    """What is asked of a loaded survey, each timed in seconds."""

    def __init__(self, registry: Any, survey: Survey) -> None:
        import numpy as np

        from fitsprov.model.impact import Cause, Requirement
        from fitsprov.model.lineage import Direction
        from fitsprov.registry.graph.reach import Bounds

        self.registry = registry
        self.graph = registry._graph
        self.bounds, self.direction = Bounds(), Direction
        *_, last = survey.blocks()
        self.last_coadd = int(last.entities[0][-1])
        self.one_flat = int(survey.calibration("flat", np.array(survey.exposures // 2), np.array(42)))
        self.flaw = Cause(package=Requirement.parse(f"{PACKAGE}==v{max(1, survey.environments // 2)}"))
        self.products = len(self.below(self.one_flat))
        found = self.registry.impact(self.flaw)
        self.activities, self.version_products = found.activities, sum(one.datasets for one in found.touched)

    def ask(self, work: Callable[[Any], Any]) -> Any:
        """Ask in a snapshot."""
        return self.registry._reader.snapshot(work)

    def open_file(self) -> None:
        """Have the file open, as a service that runs for long has."""
        self.ask(self.graph.current)

    def below(self, key: int) -> list[int]:
        """Follow a dataset down."""
        found = self.ask(lambda c: self.graph.follow(c, [key], self.direction.DOWN, self.bounds))
        keys: list[int] = found.keys
        return keys

    def raws(self) -> set[int]:
        """The raws of a coadd."""
        from fitsprov.registry.graph.walking import Which, keep

        def find(connection: Any) -> set[int]:
            found = self.graph.follow(connection, [self.last_coadd], self.direction.UP, self.bounds)
            return keep(connection, found, self.last_coadd, self.direction.UP, Which(category="raw"))

        raws: set[int] = self.ask(find)
        assert len(raws) == 200
        return raws

    def look_up(self) -> float:
        """One dataset by its UUID."""
        wanted = UUID(bytes=uuid(self.last_coadd))
        return timed(lambda: self.registry.dataset(wanted), rounds=500)

    def coadd(self) -> float:
        """Raws of a coadd."""
        return timed(self.raws)

    def flat(self) -> float:
        """Products of a flat."""
        return timed(lambda: self.below(self.one_flat))

    def version(self) -> float:
        """Products of a version, from its name to their numbers."""
        return timed(lambda: self.registry.impact(self.flaw), rounds=15)

    def activity(self) -> float:
        """One activity with two inputs and an output, there when the call returns."""
        from fitsprov.model.lineage import Activity, Dataset, Usage
        from fitsprov.model.record import Record, Step

        inputs = tuple(Usage(UUID(bytes=uuid(key))) for key in (self.last_coadd, self.one_flat))

        def record() -> None:
            made = Dataset(id=uuid4(), type="deep_coadd")
            step = Step(activity=Activity(id=uuid4(), task="coadd"), used=inputs, generated=(made,))
            self.registry.record(Record(source="bench", steps=(step,)))

        return timed(record)


def questions(registry: Any, survey: Survey) -> Questions:
    """Begin to ask."""
    return Questions(registry, survey)
