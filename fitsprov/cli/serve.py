"""``fitsprov serve``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import click

from fitsprov.actions.serving import Archive, base_url_of
from fitsprov.cli.common import one_line_errors, registry_option
from fitsprov.errors import MissingExtra, UsageError
from fitsprov.settings import Settings

LIMITS = {
    "max_ids": "IDs in one request for links; what is more is left out.",
    "max_traced": "IDs in one request for provenance.",
    "max_rows": "Rows, or datasets, of one answer; what is more is left out.",
    "max_depth": "Generations that a request may ask for by number.",
    "max_body": "Bytes of one request.",
    "max_seconds": "Seconds for one request.",
}
"""Setting → what it limits."""


def limit_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """An option and an environment variable for each limit."""
    for name, told in reversed(LIMITS.items()):
        default = Settings.__dataclass_fields__[name].default
        function = click.option(
            f"--{name.replace('_', '-')}",
            type=click.FloatRange(0, min_open=True) if isinstance(default, float) else click.IntRange(1),
            default=default,
            show_default=True,
            envvar=f"FITSPROV_{name.upper()}",
            show_envvar=True,
            metavar="N",
            help=told,
        )(function)
    return function


@click.command("serve")
@click.option("--host", default="127.0.0.1", show_default=True, metavar="HOST", help="The address to listen on.")
@click.option(
    "--port",
    type=click.IntRange(1, 65535),
    default=8765,
    show_default=True,
    metavar="N",
    help="The port to listen on.",
)
@click.option(
    "--workers", type=click.IntRange(1), default=1, show_default=True, metavar="N", help="Answer with N processes."
)
@click.option(
    "--base-url", metavar="URL", help="Where the service is met from outside; else as the registry says, else here."
)
@click.option("--access-log", is_flag=True, help="Log every request to stdout, a line of JSON each.")
@click.option(
    "--access",
    type=click.Path(exists=True, dir_okay=False),
    envvar="FITSPROV_ACCESS",
    show_envvar=True,
    metavar="FILE",
    help="Who may have what, as TOML; else everybody may have everything.",
)
@click.option(
    "--descriptor",
    "descriptors",
    multiple=True,
    envvar="FITSPROV_DESCRIPTORS",
    show_envvar=True,
    metavar="NAME|FILE",
    help="Offer the service of this template for each dataset, as soda; may be given more than once.",
)
@click.option(
    "--signed",
    multiple=True,
    envvar="FITSPROV_SIGNED",
    show_envvar=True,
    metavar="URI",
    help="Send clients to copies whose URI begins so, as s3://bucket/, with a signed URL; may be given more than once.",
)
@click.option(
    "--keep-index/--no-keep-index",
    default=True,
    show_default=True,
    envvar="FITSPROV_KEEP_INDEX",
    show_envvar=True,
    help="Make the adjacency file anew when too much is newer, where there is one.",
)
@limit_options
@registry_option
def command(
    host: str,
    port: int,
    workers: int,
    base_url: str | None,
    access_log: bool,
    registry: Settings,
    **settings: Any,
) -> None:
    """Serve links, provenance, stamped files and pages over HTTP. Nothing is ever written.

    DataLink 1.1 is at /links. Stop it with Ctrl-C or SIGTERM: requests in work are finished first.
    """
    with one_line_errors():
        try:
            from fitsprov.service.running import run
        except ImportError as error:
            raise MissingExtra("fitsprov serve", "serve") from error
        told = replace(registry, base_url=base_url or registry.base_url, **settings)
        if (base := base_url_of(told)) is None:
            if host in ("0.0.0.0", "::"):
                raise UsageError(f"nobody says where {host} is met from outside; expected --base-url http(s)://host")
            base = f"http://{f'[{host}]' if ':' in host else host}:{port}"
            told = replace(told, base_url=base)
        Archive.open(told).close()  # what is wrong is said once, here
        click.echo(f"fitsprov: serving on {host}:{port}, links lead to {base}", err=True)
        run(told, host=host, port=port, workers=workers, access_log=access_log)
