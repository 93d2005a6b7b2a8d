# pathlib costs more than looking through folders
# ruff: noqa: PTH112, PTH118
"""What the commands share: options, names of inputs, errors in one line."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

import click

from fitsprov.actions.walking import FITS_ENDINGS
from fitsprov.errors import FileRefused, FitsprovError
from fitsprov.settings import Settings

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

__all__ = [
    "beyond",
    "complete_file",
    "cut",
    "expand",
    "fail",
    "file_arguments",
    "file_or_id_arguments",
    "json_option",
    "message_of",
    "one_line_errors",
    "read_convention_option",
    "registry_option",
    "write_whole",
]

T = TypeVar("T")

registry_option = click.option(
    "--registry",
    "registry",
    metavar="URL",
    help="The registry; else FITSPROV_REGISTRY, else fitsprov.db where it exists.",
    callback=lambda ctx, param, value: Settings.build(value),
)
read_convention_option = click.option(
    "--convention",
    "conventions",
    multiple=True,
    metavar="NAME|FILE",
    help="Read this convention alone; a FILE.toml is read beside those that ship. May be given more than once.",
)
json_option = click.option(
    "--json", "as_json", is_flag=True, help="Print a list as JSON, one object per input or answer."
)


def file_arguments(function: Callable[..., Any], metavar: str = "FILE...") -> Callable[..., Any]:
    """FILE… with ``-r`` and ``--from-list``."""
    function = click.option(
        "--from-list", metavar="FILE|-", help="Read more file names, one a line, from a file or stdin."
    )(function)
    function = click.option("-r", "--recursive", is_flag=True, help="Walk folders for FITS files.")(function)
    return click.argument("files", nargs=-1, metavar=metavar, shell_complete=complete_file)(function)


def file_or_id_arguments(function: Callable[..., Any]) -> Callable[..., Any]:
    """FILE|ID… with ``-r`` and ``--from-list``."""
    return file_arguments(function, "FILE|ID...")


def complete_file(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Let the shell complete the name of a file."""
    from click.shell_completion import CompletionItem  # costs more than the start of a command may

    return [CompletionItem(incomplete, type="file")]


def expand(files: Iterable[str], *, recursive: bool, from_list: str | None) -> list[str]:
    """Name every input: those of the command line, those of a list, those in folders."""
    names = list(files)
    if from_list is not None:
        try:
            lines = sys.stdin if from_list == "-" else Path(from_list).read_text(encoding="utf-8").splitlines()
        except OSError as error:
            fail(FileRefused(f"{from_list}: {error.strerror}; expected a list of files"))
        names += [line.strip() for line in lines if line.strip()]
    if not names:
        raise click.UsageError("no input; expected FILE... or --from-list")
    if not recursive:
        return names
    return [found for name in names for found in (walk(name) if os.path.isdir(name) else [name])]


def walk(folder: str) -> Iterator[str]:
    """The FITS files below a folder, by name; a folder that cannot be read stands for itself, to be refused."""
    unreadable: list[OSError] = []
    for place, folders, names in os.walk(folder, onerror=unreadable.append):
        folders.sort()
        yield from (os.path.join(place, name) for name in sorted(names) if name.lower().endswith(FITS_ENDINGS))
    yield from (str(error.filename) for error in unreadable)


def fail(error: FitsprovError) -> NoReturn:
    """Say what went wrong in one line, and stop."""
    click.echo(message_of(error), err=True)
    raise SystemExit(error.exit_code)


def message_of(error: FitsprovError) -> str:
    """The line for stderr."""
    return f"{click.style('fitsprov:', fg='red')} {' '.join(str(error).split())}"


def beyond(limit: int | None) -> int | None:
    """What to ask for, so that one sees whether there is more than a limit."""
    return None if limit is None else limit + 1


def cut(found: list[T], limit: int | None) -> list[T]:
    """Leave out what is beyond a limit, and say so on stderr."""
    if limit is None or len(found) <= limit:
        return found
    click.echo(f"fitsprov: there are more; these are the first {limit}", err=True)
    return found[:limit]


def write_whole(path: Path, pieces: Iterable[bytes]) -> None:
    """Write a file whole or not at all; what a link leads to, or into a device or a pipe."""
    device = path.exists() and not path.is_file()
    target = path if device else path.resolve()
    part = target if device else target.with_name(f".{target.name}.part")
    try:
        with part.open("wb") as file:
            file.writelines(pieces)
        part.replace(target)
    except OSError as error:
        if not device:
            part.unlink(missing_ok=True)
        raise FileRefused(f"{path}: {error.strerror}; expected a file that can be written") from None


class one_line_errors:  # noqa: N801 (reads as a statement)
    """Turn an error of ours into one line on stderr and its exit code."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, FitsprovError):
            fail(error)
