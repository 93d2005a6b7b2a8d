"""What costs most, once more, in C: a few pure functions that give the same as their twins in Python, sooner.

A function that has a twin is marked by `compiled`. Its Python is what holds: it stands alone where no compiler was
found, and where ``FITSPROV_PURE`` is set to anything; tests hold both against each other.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import cache
from importlib import import_module
from itertools import chain
from typing import Any, TypeVar, cast

__all__ = ["COMPILED", "LATER", "PAIRS", "compiled", "load"]

T = TypeVar("T", bound=Callable[..., Any])

PAIRS: dict[str, tuple[Callable[..., Any], Callable[..., Any]]] = {}
"""Name → the function or class in Python, and its twin in C."""
SHARED = ("cards.pxd", "files.pxd", "stamps.pxd", "texts.pxd")
"""What the extensions tell each other."""


@cache
def load(name: str) -> Any:
    """Load an extension of this room; None where it was not built, is older than its source, or is not wanted."""
    if os.environ.get("FITSPROV_PURE"):
        return None
    try:
        extension = import_module(f"{__name__}.{name}")
    except ImportError:
        return None
    return None if is_outdated(str(extension.__file__), f"{name}.pyx", *SHARED) else extension


def is_outdated(extension: str, *sources: str) -> bool:
    """Whether one of the sources beside an extension was changed after it was built; a wheel has none."""
    folder, built = os.path.dirname(extension), os.stat(extension).st_mtime  # noqa: PTH116, PTH120 -- at each start
    return any(
        os.path.exists(path) and os.stat(path).st_mtime > built  # noqa: PTH110, PTH116
        for path in (f"{folder}/{source}" for source in sources)
    )


EXTENSIONS = [load(name) for name in ("cards", "texts", "stamps", "readings", "files", "plain")]
LATER = ("values", "rows", "provenance")
"""Extensions that nobody needs who has no registry to ask."""
COMPILED = None not in EXTENSIONS
"""Whether the twins are there and in use."""


def compiled(pure: T) -> T:
    """Put the twin of a function or a class in its place, where it is there."""
    name = pure.__name__
    for extension in chain(EXTENSIONS, map(load, LATER)) if COMPILED else ():
        if hasattr(extension, name):
            PAIRS[name] = pure, getattr(extension, name)
            return cast(T, PAIRS[name][1])
    return pure
