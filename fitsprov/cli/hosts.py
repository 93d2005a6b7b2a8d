"""Which hosts a command may ask: named on stderr, and agreed to."""

from __future__ import annotations

import sys

import click

__all__ = ["allow_host_option", "confirm_host", "is_terminal", "name_host"]

allow_host_option = click.option(
    "--allow-host",
    "allow_hosts",
    metavar="HOST",
    multiple=True,
    help="A host that may have a private or loopback address; may be given more than once.",
)


def is_terminal() -> bool:
    """Whether there is somebody to be asked."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def name_host(host: str) -> bool:
    """Say which host is asked."""
    click.echo(f"asking {host}", err=True)
    return True


def confirm_host(host: str) -> bool:
    """Ask the user whether a host may be asked."""
    return click.confirm(f"Ask {host} for the provenance?", err=True)
