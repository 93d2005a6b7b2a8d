"""Many processes, killed ones among them, leave a registry of whole records."""

from __future__ import annotations

import random
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine
from sqlalchemy import event as on

from fitsprov.errors import RegistryError
from fitsprov.model.record import Record
from fitsprov.registry import Counts, Registry
from tests.registry.making import dataset, record, step, survey, uid

WIDTH = 30
KILLS = 20

WRITER = """
import os, random, signal, sys, time
from fitsprov.registry import Registry
from tests.registry.test_safety import batch

url = sys.argv[1]
for kill in range(int(sys.argv[2])):
    ready, tell = os.pipe()
    child = os.fork()
    if child == 0:
        with Registry(url) as registry:
            for number in range(1000):
                registry.record(batch(f"{kill} {number}"))
                os.write(tell, b".")
        os._exit(0)
    os.read(ready, 1)
    time.sleep(random.random() * 0.03)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    os.close(ready)
    os.close(tell)
"""


def batch(name: str) -> Record:
    """A record of one activity with as many inputs as outputs; neighbours share a dataset."""
    raws = tuple(dataset(f"{name} in {n}", "raw") for n in range(WIDTH))
    return record(
        step(name, ["shared", *(f"{name} in {n}" for n in range(WIDTH))], [f"{name} out {n}" for n in range(WIDTH)]),
        datasets=raws,
    )


