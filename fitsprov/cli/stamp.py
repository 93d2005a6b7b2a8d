"""``fitsprov stamp``."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import click

from fitsprov.actions.choosing import StampSource
from fitsprov.actions.registering import keep_fingerprints
from fitsprov.actions.stamping import stamp
from fitsprov.cli.common import expand, file_arguments, json_option, one_line_errors, registry_option
from fitsprov.cli.many import Answer, Outputs, jobs_option
from fitsprov.cli.stamp_options import spelling_options, value_options, values_of
from fitsprov.cli.writing import in_place_options, report
from fitsprov.errors import FitsprovError
from fitsprov.model.stamp import Stamp
from fitsprov.settings import Settings


@click.command("stamp")
@file_arguments
@value_options
@spelling_options
@click.option("--replace", is_flag=True, help="Take the place of a stamp that names another dataset.")
@click.option("--derive", is_flag=True, help="Keep the dataset that the header names as a parent.")
@click.option("--force", is_flag=True, help="Replace foreign cards that name another dataset.")
@click.option("--insert-range", is_flag=True, help="Grow files of 64 MiB or more in place (ext4, xfs).")
@in_place_options
@jobs_option
@registry_option
@json_option
def command(
    files: tuple[str, ...],
    recursive: bool,
    from_list: str | None,
    record: Path | None,
    jobs: int,
    registry: Settings,
    as_json: bool,
    **options: Any,
) -> None:
    """Stamp FITS files in place.

    The stamp comes from values (--run, --type, --data-id, --parent, --raw), from a run record (--record), or from the
    registry: by --id, else by the path that a record gave as the dataset's file.
    """
    names = expand(files, recursive=recursive, from_list=from_list)
    outputs = Outputs(as_json=as_json)
    with one_line_errors():
        values = values_of(options)
        if len(names) > 1 and values.id is not None:
            raise click.UsageError(f"--id names one dataset; expected one file, not {len(names)}")
        with StampSource.open(values, registry.registry, record) as source:
            outputs.run(names, partial(stamp_one, options), prepare=source.for_files, jobs=jobs)
            if options["fingerprint"] and not options["dry_run"] and record is None and source.registry is not None:
                try:
                    keep_fingerprints(source.registry, outputs.written)
                except FitsprovError as error:
                    outputs.warn(error, "the stamps are written, the registry does not know their fingerprints")
    outputs.finish()


def stamp_one(options: dict[str, Any], name: str, wanted: Stamp) -> Answer:
    """Stamp one file."""
    return report(name, stamp(name, wanted, **options), "stamped", dry_run=options["dry_run"])
