"""Where no space is left: one clear error, what was committed stays, and that it failed is told once there is space."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import pytest

from fitsprov.errors import RegistryError
from fitsprov.model.facts import Happening
from fitsprov.registry import Registry
from fitsprov.registry.engines.engine import parse_url
from fitsprov.registry.engines.outage import note_outage, place_of
from tests.registry.making import dataset, record, step, survey, uid
from tests.servers import OwnServer

NO_SPACE = "no space is left; nothing of this was taken in, expected room on the disk"
TOLD = "no space was left; what was being written was not taken in"
GROW = """
import sys
from fitsprov.registry import Registry
from tests.registry.making import record, step

with Registry(sys.argv[1]) as registry:
    for number in range(10_000):
        name = f"{sys.argv[2]} {number}"
        registry.record(record(step(name, [], [name], status="x" * 4_000)))
        print(name, flush=True)
"""


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Notes on servers go where the test can see them."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


class Small(NamedTuple):
    """A registry on a disk of its own."""

    url: str
    disk: Path

    def fill(self, room: int) -> None:
        """Leave so many bytes."""
        free = os.statvfs(self.disk)
        (self.disk / "ballast").write_bytes(bytes(free.f_bavail * free.f_frsize - room))

    def empty(self) -> None:
        """Take away what fills the disk."""
        (self.disk / "ballast").unlink()


@pytest.fixture
def disk() -> Iterator[Path]:
    """A file system of its own, where one can be mounted; every user may see it."""
    folder = Path(tempfile.mkdtemp(prefix="fitsprov-disk-"))
    try:
        mount = ["mount", "-t", "tmpfs", "-o", "size=24m,mode=755", "tmpfs", str(folder)]
        if shutil.which("mount") is None or subprocess.run(mount, capture_output=True).returncode:
            pytest.skip("no file system can be mounted here")
        folder.chmod(0o755)
        yield folder
        subprocess.run(["umount", str(folder)], check=True)
    finally:
        folder.rmdir()


@pytest.fixture
def small(engine: str, disk: Path, request: pytest.FixtureRequest) -> Iterator[Small]:
    """A registry on a small disk."""
    if engine == "sqlite":
        url = f"sqlite:///{disk}/registry.db"
        Registry.create(url).close()
        yield Small(url, disk)
        return
    server = request.getfixturevalue("postgres")
    if not isinstance(server, OwnServer):
        pytest.skip("FITSPROV_TEST_PG names a server whose disk is not ours to fill")
    place = disk / "space"
    place.mkdir()
    if server.server.system_user is not None:
        shutil.chown(place, server.server.system_user)
    set_autovacuum(server, "off")  # it would take the room that is left
    server.do(f"CREATE TABLESPACE small LOCATION '{place}'")
    url = server.make(options="TEMPLATE template0 ENCODING 'UTF8' TABLESPACE small")
    try:
        Registry.create(url).close()
        yield Small(url, disk)
    finally:
        server.drop(url)
        server.do("DROP TABLESPACE small")
        set_autovacuum(server, "on")


def set_autovacuum(server: OwnServer, state: str) -> None:
    """Let a server clean up by itself, or not."""
    server.do(f"ALTER SYSTEM SET autovacuum = {state}")
    server.do("SELECT pg_reload_conf()")


def grow(url: str, name: str) -> tuple[list[str], str]:
    """Record in another process until there is no room; give what was committed, and the error."""
    root = Path(__file__).parents[3]
    command = [sys.executable, "-c", GROW, url, name]
    ran = subprocess.run(command, cwd=root, capture_output=True, text=True, timeout=100)
    assert ran.returncode == 1
    return ran.stdout.splitlines(), ran.stderr.splitlines()[-1]


def outages(registry: Registry) -> list[Happening]:
    """What the registry tells of disks that were full."""
    return [one for one in registry.events() if one.component == "registry"]


def test_a_full_disk_is_one_error_and_is_told_by_who_writes_next(small: Small) -> None:
    begun = datetime.now(UTC)
    small.fill(400_000)
    kept, error = grow(small.url, "first")
    assert kept
    assert f": {NO_SPACE}" in error
    small.empty()
    small.fill(0)
    more, error = grow(small.url, "second")
    assert f": {NO_SPACE}" in error
    assert place_of(parse_url(small.url)).read_bytes() == b""
    small.empty()
    with Registry(small.url) as registry:
        assert set(registry.datasets(map(uid, (*kept, *more)))) == set(map(uid, (*kept, *more)))
        assert registry.status().activities == len(kept) + len(more)
        assert outages(registry) == []
        epochs = registry.epochs()
        again = datetime.now(UTC)
        registry.record(survey())
        [told] = outages(registry)
        assert (told.source, told.kind, told.text) == ("event", "disk full", TOLD)
        assert told.time is not None
        assert told.until is not None
        assert begun.timestamp() - 0.1 < told.time.timestamp() < again.timestamp() <= told.until.timestamp()
        assert registry.epochs() == epochs
        assert not place_of(parse_url(small.url)).exists()
        registry.record(record(step("later", [], ["later"])))
        assert outages(registry) == [told]


def test_what_no_file_could_be_made_for_is_told_by_the_same_process(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: Path, **_: object) -> None:
        raise PermissionError

    with monkeypatch.context() as patched:
        patched.setattr(Path, "touch", refuse)
        note_outage(parse_url(url))
    with Registry(url) as registry:
        registry.record(survey())
        [told] = outages(registry)
        registry.record(record(step("later", [], ["later"])))
        assert outages(registry) == [told]


def test_an_outage_that_was_told_is_told_once(url: str) -> None:
    """Whoever told it may have been killed before it could remove the note."""
    note = place_of(parse_url(url))
    with Registry(url) as registry:
        for name in ("one", "other"):
            note.parent.mkdir(exist_ok=True)
            note.touch()
            os.utime(note, (1_800_000_000, 1_800_000_000))
            registry.record(record(step(name, [], [name])))
        [told] = outages(registry)
    assert told.time == datetime.fromtimestamp(1_800_000_000, UTC)
    assert not note.exists()


def test_a_statement_without_room_for_its_temporary_files_is_the_same_error(database: str) -> None:
    with Registry(database) as registry:
        registry.record(record(datasets=tuple(dataset(f"{n}", name=f"{n}" * 20) for n in range(2_000))))
    with Registry(f"{database}&options=-ctemp_file_limit%3D0%20-cwork_mem%3D64kB") as registry:
        with pytest.raises(RegistryError, match=f"{NO_SPACE} of the server .temporary file size exceeds"):
            registry.find()
        assert not place_of(registry._url).exists()
        registry.record(survey())
        assert outages(registry) == []
