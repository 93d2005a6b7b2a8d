"""Options of the commands that write stamps: what they say, and how it is spelled."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from fitsprov.actions.choosing import Values
from fitsprov.cli.writing import together

__all__ = ["spelling_options", "value_options", "values_of"]

value_options = together(
    click.option("--id", "id_", metavar="ID", help="Dataset ID: a UUID, an ivo:// DID or a butler:// URI."),
    click.option("--new-id", is_flag=True, help="Mint a dataset ID (UUIDv7)."),
    click.option("--run", metavar="RUN", help="Run collection."),
    click.option("--type", "type_", metavar="TYPE", help="Dataset type."),
    click.option("--data-id", multiple=True, metavar="K=V", help="Data identifier; V is a JSON scalar, else a string."),
    click.option("--parent", "parents", multiple=True, metavar="P", help="Parent: an ID, a name or a stamped FILE."),
    click.option("--raw", "raws", multiple=True, metavar="R", help="Raw observation, as for --parent."),
    click.option(
        "--record",
        type=click.Path(path_type=Path),
        metavar="FILE",
        help="Take the stamp from a run record, without a registry.",
    ),
)
spelling_options = together(
    click.option(
        "--convention",
        "conventions",
        multiple=True,
        default=("native",),
        show_default=True,
        metavar="NAME|FILE",
        help="Convention to write; may be given more than once.",
    ),
    click.option(
        "--lists",
        type=click.Choice(["auto", "cards", "table", "none"]),
        default="auto",
        show_default=True,
        help="Where parents and raws are listed.",
    ),
    click.option("--fingerprint", is_flag=True, help="Fingerprint the data by SHA-256."),
)


def values_of(options: dict[str, Any]) -> Values:
    """Take the values out of a command's options."""
    return Values(
        id=options.pop("id_"),
        new_id=options.pop("new_id"),
        run=options.pop("run"),
        type=options.pop("type_"),
        data_id=options.pop("data_id"),
        parents=options.pop("parents"),
        raws=options.pop("raws"),
    )
