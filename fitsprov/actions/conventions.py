"""Which conventions there are: those of ``templates/headers/``, and a user's own files."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache, lru_cache, partial
from pathlib import Path

from fitsprov.conventions.convention import Convention, Known, Spotted
from fitsprov.errors import UsageError
from fitsprov.templates import read_template, template_names

__all__ = [
    "all_conventions",
    "find_convention",
    "known_conventions",
    "native",
    "readable_conventions",
    "writable_conventions",
]

PRECEDENCE = ("native", "rubin")
"""Listed first; the others follow by name."""
FILE = ".toml"
"""How the name of a user's own file ends."""


@cache
def shipped(name: str) -> Convention:
    """Load a convention of the templates."""
    return Convention.parse(read_template(f"headers/{name}{FILE}"), f"templates/headers/{name}.toml")


@cache
def native() -> Convention:
    """Our own convention."""
    return shipped("native")


@cache
def known_conventions() -> tuple[Known, ...]:
    """Every convention that ships, by precedence; each is read whole only when a header betrays it."""
    names = template_names("headers", FILE)
    ordered = [*PRECEDENCE, *(name for name in names if name not in PRECEDENCE)]
    return tuple(Known.peek(read_template(f"headers/{name}{FILE}"), partial(shipped, name)) for name in ordered)


@cache
def all_conventions() -> tuple[Convention, ...]:
    """Every convention that ships, whole, by precedence."""
    return tuple(known.load() for known in known_conventions())


def find_convention(name: str) -> Convention:
    """Find a convention by name, or read a user's own TOML file."""
    if name.endswith(FILE):
        try:
            status = Path(name).stat()
            return own(name, status.st_mtime_ns, status.st_size)
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "is not UTF-8 text"
            raise UsageError(f"{name}: {reason}; expected a convention file") from None
    names = template_names("headers", FILE)
    if name not in names:
        raise UsageError(f"convention '{name}'; expected one of {', '.join(names)}, or a path that ends in {FILE}")
    return shipped(name)


@lru_cache(maxsize=16)
def own(name: str, modified: int, size: int) -> Convention:
    """Read a user's own file, once for as long as it stays as it is."""
    return Convention.parse(Path(name).read_text(encoding="utf-8"), name)


def readable_conventions(names: Sequence[str] = ()) -> tuple[Spotted, ...]:
    """Find conventions that are to be read: those that are named, or all that ship; a user's own files beside them.

    A file whose convention is called as one that ships takes its place.
    """
    if not names:
        return known_conventions()
    given = [find_convention(name) for name in dict.fromkeys(names)]
    files_alone = all(name.endswith(FILE) for name in names)
    there: list[Spotted] = [*known_conventions(), *given] if files_alone else [*given]
    return tuple({convention.name: convention for convention in there}.values())


def writable_conventions(names: Iterable[str]) -> tuple[Convention, ...]:
    """Find conventions that are to be written, each once."""
    if names == ("native",):
        return (native(),)
    found = tuple(find_convention(name) for name in dict.fromkeys(names))
    for convention in found:
        if not convention.write:
            raise UsageError(f"convention '{convention.name}' is only read; expected one that is written")
    return found
