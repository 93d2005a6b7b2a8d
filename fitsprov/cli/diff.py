"""``fitsprov diff``."""

from __future__ import annotations

import json
from contextlib import nullcontext
from itertools import groupby

import click

from fitsprov.actions.differing import diff, difference_object
from fitsprov.actions.registering import open_registry
from fitsprov.cli.common import json_option, one_line_errors, registry_option
from fitsprov.cli.find import aligned
from fitsprov.model.difference import Difference
from fitsprov.settings import Settings

__all__ = ["command", "difference_lines"]

ABSENT = "-"


@click.command("diff")
@click.argument("one", metavar="A")
@click.argument("other", metavar="B")
@registry_option
@json_option
def command(one: str, other: str, registry: Settings, as_json: bool) -> None:
    """Say how two products differ in provenance.

    Software, configuration and inputs are compared. A and B are files, dataset IDs or names. Tasks are compared by
    name, wherever they stand in the lineages; inputs that nothing made, by type. Exit code 1 where something differs.
    """
    with one_line_errors(), nullcontext() if registry.registry is None else open_registry(registry.registry) as opened:
        found = diff(one, other, opened)
    if as_json:
        click.echo(json.dumps([difference_object(difference) for difference in found], indent=2, ensure_ascii=False))
    else:
        for line in difference_lines(found):
            click.echo(line)
    raise SystemExit(1 if found else 0)


def difference_lines(found: list[Difference]) -> list[str]:
    """Differences under what they are of, A and B beside each other."""
    text: list[str] = []
    for (kind, where), group in groupby(found, key=lambda one: (one.kind, one.where)):
        text += ["", click.style(" ".join(word for word in (kind, where) if word), bold=True)]
        rows = [[one.what, one.one or ABSENT, one.other or ABSENT] for one in group]
        text += [f"  {line}" for line in aligned([row if row[0] else row[1:] for row in rows])]
    return text[1:]
