"""What a client asked: the parameters of a query or a form (DALI 1.1, 2.5 and 3.4)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from urllib.parse import unquote_plus

from fitsprov.errors import UsageError

__all__ = ["Call", "accepts_gzip"]

BOUNDARY = re.compile(r';\s*boundary=(?:"([^"]{1,200})"|([^;\s"]{1,200}))', re.IGNORECASE)  # RFC 2046, 5.1.1
PAIR = re.compile(rb"[^&]+")
MOST = 2**20
"""Values in all."""
NAMES = 100
"""Parameters, known or not, that a request may have."""
DIGITS = 18
"""Of a number; larger ones count as the least that has more."""
LONGEST = 2**14
"""Bytes of a value; nothing that is asked for is longer."""
FIELD = re.compile(
    rb'^content-disposition:[^\r\n]*;[ \t]*name=(?:"([^"\r\n]*)"|([^\s;"]+))', re.IGNORECASE | re.MULTILINE
)


@dataclass(frozen=True, slots=True)
class Call:
    """One request, its body read."""

    method: str
    path: Mapping[str, str]
    """The variable parts of the path."""
    headers: Mapping[bytes, bytes]
    """By lower-case name."""
    query: Mapping[str, list[str]]
    """Distinct values by upper-case name, those of a form with them."""
    body: bytes
    tag: bytes | None = None
    """The ETag of the answer, where it is known beforehand."""

    @classmethod
    def of(
        cls,
        method: str,
        path: Mapping[str, str],
        query_string: bytes,
        headers: Mapping[bytes, bytes],
        body: bytes,
        tag: bytes | None = None,
        *,
        most: int = 100_000,
    ) -> Call:
        """Take a request apart.

        Parameters
        ----------
        most : int
            Values of a parameter; one more is kept, which tells that there were more.

        Raises
        ------
        UsageError
            Where its form cannot be read.
        """
        query: dict[str, dict[str, None]] = {}
        sent = form(headers.get(b"content-type", b"").decode("latin-1"), body) if body else ()
        for name, value in chain(fields(query_string), sent):
            values = query.setdefault(name.upper(), {})
            if len(query) > NAMES:
                raise UsageError(f"more than {NAMES} parameters; expected those that there are")
            if len(values) <= most + ("" in values):
                values[value] = None
        return cls(method, path, headers, {name: list(values) for name, values in query.items()}, body, tag)

    def all(self, name: str) -> list[str]:
        """Every value of a parameter."""
        return self.query.get(name, [])

    def one(self, name: str, default: str = "") -> str:
        """The value of a parameter that may be given once.

        Raises
        ------
        UsageError
            Where it is given with several values.
        """
        values = self.all(name)
        if len(values) > 1:
            raise UsageError(f"{name} is given {len(values)} times; expected once")
        return values[0] if values else default

    def number(self, name: str) -> int | None:
        """The value of a parameter that is a count; None where it is not given.

        Raises
        ------
        UsageError
            Where it is none.
        """
        text = self.one(name).strip()
        if not text:
            return None
        if not (text.isascii() and text.isdigit()):
            raise UsageError(f"{name} is '{text[:40]}'; expected a number, 0 or more")
        digits = text.lstrip("0")
        return int(digits or 0) if len(digits) <= DIGITS else 10**DIGITS


def accepts_gzip(headers: Mapping[bytes, bytes]) -> bool:
    """Whether a client can unpack gzip (RFC 9110, 12.5.3)."""
    for item in headers.get(b"accept-encoding", b"").lower().split(b","):
        coding, _, weight = item.partition(b";")
        if coding.strip() == b"gzip":
            return weight.replace(b" ", b"") not in (b"q=0", b"q=0.0", b"q=0.00", b"q=0.000")
    return False


def form(content_type: str, body: bytes) -> Iterator[tuple[str, str]]:
    """Read the fields of a form; data that say no type have none."""
    kind = content_type.partition(";")[0].strip().lower()
    if kind == "application/x-www-form-urlencoded":
        yield from fields(body)
    elif kind == "multipart/form-data":
        yield from multipart(content_type, body)
    elif kind:
        expected = "application/x-www-form-urlencoded or multipart/form-data"
        raise UsageError(f"the request's body is of type '{kind[:80]}'; expected {expected}")


def fields(text: bytes) -> Iterator[tuple[str, str]]:
    """Read the fields of a query or a form, one by one: all at once they may take a hundred times its room."""
    for number, match in enumerate(PAIR.finditer(text)):
        if number >= MOST:
            raise UsageError(f"more than {MOST} parameters; expected fewer")
        name, _, value = match[0].partition(b"=")
        yield plain(name), plain(value)


def plain(text: bytes) -> str:
    """Decode a name or a value."""
    decoded = bounded(text).decode("latin-1")
    return unquote_plus(decoded) if b"%" in text or b"+" in text else decoded


def bounded(text: bytes) -> bytes:
    """Refuse what is too long to be a name or a value."""
    if len(text) > LONGEST:
        raise UsageError(f"a parameter has {len(text)} bytes; expected at most {LONGEST}")
    return text


def multipart(content_type: str, body: bytes) -> Iterator[tuple[str, str]]:
    """Read the fields of a form whose parts have heads of their own (RFC 7578)."""
    match = BOUNDARY.search(content_type)
    if match is None:
        raise UsageError(f"'{content_type[:80]}' has no boundary; expected multipart/form-data; boundary=…")
    mark = b"\r\n--" + (match[1] or match[2]).encode("latin-1")
    parts = (b"\r\n" + body).split(mark)[1:]
    if not parts or not parts[-1].startswith(b"--"):
        raise UsageError("the form is cut off or has not the boundary that was said; expected multipart/form-data")
    for part in parts[:-1]:
        head, _, value = part.partition(b"\r\n\r\n")
        name = FIELD.search(head.lstrip())
        if name is not None:
            known = bounded(name[1] or name[2] or b"").decode(errors="replace")
            yield known, bounded(value).decode(errors="surrogateescape")
