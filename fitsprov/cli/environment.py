"""``fitsprov environment``."""

from __future__ import annotations

import json
from contextlib import nullcontext
from typing import Any

import click

from fitsprov.actions.differing import LOCK_MANAGERS, difference_object, differs_here, environment, environment_as
from fitsprov.actions.registering import open_registry
from fitsprov.cli.common import json_option, one_line_errors, registry_option
from fitsprov.cli.diff import difference_lines
from fitsprov.cli.find import aligned
from fitsprov.settings import Settings


@click.command("environment")
@click.argument("name", metavar="[FILE|ID]", required=False)
@click.option("--lock", type=click.Choice(LOCK_MANAGERS), help="Print a lock file of this package manager.")
@click.option("--here", is_flag=True, help="Say how the environment here differs from it; exit code 1 where it does.")
@click.option(
    "--source", "sources", multiple=True, metavar="FOLDER", help="A source tree under git that belongs to it."
)
@registry_option
@json_option
def command(
    name: str | None, lock: str | None, here: bool, sources: tuple[str, ...], registry: Settings, as_json: bool
) -> None:
    """Say in which environment a dataset was made.

    Without a dataset it is the one here. As JSON it is what a run record holds under `environment`.
    """
    with one_line_errors(), nullcontext() if registry.registry is None else open_registry(registry.registry) as opened:
        if name is not None and sources:
            raise click.UsageError("--source belongs to the environment here; expected no FILE or ID with it")
        found = environment(name, opened, sources=sources)
        if here:
            differences = differs_here(found)
            shown: list[Any] = list(map(difference_object, differences)) if as_json else difference_lines(differences)
        else:
            answer = environment_as(found, lock=lock)
            shown = [answer] if as_json or isinstance(answer, str) else lines(answer)
    if as_json:
        click.echo(json.dumps(shown, indent=2, ensure_ascii=False))
    elif shown:
        click.echo("\n".join(map(str, shown)).rstrip("\n"))
    raise SystemExit(int(here and bool(shown)))


def lines(answer: dict[str, Any]) -> list[str]:
    """An environment for people: the platform first, then the packages."""
    rows = [[name, value] for name, value in answer.items() if isinstance(value, str)]
    packages = [[one["manager"], one["name"], one["version"]] for one in answer["packages"]]
    return [*(aligned(rows) if rows else []), "", *(aligned(packages) if packages else [])]
