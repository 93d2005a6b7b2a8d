"""Many processes, killed ones among them, leave a registry of whole records."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

import pytest
from sqlalchemy import create_engine

from fitsprov.errors import RegistryError
from fitsprov.model.record import Record
from fitsprov.registry import Counts, Registry
from tests.registry.making import dataset, record, step, survey, uid

WIDTH = 30
KILLS = 40

WRITER = f"""
import os, random, signal, sys, time
from pathlib import Path
from fitsprov.registry import Registry
from tests.registry.test_safety import batch

path = Path(sys.argv[1])
for kill in range({KILLS}):
    ready, tell = os.pipe()
    child = os.fork()
    if child == 0:
        with Registry(path) as registry:
            for number in range(1000):
                registry.record(batch(f"{{kill}} {{number}}"))
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


def run(code: str, *arguments: str | Path) -> subprocess.Popen[str]:
    """Start a Python program that can import the tests."""
    root = Path(__file__).parents[2]
    command = [sys.executable, "-c", code, *map(str, arguments)]
    return subprocess.Popen(command, cwd=root, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def finish(process: subprocess.Popen[str]) -> str:
    out, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    return out


def test_a_killed_writer_leaves_whole_records_only(path: Path) -> None:
    finish(run(WRITER, path))
    with Registry(path) as registry:
        status = registry.status()
        assert status.activities >= KILLS
        assert status.edges == status.activities * (WIDTH + 1)
        assert status.datasets == status.activities * 2 * WIDTH
        assert status.stubs == 1
        assert registry.record(batch("after")) == Counts(1, 2 * WIDTH, 1, WIDTH + 1)
    with create_engine(f"sqlite:///{path}").connect() as connection:
        assert connection.exec_driver_sql("PRAGMA integrity_check").scalar() == "ok"
        assert connection.exec_driver_sql("PRAGMA foreign_key_check").all() == []
        connection.engine.dispose()


PARALLEL = """
import sys
from fitsprov.registry import Registry
from tests.registry.test_safety import batch

edges = 0
for number in range(60):
    name = f"{sys.argv[2]} {number}" if number % 3 else f"both {number}"
    with Registry(sys.argv[1]) as registry:
        edges += registry.record(batch(name)).edges
print(edges)
"""

READER = """
import sys
from fitsprov.registry import Registry

for _ in range(200):
    with Registry(sys.argv[1]) as registry:
        status = registry.status()
        assert status.edges == status.activities * 31, status
"""


def test_processes_write_and_read_at_once(path: Path) -> None:
    writers = [run(PARALLEL, path, name) for name in ("one", "two")]
    reader = run(READER, path)
    new = sum(int(finish(process)) for process in writers)
    finish(reader)
    with Registry(path) as registry:
        assert registry.status().edges == new == (20 + 2 * 40) * (WIDTH + 1)


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


def test_a_forked_child_opens_its_own(path: Path) -> None:
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
    assert finish(run(code, path)).split() == ["True", "2", "2"]


def test_who_waits_too_long_is_told_why(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fitsprov.registry.sqlite.BUSY_SECONDS", 0.05)
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
