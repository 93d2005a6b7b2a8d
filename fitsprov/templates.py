"""The one place that finds and reads ``templates/``: what an observatory changes without touching code.

A checkout's ``templates/`` comes first, then the copy inside an installed wheel.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

__all__ = ["read_template", "template_names"]

PACKAGE = Path(__file__).parent
PLACES = (PACKAGE.parent / "templates", PACKAGE / "_templates")


@cache
def templates_folder() -> Path:
    """Find the folder; a foreign ``templates`` beside an installed package is not ours."""
    return next(place for place in PLACES if (place / "headers" / "native.toml").is_file())


def read_template(path: str) -> str:
    """Read one template by its path below the folder, as ``headers/native.toml``."""
    return (templates_folder() / path).read_text(encoding="utf-8")


@cache
def template_names(folder: str, suffix: str) -> tuple[str, ...]:
    """List the templates of one folder by name, sorted."""
    return tuple(sorted(path.stem for path in (templates_folder() / folder).glob(f"*{suffix}")))
