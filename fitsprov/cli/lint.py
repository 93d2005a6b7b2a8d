"""``fitsprov lint``."""

from __future__ import annotations

import click

from fitsprov.actions.linting import lint_any
from fitsprov.cli.common import expand, json_option, one_line_errors
from fitsprov.cli.many import Answer, Outputs
from fitsprov.cli.text import verdict_text
from fitsprov.model.finding import Severity, worst


@click.command("lint")
@click.argument("files", nargs=-1, metavar="FILE|URL...")
@click.option("--from-list", metavar="FILE|-", help="Read more file names, one a line, from a file or stdin.")
@json_option
def command(files: tuple[str, ...], from_list: str | None, as_json: bool) -> None:
    """Validate DataLink documents.

    They are held against DataLink 1.1, DALI 1.1 and the VOTable schema. A URL is what a service answers at; only that
    is asked for, all else is offline.
    """
    outputs = Outputs(as_json=as_json)

    def job(name: str, _: None) -> Answer:
        findings = lint_any(name)
        found = worst(findings)
        status = "invalid" if found is Severity.ERROR else "valid"
        item = {"file": name, "status": status, "findings": [f.to_json() for f in findings]}
        return Answer(item, verdict_text(name, status, findings), int(found is not Severity.INFO))

    with one_line_errors():
        outputs.run(expand(files, recursive=False, from_list=from_list), job)
    outputs.finish()
