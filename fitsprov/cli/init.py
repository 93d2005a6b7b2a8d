"""``fitsprov init``."""

from __future__ import annotations

import click

from fitsprov.actions.registering import create_registry
from fitsprov.cli.common import one_line_errors, registry_option
from fitsprov.settings import DEFAULT_REGISTRY, Settings


@click.command("init")
@click.option("--base-url", metavar="URL", help="Where the service is that DATALINK cards shall point to.")
@click.option("--authority", metavar="IVOID", help="Registered ivo:// identifier that publisher DIDs begin with.")
@registry_option
def command(base_url: str | None, authority: str | None, registry: Settings) -> None:
    """Create a registry, or migrate one to this version. What it holds is kept."""
    url = registry.registry or f"sqlite:///{DEFAULT_REGISTRY}"
    with one_line_errors(), create_registry(url, base_url=base_url, authority=authority) as made:
        click.echo(f"registry   {made.status().url}")
        click.echo(f"base URL   {made.base_url or '(none: no DATALINK cards are written)'}")
        click.echo(f"authority  {made.authority or '(none: no publisher DIDs are written)'}")
