"""``fitsprov export``."""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path
from typing import Any

import click

from fitsprov.actions.choosing import StampSource
from fitsprov.actions.stamping import Outcome, export
from fitsprov.actions.streaming import export_stream
from fitsprov.cli.common import json_option, one_line_errors, registry_option
from fitsprov.cli.many import Answer, Outputs, each, jobs_option
from fitsprov.cli.stamp_options import spelling_options, value_options, values_of
from fitsprov.cli.writing import report, write_options
from fitsprov.errors import UsageError
from fitsprov.model.stamp import Stamp
from fitsprov.settings import Settings

STREAM = "-"


@click.command("export")
@click.argument("sources", nargs=-1, required=True, metavar="SRC...")
@click.argument("dest", metavar="DEST")
@value_options
@spelling_options
@click.option("--overwrite", is_flag=True, help="Replace what exists at DEST.")
@write_options
@jobs_option
@registry_option
@json_option
def command(
    sources: tuple[str, ...],
    dest: str,
    record: Path | None,
    jobs: int,
    registry: Settings,
    as_json: bool,
    **options: Any,
) -> None:
    """Copy files, or datasets by ID, with a fresh stamp.

    The stamp comes from values; else from the registry by the stamp that SRC carries; else it is the one that SRC
    carries, with a note. SRC is never changed. DEST is a file, or a folder that exists. A lone - as DEST is data on
    stdout, and as SRC then on stdin.
    """
    outputs = Outputs(as_json=as_json, err=dest == STREAM)
    with one_line_errors():
        values = values_of(options)
        check_places(sources, dest)
        with StampSource.open(values, registry.registry, record) as source:
            if dest == STREAM:
                outputs.run(sources, partial(stream_one, source, options))
            else:
                outputs.run(sources, partial(export_one, dest, options), prepare=each(source.for_export), jobs=jobs)
    outputs.finish()


def check_places(sources: tuple[str, ...], dest: str) -> None:
    """Refuse sources that find no place at DEST."""
    if dest == STREAM:
        if len(sources) > 1:
            raise UsageError(f"{len(sources)} files to stdout; expected one")
    elif STREAM in sources:
        raise UsageError(f"{dest}: a stream goes to a stream; expected - as DEST")
    elif len(sources) > 1 and not Path(dest).is_dir():
        raise UsageError(f"{dest}: is no folder; expected one for {len(sources)} files")


def export_one(dest: str, options: dict[str, Any], name: str, prepared: tuple[Path, Stamp, str]) -> Answer:
    """Export one file."""
    path, stamp, note = prepared
    copy = export(path, dest, stamp, **options)
    note = "; ".join(part for part in (f"to {copy}", note) if part)
    return report(name, Outcome.COPIED, "exported", dry_run=options["dry_run"], note=note)


def stream_one(source: StampSource, options: dict[str, Any], name: str, _: None) -> Answer:
    """Export stdin, or one file, to stdout."""
    kept = {key: options[key] for key in ("conventions", "lists", "hdu", "fingerprint", "dry_run")}
    stdout = sys.stdout.buffer
    if name != STREAM:
        path, stamp, note = source.for_export(name)
        export_stream(path, stdout, lambda _: stamp, **kept)
    else:
        notes = []

        def choose(carried: Stamp | None) -> Stamp:
            stamp, note = source.for_copy("standard input", lambda: carried)
            notes.append(note)
            return stamp

        export_stream(sys.stdin.buffer, stdout, choose, **kept)
        note = notes[-1]
    return report(name, Outcome.COPIED, "exported", dry_run=options["dry_run"], note=note)
