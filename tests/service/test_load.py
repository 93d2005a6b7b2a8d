"""Many clients, some of whom ask nonsense, and a worker that dies: nobody gets a wrong answer."""

from __future__ import annotations

import os
import time
from pathlib import Path

import httpx
import pytest

import fitsprov
from tests.service.conftest import COADD, UNKNOWN
from tests.service.load import Question, is_links_of, load_while_one_dies, workers_of
from tests.service.test_running import command_of, running

CLIENTS, SECONDS = 200, float(os.environ.get("FITSPROV_LOAD_SECONDS", "8"))


@pytest.mark.slow
def test_two_hundred_clients_get_right_answers_while_a_worker_dies(survey: Path) -> None:
    with fitsprov.Registry(survey / "fitsprov.db") as registry:
        ids = [str(one.id) for one in registry.find(type="visit_image")]
    with running(command_of(survey, workers=2)) as (process, base, port):
        wait = httpx.get(f"{base}/prov?ID={COADD}&DEPTH=ALL")
        right = [
            *(Question(f"/links?ID={one}&n={n}", is_links_of(one)) for n in range(2) for one in ids[:8]),
            Question(f"/prov?ID={COADD}&DEPTH=ALL", lambda status, body: (status, body) == (200, wait.content)),
            Question(f"/dataset/{COADD}", lambda status, body: status == 200 and body.rstrip().endswith(b"</html>")),
            Question(f"/headers/{COADD}", lambda status, body: status == 200 and b"FPV_ID" in body),
        ]
        bad = Question(f"/prov?ID={UNKNOWN}&DEPTH=x", lambda status, body: status == 400)
        before = workers_of(process)
        told = load_while_one_dies(process, port, [*right, bad], clients=CLIENTS, seconds=SECONDS)
        deadline = time.monotonic() + 20
        while len(workers_of(process)) < 2 and time.monotonic() < deadline:
            time.sleep(0.1)
        after = workers_of(process)
    assert told.wrong == []
    assert set(told.statuses) == {200, 400}
    assert told.statuses[400] > 0.03 * len(told.seconds)
    assert 0 < told.broken < 2 * CLIENTS
    assert len(after) == 2
    assert len({*before} & {*after}) == 1
    p50, p99 = told.percentile(0.5), told.percentile(0.99)
    print(f"{len(told.seconds)} requests, {told.broken} connections broke")
    print(f"p50 {p50:.3f} s, p99 {p99:.3f} s, p99/p50 {told.spread:.1f}")
