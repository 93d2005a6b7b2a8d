"""``fitsprov impact``."""

from __future__ import annotations

import json
from typing import Any

import click

from fitsprov.actions.impact import impact, open_incident
from fitsprov.cli.causes import cause_options
from fitsprov.cli.common import beyond, cut, json_option, one_line_errors, registry_option
from fitsprov.cli.find import aligned, cells
from fitsprov.cli.text import safe
from fitsprov.errors import UsageError
from fitsprov.settings import Settings


@click.command("impact")
@cause_options
@click.option("--list", "listed", is_flag=True, help="List the datasets, too.")
@click.option("--limit", type=click.IntRange(min=1), metavar="N", help="List at most so many.")
@click.option("--ids", is_flag=True, help="Print the IDs of the datasets alone, one a line.")
@click.option("--save", "title", metavar="TITLE", help="Save it as an incident, to be worked off.")
@click.option("--why", metavar="TEXT", help="What is wrong, for the incident.")
@click.option("--agent", metavar="WHO", help="Who says so, for the incident.")
@registry_option
@json_option
def command(
    listed: bool,
    limit: int | None,
    ids: bool,
    title: str | None,
    why: str | None,
    agent: str | None,
    registry: Settings,
    as_json: bool,
    **cause: Any,
) -> None:
    """Say what a flaw touched.

    That is all that was made with it, and all that was made from that. ID is a dataset (a bad flat), an activity, a run
    or a job. Where several things are given, all must hold. Exit code 1 where nothing was touched.
    """
    with one_line_errors():
        if title is None and (why or agent):
            raise UsageError("--why and --agent are of an incident; expected --save TITLE, too")
        if title is not None and not title.strip():
            raise UsageError("--save without a title; expected one")
        url = registry.need_registry()
        answer = impact(url, listed=listed or ids, limit=beyond(limit), **cause)
        if "hits" in answer:
            answer["hits"] = cut(answer["hits"], limit)
        if title is not None:
            answer["incident"] = open_incident(url, title, agent=agent, text=why, **cause)["id"]
    if as_json:
        click.echo(json.dumps([answer], indent=2, ensure_ascii=False))
    elif ids:
        for hit in answer["hits"]:
            click.echo(hit["id"])
    else:
        for line in lines(answer):
            click.echo(line)
    raise SystemExit(0 if answer["datasets"] else 1)


def lines(answer: dict[str, Any]) -> list[str]:
    """Counts by type and run first, the list after."""
    counted = [
        [str(one["datasets"]), str(one["direct"]), safe(one["type"] or "-"), safe(one["run"] or "-")]
        for one in answer["touched"]
    ]
    total = f"{answer['activities']} activities made {answer['direct']} datasets; {answer['datasets']} touched in all"
    text = [click.style(total, bold=True)]
    if counted:
        text += ["", *aligned([["touched", "direct", "type", "run"], *counted], right=2)]
    if hits := answer.get("hits"):
        text += ["", *aligned([cells(hit) for hit in hits])]
    if "incident" in answer:
        text += ["", f"incident {answer['incident']}"]
    return text
