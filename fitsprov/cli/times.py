"""Times on the command line."""

from __future__ import annotations

from datetime import UTC, datetime

import click

__all__ = ["parse_time"]


def parse_time(text: str) -> datetime:
    """Read a time in ISO 8601; UTC where it has no zone."""
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        raise click.BadParameter(f"'{text}' is no time; expected one like 2025-12-29T04:48:07Z") from None
    return time.replace(tzinfo=UTC) if time.tzinfo is None else time
