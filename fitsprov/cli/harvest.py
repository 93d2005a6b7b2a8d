"""``fitsprov harvest``."""

from __future__ import annotations

import json
from typing import Any

import click

from fitsprov.actions.harvesting import Counts, Harvest, harvest
from fitsprov.actions.registering import open_registry
from fitsprov.cli.common import (
    expand,
    json_option,
    message_of,
    one_line_errors,
    read_convention_option,
    registry_option,
)
from fitsprov.cli.many import jobs_option
from fitsprov.errors import FitsprovError
from fitsprov.model.finding import Finding, Severity
from fitsprov.settings import Settings

WORDS = ("datasets", "activities", "edges", "stubs", "findings")
MEANT = ("unchanged", "unstamped", "refused")


@click.command("harvest")
@click.argument("paths", nargs=-1, metavar="PATH...")
@click.option("--from-list", metavar="FILE|-", help="Read more paths, one a line, from a file or stdin.")
@click.option("--fingerprint", is_flag=True, help="Compute fingerprints of the data, too; they are read whole.")
@click.option("--again", is_flag=True, help="Read files, too, that have not changed since they were harvested.")
@read_convention_option
@jobs_option
@registry_option
@json_option
def command(
    paths: tuple[str, ...],
    from_list: str | None,
    fingerprint: bool,
    again: bool,
    conventions: tuple[str, ...],
    jobs: int,
    registry: Settings,
    as_json: bool,
) -> None:
    """Read what headers say into the registry.

    They may say it in any known convention. A PATH is a file, a folder, of which all FITS and Parquet files are taken,
    or a glob. Only headers are read. What was harvested and has not changed since is passed over, so that a harvest
    that was stopped goes on where it was. Where headers contradict each other, or the registry, one is kept and the
    other is named on stderr.
    """
    exit_code = 0

    def tell(path: str, what: FitsprovError | Finding) -> None:
        nonlocal exit_code
        if isinstance(what, FitsprovError):
            exit_code = max(exit_code, what.exit_code)
            click.echo(message_of(what), err=True)
        elif what.severity is not Severity.INFO:
            exit_code = max(exit_code, 1)
            click.echo(f"{path}: {what.code}: {what.message}", err=True)

    with one_line_errors():
        names = expand(paths, recursive=False, from_list=from_list)
        with open_registry(registry.need_registry()) as opened:
            done = harvest(
                names, opened, conventions=conventions, fingerprint=fingerprint, again=again, jobs=jobs, tell=tell
            )
    if as_json:
        click.echo(json.dumps([to_json(done)], indent=2))
    else:
        for line in report(done):
            click.echo(line)
    raise SystemExit(max(exit_code, int(done.unstamped > 0)))


def to_json(done: Harvest) -> dict[str, Any]:
    """The object that ``--json`` prints."""
    return {
        **counts_object(done.counts),
        "files": done.files,
        **{word: getattr(done, word) for word in MEANT},
        "conventions": {name: counts_object(counts) for name, counts in done.conventions.items()},
    }


def counts_object(counts: Counts) -> dict[str, int]:
    """What headers can bring."""
    return {word: getattr(counts, word) for word in ("files", *WORDS)}


def report(done: Harvest) -> list[str]:
    """What people read: a line a convention, those that are new, and a line in all."""
    rows = [["", "files", *WORDS]]
    rows += [
        [name, str(counts.files), *(str(getattr(counts, word)) for word in WORDS)]
        for name, counts in done.conventions.items()
    ]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [aligned(row, widths) for row in rows]
    others = ", ".join(f"{getattr(done, word)} {word}" for word in MEANT if getattr(done, word))
    total = f"{click.style('harvested', fg='green')}  {done.files} files" + f"  ({others})" * bool(others)
    return [*lines, total] if done.conventions else [total]


def aligned(row: list[str], widths: list[int]) -> str:
    """A row with its name on the left and its numbers on the right."""
    name, *numbers = zip(row, widths, strict=True)
    return "  ".join([name[0].ljust(name[1]), *(text.rjust(width) for text, width in numbers)])
