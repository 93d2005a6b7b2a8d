"""``fitsprov incident``."""

from __future__ import annotations

import json
from typing import Any

import click

from fitsprov.actions.impact import close_incident, incident_hits, list_incidents, work_off
from fitsprov.cli.common import json_option, one_line_errors, registry_option
from fitsprov.cli.find import aligned, cells
from fitsprov.cli.text import safe
from fitsprov.settings import Settings

id_argument = click.argument("incident", metavar="INCIDENT")
text_option = click.option("--why", "text", metavar="TEXT", help="What was found or done.")


@click.group("incident")
def command() -> None:
    """Work off what a flaw touched. `fitsprov impact --save TITLE` opens an incident."""


@command.command("list")
@registry_option
@json_option
def list_(registry: Settings, as_json: bool) -> None:
    """List incidents, oldest first."""
    with one_line_errors():
        found = list_incidents(registry.need_registry())
    if as_json:
        click.echo(json.dumps(found, indent=2, ensure_ascii=False))
    elif found:
        rows = [
            [one["id"], one["opened"][:10], state(one), f"{one['done']}/{one['hits']}", safe(one["title"])]
            for one in found
        ]
        for line in aligned([["incident", "opened", "state", "done", "title"], *rows]):
            click.echo(line)


@command.command("show")
@id_argument
@click.option("--open/--done", "open_", default=None, help="Only the hits that are left, or dealt with.")
@click.option("--ids", is_flag=True, help="Print the IDs of the hits alone, one a line.")
@registry_option
@json_option
def show(incident: str, open_: bool | None, ids: bool, registry: Settings, as_json: bool) -> None:
    """Show an incident with its hits."""
    with one_line_errors():
        answer = incident_hits(registry.need_registry(), incident, done=None if open_ is None else not open_)
    if as_json:
        click.echo(json.dumps([answer], indent=2, ensure_ascii=False))
    elif ids:
        for hit in answer["datasets"]:
            click.echo(hit["id"])
    else:
        for line in lines(answer):
            click.echo(line)


@command.command("done")
@id_argument
@click.argument("datasets", metavar="ID...", nargs=-1, required=True)
@text_option
@registry_option
def done(incident: str, datasets: tuple[str, ...], text: str | None, registry: Settings) -> None:
    """Note that datasets are dealt with."""
    with one_line_errors():
        changed = work_off(registry.need_registry(), incident, datasets, text=text)
    click.echo(f"{changed} dealt with", err=True)


@command.command("close")
@id_argument
@text_option
@registry_option
def close(incident: str, text: str | None, registry: Settings) -> None:
    """Close an incident whose hits are all dealt with."""
    with one_line_errors():
        close_incident(registry.need_registry(), incident, text=text)


def state(one: dict[str, Any]) -> str:
    """Whether an incident is closed."""
    return "open" if one["closed"] is None else "closed"


def lines(answer: dict[str, Any]) -> list[str]:
    """An incident, then its hits."""
    cause = ", ".join(f"{name} {value}" for name, value in answer["cause"].items())
    about = [
        ("state", state(answer)),
        ("opened", " by ".join(word for word in (answer["opened"], answer["agent"]) if word)),
        ("closed", answer["closed"]),
        ("cause", cause),
        ("why", answer["text"]),
        ("dealt with", f"{answer['done']} of {answer['hits']}"),
    ]
    text = [click.style(safe(answer["title"]), bold=True)]
    text += [f"  {name:<12}{safe(value)}" for name, value in about if value is not None]
    rows = [["done" if hit["done"] else "open", *cells(hit), safe(hit["text"] or "")] for hit in answer["datasets"]]
    return [*text, "", *aligned(rows)] if rows else text
