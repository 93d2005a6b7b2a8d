"""``fitsprov find``."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import click

from fitsprov.actions.searching import find
from fitsprov.cli.common import beyond, cut, json_option, one_line_errors, registry_option
from fitsprov.cli.text import safe
from fitsprov.cli.times import parse_time
from fitsprov.settings import Settings


@click.command("find")
@click.option("--run", metavar="RUN", help="Run collection; * and ? match.")
@click.option("--type", "type_", metavar="TYPE", help="Dataset type.")
@click.option("--data-id", multiple=True, metavar="K=V", help="Dimension and value; all that are given must match.")
@click.option("--name", metavar="NAME", help="Name; * and ? match.")
@click.option(
    "--metric",
    "metrics",
    multiple=True,
    metavar="CONDITION",
    help="Of the dataset or its activity: 'seeing<0.8', 'seeing=pass'; all that are given must hold.",
)
@click.option("--since", type=parse_time, metavar="TIME", help="Observed, or made, then or later.")
@click.option("--until", type=parse_time, metavar="TIME", help="Observed, or made, then or earlier.")
@click.option("--limit", type=click.IntRange(min=1), metavar="N", help="At most so many.")
@click.option("--ids", is_flag=True, help="Print the IDs alone, one a line.")
@registry_option
@json_option
def command(
    run: str | None,
    type_: str | None,
    data_id: tuple[str, ...],
    name: str | None,
    metrics: tuple[str, ...],
    since: datetime | None,
    until: datetime | None,
    limit: int | None,
    ids: bool,
    registry: Settings,
    as_json: bool,
) -> None:
    """Find datasets by run, type, dataId, name, metric or time. Exit code 1 where there is none."""
    with one_line_errors():
        found = find(
            registry.need_registry(),
            run=run,
            type=type_,
            data_id=data_id,
            name=name,
            metrics=metrics,
            since=since,
            until=until,
            limit=beyond(limit),
        )
    found = cut(found, limit)
    if as_json:
        click.echo(json.dumps(found, indent=2, ensure_ascii=False))
    elif ids:
        for item in found:
            click.echo(item["id"])
    else:
        for line in aligned([cells(item) for item in found]):
            click.echo(line)
    raise SystemExit(0 if found else 1)


def cells(item: dict[str, Any]) -> list[str]:
    """One line of the table; what has no dataId is told by its name."""
    place = pairs(item["data_id"]) or item["name"]
    return [safe(cell or "") for cell in (item["id"], item["type"], place, item["run"], item.get("standing"))]


def pairs(data_id: dict[str, object] | None) -> str:
    """A dataId as text."""
    return " ".join(f"{key}={value}" for key, value in (data_id or {}).items())


WIDEST = 80
"""Characters to which a column is filled up; what is longer stands as it is, and makes no other line longer."""


def aligned(rows: list[list[str]], *, right: int = 0) -> list[str]:
    """Rows with their columns aligned, the first ``right`` ones as numbers are."""
    widths = [min(max(map(len, column)), WIDEST) for column in zip(*rows, strict=True)]
    return [
        "  ".join(
            cell.rjust(width) if n < right else cell.ljust(width)
            for n, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]
