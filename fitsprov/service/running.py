"""The service as processes that answer on a port."""

from __future__ import annotations

import gc
import json
import os
import tempfile
from dataclasses import asdict
from datetime import UTC, datetime
from functools import partial
from typing import Any

import uvicorn
from starlette.applications import Starlette

from fitsprov.actions.searching import index_kept
from fitsprov.service.app import make_app
from fitsprov.service.connection import Connection
from fitsprov.service.watching import LOGGING, SHARED
from fitsprov.settings import Settings

__all__ = ["make_worker", "run", "server_options"]

HANDED = "FITSPROV_SERVE"
"""The environment variable in which a process hands the settings to its workers."""
GRACE = 30
"""Seconds that requests in work are given to end."""


def server_options(settings: Settings) -> dict[str, Any]:
    """What uvicorn is told wherever it runs."""
    return {
        "access_log": False,
        "log_config": LOGGING,
        "server_header": False,
        "proxy_headers": False,
        "http": partial(Connection, seconds=settings.max_seconds),
        "ws": "none",
        "timeout_graceful_shutdown": GRACE,
    }


def run(settings: Settings, *, host: str, port: int, workers: int, access_log: bool) -> None:
    """Answer until a signal says to stop; each worker opens the registry for itself."""
    handed = {"settings": asdict(settings), "access_log": access_log, "edition": datetime.now(UTC).isoformat()}
    os.environ[HANDED] = json.dumps(handed)
    app = f"{__name__}:{make_worker.__name__}"
    with index_kept(settings), tempfile.TemporaryDirectory(prefix="fitsprov-") as shared:
        if workers > 1:
            os.environ[SHARED] = shared
        uvicorn.run(app, factory=True, host=host, port=port, workers=workers, **server_options(settings))


def make_worker() -> Starlette:
    """Make the application of one worker."""
    handed = json.loads(os.environ[HANDED])
    given: dict[str, Any] = {
        name: tuple(item) if isinstance(item, list) else item for name, item in handed["settings"].items()
    }
    app = make_app(Settings(**given), access_log=handed["access_log"], edition=handed["edition"])
    # what is there now stays there: to look for garbage in it takes a fourth of the time of long answers
    gc.collect()
    gc.freeze()
    return app
