"""A registry into one portable file, and out of it again, on another machine or engine."""

from __future__ import annotations

import gzip
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, cast

from fitsprov.actions.registering import open_registry
from fitsprov.errors import FileRefused

__all__ = ["dump", "load"]

STREAM = Path("-")
"""What stands for stdin or stdout."""


def dump(registry_url: str, target: Path) -> int:
    """Write all that a registry holds into a file, whole or not at all; compressed where its name ends in ``.gz``.

    Parameters
    ----------
    target : path
        ``-`` is stdout.

    Returns
    -------
    int
        Lines.

    Raises
    ------
    FileRefused
        Where it cannot be written, or is there already.
    """
    count = 0
    if target == STREAM:
        with open_registry(registry_url) as registry:
            for line in registry.dump():
                sys.stdout.write(f"{line}\n")
                count += 1
        return count
    if target.exists():
        raise FileRefused(f"{target}: is there; expected a new file")
    part = target.with_name(f".{target.name}.part")
    try:
        with open_registry(registry_url) as registry, opened(part, "wt", compressed=target.suffix == ".gz") as file:
            for line in registry.dump():
                file.write(f"{line}\n")
                count += 1
        part.replace(target)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise FileRefused(f"{target}: {error.strerror}; expected a file that can be written") from None
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    return count


def load(registry_url: str, source: Path) -> int:
    """Load such a file into a registry that is there, whole or not at all; give the number of new rows.

    Parameters
    ----------
    source : path
        ``-`` is stdin.

    Raises
    ------
    FileRefused
        Where it cannot be read.
    InvalidRecord, Conflict
        Where it is no whole dump, or the registry holds something else.
    """

    if source == STREAM:
        with tempfile.TemporaryDirectory() as folder:  # a load that is done again reads it again
            copied = Path(folder) / "stdin"
            with copied.open("wb") as file:
                shutil.copyfileobj(sys.stdin.buffer, file)
            return load(registry_url, copied)

    @contextmanager
    def lines() -> Iterator[Iterator[str]]:
        try:
            with opened(source, "rt", compressed=source.suffix == ".gz") as file:
                yield iter(file)
        except (OSError, EOFError, UnicodeDecodeError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            raise FileRefused(f"{source}: {reason}; expected the dump of a registry") from None

    with open_registry(registry_url) as registry:
        return registry.load(lines, str(source))


def opened(path: Path, mode: str, *, compressed: bool) -> IO[str]:
    """Open a text, compressed or not."""
    if compressed:
        return cast(IO[str], gzip.open(path, mode, encoding="utf-8", newline="\n"))
    return cast(IO[str], path.open(mode, encoding="utf-8", newline="\n"))
