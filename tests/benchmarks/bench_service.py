"""What a request costs the service, in CPU time, against a constant answer of the same server in the same run.

SQLite always; PostgreSQL from the wheel, or the server of ``FITSPROV_TEST_PG``, with twice the CPU. Only what the
service itself takes is counted, not what the database does meanwhile.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path
from statistics import median
from typing import NamedTuple
from urllib.parse import urlencode
from uuid import UUID, uuid5

import numpy as np
from astropy.io import fits
from harness import ROOT, Row, database

CONSTANT = """
import sys, uvicorn
from starlette.applications import Starlette
from starlette.responses import FileResponse, Response
from starlette.routing import Route
async def constant(request): return Response(b"x" * 3600, media_type="application/x-votable+xml;content=datalink")
async def plain(request): return FileResponse(sys.argv[1])
app = Starlette(routes=[Route("/links", constant), Route("/file", plain)])
uvicorn.run(app, port=int(sys.argv[2]), log_level="warning", access_log=False)
"""
ROUNDS, REQUESTS = 5, 400
VISITS, WIDE = 1_000, 750
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def measure() -> Iterator[Row]:
    """Links of one ID, unchanged and of many, on both engines; a large file."""
    with tempfile.TemporaryDirectory() as folder, served(["-c", CONSTANT, f"{folder}/large.fits"]) as constant:
        path = Path(folder)
        fits.PrimaryHDU(np.zeros((8_192, 8_192), np.float32)).writeto(path / "large.fits")
        with surveyed(f"sqlite:///{path}/fitsprov.db", path) as service:
            yield from measure_engine(Engine("SQLite", 1), service, constant)
            yield measure_file(service, constant)
        with database() as url:
            if url is not None:
                with surveyed(url, path) as service:
                    yield from measure_engine(Engine("PostgreSQL", 2), service, constant)


class Engine(NamedTuple):
    """A database, and what part of the CPU that it has to do with on SQLite it may take."""

    name: str
    share: float


@contextmanager
def surveyed(url: str, folder: Path) -> Iterator[Server]:
    """Serve a registry of the survey."""
    make_survey(url, folder)
    with served(["-m", "fitsprov", "serve", "--registry", url, "--port"]) as service:
        yield service


def measure_engine(engine: Engine, service: Server, constant: Server) -> Iterator[Row]:
    """All that the registry is asked for."""
    yield from measure_one(engine, service, constant)
    yield from measure_many(engine, service)


def name(kind: str, number: int = 0) -> str:
    """The ID of a dataset."""
    return str(uuid5(UUID(int=9), f"{kind} {number}"))


def make_survey(url: str, folder: Path) -> None:
    """Visits of a raw and a flat each, one coadd of many of them, and a file that lies in a folder."""
    import fitsprov

    raws = [{"id": name("raw", n), "type": "raw", "data_id": {"exposure": n, "detector": 85}} for n in range(VISITS)]
    flats = [{"id": name("flat", n), "type": "flat", "data_id": {"detector": 85, "band": "ugriz"[n]}} for n in range(5)]
    large = {"id": name("large"), "type": "image", "file": "large.fits"}
    activities = [
        {
            "task": "isr",
            "version": "v1",
            "used": [{"id": name("raw", n), "role": "raw"}, {"id": name("flat", n % 5), "role": "flat"}],
            "generated": [{"id": name("visit", n), "type": "visit", "data_id": {"visit": n, "detector": 85}}],
        }
        for n in range(VISITS)
    ]
    coadd = {
        "task": "assembleCoadd",
        "used": [{"id": name("visit", n), "role": "inputs"} for n in range(WIDE)],
        "generated": [{"id": name("coadd"), "type": "coadd", "data_id": {"tract": 9813, "patch": 42}}],
    }
    record = {
        "fitsprov": 1,
        "run": "survey/v1",
        "types": {"raw": {"category": "raw"}, "flat": {"category": "calibration"}},
        "datasets": [*raws, *flats, large],
        "activities": [*activities, coadd],
    }
    pointers = {"base_url": "https://archive.example.org", "authority": "ivo://example.org/survey"}
    with fitsprov.Registry.create(url, **pointers) as made:
        made.record(record, root=folder)


def measure_one(engine: Engine, service: Server, constant: Server) -> Iterator[Row]:
    """Links of one ID; a parameter that nobody knows keeps each from being the same question again."""
    links = f"/links?ID={name('visit', 7)}"
    unchanged = {"If-None-Match": service.ask("GET", links)}
    turns = [
        (
            constant.cost("GET", "/links"),
            service.cost("GET", links + f"&turn={turn}-{{}}"),
            service.cost("GET", links, headers=unchanged),
            service.cost("GET", links),
        )
        for turn in range(ROUNDS)
    ]
    notes = f"constant body of Starlette: {median(turn[0] for turn in turns) * 1e6:.0f} µs"
    ratios = [median(turn[n] / turn[0] for turn in turns) for n in (1, 2, 3)]
    live, again = 5 * engine.share, 1.5 * engine.share
    yield Row(f"`/links` of one ID, 11 rows, live from {engine.name}, CPU", ratios[0], live, notes=notes)
    yield Row("the same, not changed (304), CPU", ratios[1], again, notes=notes)
    yield Row("the same, asked again, CPU", ratios[2], live, notes=notes)


def measure_many(engine: Engine, service: Server) -> Iterator[Row]:
    """Links of many IDs, and what memory they take."""
    body = urlencode({"ID": [name("visit", n) for n in range(VISITS)]}, doseq=True)
    before = service.memory()
    cost = service.cost("POST", "/links", headers=FORM, body=body, count=5)
    what = f"`/links` of {VISITS} IDs by POST, live from {engine.name}, CPU for each ID"
    yield Row(what, cost * 1e6 / VISITS, 60 * engine.share, "µs", "a time")
    yield Row("resident memory that it takes", (service.memory() - before) / 2**20, 32, "MiB", "an amount")
    body = "&".join(f"ID=x{n}%3Fid%3D{name('visit', n % VISITS)}".replace("x", "ivo://a.b/", 1) for n in range(100_000))
    service.ask("POST", "/links", headers=FORM, body=body)
    yield Row("the same of 100,000 IDs, streamed", (service.memory() - before) / 2**20, 96, "MiB", "the body: 7 MiB")


def measure_file(service: Server, constant: Server) -> Row:
    """A large file, stamped on its way out, against Starlette's own way of sending it as it is."""
    paths = ((service, f"/files/{name('large')}"), (constant, "/file"))
    turns = [[timed_ask(server, path) for server, path in paths] for _ in range(ROUNDS)]
    speed = 2**28 / median(turn[0] for turn in turns) / 1e6
    ratio = median(turn[0] / turn[1] for turn in turns)
    return Row("`/files` of 256 MiB, stamped, time", ratio, 1.25, notes=f"FileResponse, unstamped; {speed:.0f} MB/s")


