"""``fitsprov show``."""

from __future__ import annotations

import click

from fitsprov.actions.json_objects import reading_object
from fitsprov.actions.reading import inspect
from fitsprov.cli.common import expand, file_arguments, json_option, one_line_errors, read_convention_option
from fitsprov.cli.many import Answer, Outputs
from fitsprov.cli.text import reading_text


@click.command("show")
@file_arguments
@click.option("--hdu", metavar="HDU", help="Which header: 0, SCI, SCI,2; else the first that carries a stamp.")
@read_convention_option
@json_option
def command(
    files: tuple[str, ...],
    recursive: bool,
    from_list: str | None,
    hdu: str | None,
    conventions: tuple[str, ...],
    as_json: bool,
) -> None:
    """Print what the headers say, and in which convention. It judges nothing: exit code 0 also without a stamp."""
    outputs = Outputs(as_json=as_json)

    def job(name: str, _: None) -> Answer:
        reading = inspect(name, hdu=hdu, conventions=conventions)
        return Answer(reading_object(name, reading), "" if as_json else reading_text(name, reading))

    with one_line_errors():
        outputs.run(expand(files, recursive=recursive, from_list=from_list), job)
    outputs.finish()
