"""``fitsprov job``."""

from __future__ import annotations

import json
from typing import Any

import click

from fitsprov.actions.jobs import jobs
from fitsprov.cli.common import json_option, one_line_errors, registry_option
from fitsprov.cli.find import pairs
from fitsprov.cli.text import safe
from fitsprov.settings import Settings

IMAGE = ("container", "container_base", "recipe")


@click.command("job")
@click.argument("id")
@registry_option
@json_option
def command(id: str, registry: Settings, as_json: bool) -> None:
    """Show a job of a batch system.

    That is its software, container, node and resources, and which tasks ran in it. Exit code 1 where no job has this
    ID.
    """
    with one_line_errors():
        found = jobs(registry.need_registry(), id)
    if not found:
        click.echo(f"fitsprov: job {safe(id)}: not in the registry; expected one that is", err=True)
    if as_json:
        click.echo(json.dumps(found, indent=2, ensure_ascii=False))
    else:
        for line in (line for one in found for line in lines(one)):
            click.echo(safe(line))
    raise SystemExit(0 if found else 1)


def lines(job: dict[str, Any]) -> list[str]:
    """A job, the environments in which its activities ran, and its tasks."""
    node = job["node"] or {}
    told = [
        ("status", job["status"]),
        ("when", " to ".join(time for time in (job["started"], job["ended"]) if time)),
        ("node", " ".join(word for word in (node.get("name"), node.get("hardware")) if word)),
        ("resources", pairs(job["resources"])),
    ]
    for environment in job["environments"]:
        packages = environment.pop("packages", ())
        told += [(name.replace("_", " "), environment.pop(name, None)) for name in IMAGE]
        told += [("platform", pairs(environment))]
        told += [("software", ", ".join(f"{one['name']} {one['version']}" for one in packages))]
    for one in job["tasks"]:
        told.append(
            ("ran", f"{one['task'] or 'task not named'} {one['version'] or ''}".strip() + f"  × {one['activities']}")
        )
    return [f"{job['system']} {job['job']}", *(f"  {name:<16}{value}" for name, value in told if value)]
