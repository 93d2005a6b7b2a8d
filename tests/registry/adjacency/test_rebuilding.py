"""The adjacency file is made anew beside a program that runs for long, and never in its way."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import make_url

from fitsprov.actions.searching import index_kept
from fitsprov.registry import Registry
from fitsprov.registry.adjacency import rebuilding
from fitsprov.registry.adjacency.rebuilding import Rebuilder, is_due, locked, remove_strays
from fitsprov.settings import Settings
from tests.registry.making import dataset, record, step, survey, uid
from tests.servers import Server

SOON = 0.05
MANY = rebuilding.FEW + 1
"""Activities that are too many."""
SLOW = """
import sys, tempfile, time
from fitsprov.registry.adjacency import file, rebuilding

def half(path, *_):
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}."):
        open(sys.argv[1], "w").close()
        time.sleep(60)

file.write_graph = half
rebuilding.main()
"""


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Files of servers go where the test can see them."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.fixture
def indexed(registry: Registry) -> Registry:
    """A registry of four activities, with a file."""
    registry.record(survey())
    registry.index()
    return registry


def add(registry: Registry, *names: str) -> None:
    registry.record(record(*(step(name, ["coadd"], [name]) for name in names)))


def wait_for(holds: Callable[[], bool], seconds: float = 30.0) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def newer(registry: Registry) -> int | None:
    found = registry.indexed()
    return None if found is None else found.newer


def threads() -> set[str]:
    return {thread.name for thread in threading.enumerate()}


def test_a_file_that_falls_behind_is_made_anew(indexed: Registry, url: str) -> None:
    names = [f"later {n}" for n in range(MANY)]
    with Rebuilder(url, every=SOON):
        add(indexed, *names[1:])
        time.sleep(5 * SOON)
        assert newer(indexed) == MANY - 1
        add(indexed, *names[:1])
        wait_for(lambda: newer(indexed) == 0)
    assert {one.id for one in indexed.children(uid("coadd"))} == set(map(uid, names))
    assert "fitsprov index" not in threads()


def test_what_is_due_is_told(registry: Registry, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rebuilding, "FEW", 2)
    registry.record(survey())
    assert not is_due(url)  # nobody has ever wanted a file
    path = Path(registry.index().path)
    assert not is_due(url)
    add(registry, "one", "two")
    assert not is_due(url)
    later = record(*(step(f"isr {n}", [], [dataset(f"image {n}")], status="done") for n in (1, 2, 10)))
    registry.record(later)
    assert not is_due(url)  # statuses are no part of the graph
    with registry._engine.connect().execution_options(writes=True) as connection, connection.begin():
        connection.exec_driver_sql("DELETE FROM used WHERE activity_id = 1")
    assert is_due(url)
    registry.index()
    assert not is_due(url)
    path.write_bytes(path.read_bytes()[:-1])
    assert is_due(url)
    path.unlink()
    assert is_due(url)


@pytest.fixture
def slow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file that appears when the process that makes the file has begun to write, and goes on for a minute."""
    begun, program, python = tmp_path / "begun", tmp_path / "python", sys.executable
    (tmp_path / "slow.py").write_text(SLOW)
    program.write_text(f"#!/bin/sh\nexec '{python}' '{tmp_path}/slow.py' '{begun}'\n")
    program.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(program))
    return begun


def test_one_that_is_stopped_midway_leaves_the_older_file(indexed: Registry, url: str, slow: Path) -> None:
    add(indexed, *(f"later {n}" for n in range(MANY)))
    known = indexed.indexed()
    assert known is not None
    before = Path(known.path).read_bytes()
    with Rebuilder(url, every=SOON):
        wait_for(slow.exists)
        assert len(indexed.children(uid("coadd"))) == MANY  # whoever asks and writes goes on
        add(indexed, "meanwhile")
    assert "fitsprov index" not in threads()
    path = Path(known.path)
    assert path.read_bytes() == before
    assert sorted(one.name for one in path.parent.glob(f"*{path.name}*")) == [path.name, f"{path.name}.lock"]
    assert newer(indexed) == MANY + 1


def test_one_that_is_killed_leaves_the_older_file_and_the_next_cleans_up(
    indexed: Registry, url: str, slow: Path
) -> None:
    add(indexed, *(f"later {n}" for n in range(MANY)))
    path = Path(str(indexed.index().path))
    before = path.read_bytes()
    add(indexed, *(f"even later {n}" for n in range(MANY)))
    with subprocess.Popen([sys.executable], stdin=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        process.stdin.write(f"{url}\n")
        process.stdin.flush()
        wait_for(slow.exists)
        with locked(path) as mine:
            assert not mine
        rebuilding.work(url)  # leaves it to the one that does it
        assert path.read_bytes() == before
        process.send_signal(signal.SIGKILL)
    [stray] = path.parent.glob(f".{path.name}.*")
    remove_strays(path)
    assert stray.exists()  # it might be somebody's
    os.utime(stray, (0, 0))
    rebuilding.work(url)
    assert not stray.exists()
    assert newer(indexed) == 0


def test_what_goes_wrong_is_logged_and_waits(
    indexed: Registry, url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    add(indexed, *(f"later {n}" for n in range(MANY)))
    program = tmp_path / "python"
    program.write_text("#!/bin/sh\necho no room >&2\nexit 1\n")
    program.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(program))
    with Rebuilder(url, every=SOON):
        wait_for(lambda: bool(caplog.messages))
        time.sleep(5 * SOON)
    assert caplog.messages == ["the adjacency file is not made anew: no room"]


def test_who_may_only_read_does_not_try(postgres: Server, database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rebuilding, "FEW", 2)
    with Registry(database) as registry:
        registry.record(survey())
        registry.index()
        add(registry, "one", "two", "three")
    postgres.do("CREATE ROLE onlooker LOGIN")
    ask = partial(psycopg.connect, postgres.plain(make_url(database)), autocommit=True)
    with ask() as connection:
        connection.execute("GRANT USAGE ON SCHEMA fitsprov TO onlooker")
        connection.execute("GRANT SELECT ON ALL TABLES IN SCHEMA fitsprov TO onlooker")
    try:
        assert is_due(database)
        assert not is_due(make_url(database).set(username="onlooker").render_as_string(hide_password=False))
    finally:
        with ask() as connection:
            connection.execute("DROP OWNED BY onlooker")
            connection.execute("DROP ROLE onlooker")


def test_a_service_keeps_its_file_unless_it_is_told_not_to(url: str) -> None:
    with index_kept(Settings(registry=url)):
        assert "fitsprov index" in threads()
    assert "fitsprov index" not in threads()
    with index_kept(Settings(registry=url, keep_index=False)):
        assert "fitsprov index" not in threads()
