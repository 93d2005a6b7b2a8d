"""``fitsprov registry``."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import click

from fitsprov.actions.searching import registry_status
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
    for name, value in lines(answer):
        click.echo(f"{name:<14}{'-' if value is None else value}")


def lines(answer: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Names and values, what belongs to a value indented under it."""
    for name, value in answer.items():
        if isinstance(value, Mapping):
            yield from ((f"  {kind}", count) for kind, count in value.items())
        else:
            yield name.replace("_", " "), value
