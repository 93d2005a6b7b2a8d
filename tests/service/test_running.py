"""``fitsprov serve`` as a process: it starts, answers, and ends when it is told to."""

from __future__ import annotations

import json
import os
import shlex
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from click.testing import CliRunner

from fitsprov.cli import main
from tests.service.conftest import COADD

ROOT = Path(__file__).parents[2]


@dataclass
class Ran:
    """What a command printed."""

    code: int
    err: str


Fitsprov = Callable[[str], Ran]


@pytest.fixture
def fitsprov(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Fitsprov:
    """Call the command line in a folder without a registry."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("FITSPROV_REGISTRY", raising=False)

    def call(line: str) -> Ran:
        result = CliRunner().invoke(main, shlex.split(line))
        assert result.exception is None or isinstance(result.exception, SystemExit)
        return Ran(result.exit_code, result.stderr)

    return call


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return int(listening.getsockname()[1])


def command_of(survey: Path, *options: str, workers: int = 1) -> list[str]:
    """A service of the survey, but for its port."""
    registry = str(survey / "fitsprov.db")
    return [sys.executable, "-m", "fitsprov", "serve", "--registry", registry, "--workers", str(workers), *options]


@contextmanager
def running(command: list[str], out: int = subprocess.DEVNULL) -> Iterator[tuple[int, str, int]]:
    """Run a service; give its process, its base URL and its port, and end it."""
    port = free_port()
    base = f"http://127.0.0.1:{port}"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])}
    command = [*command, "--port", str(port), "--base-url", base]
    with subprocess.Popen(command, env=environment, stdout=out, stderr=out) as process:
        try:
            wait_for(f"{base}/availability")
            yield process.pid, base, port
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(timeout=40)


@pytest.mark.parametrize("workers", [1, 2])
def test_service_starts_answers_counts_and_ends(survey: Path, workers: int) -> None:
    port = free_port()
    base = f"http://127.0.0.1:{port}"
    command = command_of(survey, "--port", str(port), "--base-url", f"{base}/", "--access-log", workers=workers)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])}
    before = {path: path.stat().st_mtime_ns for path in survey.rglob("*.fits")}
    with subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            answer = wait_for(f"{base}/links?ID={COADD}")
            assert f"{base}/files/{COADD}" in answer.text
            for _ in range(9):
                assert httpx.get(f"{base}/files/{COADD}").status_code == 200
            numbers = httpx.get(f"{base}/metrics").text
        finally:
            process.send_signal(signal.SIGTERM)
            out, err = process.communicate(timeout=30)
    assert 'fitsprov_requests_total{endpoint="/files/",status="200"} 9.0' in numbers
    assert 'fitsprov_request_seconds_bucket{endpoint="/links",le="30.0"}' in numbers
    assert f"links lead to {base}" in err
    told = [json.loads(line) for line in out.splitlines()]
    assert {"method": "GET", "path": "/links", "query": f"ID={COADD}", "status": 200}.items() <= told[0].items()
    assert {"time", "level", "seconds", "bytes", "client"} <= set(told[0])
    assert all(json.loads(line)["level"] == "info" for line in err.splitlines()[1:])
    assert {path: path.stat().st_mtime_ns for path in survey.rglob("*.fits")} == before


def test_answer_that_is_on_its_way_is_finished_before_the_end(survey: Path) -> None:
    """A client that reads slowly while the service is told to stop gets all of it."""
    body = "&".join(f"ID=ivo://a.b/c{n}%3Fid={COADD}" for n in range(3_000)).encode()
    with running(command_of(survey)) as (process, base, port), socket.create_connection(("127.0.0.1", port)) as slow:
        head = f"POST /links HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: {len(body)}\r\n"
        slow.sendall(f"{head}Content-Type: application/x-www-form-urlencoded\r\n\r\n".encode() + body)
        received = slow.recv(1_000)
        os.kill(process, signal.SIGTERM)
        time.sleep(0.3)
        while more := slow.recv(2**20):
            received += more
        with pytest.raises(httpx.TransportError):
            httpx.get(base)
    assert received.startswith(b"HTTP/1.1 200 OK")
    assert received.endswith(b"</VOTABLE>\n\r\n0\r\n\r\n")
    assert received.count(b"<TD>#this</TD>") == 3_000


@pytest.mark.parametrize(
    ("option", "said"),
    [
        ("--access {}/none.toml", "does not exist"),
        ("--access {}/calib.yaml", "expected TOML"),
        ("--descriptor nothing", "no descriptor 'nothing'; expected soda"),
        ("--max-ids 0", "0 is not in the range"),
    ],
)
def test_setting_that_is_none_is_refused_before_anything_is_served(
    survey: Path, fitsprov: Fitsprov, option: str, said: str
) -> None:
    ran = fitsprov(f"serve --registry {survey}/fitsprov.db --base-url http://h {option.format(survey)}")
    assert ran.code == 2
    assert said in ran.err


def test_limits_are_taken_from_the_environment(
    survey: Path, fitsprov: Fitsprov, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FITSPROV_MAX_IDS", "many")
    ran = fitsprov(f"serve --registry {survey}/fitsprov.db")
    assert ran.code == 2
    assert "'many' is not a valid integer" in ran.err


def wait_for(url: str) -> httpx.Response:
    deadline = time.monotonic() + 30
    while True:
        try:
            return httpx.get(url)
        except httpx.TransportError:
            assert time.monotonic() < deadline
            time.sleep(0.1)


def test_service_without_a_registry_says_so(fitsprov: Fitsprov) -> None:
    ran = fitsprov("serve")
    assert ran.code == 3
    assert "no registry" in ran.err
    assert ran.err.count("\n") == 1


@pytest.mark.parametrize("url", ["ftp://host", "http://", "http://host/?a=b", "http://host/ a", 'http://h/"<x>'])
def test_base_url_that_is_none_is_refused(survey: Path, fitsprov: Fitsprov, url: str) -> None:
    ran = fitsprov(f"serve --registry {survey}/fitsprov.db --base-url '{url}'")
    assert ran.code == 2
    assert "base URL" in ran.err


def test_service_that_is_met_everywhere_must_say_where(fitsprov: Fitsprov) -> None:
    assert fitsprov("init").code == 0
    ran = fitsprov("serve --host 0.0.0.0")
    assert ran.code == 2
    assert "--base-url" in ran.err


def test_missing_part_is_named_with_its_remedy(
    survey: Path, fitsprov: Fitsprov, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "fitsprov.service.running", None)
    ran = fitsprov(f"serve --registry {survey}/fitsprov.db")
    assert ran.code == 3
    assert "pip install 'fitsprov[serve]'" in ran.err
