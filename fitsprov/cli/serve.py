"""``fitsprov serve``."""

from __future__ import annotations

from dataclasses import replace

import click

from fitsprov.actions.serving import base_url_of
from fitsprov.cli.common import one_line_errors, registry_option
from fitsprov.errors import MissingExtra, UsageError
from fitsprov.settings import Settings


@click.command("serve")
@click.option("--host", default="127.0.0.1", show_default=True, metavar="HOST", help="Where to listen.")
@click.option("--port", type=click.IntRange(1, 65535), default=8765, show_default=True, help="Where to listen.")
@click.option("--workers", type=click.IntRange(1), default=1, show_default=True, help="Processes that answer.")
@click.option(
    "--base-url", metavar="URL", help="Where the service is met from outside; else as the registry says, else here."
)
@click.option("--access-log", is_flag=True, help="Log every request to stdout.")
@registry_option
def command(host: str, port: int, workers: int, base_url: str | None, access_log: bool, registry: Settings) -> None:
    """Serve links, provenance, stamped files and pages over HTTP; nothing is ever written.

    DataLink 1.1 is at /links. Stop it with Ctrl-C or SIGTERM: requests in work are finished first.
    """
    with one_line_errors():
        try:
            from fitsprov.service.running import run
        except ImportError as error:
            raise MissingExtra("fitsprov serve", "serve") from error
        settings = replace(registry, base_url=base_url or registry.base_url)
        if (base := base_url_of(settings)) is None:
            if host in ("0.0.0.0", "::"):
                raise UsageError(f"nobody says where {host} is met from outside; expected --base-url http(s)://host")
            base = f"http://{f'[{host}]' if ':' in host else host}:{port}"
            settings = replace(settings, base_url=base)
        click.echo(f"fitsprov: serving on {host}:{port}, links lead to {base}", err=True)
        run(settings, host=host, port=port, workers=workers, access_log=access_log)