def timed_ask(server: Server, path: str) -> float:
    """Ask for something large, in seconds."""
    start, place = time.perf_counter(), bytearray(2**20)
    server.connection.close()  # it may have been idle for too long
    server.connection.request("GET", path)
    answer = server.connection.getresponse()
    while answer.readinto(place):
        pass
    return time.perf_counter() - start


class Server:
    """A server in a process of its own, and one connection to it that is kept."""

    def __init__(self, process: int, port: int) -> None:
        self.pid = process
        self.port = port
        self.process = Path(f"/proc/{process}")
        self.connection = HTTPConnection("127.0.0.1", port, timeout=60)

    def ask(self, method: str, path: str, headers: Mapping[str, str] = {}, body: str | None = None) -> str:
        """Make one request; give the ETag of the answer."""
        self.connection.request(method, path, body, dict(headers))
        answer = self.connection.getresponse()
        answer.read()
        assert answer.status in (200, 304), (path, answer.status)
        return answer.headers.get("ETag") or ""

    def cost(
        self,
        method: str,
        path: str,
        headers: Mapping[str, str] = {},
        body: str | None = None,
        count: int = REQUESTS,
    ) -> float:
        """CPU time of the server for one of many requests, in seconds; braces in a path are their numbers."""
        self.connection.close()  # it may have been idle for too long
        self.ask(method, path.format(count), headers, body)
        before = self.time()
        for number in range(count):
            self.ask(method, path.format(number), headers, body)
        return (self.time() - before) / count

    def memory(self) -> int:
        """Resident memory, in bytes."""
        return int((self.process / "statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")

    def time(self) -> float:
        """CPU time of all threads so far, in seconds."""
        return sum(int((task / "schedstat").read_text().split()[0]) for task in (self.process / "task").iterdir()) / 1e9


@contextmanager
def served(command: Sequence[str]) -> Iterator[Server]:
    """Run a server of this Python on a free port, which is the last argument."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))}
    process = subprocess.Popen([sys.executable, *command, str(port)], env=environment, stderr=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 30
        while not answers(port) and time.monotonic() < deadline:
            time.sleep(0.05)
        yield Server(process.pid, port)
    finally:
        process.terminate()
        process.wait(30)


def answers(port: int) -> bool:
    """Whether somebody listens."""
    with socket.socket() as trial:
        return trial.connect_ex(("127.0.0.1", port)) == 0
