"""Every command prints the same, whichever engine the registry is on."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from fitsprov.actions.demonstrating import copy_sample
from tests.cli.conftest import AUTHORITY, BASE_URL, COADD, COADD_FILE, Fitsprov

COMMANDS = [
    "record calib.yaml drp.yaml --json",
    "record calib.yaml drp.yaml --json",
    "stamp -r raw calib drp --json",
    "find --type raw --json",
    "find --run '*' --json",
    "find --data-id tract=9813 --json",
    f"resolve {COADD_FILE} --json",
    f"resolve {COADD} --direction down",
    f"resolve {COADD} --format prov-json",
    f"verify {COADD_FILE} --json",
    "verify -r drp --json",
    f"links {COADD}",
    "links nonsense",
    "resolve 'SC\x01' --json",
    "find --name 'a\x01*'",
    "init --base-url https://moved.example.org",
    "repoint -r drp --json",
    "harvest raw calib drp --fingerprint --json",
    f"impact {COADD} --json",
    "registry status --json",
]


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Where a registry of the sample survey is to be."""
    if request.param == "sqlite":
        yield "sqlite:///fitsprov.db"
    else:
        with request.getfixturevalue("postgres").lent() as made:
            yield made


printed: dict[str, list[tuple[int, Any, str]]] = {}
"""What each engine's commands have printed."""


def test_every_command_says_the_same(url: str, fitsprov: Fitsprov, tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setenv("FITSPROV_REGISTRY", url)
    copy_sample(tmp_path)
    assert fitsprov(f"init --base-url {BASE_URL} --authority {AUTHORITY}").code == 0
    said = []
    for line in COMMANDS:
        ran = fitsprov(line)
        said.append((line, ran.code, settled(ran.out, tmp_path), settled(ran.err, tmp_path)))
    printed[url.partition(":")[0]] = said
    assert len([line for line, code, _, _ in said if code]) == 4, "what is not there, and what a flaw touched"
    for one, other in zip(said, next(iter(printed.values())), strict=True):
        assert one == other


def settled(text: str, folder: Path) -> Any:
    """Leave out where and when something was, and how much room it takes."""
    text = text.replace(str(folder), "FOLDER")
    for pattern, word in (
        (r"(sqlite|postgresql[+]psycopg)://[^\s\"]+", "URL"),
        (r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d[.\d]*(Z|\+00:00)?", "TIME"),
        (r'"size": \d+', "SIZE"),
    ):
        text = re.sub(pattern, word, text)
    return sorted(text.splitlines()) if "prov-json" in text else text
