"""``fitsprov resolve``."""

from __future__ import annotations

import shutil
import sys
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

import click

from fitsprov.actions.drawing import BARE, DOCUMENTS, FORMATS, draw, said_of
from fitsprov.actions.following import Online
from fitsprov.actions.registering import open_registry
from fitsprov.actions.resolving import Resolution, Status, resolve_any
from fitsprov.cli.common import (
    expand,
    file_or_id_arguments,
    json_option,
    one_line_errors,
    read_convention_option,
    registry_option,
    write_whole,
)
from fitsprov.cli.hosts import allow_host_option, confirm_host, is_terminal, name_host
from fitsprov.cli.many import Answer, Outputs
from fitsprov.cli.text import resolution_text
from fitsprov.model.finding import Severity, worst
from fitsprov.model.said import NOTHING
from fitsprov.settings import Settings

if TYPE_CHECKING:
    from fitsprov.actions.registry import Registry


@click.command("resolve")
@file_or_id_arguments
@click.option(
    "--direction",
    type=click.Choice(["up", "down"]),
    default="up",
    show_default=True,
    help="To what it was made from, or to what was made from it.",
)
@click.option("--depth", type=click.IntRange(min=1), metavar="N", help="How many generations; all by default.")
@click.option(
    "--format",
    "format_",
    type=click.Choice(["json", *FORMATS]),
    default="tree",
    show_default=True,
    help="How the lineage is drawn, or the provenance document that is written.",
)
@click.option("-o", "--output", type=click.Path(path_type=Path), metavar="FILE", help="Write here instead of stdout.")
@click.option("--hdu", metavar="HDU", help="Which header: 0, SCI, SCI,2; else the first that carries a stamp.")
@click.option(
    "--online/--offline",
    default=None,
    help="Ask the service that DATALINK points to where no registry knows the dataset, or never touch the network; by"
    " default a terminal asks you.",
)
@allow_host_option
@read_convention_option
@registry_option
@json_option
def command(
    files: tuple[str, ...],
    recursive: bool,
    from_list: str | None,
    direction: str,
    depth: int | None,
    format_: str,
    output: Path | None,
    hdu: str | None,
    online: bool | None,
    allow_hosts: tuple[str, ...],
    conventions: tuple[str, ...],
    registry: Settings,
    as_json: bool,
) -> None:
    """Print the full provenance of files or dataset IDs. It goes down to the raw observations.

    Exit code 1 where an answer is not `resolved`, or has a warning.
    """
    as_json = as_json or format_ == "json"
    outputs = Outputs(as_json=as_json)
    asking = online is None and is_terminal()
    leave = Online(confirm_host if asking else name_host, allow_hosts) if online or asking else False
    with one_line_errors():
        names = expand(files, recursive=recursive, from_list=from_list)
        if output is not None and (as_json or len(names) > 1):
            raise click.UsageError(
                f"--output {output} holds one drawing; expected one input and another format than json"
            )
        with nullcontext() if registry.registry is None else open_registry(registry.registry) as opened:

            def job(name: str, _: None) -> Answer:
                found = resolve_any(
                    name, opened, hdu=hdu, conventions=conventions, direction=direction, depth=depth, online=leave
                )
                clean = found.status is Status.RESOLVED and worst(found.findings) is Severity.INFO
                asked = opened if found.source == "registry" else None
                text = "" if as_json else text_of(found, format_, asked)
                if output is not None:
                    write_whole(output, [f"{text}\n".encode()])
                return Answer(found.to_json(), text if output is None else "", int(not clean))

            outputs.run(names, job)
    outputs.finish()


def text_of(answer: Resolution, format_: str, registry: Registry | None) -> str:
    """An answer for people, or the bare drawing for a program that draws; a registry says more than the lineage."""
    if answer.lineage is None:
        return resolution_text(answer, "")
    terminal = sys.stdout.isatty()
    width = shutil.get_terminal_size().columns if terminal else None
    wanted = click.get_current_context().color
    colour = terminal if wanted is None else wanted
    authority = None if registry is None else registry.authority
    said = NOTHING if registry is None or format_ not in DOCUMENTS else said_of(registry, answer.lineage)
    drawing = draw(answer.lineage, format_, colour=colour, width=width, authority=authority, said=said)
    return drawing.rstrip("\n") if format_ in BARE else resolution_text(answer, drawing)
