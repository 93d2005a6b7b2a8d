"""Validate DataLink documents against 1.1."""

from __future__ import annotations

from pathlib import Path

from fitsprov.errors import FileRefused
from fitsprov.model.finding import Finding

__all__ = ["lint_file"]


def lint_file(path: Path) -> list[Finding]:
    """Validate a {links} document in a file.

    Raises
    ------
    FileRefused
        Where it cannot be read.
    """
    from fitsprov.datalink.lint import lint

    try:
        data = path.read_bytes()
    except OSError as error:
        raise FileRefused(f"{path}: {error.strerror}; expected a DataLink document") from None
    return lint(data)
