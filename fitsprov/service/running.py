"""The service as processes that answer on a port."""

from __future__ import annotations

import json
import os
from dataclasses import asdict
from typing import Any

import uvicorn
from starlette.applications import Starlette

from fitsprov.service.app import make_app
from fitsprov.settings import Settings

__all__ = ["make_worker", "run", "server_options"]

HANDED = "FITSPROV_SERVE"
"""The environment variable in which a process hands the settings to its workers."""
GRACE = 30
"""Seconds that requests in work are given to end."""


def server_options(*, access_log: bool = False) -> dict[str, Any]:
    """What uvicorn is told wherever it runs."""
    return {
        "access_log": access_log,
        "log_level": "info" if access_log else "warning",
        "server_header": False,
        "timeout_graceful_shutdown": GRACE,
    }


def run(settings: Settings, *, host: str, port: int, workers: int, access_log: bool) -> None:
    """Answer until a signal says to stop; each worker opens the registry for itself."""
    os.environ[HANDED] = json.dumps(asdict(settings))
    app = f"{__name__}:{make_worker.__name__}"
    uvicorn.run(app, factory=True, host=host, port=port, workers=workers, **server_options(access_log=access_log))


def make_worker() -> Starlette:
    """Make the application of one worker."""
    return make_app(Settings(**json.loads(os.environ[HANDED])))
