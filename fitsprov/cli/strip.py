"""``fitsprov strip``."""

from __future__ import annotations

from functools import partial
from typing import Any

import click

from fitsprov.actions.stamping import strip
from fitsprov.cli.common import expand, file_arguments, json_option, one_line_errors
from fitsprov.cli.many import Answer, Outputs, jobs_option
from fitsprov.cli.writing import in_place_options, report


@click.command("strip")
@file_arguments
@click.option(
    "--convention",
    "conventions",
    multiple=True,
    default=("native",),
    show_default=True,
    metavar="NAME|FILE",
    help="Whose cards to remove; may be given more than once.",
)
@in_place_options
@jobs_option
@json_option
def command(
    files: tuple[str, ...], recursive: bool, from_list: str | None, jobs: int, as_json: bool, **options: Any
) -> None:
    """Remove our stamp; the header is again as it was before."""
    outputs = Outputs(as_json=as_json)
    with one_line_errors():
        outputs.run(expand(files, recursive=recursive, from_list=from_list), partial(strip_one, options), jobs=jobs)
    outputs.finish()


def strip_one(options: dict[str, Any], name: str, _: None) -> Answer:
    """Strip one file."""
    return report(name, strip(name, **options), "stripped", dry_run=options["dry_run"])
