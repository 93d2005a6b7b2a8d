"""Which conventions there are: those of ``templates/headers/``, and a user's own file."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache, partial
from pathlib import Path

from fitsprov.conventions.convention import Convention, Known
from fitsprov.errors import UsageError
from fitsprov.templates import read_template, template_names

__all__ = ["all_conventions", "find_convention", "known_conventions", "native", "writable_conventions"]

PRECEDENCE = ("native", "rubin")
"""Listed first; the others follow by name."""


@cache
def shipped(name: str) -> Convention:
    """Load a convention of the templates."""
    return Convention.parse(read_template(f"headers/{name}.toml"), f"templates/headers/{name}.toml")


def native() -> Convention:
    """Our own convention."""
    return shipped("native")


@cache
def known_conventions() -> tuple[Known, ...]:
    """Every convention that ships, by precedence; each is read whole only when a header betrays it."""
    names = template_names("headers", ".toml")
    ordered = [*PRECEDENCE, *(name for name in names if name not in PRECEDENCE)]
    return tuple(Known.peek(read_template(f"headers/{name}.toml"), partial(shipped, name)) for name in ordered)


@cache
def all_conventions() -> tuple[Convention, ...]:
    """Every convention that ships, whole, by precedence."""
    return tuple(known.load() for known in known_conventions())


def find_convention(name: str) -> Convention:
    """Find a convention by name, or read a user's own TOML file."""
    if name.endswith(".toml"):
        try:
            return Convention.parse(Path(name).read_text(encoding="utf-8"), name)
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "is not UTF-8 text"
            raise UsageError(f"{name}: {reason}; expected a convention file") from None
    names = template_names("headers", ".toml")
    if name not in names:
        raise UsageError(f"convention '{name}'; expected one of {', '.join(names)}, or a path that ends in .toml")
    return shipped(name)


def writable_conventions(names: Iterable[str]) -> tuple[Convention, ...]:
    """Find conventions that are to be written, each once."""
    found = tuple(find_convention(name) for name in dict.fromkeys(names))
    for convention in found:
        if not convention.write:
            raise UsageError(f"convention '{convention.name}' is only read; expected one that is written")
    return found
