"""``fitsprov verify``."""

from __future__ import annotations

from contextlib import nullcontext
from functools import partial

import click

from fitsprov.actions.registering import open_registry
from fitsprov.actions.verifying import Verdict, verdict_of, verify_all
from fitsprov.cli.common import (
    expand,
    file_arguments,
    json_option,
    one_line_errors,
    read_convention_option,
    registry_option,
)
from fitsprov.cli.many import Answer, Outputs
from fitsprov.cli.text import verdict_text
from fitsprov.model.finding import Finding, Severity, worst
from fitsprov.settings import Settings


@click.command("verify")
@file_arguments
@click.option("--data/--no-data", default=True, show_default=True, help="Read the data, too.")
@click.option("--hdu", metavar="HDU", help="Which header: 0, SCI, SCI,2; else the first that carries a stamp.")
@read_convention_option
@registry_option
@json_option
def command(
    files: tuple[str, ...],
    recursive: bool,
    from_list: str | None,
    data: bool,
    hdu: str | None,
    conventions: tuple[str, ...],
    registry: Settings,
    as_json: bool,
) -> None:
    """Hold header, registry and data against each other.

    It finds stamps that are stale, inherited, tampered with or missing. Exit code 1 where it finds anything.
    """
    outputs = Outputs(as_json=as_json)
    with one_line_errors():
        names = expand(files, recursive=recursive, from_list=from_list)
        with nullcontext() if registry.registry is None else open_registry(registry.registry) as opened:

            def job(name: str, findings: tuple[Finding, ...]) -> Answer:
                verdict = verdict_of(findings)
                item = {"file": name, "status": verdict.value, "findings": [f.to_json() for f in findings]}
                clean = verdict is Verdict.OK and worst(findings) is Severity.INFO
                return Answer(item, verdict_text(name, verdict.value, findings), int(not clean))

            check = partial(verify_all, registry=opened, hdu=hdu, conventions=conventions, data=data)
            outputs.run(names, job, prepare=check)
    outputs.finish()
