"""``fitsprov annotate``."""

from __future__ import annotations

import json

import click

from fitsprov.actions.noting import annotate
from fitsprov.cli.common import json_option, one_line_errors, registry_option
from fitsprov.cli.text import safe
from fitsprov.errors import UsageError
from fitsprov.settings import Settings


@click.command("annotate")
@click.argument("subjects", nargs=-1, metavar="ID...", required=True)
@click.option(
    "--kind",
    type=click.Choice(["note", "retracted", "superseded", "missing", "restored"]),
    default="note",
    show_default=True,
    help="A note, or how a dataset stands from now on.",
)
@click.option("--why", metavar="TEXT", help="What is said, and why.")
@click.option("--by", metavar="AGENT", help="Who says it.")
@click.option("--successor", metavar="ID", help="The dataset that supersedes it.")
@registry_option
@json_option
def command(
    subjects: tuple[str, ...],
    kind: str,
    why: str | None,
    by: str | None,
    successor: str | None,
    registry: Settings,
    as_json: bool,
) -> None:
    """Say something of datasets or activities.

    It is a note, or that a dataset is retracted, superseded, missing or restored. Nothing is deleted, and the lineage
    stays.
    """
    with one_line_errors():
        if kind == "note" and not why:
            raise UsageError("a note that says nothing; expected --why")
        said = annotate(registry.need_registry(), subjects, kind, why, by=by, successor=successor)
    if as_json:
        click.echo(json.dumps(said, indent=2, ensure_ascii=False))
        return
    for subject, one in zip(subjects, said, strict=True):
        text = f": {one['text']}" if one["text"] else ""
        click.echo(f"{click.style(one['kind'].ljust(10), fg='yellow')}  {safe(subject + text)}")
