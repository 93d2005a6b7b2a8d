"""Whatever a client sends, the service answers as its description says: schemathesis makes the requests."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import httpx
import pytest
from starlette.routing import Route

from fitsprov.service.app import make_app
from fitsprov.settings import Settings
from tests.service.conftest import COADD

CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"


def test_every_path_is_described(client: httpx.Client, settings: Settings) -> None:
    paths = {route.path.replace(":path", "") for route in make_app(settings).routes if isinstance(route, Route)}
    told = set(client.get("/openapi.json").json()["paths"])
    assert told <= paths <= told | {"/static/{name}", "/touched"}  # what pages are made of


@pytest.mark.parametrize(
    ("phases", "examples"),
    [("examples,fuzzing", 3), pytest.param("examples,coverage,fuzzing", 50, marks=pytest.mark.slow)],
)
def test_no_request_is_too_odd(base: str, client: httpx.Client, tmp_path: Path, phases: str, examples: int) -> None:
    described = client.get("/openapi.json").json()
    for path in described["paths"].values():
        for parameter in path.get("get", {}).get("parameters", ()):
            if parameter["name"].lower() == "id":
                parameter["example"] = [COADD] if parameter["in"] == "query" else COADD
    (tmp_path / "openapi.json").write_text(json.dumps(described))
    command = [sys.executable, "-m", "schemathesis.cli", "run", "openapi.json", "--url", base, "--seed", "1"]
    command += ["--max-examples", str(examples), "--checks", CHECKS, "--phases", phases, "--no-color"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    assert "passed" in done.stdout
