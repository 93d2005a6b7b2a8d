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
from collections.abc import Callable
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


@pytest.mark.parametrize("workers", [1, 2])
def test_service_starts_answers_and_ends(survey: Path, workers: int) -> None:
    port = free_port()
    base = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "fitsprov", "serve", "--port", str(port), "--workers", str(workers)]
    command += ["--base-url", f"{base}/", "--access-log", "--registry", str(survey / "fitsprov.db")]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])}
    before = {path: path.stat().st_mtime_ns for path in survey.rglob("*.fits")}
    with subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            answer = wait_for(f"{base}/links?ID={COADD}")
            assert f"{base}/files/{COADD}" in answer.text
            assert httpx.get(f"{base}/files/{COADD}").status_code == 200
        finally:
            process.send_signal(signal.SIGTERM)
            out, err = process.communicate(timeout=30)
    assert f"links lead to {base}" in err
    told = [json.loads(line) for line in out.splitlines()]
    assert {"method": "GET", "path": "/links", "query": f"ID={COADD}", "status": 200}.items() <= told[0].items()
    assert "Traceback" not in err
    assert {path: path.stat().st_mtime_ns for path in survey.rglob("*.fits")} == before


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
