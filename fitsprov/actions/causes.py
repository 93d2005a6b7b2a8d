"""Causes as people write them."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any
from uuid import UUID

from fitsprov.errors import UsageError
from fitsprov.model.impact import Cause, Requirement
from fitsprov.registry import Registry

__all__ = ["parse_cause"]


def parse_cause(
    registry: Registry,
    identifier: str | UUID | None = None,
    *,
    run: str | None = None,
    job: str | None = None,
    task: str | None = None,
    package: str | None = None,
    config: str | None = None,
    container: str | None = None,
    node: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
) -> Cause:
    """Read a cause: what an ID is, is looked up; all that is given must hold.

    Parameters
    ----------
    identifier : str or UUID, optional
        A dataset, an activity, a run or a job.
    task, package : str, optional
        A name, or a name with bounds: ``numpy>=2.0,<2.1``.
    config : str, optional
        ``dotted.name=value``.

    Raises
    ------
    UsageError
        Where one of them cannot be read, or none is given.
    DatasetNotFound
        Where the registry knows the ID as nothing.
    """
    named = {} if identifier is None else registry.named(identifier)
    for name, value in (("run", run), ("job", job)):
        if value is not None and named.setdefault(name, value) != value:
            raise UsageError(f"{name} {value} and {name} {named[name]}; expected one")
    return Cause(
        **named,
        task=None if task is None else Requirement.parse(task),
        package=None if package is None else Requirement.parse(package),
        config=None if config is None else parse_setting(config),
        container=container,
        node=node,
        since=since,
        until=until,
    )


def parse_setting(text: str) -> tuple[str, Any]:
    """Read ``dotted.name=value``; a value that is no JSON is a string."""
    name, equals, value = text.partition("=")
    if not name or not equals or not text.isprintable():
        raise UsageError(f"config {text!r}; expected dotted.name=value")
    try:
        setting = json.loads(value)
        json.dumps(setting, ensure_ascii=False, allow_nan=False).encode()
    except (ValueError, RecursionError):  # UnicodeEncodeError is a ValueError
        return name, value
    return name, setting
