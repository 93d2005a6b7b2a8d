"""``fitsprov fetch``."""

from __future__ import annotations

import sys
from contextlib import nullcontext
from pathlib import Path
from threading import Lock
from typing import Any

import click

from fitsprov.actions.fetching import MOST_JOBS, Fetched, fetch_each
from fitsprov.actions.following import Online
from fitsprov.actions.registering import open_registry
from fitsprov.cli.common import expand, file_or_id_arguments, json_option, one_line_errors, registry_option
from fitsprov.cli.hosts import allow_host_option, name_host
from fitsprov.cli.many import Answer, Outputs
from fitsprov.cli.text import finding_lines, safe
from fitsprov.settings import Settings

COLOURS = {"fetched": "green", "there": "green", "offered": "blue", "failed": "red"}


@click.command("fetch")
@file_or_id_arguments
@click.option(
    "--semantics",
    multiple=True,
    default=("#this",),
    show_default=True,
    metavar="TERM",
    help="Which links: #this, #progenitor, #derivation, #documentation …; may be given more than once.",
)
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path(),
    metavar="FOLDER",
    help="The folder that files go to; else this one.",
)
@click.option("--service", metavar="URL", help="The base URL of the service that knows an ID; else the registry's.")
@click.option("--overwrite", is_flag=True, help="Replace files that are other than those of the service.")
@click.option(
    "--jobs",
    type=click.IntRange(1, MOST_JOBS),
    default=2,
    show_default=True,
    metavar="N",
    help="Download N files at once.",
)
@click.option("--dry-run", is_flag=True, help="Say what would be downloaded, and do nothing.")
@allow_host_option
@registry_option
@json_option
def command(
    files: tuple[str, ...],
    recursive: bool,
    from_list: str | None,
    semantics: tuple[str, ...],
    output: Path,
    service: str | None,
    overwrite: bool,
    jobs: int,
    dry_run: bool,
    allow_hosts: tuple[str, ...],
    registry: Settings,
    as_json: bool,
) -> None:
    """Download what the links of files or dataset IDs offer.

    Files that are whole are not downloaded again, and those that were cut are gone on with. What comes is held against
    its length, its digest and its own stamp. Exit code 1 where something failed or differs.
    """
    outputs = Outputs(as_json=as_json)
    online = Online(name_host, allow_hosts)
    with one_line_errors():
        names = expand(files, recursive=recursive, from_list=from_list)
        with nullcontext() if registry.registry is None else open_registry(registry.registry) as opened:

            def job(name: str, _: None) -> Answer:
                with Bar(shown=sys.stderr.isatty() and not dry_run) as bar:
                    found = list(
                        fetch_each(
                            name,
                            output,
                            semantics=semantics,
                            online=online,
                            service=service,
                            registry=opened,
                            overwrite=overwrite,
                            jobs=jobs,
                            dry_run=dry_run,
                            progress=bar.move,
                        )
                    )
                clean = all(one.status != "failed" and not one.findings for one in found)
                status = "done" if clean else "failed"
                item = {"file": name, "status": status, "links": [one.to_json() for one in found]}
                return Answer(item, "\n".join(line for one in found for line in lines(one)), int(not clean))

            outputs.run(names, job)
    outputs.finish()


def lines(one: Fetched) -> list[str]:
    """A link for people."""
    status = click.style(f"{one.status:<9}", fg=COLOURS[one.status])
    what = str(one.path) if one.path is not None else one.url
    size = "" if one.size is None else f"  {one.size:,} bytes"
    about = one.message or (one.description if one.status == "offered" else "")
    return [f"{status}{safe(what)}{size}{f'  {safe(about)}' if about else ''}", *finding_lines(one.findings)]


class Bar:
    """A progress bar on stderr, over all bytes that are expected."""

    def __init__(self, *, shown: bool) -> None:
        self.lock = Lock()
        self.bar: Any = click.progressbar(length=0, file=sys.stderr, label="fetching", width=24) if shown else None

    def __enter__(self) -> Bar:
        if self.bar is not None:
            self.bar.__enter__()
        return self

    def __exit__(self, *error: Any) -> None:
        if self.bar is not None:
            self.bar.__exit__(*error)

    def move(self, came: int, expected: int) -> None:
        """Show that bytes came, or that more are expected."""
        if self.bar is not None:
            with self.lock:
                self.bar.length += max(expected, 0)
                self.bar.update(came)
