"""What a flaw touched, as the service tells it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from fitsprov.actions.causes import parse_cause
from fitsprov.actions.impact import hit_object, impact_object
from fitsprov.actions.serving import Archive, discreet
from fitsprov.errors import UsageError

__all__ = ["CAUSES", "touched"]

TEXTS = ("RUN", "JOB", "TASK", "PACKAGE", "CONFIG", "CONTAINER", "NODE")
TIMES = ("SINCE", "UNTIL")
CAUSES = ("ID", *TEXTS, *TIMES)
"""Parameters that say what is suspected; all that are given must hold."""
LISTED = 1_000
"""Datasets that are listed where nobody says how many."""


def touched(archive: Archive, given: Mapping[str, str], maxrec: int | None = None) -> dict[str, Any]:
    """Say what a flaw touched, and list it.

    Parameters
    ----------
    given : mapping
        `CAUSES` with their values, empty where they are not given.
    maxrec : int, optional
        Most datasets in the list; the counts are of all.

    Raises
    ------
    DatasetNotFound
    Forbidden
        Where something is hidden from the caller that might be counted.
    UsageError
        Where none is given, or one cannot be read.
    """
    archive.need_all()
    texts: dict[str, Any] = {name.lower(): given[name].strip() or None for name in TEXTS}
    times: dict[str, Any] = {name.lower(): parse_time(name, given[name].strip()) for name in TIMES}
    limit = min(LISTED if maxrec is None else maxrec, archive.settings.max_rows)
    with discreet():
        cause = parse_cause(archive.registry, given["ID"].strip() or None, **texts, **times)
        found = archive.registry.impact(cause)
        hits = archive.registry.touched(cause, limit=limit) if limit else []
    listed = [hit_object(archive.public(dataset), direct) for dataset, direct in hits]
    return {**impact_object(found), "hits": listed, "overflow": len(listed) < found.datasets}


def parse_time(name: str, text: str) -> datetime | None:
    """Read a time, where there is one; without a zone it is UTC."""
    if not text:
        return None
    try:
        time = datetime.fromisoformat(text)
        return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)
    except (ValueError, OverflowError):
        raise UsageError(f"{name} is '{text[:40]}'; expected a time as 2026-11-21T12:00:00Z") from None
