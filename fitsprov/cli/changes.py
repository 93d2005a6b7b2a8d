"""``fitsprov changes``."""

from __future__ import annotations

import json
from datetime import datetime

import click

from fitsprov.actions.noting import changes
from fitsprov.cli.common import json_option, one_line_errors, registry_option
from fitsprov.cli.find import aligned
from fitsprov.cli.text import safe
from fitsprov.cli.times import parse_time
from fitsprov.model.identifiers import is_id
from fitsprov.settings import Settings


@click.command("changes")
@click.argument("task")
@click.argument("a")
@click.argument("b", required=False)
@registry_option
@json_option
def command(task: str, a: str, b: str | None, registry: Settings, as_json: bool) -> None:
    """Say what changed that matters to a task.

    It changed between A and B, or since A. A and B are numbers of epochs, times, or IDs of activities or datasets;
    either may be the earlier. Parameters and packages are told by name. Exit code 1 where anything changed.
    """
    with one_line_errors():
        found = changes(registry.need_registry(), task, moment(a), None if b is None else moment(b))
    if as_json:
        click.echo(json.dumps(found, indent=2, ensure_ascii=False))
    else:
        shown = ("epoch", "time", "kind", "component", "name", "before", "after")
        rows = [[safe(cell(one[name])) for name in shown] for one in found]
        for line in aligned(rows):
            click.echo(line)
    raise SystemExit(1 if found else 0)


def moment(text: str) -> int | datetime | str:
    """Read the number of an epoch, an ID or a time."""
    if text.isdecimal() and len(text) < len("20251229"):
        return int(text)
    return text if is_id(text) else parse_time(text)


def cell(value: object) -> str:
    """One cell of the table."""
    return "-" if value is None else str(value)
