"""``fitsprov registry``."""

from __future__ import annotations

import json

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
    flat = {key: value for key, value in answer.items() if not isinstance(value, dict)}
    nested = {f"  {key}": value for item in answer.values() if isinstance(item, dict) for key, value in item.items()}
    width = max(map(len, [*flat, *nested]))
    for key, value in answer.items():
        if isinstance(value, dict):
            click.echo(key)
            for name, count in value.items():
                click.echo(f"  {name:<{width}}  {count}")
        else:
            click.echo(f"{key:<{width + 2}}  {'-' if value is None else value}")
