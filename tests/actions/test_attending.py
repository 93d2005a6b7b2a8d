"""A harvest that was killed leaves no process behind it."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

import fitsprov
from tests.actions.conftest import Write, uid

PROC = Path("/proc")
SLOW = """
import sys, time
from fitsprov import Registry, harvest
from fitsprov.actions import harvesting
from fitsprov.registry.harvests.harvesting import Harvester

harvesting.BATCH = 7
Harvester.take = lambda self, claims: time.sleep(60)
harvest([sys.argv[1]], Registry(sys.argv[2]), jobs=2)
"""


KILLING = """
import os, signal, sys
from contextlib import suppress
from multiprocessing import active_children
from fitsprov import Registry, harvest
from fitsprov.errors import WorkerLost
from fitsprov.actions import harvesting
from fitsprov.registry.harvests.harvesting import Harvester

harvesting.BATCH, take = 7, Harvester.take

def take_and_kill(self, claims):
    for child in active_children():
        with suppress(ProcessLookupError):  # the pool ends the others itself once one is lost
            os.kill(child.pid, signal.SIGKILL)
        child.join()
    return take(self, claims)

Harvester.take = take_and_kill
try:
    harvest([sys.argv[1]], Registry(sys.argv[2]), jobs=2)
except WorkerLost as error:
    print(error)
"""


def children_of(process: int) -> list[int]:
    """The processes that a process has made."""
    return [int(child) for child in (PROC / str(process) / "task" / str(process) / "children").read_text().split()]


def is_there(process: int) -> bool:
    """Whether a process lives."""
    try:
        return (PROC / str(process) / "stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def wait_until(holds: Callable[[], bool]) -> bool:
    """Wait for at most 20 seconds."""
    until = time.monotonic() + 20
    while not holds() and time.monotonic() < until:
        time.sleep(0.02)
    return holds()


@pytest.mark.skipif(not (PROC / "self" / "task").is_dir(), reason="needs a list of a process's children")
def test_who_reads_for_a_harvest_ends_with_it(write: Write, tmp_path: Path) -> None:
    files = [write(f"{n}.fits", id=uid(f"{n}"), parents=[]) for n in range(300)]
    database = tmp_path / "registry.db"
    fitsprov.Registry.create(database).close()
    harvest = subprocess.Popen([sys.executable, "-c", SLOW, files[0].parent, f"sqlite:///{database}"])
    try:
        assert wait_until(lambda: len(children_of(harvest.pid)) == 2)
        readers = children_of(harvest.pid)
        harvest.send_signal(signal.SIGKILL)
        harvest.wait()
        assert wait_until(lambda: not any(map(is_there, readers)))
    finally:
        harvest.kill()
        harvest.wait()


def test_a_harvest_whose_readers_were_killed_says_so_and_goes_on(write: Write, tmp_path: Path) -> None:
    files = [write(f"{n:03}.fits", id=uid(f"{n}"), parents=[]) for n in range(1200)]
    url = f"sqlite:///{tmp_path / 'registry.db'}"
    fitsprov.Registry.create(url).close()
    command = [sys.executable, "-c", KILLING, str(files[0].parent), url]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.startswith("a process that worked for this one was ended from outside; expected")
    with fitsprov.Registry(url) as registry:
        again = fitsprov.harvest(files[0].parent, registry)
        assert 0 < again.unchanged < len(files)
        assert len(registry.find()) == len(files)
