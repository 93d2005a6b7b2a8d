"""``fitsprov adopt``."""

from __future__ import annotations

import click

from fitsprov.actions.adopting import adopt
from fitsprov.actions.registering import open_registry
from fitsprov.cli.common import json_option, one_line_errors, registry_option
from fitsprov.cli.many import Answer, Outputs
from fitsprov.cli.text import safe
from fitsprov.model.dataid import parse_assignments
from fitsprov.settings import Settings


@click.command("adopt")
@click.argument("files", nargs=-1, metavar="FILE...", required=True)
@click.option(
    "--derived-from",
    multiple=True,
    metavar="ID",
    help="What it was made from: an ID, a name or a stamped file; else the dataset that its inherited stamp names.",
)
@click.option("--type", "type_", metavar="TYPE", help="Dataset type; external by default.")
@click.option("--run", metavar="RUN", help="Run collection.")
@click.option("--data-id", multiple=True, metavar="K=V", help="Dimension and value.")
@click.option("--name", metavar="NAME", help="Name of the dataset.")
@click.option("--software", multiple=True, metavar="NAME=VERSION", help="What made it, as far as that is known.")
@click.option("--by", metavar="AGENT", help="Who brings it back.")
@registry_option
@json_option
def command(
    files: tuple[str, ...],
    derived_from: tuple[str, ...],
    type_: str | None,
    run: str | None,
    data_id: tuple[str, ...],
    name: str | None,
    software: tuple[str, ...],
    by: str | None,
    registry: Settings,
    as_json: bool,
) -> None:
    """Bring back files that were made elsewhere, with other tools. The files stay as they are."""
    outputs = Outputs(as_json=as_json)
    if name is not None and len(files) > 1:
        raise click.UsageError("--name names one dataset; expected one file")
    with one_line_errors(), open_registry(registry.need_registry()) as opened:
        place = parse_assignments(data_id) or None
        made_by = dict(map(name_and_version, software))

        def job(file: str, _: None) -> Answer:
            done = adopt(
                file,
                opened,
                derived_from=derived_from,
                type=type_,
                run=run,
                data_id=place,
                name=name,
                software=made_by,
                by=by,
            )
            said = {
                "file": file,
                "status": done.status,
                "id": str(done.dataset.id),
                "type": done.dataset.type,
                "run": done.dataset.run,
                "derived_from": [str(one) for one in done.derived_from],
            }
            made_from = ", ".join(map(str, done.derived_from))
            status = click.style(f"{done.status:<9}", fg="green")
            return Answer(said, f"{status} {safe(file)}  {done.dataset.id}  (from {made_from})")

        outputs.run(files, job)
    outputs.finish()


def name_and_version(text: str) -> tuple[str, str]:
    """Read ``NAME=VERSION``."""
    name, sign, version = text.partition("=")
    if not (name and sign and version):
        raise click.BadParameter(f"'{text}'; expected NAME=VERSION", param_hint="--software")
    return name, version
