"""The service answers the same, whichever engine the registry is on."""

from __future__ import annotations

import shutil
from pathlib import Path

import httpx
import pytest

from fitsprov.actions.registering import create_registry
from fitsprov.settings import Settings
from tests.servers import Server
from tests.service.conftest import AUTHORITY, COADD, UNKNOWN, serving

ASKED = [
    ("links", {"ID": COADD}),
    ("links", {"ID": UNKNOWN}),
    ("links", {"ID": "a\0b"}),
    ("prov", {"ID": COADD, "RESPONSEFORMAT": "PROV-N"}),
    ("prov", {"ID": COADD, "DIRECTION": "FORTH", "DEPTH": "1", "RESPONSEFORMAT": "PROV-JSON"}),
    ("prov", {"ID": UNKNOWN}),
]


def answers(url: str) -> list[tuple[int, str]]:
    """Ask a service of a registry."""
    with serving(Settings(registry=url)) as base, httpx.Client(base_url=base, timeout=30) as client:
        found = [client.get(path, params=values) for path, values in ASKED]
        return [(answer.status_code, answer.text.replace(base, "BASE")) for answer in found]


def test_what_is_answered_does_not_depend_on_the_engine(
    postgres: Server, tmp_path: Path, survey: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(survey, tmp_path / "survey", ignore=shutil.ignore_patterns("*.db*"))
    monkeypatch.chdir(tmp_path)
    with postgres.lent() as url:
        found = []
        for one in ("sqlite:///one.db", url):
            with create_registry(one, base_url="http://old.example", authority=AUTHORITY) as made:
                for record in ("calib.yaml", "drp.yaml"):
                    made.record(tmp_path / "survey" / record)
            found.append(answers(one))
    assert found[0] == found[1]
    assert found[0][0][0] == 200
