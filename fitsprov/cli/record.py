"""``fitsprov record``."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import click

from fitsprov.actions.registering import open_registry
from fitsprov.cli.common import expand, json_option, one_line_errors, registry_option
from fitsprov.cli.many import Answer, Outputs
from fitsprov.settings import Settings

COUNTS = ("files", "datasets", "activities", "edges", "stubs", "findings")
WORDS = (*COUNTS[1:], "facts")
ONE = {"activities": "activity", **{word: word.removesuffix("s") for word in WORDS if word != "activities"}}


@click.command("record")
@click.argument("files", nargs=-1, metavar="FILE...")
@click.option("--from-list", metavar="FILE|-", help="Read more file names, one a line, from a file or stdin.")
@click.option(
    "--root",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="What the files of a record are relative to; else its own folder.",
)
@click.option("--strict", is_flag=True, help="Refuse IDs that are used and nowhere described.")
@click.option(
    "--fingerprint",
    is_flag=True,
    help="Compute fingerprints of the data of FITS files that are there; they are read whole.",
)
@registry_option
@json_option
def command(
    files: tuple[str, ...],
    from_list: str | None,
    root: Path | None,
    strict: bool,
    fingerprint: bool,
    registry: Settings,
    as_json: bool,
) -> None:
    """Load run records (YAML or JSON) into the registry; - is stdin. Each is loaded whole or not at all."""
    outputs = Outputs(as_json=as_json)
    with one_line_errors(), open_registry(registry.need_registry()) as opened:

        def job(name: str, _: None) -> Answer:
            counts = asdict(opened.record(name, root=root, strict=strict, fingerprint=fingerprint))
            return Answer(counts, f"{click.style('recorded', fg='green')}  {name}  ({describe(counts)})")

        outputs.run(expand(files, recursive=False, from_list=from_list), job)
    if as_json:
        total = {key: sum(item.get(key, 0) for item in outputs.objects) for key in COUNTS}
        click.echo(json.dumps([total], indent=2))
    raise SystemExit(outputs.exit_code)


def describe(counts: dict[str, int]) -> str:
    """The counts of a record in words, those that are new."""
    words = {word: counts[word] for word in WORDS if counts[word]}
    parts = [f"{number} {ONE[word] if number == 1 else word}" for word, number in words.items()]
    return ", ".join(parts) or "nothing new"