def run(code: str, *arguments: str | int) -> subprocess.Popen[str]:
    """Start a Python program that can import the tests."""
    root = Path(__file__).parents[2]
    command = [sys.executable, "-c", code, *map(str, arguments)]
    return subprocess.Popen(command, cwd=root, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def finish(process: subprocess.Popen[str]) -> str:
    out, err = process.communicate(timeout=900)
    assert process.returncode == 0, err
    return out


@pytest.mark.parametrize("kills", [KILLS, pytest.param(100, marks=pytest.mark.slow)])
def test_a_killed_writer_leaves_whole_records_only(url: str, kills: int) -> None:
    finish(run(WRITER, url, kills))
    with Registry(url) as registry:
        status = registry.status()
        assert status.activities >= kills
        assert status.edges == status.activities * (WIDTH + 1)
        assert status.datasets == status.activities * 2 * WIDTH
        assert status.stubs == 1
        assert registry.record(batch("after")) == Counts(1, 2 * WIDTH, 1, WIDTH + 1)
        if url.startswith("sqlite"):
            with registry._engine.connect() as connection:
                assert connection.exec_driver_sql("PRAGMA integrity_check").scalar() == "ok"
                assert connection.exec_driver_sql("PRAGMA foreign_key_check").all() == []


PARALLEL = """
import sys
from fitsprov.registry import Registry
from tests.registry.test_safety import batch

edges = 0
for number in range(30):
    name = f"{sys.argv[2]} {number}" if number % 3 else f"both {number}"
    with Registry(sys.argv[1]) as registry:
        edges += registry.record(batch(name)).edges
print(edges)
"""

READER = """
import sys
from fitsprov.registry import Registry

for _ in range(100):
    with Registry(sys.argv[1]) as registry:
        status = registry.status()
        assert status.edges == status.activities * 31, status
"""


def test_processes_write_and_read_at_once(url: str) -> None:
    writers = [run(PARALLEL, url, name) for name in ("one", "two")]
    reader = run(READER, url)
    new = sum(int(finish(process)) for process in writers)
    finish(reader)
    with Registry(url) as registry:
        assert registry.status().edges == new == (10 + 2 * 20) * (WIDTH + 1)


def test_threads_share_one_registry(registry: Registry) -> None:
    registry.record(survey())
    problems: list[BaseException] = []

    def work(number: int) -> None:
        try:
            for turn in range(10):
                registry.record(record(step(f"{number} {turn}", ["image 1"], [f"{number} {turn}"])))
                assert len(registry.raws(uid(f"{number} {turn}"))) == 1
        except BaseException as error:
            problems.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not problems
    assert registry.status().activities == 44


def test_a_forked_child_opens_its_own(url: str) -> None:
    code = """
import os, sys
from fitsprov.registry import Registry
from tests.registry.making import survey, uid

mine = Registry(sys.argv[1])
mine.record(survey())
child = os.fork()
if child == 0:
    with Registry(sys.argv[1]) as theirs:
        print(theirs._engine is not mine._engine, len(theirs.raws(uid("coadd"))), flush=True)
    os._exit(0)
assert os.waitpid(child, 0)[1] == 0
print(len(mine.raws(uid("coadd"))))
"""
    assert finish(run(code, url)).split() == ["True", "2", "2"]


def test_who_waits_too_long_for_a_file_is_told_why(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fitsprov.registry.engines.sqlite.BUSY_SECONDS", 0.05)
    blocker = create_engine(f"sqlite:///{path}", isolation_level="AUTOCOMMIT")
    with Registry(path) as registry, blocker.connect() as other:
        other.exec_driver_sql("BEGIN IMMEDIATE")
        assert registry.find() == []
        with pytest.raises(RegistryError, match=r"another process has been writing for .* try again later"):
            registry.record(survey())
        other.exec_driver_sql("ROLLBACK")
        assert registry.record(survey()).files == 1
    blocker.dispose()


def test_a_file_made_anew_is_read_anew(path: Path, empty_registry: Path) -> None:
    stale = Registry(path)
    stale.record(survey())
    for file in path.parent.glob(f"{path.name}*"):
        file.unlink()
    path.write_bytes(empty_registry.read_bytes())
    with Registry(path) as fresh:
        assert fresh.find() == []
    stale.close()


MANY = """
import sys
from fitsprov.registry import Registry
from tests.registry.making import dataset, record, step

with Registry(sys.argv[1]) as registry:
    for number in range(int(sys.argv[3])):
        mine, ours = f"{sys.argv[2]} {number}", f"all {number % 50}"
        given = step(mine, ["flat", ours], [mine], task="isr", run="drp", config={"a": number % 7})
        registry.record(record(given, step(ours, [], [ours], task="shared"), datasets=(dataset("flat", "flat"),)))
"""


@pytest.mark.parametrize(
    ("processes", "each"), [(4, 25), pytest.param(16, 1_000, marks=pytest.mark.slow, id="sixteen-thousand")]
)
def test_many_processes_lose_nothing_and_double_nothing(url: str, processes: int, each: int) -> None:
    """All state the same flat and the same other activities, whoever comes first."""
    for process in [run(MANY, url, number, each) for number in range(processes)]:
        finish(process)
    shared = min(each, 50)
    with Registry(url) as registry:
        status = registry.status()
        assert status.activities == processes * each + shared
        assert status.edges == processes * each * 2
        assert (status.datasets, status.stubs) == (processes * each + shared + 1, 0)
        names = [uid(f"{process} {number}") for process in range(processes) for number in range(each)]
        assert len(registry.datasets(names)) == len(names)


BULK = """
import sys
from fitsprov.registry import Registry
from tests.registry.test_safety import BATCHES, batch

with Registry(sys.argv[1]) as registry:
    for number in range(BATCHES):
        registry.record(batch(f"bulk {number}"))
        print(number, flush=True)
"""
BATCHES = 60


@pytest.mark.parametrize("kills", [5, pytest.param(100, marks=pytest.mark.slow)])
def test_a_load_that_is_killed_again_and_again_ends_whole(url: str, kills: int) -> None:
    """Each goes on where the one before it was: what is there already costs little and changes nothing."""
    chance = random.Random(kills)
    for _ in range(kills):
        loading = run(BULK, url)
        assert loading.stdout is not None
        loading.stdout.readline()
        time.sleep(chance.uniform(0, 0.1))
        loading.kill()
        loading.communicate()
        with Registry(url) as registry:
            status = registry.status()
            assert status.edges == status.activities * (WIDTH + 1)
    finish(run(BULK, url))
    with Registry(url) as registry:
        status = registry.status()
        assert (status.activities, status.edges) == (BATCHES, BATCHES * (WIDTH + 1))
        assert (status.datasets, status.stubs) == (BATCHES * 2 * WIDTH, 1)


def grow(registry: Registry, kept: list[str]) -> None:
    """Record until there is no room."""
    for number in range(10_000):
        name = f"{len(kept)} {number}"
        registry.record(record(step(name, [], [name], status="x" * 4_000)))
        kept.append(name)


def test_a_full_file_keeps_what_was_committed_and_goes_on_when_there_is_room(path: Path) -> None:
    kept: list[str] = []
    with Registry(path) as registry:
        pages = registry._engine.connect().exec_driver_sql("PRAGMA page_count").scalar_one()
        limit_pages(registry, pages + 60)
        with pytest.raises(RegistryError, match=r"no space is left; nothing of this was taken in, expected room"):
            grow(registry, kept)
        assert 0 < len(kept) < 100
        assert len(registry.datasets(map(uid, kept))) == registry.status().activities == len(kept)
        limit_pages(registry, 2**30)
        registry.record(survey())
        assert registry.status().activities == len(kept) + 4
        assert [one.kind for one in registry.events(component="registry")] == ["disk full"]


def limit_pages(registry: Registry, pages: int) -> None:
    """Let the file grow no further, on every connection."""
    registry._engine.dispose()

    def limit(connection: sqlite3.Connection, record: object) -> None:
        connection.execute(f"PRAGMA max_page_count = {pages}").fetchall()

    on.listen(registry._engine, "connect", limit)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of two megabytes, where one can be mounted."""
    folder = tmp_path / "small"
    folder.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(folder)], capture_output=True)
    if mounted.returncode:
        pytest.skip("no file system can be mounted here")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_a_full_disk_keeps_what_was_committed_and_goes_on_when_there_is_room(small_disk: Path) -> None:
    ballast = small_disk / "ballast"
    with Registry.create(small_disk / "registry.db") as registry:
        ballast.write_bytes(bytes(400_000))
        kept: list[str] = []
        with pytest.raises(RegistryError, match=r"no space is left; nothing of this was taken in, expected room"):
            grow(registry, kept)
        assert kept
        assert len(registry.datasets(map(uid, kept))) == registry.status().activities == len(kept)
        ballast.unlink()
        registry.record(survey())
    with Registry(small_disk / "registry.db") as again:
        assert again.status().activities == len(kept) + 4
