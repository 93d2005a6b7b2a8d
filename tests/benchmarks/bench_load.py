"""Two hundred clients at once, one of twenty requests bad, while a worker is killed and another takes its place.

``FITSPROV_LOAD_SECONDS`` shortens it.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

from astropy.io import fits
from bench_service import Server, make_survey, name, served
from harness import Row

CLIENTS, WORKERS = 200, 2
SECONDS = float(os.environ.get("FITSPROV_LOAD_SECONDS", "60"))


def measure() -> Iterator[Row]:
    """Wrong answers, and how much longer than others the slowest took."""
    with tempfile.TemporaryDirectory() as folder:
        fits.PrimaryHDU().writeto(f"{folder}/large.fits")
        url = f"sqlite:///{folder}/fitsprov.db"
        make_survey(url, Path(folder))
        command = ["-m", "fitsprov", "serve", "--registry", url, "--workers", str(WORKERS), "--port"]
        with served(command) as service:
            yield from measure_load(service)


def measure_load(service: Server) -> Iterator[Row]:
    """Ask for links, mostly, and for a lineage, a page, a header, and nonsense."""
    from tests.service.load import Question, is_links_of, load_while_one_dies

    visits = [name("visit", n) for n in range(16)]
    questions = [
        *(Question(f"/links?ID={one}&n={n}", is_links_of(one)) for n, one in enumerate(visits)),
        Question(f"/prov?ID={visits[0]}&DEPTH=ALL", lambda status, body: status == 200 and visits[0].encode() in body),
        Question(f"/dataset/{visits[1]}", lambda status, body: status == 200 and body.rstrip().endswith(b"</html>")),
        Question(f"/headers/{name('large')}", lambda status, body: status == 200 and b"FPV_ID" in body),
        Question("/prov?DEPTH=x", lambda status, body: status == 400),
    ]
    told = load_while_one_dies(service.pid, service.port, questions, clients=CLIENTS, seconds=SECONDS)
    what = f"{CLIENTS} connections for {SECONDS:.0f} s, a worker of {WORKERS} killed"
    rate = f"{len(told.seconds) / SECONDS:.0f} requests/s; {told.broken} connections broke"
    yield Row(f"{what}: wrong answers", len(told.wrong), 0, "", rate)
    yield Row("the same, p99 against p50", told.spread, 20, notes=f"p50: {told.percentile(0.5) * 1e3:.0f} ms")
