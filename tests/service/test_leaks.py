"""Nothing that the service says tells where things lie on its machine."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

import fitsprov
from fitsprov.service.app import make_app
from fitsprov.settings import Settings
from tests.service.conftest import COADD, UNKNOWN, visit

QUERIES = {
    "/links": ["", "RESPONSEFORMAT=json", "RESPONSEFORMAT=csv", "RESPONSEFORMAT=manifest", "SEMANTICS=%23progenitor"],
    "/prov": [
        *(f"DEPTH=ALL&RESPONSEFORMAT={name}" for name in ("JSON", "PROV-JSON", "PROV-N", "PROV-XML", "VOTABLE")),
        *(f"DEPTH=ALL&RESPONSEFORMAT={name}" for name in ("SVG", "DOT", "TREE", "TABLE")),
        "DIRECTION=FORTH&RESPONSEFORMAT=PROV-JSON",
    ],
    "/impact": ["", "MAXREC=10"],
    "/": ["q=*", "type=raw", "q=%2F", "data=x"],
    "/touched": [""],
}


@pytest.fixture(scope="session")
def samples(survey: Path) -> list[str]:
    """One dataset of each type, one that is large, and one that nobody knows."""
    with fitsprov.Registry(survey / "fitsprov.db") as registry:
        kinds = {one.type: str(one.id) for one in registry.find() if one.run != "wide"}
    return [*kinds.values(), visit(-1), UNKNOWN]


def test_no_answer_names_a_place_of_this_machine(
    client: httpx.Client, samples: list[str], survey: Path, settings: Settings
) -> None:
    secrets = [str(survey), "file://", "sqlite", "fitsprov.db"]
    answers = 0
    for route in make_app(settings).routes:
        for identifier in samples:
            if route.path == "/files/{id:path}":
                targets = []
            elif "{" in route.path:
                targets = [route.path.partition("{")[0] + identifier]
            else:
                targets = [f"{route.path}?ID={identifier}&{query}" for query in QUERIES.get(route.path, [""])]
            for target in targets:
                answer = client.get(target)
                answers += answer.status_code == 200
                assert not [secret for secret in secrets if secret in answer.text], target
                assert not [name for name, text in answer.headers.items() if str(survey) in text], target
    assert answers > 100


@pytest.mark.parametrize("path", ["/files/", "/headers/"])
def test_what_leaves_names_no_place_in_its_headers(client: httpx.Client, survey: Path, path: str) -> None:
    answer = client.get(f"{path}{COADD}")
    assert answer.status_code == 200
    assert str(survey) not in str(answer.headers)
    assert str(survey).encode() not in answer.content
