"""Chromium, driven over a service on loopback; a page that complains or reaches out fails the test that opens it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

import fitsprov
from tests.service.conftest import COADD, base, settings, survey, visit

__all__ = ["base", "settings", "survey"]

NAMES = ("chromium", "chromium-browser", "google-chrome")
HOSTILE = visit(-7)
"""A dataset of which all that is said is long and without a blank."""
DEADLINE = 10_000
"""Milliseconds that a page may take for one step."""

OpenPage = Callable[..., Any]


def missing(reason: str) -> None:
    """Skip, except where everything has to be there."""
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    """A browser."""
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        missing("playwright is not installed")
    path = next(filter(None, map(shutil.which, NAMES)), None)
    if path is None:
        missing(f"no browser: none of {', '.join(NAMES)} is in PATH")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path)
        yield browser
        browser.close()


@pytest.fixture
def open_page(chromium: Any, base: str) -> Iterator[OpenPage]:
    """Open a page in a window of its own: ``open_page(path, refused=, **options of the window)``.

    ``refused`` is the status that the service is to answer something with, which browsers report as an error.
    """
    contexts: list[Any] = []
    complaints: list[str] = []
    requested: list[str] = []

    def open_it(path: str, *, refused: int | None = None, **options: Any) -> Any:
        def note(message: Any) -> None:
            if refused is None or f"responded with a status of {refused}" not in message.text:
                complaints.append(message.text)

        context = chromium.new_context(**{"viewport": {"width": 1280, "height": 900}, "base_url": base, **options})
        context.set_default_timeout(DEADLINE)
        contexts.append(context)
        page = context.new_page()
        page.on("console", note)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("request", lambda request: requested.append(request.url))
        page.goto(path)
        return page

    yield open_it
    for context in contexts:
        context.close()
    assert complaints == []
    assert {urlsplit(url).netloc for url in requested if not url.startswith("blob:")} <= {urlsplit(base).netloc}


@pytest.fixture(scope="session")
def hostile(survey: Path) -> None:
    """Record what makes pages wide."""
    long = "long" * 80
    parent = {"id": visit(-8), "type": long, "name": long}
    activity = {
        "task": long,
        "version": long,
        "config": {long: long, "a": {long: [long]}},
        "used": [{"id": visit(-8), "role": long}],
        "generated": [{"id": HOSTILE, "type": long, "data_id": {long[:60]: long, "turned": "\u202e" + long}}],
    }
    record = {
        "fitsprov": 1,
        "run": long,
        "agent": {"id": long, "name": long},
        "environment": {"container": long, "packages": [{"manager": "pip", "name": long, "version": long}]},
        "datasets": [parent],
        "activities": [activity],
        "metrics": [{"dataset": HOSTILE, "name": long, "value": 1.0, "unit": long}],
        "annotations": [{"dataset": HOSTILE, "kind": "note", "text": long, "time": "2026-01-01T00:00:00Z"}],
    }
    with fitsprov.Registry(f"sqlite:///{survey}/fitsprov.db") as registry:
        registry.record(record)


@pytest.fixture(scope="session")
def stamped(survey: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A coadd that has left the archive under another name."""
    target = tmp_path_factory.mktemp("mail") / "what is this?.fits"
    with fitsprov.Registry(f"sqlite:///{survey}/fitsprov.db") as registry:
        stamp = registry.stamp(COADD)
    fitsprov.export(survey / "drp/deep_coadd/deep_coadd_9813_42_r.fits", target, stamp)
    return target
