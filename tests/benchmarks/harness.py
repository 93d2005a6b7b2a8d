"""Timing by comparison: what is measured and what it is held against take turns, so that both see the same machine."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from time import perf_counter

__all__ = ["ROOT", "Row", "database", "once", "paired", "process", "sample_survey", "timed"]

ROOT = Path(__file__).parent.parent.parent


@dataclass(frozen=True, slots=True)
class Row:
    """One measurement."""

    what: str
    value: float
    bar: float
    """The most that `value` may be."""
    unit: str = "×"
    """``×`` for a ratio, else the unit of a time."""
    notes: str = ""

    @property
    def holds(self) -> bool:
        """Whether it keeps its bar."""
        return self.value <= self.bar


def paired(
    ours: Callable[[], object],
    theirs: Callable[[], object],
    *,
    rounds: int = 15,
    before: Callable[[], object] | None = None,
) -> float:
    """Time two jobs in turns, A B A B …; give the median of the ratios of neighbours.

    Parameters
    ----------
    before : callable, optional
        What has to be done before each of them, outside the time.
    """
    ratios = []
    for _ in range(rounds + 1):
        a, b = (once(job, before) for job in (ours, theirs))
        ratios.append(a / b)
    return median(ratios[1:])


def timed(job: Callable[[], object], *, rounds: int = 31) -> float:
    """Time a job by itself: the least of many, in seconds; what is more is what other programs did meanwhile."""
    return min(once(job) for _ in range(rounds))


def once(job: Callable[[], object], before: Callable[[], object] | None = None) -> float:
    """Time a job once, in seconds."""
    if before is not None:
        before()
    start = perf_counter()
    job()
    return perf_counter() - start


def process(*arguments: str, cwd: Path | None = None) -> Callable[[], object]:
    """A whole process of this Python as a job, its output thrown away."""
    command: Sequence[str] = (sys.executable, *arguments)
    path = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))
    environment = {**os.environ, "PYTHONPATH": path}

    def job() -> None:
        subprocess.run(command, cwd=cwd, env=environment, stdout=subprocess.DEVNULL, check=True)

    return job


@contextmanager
def database() -> Iterator[str | None]:
    """A PostgreSQL database for a while, where there is a server: from the wheel, or that of ``FITSPROV_TEST_PG``."""
    try:
        from tests.servers import OwnServer, running
    except ImportError:
        yield None
        return
    with running() as server, server.lent() as url:
        if isinstance(server, OwnServer):  # tests let it forget what it was given when a machine stops
            for setting in ("fsync", "full_page_writes"):
                server.do(f"ALTER SYSTEM RESET {setting}")
            server.do("SELECT pg_reload_conf()")
        yield url


@contextmanager
def sample_survey() -> Iterator[Path]:
    """A copy of the sample data with a registry of all its records."""
    import fitsprov

    with tempfile.TemporaryDirectory() as folder:
        survey = Path(folder) / "survey"
        shutil.copytree(ROOT / "sample_data", survey, ignore=shutil.ignore_patterns("simcam", "*.py"))
        pointers = {"base_url": "https://archive.example.org", "authority": "ivo://example.org/simcam"}
        with fitsprov.Registry.create(survey / "fitsprov.db", **pointers) as made:
            for record in ("calib.yaml", "drp.yaml"):
                made.record(survey / record)
        yield survey
