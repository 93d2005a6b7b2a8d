"""``/impact``."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

import fitsprov
from tests.service.conftest import COADD, UNKNOWN


@pytest.fixture(scope="session")
def flat(survey: Path) -> str:
    """A calibration that much was made with."""
    with fitsprov.Registry(survey / "fitsprov.db") as registry:
        return str(registry.find(type="flat", limit=1)[0].id)


def test_answer_is_that_of_the_command(client: httpx.Client, survey: Path, flat: str) -> None:
    from fitsprov.actions.impact import impact

    ours = impact(f"sqlite:///{survey}/fitsprov.db", flat, listed=True)
    theirs = client.get("/impact", params={"ID": flat}).json()
    assert theirs["datasets"] == ours["datasets"] > 20
    assert theirs["touched"] == ours["touched"]
    assert [hit["id"] for hit in theirs["hits"]] == [hit["id"] for hit in ours["hits"]]
    assert theirs["overflow"] is False


def test_no_place_on_this_machine_is_told(client: httpx.Client, base: str, flat: str) -> None:
    text = client.get("/impact", params={"ID": flat}).text
    assert "file://" not in text
    assert f'"uri": "{base}/files/' in text


def test_list_is_as_long_as_it_is_wanted(client: httpx.Client, flat: str) -> None:
    found = client.get("/impact", params={"ID": flat, "MAXREC": 3}).json()
    assert (len(found["hits"]), found["overflow"]) == (3, True)
    assert client.get("/impact", params={"ID": flat, "MAXREC": 0}).json()["hits"] == []


def test_everything_that_is_given_must_hold(client: httpx.Client, flat: str) -> None:
    query = {"ID": flat, "TASK": "isr", "SINCE": "2100-01-01T00:00:00Z"}
    assert client.post("/impact", data=query).json()["datasets"] == 0


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("", 400),
        ("SINCE=now", 400),
        ("UNTIL=9999-12-31T23:59:59-23:59", 400),
        ("TASK=%3C%3C", 400),
        (f"ID={UNKNOWN}", 404),
        ("MAXREC=x&RUN=r", 400),
    ],
)
def test_what_cannot_be_asked_is_said_in_a_line(client: httpx.Client, query: str, status: int) -> None:
    answer = client.get(f"/impact?{query}")
    assert answer.status_code == status
    assert answer.text.count("\n") == 1


def test_what_is_hidden_is_not_counted_for_strangers(tmp_path: Path, limited: Callable[..., httpx.Client]) -> None:
    rules = (
        'others = "hidden"\n[[rule]]\ntype = "raw"\ngroups = ["a"]\n[forwarded]\nheader = "X-G"\nfrom = ["127.0.0.1"]'
    )
    (tmp_path / "access.toml").write_text(rules)
    client = limited(access=str(tmp_path / "access.toml"))
    assert client.get(f"/impact?ID={COADD}").status_code == 401
    assert client.get(f"/impact?ID={COADD}", headers={"X-G": "b"}).status_code == 403
    assert client.get(f"/impact?ID={COADD}", headers={"X-G": "a"}).status_code == 200
