"""``fitsprov registry``."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import click

from fitsprov.actions.moving import dump, load
from fitsprov.actions.searching import index_registry, registry_status
from fitsprov.cli.common import json_option, one_line_errors, registry_option
from fitsprov.settings import Settings


@click.group("registry")
def command() -> None:
    """Look after the registry itself."""


@command.command("status")
@registry_option
@json_option
def status(registry: Settings, as_json: bool) -> None:
    """Say what the registry holds."""
    with one_line_errors():
        answer = registry_status(registry.need_registry())
    if as_json:
        click.echo(json.dumps([answer], indent=2))
        return
    told = list(lines(answer))
    width = max(14, *(len(name) + 1 for name, _ in told))
    for name, value in told:
        click.echo(f"{name:<{width}}{'-' if value is None else value}")


@command.command("index")
@registry_option
@json_option
def index(registry: Settings, as_json: bool) -> None:
    """Write the graph into an adjacency file.

    Large walks are answered from it. It is made anew each time; others may write to the registry meanwhile and
    afterwards. What is newer than the file is read from the registry, so that answers are never older than that.
    """
    with one_line_errors():
        answer = index_registry(registry.need_registry())
    click.echo(json.dumps([answer], indent=2) if as_json else spell(answer))


@command.command("dump")
@click.argument("target", type=click.Path(path_type=Path), metavar="FILE")
@registry_option
def dump_command(target: Path, registry: Settings) -> None:
    """Write all that the registry holds into one portable file.

    The file is compressed where its name ends in .gz; - is stdout.
    """
    with one_line_errors():
        count = dump(registry.need_registry(), target)
    click.echo(f"dumped    {target}  ({count} lines)", err=str(target) == "-")


@command.command("load")
@click.argument("source", type=click.Path(path_type=Path), metavar="FILE")
@registry_option
def load_command(source: Path, registry: Settings) -> None:
    """Load such a file into the registry; - is stdin.

    The registry may be on this engine or another; the same again changes nothing.
    """
    with one_line_errors():
        count = load(registry.need_registry(), source)
    click.echo(f"loaded    {source}  ({count} new rows)")


def spell(index: Mapping[str, Any]) -> str:
    """Say what an adjacency file holds."""
    newer = f", {index['newer']} activities are newer" if index["newer"] else ""
    return f"{index['path']}  ({index['edges']} edges, {index['size']} bytes{newer})"


def lines(answer: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Names and values, what belongs to a value indented under it."""
    for name, value in answer.items():
        if name == "index" and value is not None:
            yield name, spell(value)
        elif isinstance(value, Mapping):
            yield from ((f"  {kind}", count) for kind, count in value.items())
        else:
            yield name.replace("_", " "), value
