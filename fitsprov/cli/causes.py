"""The options that say what is suspected."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from fitsprov.cli.times import parse_time

__all__ = ["cause_options"]

CAUSE_OPTIONS = (
    click.argument("identifier", metavar="[ID]", required=False),
    click.option("--task", metavar="TASK", help="A task, or one like 'isr<v30_0_0'."),
    click.option("--package", metavar="PACKAGE", help="A package, or one like 'numpy>=2.0,<2.1'."),
    click.option("--config", metavar="NAME=VALUE", help="A configuration value, by its dotted name."),
    click.option("--container", metavar="DIGEST", help="A container image, or its digest; its base, too."),
    click.option("--node", metavar="NAME", help="The node of a job."),
    click.option("--run", metavar="RUN", help="A run collection."),
    click.option("--job", metavar="JOB", help="A job, as the batch system names it."),
    click.option("--since", type=parse_time, metavar="TIME", help="Activities that ran after this time."),
    click.option("--until", type=parse_time, metavar="TIME", help="Activities that began before this time."),
)


def cause_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Options of a cause; all that are given must hold."""
    for option in reversed(CAUSE_OPTIONS):
        function = option(function)
    return function
