"""What the commands that write have in common: options, and what they say about each file."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from fitsprov.actions.stamping import Outcome
from fitsprov.cli.many import Answer

__all__ = ["in_place_options", "report", "together", "write_options"]

Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]


def together(*options: Decorator) -> Decorator:
    """Make one option of several, in the order in which the help shows them."""

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        for option in reversed(options):
            function = option(function)
        return function

    return decorate


write_options = together(
    click.option("--hdu", default="0", show_default=True, metavar="HDU", help="Which header: 0, SCI, SCI,2."),
    click.option("--fsync/--no-fsync", default=True, show_default=True, help="Survive a loss of power."),
    click.option("--dry-run", is_flag=True, help="Say what would be done, and do nothing."),
)
in_place_options = together(
    click.option("--atomic", is_flag=True, help="Never write in place: a temporary file and a rename."),
    click.option("--break-hardlinks", is_flag=True, help="Write a file that has other names; they keep the old one."),
    write_options,
)


def report(name: str, outcome: Outcome, done: str, *, dry_run: bool = False, note: str = "") -> Answer:
    """One line for a file that was written, or that had no need to be."""
    changed = outcome is not Outcome.UNCHANGED
    word = (f"would be {done}" if dry_run else done) if changed else "unchanged"
    message = "; ".join(part for part in ("dry run" if dry_run else "", note) if part)
    item = {"file": name, "status": "done" if changed else "unchanged", "message": message}
    line = f"{click.style(f'{word:<9}', fg='green' if changed else None)}  {name}"
    return Answer(item, f"{line}  ({note})" if note else line)
