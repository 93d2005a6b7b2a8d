"""The command line: each command parses, calls one action, prints."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import click

from fitsprov import __version__

__all__ = ["INTERRUPTED", "main"]

COMMANDS = (
    "init",
    "record",
    "harvest",
    "find",
    "registry",
    "stamp",
    "export",
    "show",
    "resolve",
    "fetch",
    "verify",
    "impact",
    "incident",
    "adopt",
    "annotate",
    "events",
    "changes",
    "job",
    "diff",
    "environment",
    "strip",
    "repoint",
    "links",
    "lint",
    "serve",
    "demo",
)
"""In the order in which a newcomer meets them; each is the module of its name."""
INTERRUPTED = 130
"""The exit code of what Ctrl-C ended, as shells have it."""


class LazyGroup(click.Group):
    """A group whose commands are imported when they are called, so that each starts fast."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = import_module(f"fitsprov.cli.{cmd_name}").command
        return command

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            click.echo("fitsprov: interrupted", err=True)
            raise SystemExit(INTERRUPTED) from None


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="fitsprov")
def main() -> None:
    """Know where a FITS file came from.

    Stamp FITS headers with provenance, write DataLink documents, and resolve a file in hand back to its full
    provenance.

    Exit codes: 0 clean, 1 findings or unknown, 2 usage, 3 failure.
    """
