"""``fitsprov export``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from fitsprov.actions.choosing import StampSource
from fitsprov.actions.stamping import export
from fitsprov.cli.common import Outputs, json_option, one_line_errors, registry_option
from fitsprov.cli.stamp_options import value_options, values_of, write_options
from fitsprov.cli.writing import report
from fitsprov.errors import UsageError
from fitsprov.settings import Settings


@click.command("export")
@click.argument("sources", nargs=-1, required=True, metavar="SRC...")
@click.argument("dest", metavar="DEST")
@value_options
@write_options
@click.option("--overwrite", is_flag=True, help="Replace what exists at DEST.")
@registry_option
@json_option
def command(
    sources: tuple[str, ...], dest: str, record: Path | None, registry: Settings, as_json: bool, **options: Any
) -> None:
    """Copy files, or datasets by ID, with a fresh stamp.

    The stamp comes from values; else from the registry by the stamp that SRC carries; else it is the one that SRC
    carries, with a note. SRC is never changed. DEST is a file, or a folder that exists.
    """
    outputs = Outputs(as_json=as_json)
    with one_line_errors():
        values = values_of(options)
        if len(sources) > 1 and not Path(dest).is_dir():
            raise UsageError(f"{dest}: is no folder; expected one for {len(sources)} files")
        with StampSource.open(values, registry.registry, record) as source:

            def job(name: str) -> int:
                path, stamp, note = source.for_export(name)
                outcome = export(path, dest, stamp, **options)
                return report(outputs, name, outcome, "exported", options["dry_run"], note)

            outputs.run(sources, job)
    outputs.finish()
