"""A service on loopback, over the sample survey and a large coadd."""

from __future__ import annotations

import shutil
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from uuid import UUID, uuid5

import httpx
import pytest
from uvicorn import Config, Server

from fitsprov.actions.demonstrating import copy_sample
from fitsprov.actions.registering import create_registry
from fitsprov.service.app import make_app
from fitsprov.service.running import server_options
from fitsprov.settings import Settings

AUTHORITY = "ivo://example.org/simcam"
COADD = "01a1f86f-ec58-7674-bbaf-ebb2d628a976"
UNKNOWN = "00000000-0000-4000-8000-000000000001"
MANY = 2_000


def visit(number: int) -> str:
    """The ID of one of many visits."""
    return str(uuid5(UUID(int=7), str(number)))


@pytest.fixture(scope="session")
def survey(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample survey with its registry, and a coadd of many visits beside it."""
    folder = tmp_path_factory.mktemp("survey")
    copy_sample(folder)
    shutil.copy(folder / "refcat/simref.fits", folder / "odd name & more.fits")
    visits = [{"id": visit(n), "type": "visit", "data_id": {"visit": n}} for n in range(MANY)]
    wide = {
        "fitsprov": 1,
        "run": "wide",
        "datasets": visits,
        "activities": [
            {
                "task": "<script>alert(1)</script>",
                "used": [{"id": one["id"], "role": "inputs"} for one in visits],
                "generated": [{"id": visit(-1), "type": "wide<coadd>", "data_id": {"name": "\"&'<b>"}}],
            }
        ],
    }
    with create_registry(f"sqlite:///{folder}/fitsprov.db", base_url="http://old.example", authority=AUTHORITY) as made:
        for record in ("calib.yaml", "drp.yaml"):
            made.record(folder / record)
        made.record(wide)
    return folder


@pytest.fixture(scope="session")
def settings(survey: Path) -> Settings:
    """What the service is told."""
    return Settings(registry=f"sqlite:///{survey}/fitsprov.db")


@contextmanager
def serving(settings: Settings) -> Iterator[str]:
    """Serve on a free port; give the base URL, under which the links lead back here."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        base = f"http://127.0.0.1:{listening.getsockname()[1]}"
        options = server_options(settings) | {"log_config": None}  # loggers are those of all tests
        server = Server(Config(make_app(replace(settings, base_url=base)), **options))
        thread = threading.Thread(target=server.run, args=([listening],))
        thread.start()
        deadline = time.monotonic() + 20
        while not server.started and time.monotonic() < deadline:
            time.sleep(0.01)
        try:
            yield base
        finally:
            server.should_exit = True
            thread.join(20)


@pytest.fixture(scope="session")
def base(settings: Settings) -> Iterator[str]:
    """A service with the limits as they are by default."""
    with serving(settings) as base:
        yield base


@pytest.fixture(scope="session")
def client(base: str) -> Iterator[httpx.Client]:
    """A client of it."""
    with httpx.Client(base_url=base, timeout=30) as client:
        yield client


@pytest.fixture
def limited(settings: Settings) -> Iterator[Callable[..., httpx.Client]]:
    """Start a service with other limits."""
    running = []

    def start(**limits: object) -> httpx.Client:
        context = serving(replace(settings, **limits))
        running.append((context, httpx.Client(base_url=context.__enter__(), timeout=30)))
        return running[-1][1]

    yield start
    for context, client in running:
        client.close()
        context.__exit__(None, None, None)
