"""``fitsprov repoint``."""

from __future__ import annotations

from functools import partial
from typing import Any

import click

from fitsprov.actions.registering import open_registry
from fitsprov.actions.repointing import Move, move_by_registry, move_pointers, move_to
from fitsprov.cli.common import expand, file_arguments, json_option, one_line_errors, registry_option
from fitsprov.cli.many import Answer, Outputs, each, jobs_option
from fitsprov.cli.writing import in_place_options, report
from fitsprov.settings import Settings


@click.command("repoint")
@file_arguments
@click.option("--base-url", metavar="URL", help="Where the service is now; else what the registry says.")
@click.option("--authority", metavar="IVOID", help="What publisher DIDs begin with now; else what the registry says.")
@in_place_options
@jobs_option
@registry_option
@json_option
def command(
    files: tuple[str, ...],
    recursive: bool,
    from_list: str | None,
    base_url: str | None,
    authority: str | None,
    jobs: int,
    registry: Settings,
    as_json: bool,
    **options: Any,
) -> None:
    """Move DATALINK and FPV_DID after a service has moved. Nothing else of a stamp changes.

    They then point where the registry would point now. With --base-url or --authority they point there, without a
    registry; of these two what is not given stays.
    """
    outputs = Outputs(as_json=as_json)
    job = partial(repoint_one, options)
    with one_line_errors():
        names = expand(files, recursive=recursive, from_list=from_list)
        if base_url is not None or authority is not None:
            move = move_to(base_url, authority)
            outputs.run(names, job, prepare=each(lambda name: move), jobs=jobs)
        else:
            with open_registry(registry.need_registry()) as opened:
                hdu = options["hdu"]
                outputs.run(names, job, prepare=each(lambda name: move_by_registry(opened, name, hdu)), jobs=jobs)
    outputs.finish()


def repoint_one(options: dict[str, Any], name: str, move: Move) -> Answer:
    """Move the pointers of one file."""
    return report(name, move_pointers(name, move, **options), "repointed", dry_run=options["dry_run"])
