"""``fitsprov events``."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import click

from fitsprov.actions.noting import happenings
from fitsprov.cli.common import beyond, cut, json_option, one_line_errors, registry_option
from fitsprov.cli.find import aligned
from fitsprov.cli.text import safe
from fitsprov.cli.times import parse_time
from fitsprov.settings import Settings


@click.command("events")
@click.argument("dataset", required=False, metavar="[ID]")
@click.option("--since", type=parse_time, metavar="TIME", help="What was going on then or later.")
@click.option("--until", type=parse_time, metavar="TIME", help="What was going on then or earlier.")
@click.option("--component", metavar="NAME", help="Events of this component alone; * and ? match.")
@click.option("--limit", type=click.IntRange(min=1), metavar="N", help="At most so many.")
@registry_option
@json_option
def command(
    dataset: str | None,
    since: datetime | None,
    until: datetime | None,
    component: str | None,
    limit: int | None,
    registry: Settings,
    as_json: bool,
) -> None:
    """List what was said, measured and changed, by time.

    These are annotations, metrics, logs, events and incidents: of a dataset, of an interval, or all. Those of a dataset
    are also those of the activity that made it and of its run, and events while it was observed.
    """
    with one_line_errors():
        found = happenings(
            registry.need_registry(),
            dataset,
            since=since,
            until=until,
            component=component,
            limit=beyond(limit),
        )
    found = cut(found, limit)
    if as_json:
        click.echo(json.dumps(found, indent=2, ensure_ascii=False))
    elif found:
        for line in aligned([[safe(cell) for cell in cells(one)] for one in found]):
            click.echo(line)
    raise SystemExit(0 if found else 1)


def cells(one: dict[str, Any]) -> list[str]:
    """One line of the table."""
    time = (one["time"] or "")[:19].replace("T", " ")
    until = f" to {one['until'][:19].replace('T', ' ')}" if one["until"] else ""
    value = "" if one["value"] is None else f"{one['value']:g} {one['unit'] or ''}".strip()
    told = " ".join(filter(None, (value, one["text"])))
    about = one["dataset"] or one["activity"] or one["run"] or ""
    return [time + until, one["source"], one["component"] or "", one["kind"] or "", told, about]
