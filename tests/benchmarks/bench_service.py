"""What a request costs the service, in CPU time, against a constant answer of the same server in the same run."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path
from statistics import median
from urllib.parse import urlencode

from harness import ROOT, Row, sample_survey

CONSTANT = """
import sys, uvicorn
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Route
async def constant(request): return Response(b"x" * 3600, media_type="application/x-votable+xml;content=datalink")
uvicorn.run(Starlette(routes=[Route("/links", constant)]), port=int(sys.argv[1]), log_level="warning", access_log=False)
"""
ROUNDS, REQUESTS = 5, 600


def measure() -> Iterator[Row]:
    """`/links` of one ID, the same unchanged, many IDs at once, and the provenance of a coadd."""
    import fitsprov

    with sample_survey() as survey:
        with fitsprov.Registry(survey / "fitsprov.db") as registry:
            visit, coadd = (registry.find(type=name, limit=1)[0].id for name in ("visit_image", "deep_coadd"))
            ids = [str(dataset.id) for dataset in registry.find()]
        command = ["-m", "fitsprov", "serve", "--registry", str(survey / "fitsprov.db"), "--port"]
        with served(command) as service, served(["-c", CONSTANT]) as constant:
            links = f"/links?ID={visit}"
            unchanged = {"If-None-Match": service.ask("GET", links)}
            turns = [
                (
                    constant.cost("GET", "/links"),
                    service.cost("GET", links),
                    service.cost("GET", links, headers=unchanged),
                )
                for _ in range(ROUNDS)
            ]
            notes = f"constant body of Starlette: {median(turn[0] for turn in turns) * 1e6:.0f} µs"
            ratios = [median(turn[n] / turn[0] for turn in turns) for n in (1, 2)]
            yield Row("`/links` of one ID, live from SQLite, CPU", ratios[0], 5, notes=notes)
            yield Row("the same, not changed (304), CPU", ratios[1], 1.5, notes=notes)
            form = {"Content-Type": "application/x-www-form-urlencoded"}
            body = urlencode({"ID": ids}, doseq=True)
            many = service.cost("POST", "/links", headers=form, body=body, count=20) / len(ids)
            yield Row(f"`/links` of {len(ids)} IDs by POST, CPU for each ID", many * 1e6, 60, "µs", "a time")
            prov = service.cost("GET", f"/prov?ID={coadd}&DEPTH=ALL", count=20)
            yield Row("`/prov` of a coadd with 113 ancestors, PROV-JSON, CPU", prov * 1e3, 10, "ms", "a time")


class Server:
    """A server in a process of its own, and one connection to it that is kept."""

    def __init__(self, process: int, port: int) -> None:
        self.tasks = Path(f"/proc/{process}/task")
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
        """CPU time of the server for one of many requests, in seconds."""
        self.ask(method, path, headers, body)
        before = self.time()
        for _ in range(count):
            self.ask(method, path, headers, body)
        return (self.time() - before) / count

    def time(self) -> float:
        """CPU time of all threads so far, in seconds."""
        return sum(int((task / "schedstat").read_text().split()[0]) for task in self.tasks.iterdir()) / 1e9


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
