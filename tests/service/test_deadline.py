"""What takes too long is ended: its thread is free for the next soon after, whose answer is right."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
from sqlalchemy import text as sql

from fitsprov.actions.drawing import DOCUMENTS, draw, write_documents
from fitsprov.actions.registering import create_registry
from fitsprov.actions.serving import Archive, Deadline, keep_deadline
from fitsprov.registry.engines.overdue import Overdue
from fitsprov.service import app
from fitsprov.service.answer import Answer
from fitsprov.service.call import Call
from fitsprov.service.prov import answer_prov
from fitsprov.settings import Settings
from tests.servers import Server
from tests.service.conftest import AUTHORITY, COADD, MANY, serving, visit

ENDLESS = sql(
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 4000000000000) SELECT count(*) FROM n"
)
"""A statement that would take days."""


def are_threads_free() -> bool:
    """Whether no work is left whose deadline has passed, at once or soon after."""
    give_up = time.monotonic() + 20
    while any(thread.name == "fitsprov-deadline" for thread in threading.enumerate()):
        if time.monotonic() > give_up:
            return False
        time.sleep(0.02)
    return True


@pytest.fixture(params=["sqlite", "postgresql"])
def recorded(request: pytest.FixtureRequest, survey: Path, tmp_path: Path) -> Iterator[str]:
    """The URL of a registry of the sample survey."""
    if request.param == "sqlite":
        yield f"sqlite:///{survey}/fitsprov.db"
        return
    server: Server = request.getfixturevalue("postgres")
    with server.lent() as url:
        with create_registry(url, base_url="http://old.example", authority=AUTHORITY) as made:
            for record in ("calib.yaml", "drp.yaml"):
                made.record(survey / record)
        yield url


def test_endless_statements_keep_no_thread(recorded: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def answer(archive: Archive, call: Call) -> Answer:
        if call.one("ENDLESS"):
            archive.registry._reader.snapshot(lambda connection: connection.scalar(ENDLESS))
        return answer_prov(archive, call)

    monkeypatch.setattr(app, "answer_prov", answer)
    with serving(Settings(registry=recorded, max_seconds=1.5)) as base, httpx.Client(base_url=base, timeout=30) as one:
        right = one.get(f"/prov?ID={COADD}&RESPONSEFORMAT=PROV-N")
        with ThreadPoolExecutor(2 * app.WALKERS) as callers:
            asked = [f"/prov?ID={COADD}&ENDLESS={n}" for n in range(2 * app.WALKERS)]
            assert {got.status_code for got in callers.map(one.get, asked)} == {503}
        assert are_threads_free()
        found = one.get(f"/prov?ID={COADD}&RESPONSEFORMAT=PROV-N&again=1")
    assert (right.status_code, found.status_code) == (200, 200)
    assert found.content == right.content


def test_wide_lineages_are_ended_and_found_whole_later(limited: Callable[..., httpx.Client]) -> None:
    hasty, patient = limited(max_seconds=0.001), limited()
    wide = f"/prov?ID={visit(-1)}&DEPTH=ALL"
    assert 503 in {hasty.get(f"{wide}&n={n}").status_code for n in range(8)}
    found = patient.get(f"{wide}&MAXREC={2 * MANY}")
    assert found.status_code == 200
    assert all(visit(n).encode() in found.content for n in range(MANY))
    assert are_threads_free()


@pytest.mark.parametrize("format", ["tree", "table", "dot", "svg"])
def test_what_is_drawn_is_ended_with_its_deadline(settings: Settings, format: str) -> None:
    archive = Archive.open(settings)
    lineage = archive.registry.lineage(COADD)
    deadline = Deadline()
    assert deadline.bound(draw, lineage, format, check=keep_deadline)
    deadline.end()
    with pytest.raises(Overdue):
        deadline.bound(draw, lineage, format, check=keep_deadline)
    assert draw(lineage, format, check=keep_deadline)
    archive.close()


@pytest.mark.parametrize("format", DOCUMENTS)
def test_a_document_is_ended_with_its_deadline(settings: Settings, format: str) -> None:
    archive = Archive.open(settings)
    rows = archive.registry.trace(COADD)
    deadline = Deadline()

    def write() -> str:
        return "".join(write_documents([rows], format, check=keep_deadline))

    whole = deadline.bound(write)
    deadline.end()
    with pytest.raises(Overdue):
        deadline.bound(write)
    assert write() == whole
    archive.close()
