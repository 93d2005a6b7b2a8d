"""What the commands that write say about each file."""

from __future__ import annotations

import click

from fitsprov.actions.stamping import Outcome
from fitsprov.cli.common import Outputs

__all__ = ["report"]


def report(outputs: Outputs, name: str, outcome: Outcome, done: str, dry_run: bool = False, note: str = "") -> int:
    """Print one line for a file that was written, or that had no need to be."""
    changed = outcome is not Outcome.UNCHANGED
    status = "done" if changed else "unchanged"
    message = note if not dry_run else "dry run" + (f"; {note}" if note else "")
    word = (f"would be {done}" if dry_run else done) if changed else "unchanged"
    line = f"{click.style(f'{word:<9}', fg='green' if changed else None)}  {name}" + (f"  ({note})" if note else "")
    outputs.add({"file": name, "status": status, "message": message}, line)
    return 0
