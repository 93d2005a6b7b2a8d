"""A sample survey in a folder of its own, and the command line as its user calls it."""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from fitsprov.actions.demonstrating import copy_sample
from fitsprov.cli import main

BASE_URL = "http://127.0.0.1:8765"
AUTHORITY = "ivo://example.org/simcam"
COADD = "01a1f86f-ec58-7674-bbaf-ebb2d628a976"
COADD_FILE = "drp/deep_coadd/deep_coadd_9813_42_r.fits"


@dataclass
class Ran:
    """What a command printed."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


Fitsprov = Callable[..., Ran]


@pytest.fixture
def fitsprov(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Fitsprov:
    """Call the command line in a temporary folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("FITSPROV_REGISTRY", raising=False)

    def call(line: str, stdin: str | None = None) -> Ran:
        result = CliRunner().invoke(main, shlex.split(line), input=stdin)
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return Ran(result.exit_code, result.stdout, result.stderr)

    return call


@pytest.fixture
def survey(fitsprov: Fitsprov, tmp_path: Path) -> Path:
    """The sample survey with its registry, as the current folder."""
    copy_sample(tmp_path)
    assert fitsprov(f"init --base-url {BASE_URL} --authority {AUTHORITY}").code == 0
    assert fitsprov("record calib.yaml drp.yaml").code == 0
    return tmp_path
