"""What a keeper of the service watches: a line of JSON for each event, and numbers for Prometheus."""

from __future__ import annotations

import json
import logging
import os
from datetime import UTC, datetime
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector
from starlette.types import Scope

__all__ = ["LOGGING", "SHARED", "JsonLines", "Watch"]

SHARED = "PROMETHEUS_MULTIPROC_DIR"
"""The environment variable that names the folder in which workers add up their numbers."""
SECONDS = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30)
FIELDS = ("method", "path", "query", "status", "bytes", "seconds", "client")

access = logging.getLogger("fitsprov.access")


class JsonLines(logging.Formatter):
    """Formats an event as an object on one line."""

    def format(self, record: logging.LogRecord) -> str:
        """Spell an event."""
        event: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC)
            .isoformat(timespec="milliseconds")
            .replace("+00:00", "Z"),
            "level": record.levelname.lower(),
            "process": record.process,
            "logger": record.name,
            "message": record.getMessage(),
        }
        event |= {name: getattr(record, name) for name in FIELDS if hasattr(record, name)}
        if record.exc_info:
            event["trace"] = self.formatException(record.exc_info)
        return json.dumps(event)


LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"lines": {"()": JsonLines}},
    "handlers": {
        "stderr": {"class": "logging.StreamHandler", "formatter": "lines", "stream": "ext://sys.stderr"},
        "stdout": {"class": "logging.StreamHandler", "formatter": "lines", "stream": "ext://sys.stdout"},
    },
    "loggers": {
        "fitsprov": {"handlers": ["stderr"], "level": "WARNING", "propagate": False},
        "fitsprov.access": {"handlers": ["stdout"], "level": "INFO", "propagate": False},
        "uvicorn": {"handlers": ["stderr"], "level": "INFO", "propagate": False},
    },
}
"""For `logging.config.dictConfig`: requests to stdout, all else to stderr."""


class Watch:
    """Counts requests, and logs them where that is wanted."""

    def __init__(self, *, access_log: bool) -> None:
        self.access_log = access_log
        self.numbers = CollectorRegistry()
        self.requests = Counter(
            "fitsprov_requests", "Requests that were answered", ["endpoint", "status"], registry=self.numbers
        )
        self.seconds = Histogram(
            "fitsprov_request_seconds",
            "Time from a request to the end of its answer",
            ["endpoint"],
            registry=self.numbers,
            buckets=SECONDS,
        )
        self.bytes = Counter("fitsprov_sent_bytes", "Bytes of answers", ["endpoint"], registry=self.numbers)
        self.known: dict[tuple[str, int], tuple[Any, Any, Any]] = {}

    def numbers_of(self, endpoint: str, status: int) -> tuple[Any, Any, Any]:
        """Give what counts requests, times and bytes of the answers of one kind."""
        key = (endpoint, status)
        if key not in self.known:
            found = self.requests.labels(*map(str, key)), self.seconds.labels(endpoint), self.bytes.labels(endpoint)
            self.known[key] = found
        return self.known[key]

    def count(self, endpoint: str, status: int) -> None:
        """Count a request; before its answer begins, so that who has that finds it counted."""
        requests, _, _ = self.numbers_of(endpoint, status)
        requests.inc()

    def note(self, scope: Scope, endpoint: str, status: int, sent: int, seconds: float) -> None:
        """Note a request that was answered, as far as it was."""
        _, times, size = self.numbers_of(endpoint, status)
        times.observe(seconds)
        size.inc(sent)
        if self.access_log:
            told = (
                scope["method"],
                scope["path"],
                scope["query_string"].decode("latin-1"),
                status,
                sent,
                round(seconds, 6),
                (scope.get("client") or [None])[0],
            )
            access.info("%s %s", scope["method"], scope["path"], extra=dict(zip(FIELDS, told, strict=True)))

    def report(self) -> bytes:
        """The numbers of all workers, as Prometheus reads them."""
        if SHARED not in os.environ:
            return generate_latest(self.numbers)
        together = CollectorRegistry()
        MultiProcessCollector(together)  # type: ignore[no-untyped-call]
        return generate_latest(together)
