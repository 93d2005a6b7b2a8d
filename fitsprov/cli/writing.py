"""What the commands that write say about each file."""

from __future__ import annotations

import click

from fitsprov.actions.stamping import Outcome
from fitsprov.cli.many import Answer

__all__ = ["report"]


def report(name: str, outcome: Outcome, done: str, *, dry_run: bool = False, note: str = "") -> Answer:
    """One line for a file that was written, or that had no need to be."""
    changed = outcome is not Outcome.UNCHANGED
    word = (f"would be {done}" if dry_run else done) if changed else "unchanged"
    message = "; ".join(part for part in ("dry run" if dry_run else "", note) if part)
    item = {"file": name, "status": "done" if changed else "unchanged", "message": message}
    line = f"{click.style(f'{word:<9}', fg='green' if changed else None)}  {name}"
    return Answer(item, f"{line}  ({note})" if note else line)
