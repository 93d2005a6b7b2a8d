"""The command line: each command parses, calls one action, prints."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Mapping
from contextlib import suppress
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
CLOSED = 141
"""The exit code of what nobody reads any more, as shells have it."""
FAILED = 3
"""The exit code of what cannot be printed."""
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EIO)
"""How writing to stdout fails."""


class LazyGroup(click.Group):
    """A group whose commands are imported when they are called, so that each starts fast."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = import_module(f"fitsprov.cli.{cmd_name}").command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            from difflib import get_close_matches

            near = get_close_matches(args[0], COMMANDS, n=1)
            ctx.fail(f"{error.message} Did you mean {near[0]!r}?" if near else error.message)

    def main(self, *args: Any, **extra: Any) -> Any:
        try:
            return super().main(*args, **extra)
        except OSError as error:
            if error.errno not in FULL or error.filename is not None:
                raise
            leave_stdout()
            click.echo(f"fitsprov: stdout: {error.strerror}; expected a place for what is printed", err=True)
            raise SystemExit(FAILED) from None

    def invoke(self, ctx: click.Context) -> Any:
        ctx.color = wanted_colour(os.environ)
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            click.echo("fitsprov: interrupted", err=True)
            raise SystemExit(INTERRUPTED) from None
        except BrokenPipeError:
            leave_stdout()
            raise SystemExit(CLOSED) from None


def wanted_colour(environment: Mapping[str, str]) -> bool | None:
    """Whether colours are wanted, by ``NO_COLOR`` and ``FORCE_COLOR``; None where a terminal decides."""
    if environment.get("NO_COLOR") or environment.get("TERM") == "dumb":
        return False
    return True if environment.get("FORCE_COLOR") else None


def leave_stdout() -> None:
    """Let what is still to be printed go nowhere, so that Python does not try again at its end."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="fitsprov")
def main() -> None:
    """Know where a FITS file came from.

    Stamp FITS headers with provenance, write DataLink documents, and resolve a file in hand back to its full
    provenance.

    Exit codes: 0 clean, 1 findings or unknown, 2 usage, 3 failure.
    """
