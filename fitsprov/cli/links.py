"""``fitsprov links``."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from fitsprov.actions.linking import Selection, links, unknown
from fitsprov.actions.registering import open_registry
from fitsprov.cli.common import message_of, one_line_errors, registry_option, write_whole
from fitsprov.errors import DatasetNotFound
from fitsprov.settings import Settings


@click.command("links")
@click.argument("ids", nargs=-1, required=True, metavar="ID...")
@click.option("-o", "--output", type=click.Path(path_type=Path), metavar="FILE", help="Write here instead of stdout.")
@click.option("--semantics", metavar="TERM", help="Only rows of this term, as '#progenitor'; none collapses then.")
@click.option("--role", metavar="ROLE", help="Only rows with this local semantics: raw, parent, calibration …")
@click.option("--maxrec", type=click.IntRange(min=0), metavar="N", help="At most so many rows.")
@click.option(
    "--descriptor",
    "descriptors",
    multiple=True,
    envvar="FITSPROV_DESCRIPTORS",
    show_envvar=True,
    metavar="NAME|FILE",
    help="Also offer the service of this template, as soda; may be given more than once.",
)
@registry_option
def command(
    ids: tuple[str, ...],
    output: Path | None,
    semantics: str | None,
    role: str | None,
    maxrec: int | None,
    descriptors: tuple[str, ...],
    registry: Settings,
) -> None:
    """Write a DataLink document (VOTable) for dataset IDs. Exit code 1 where one is not in the registry."""
    with one_line_errors(), open_registry(registry.need_registry()) as opened:
        missing = unknown(ids, opened)
        selection = Selection(collapse=registry.collapse, semantics=semantics, role=role, maxrec=maxrec)
        document = links(ids, opened, selection, descriptors)
        if output is None:
            sys.stdout.buffer.writelines(document)
            sys.stdout.buffer.flush()
        else:
            write_whole(output, document)
    for identifier in missing:
        click.echo(message_of(DatasetNotFound(identifier)), err=True)
    raise SystemExit(1 if missing else 0)
