"""Dataset IDs: 128 bits, however they are spelled.

A dataset ID is a UUID. It is met as a UUID, as a publisher DID (``ivo://authority/path?uuid``, IVOA Identifiers 2.0,
section 4) or as a ``butler://repository/uuid`` URI. A string that is none of these is a *name*, keyed by UUIDv5.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from urllib.parse import quote
from uuid import UUID, uuid5

from fitsprov.compiled import compiled
from fitsprov.errors import MalformedID, UsageError

__all__ = [
    "activity_id",
    "datalink_url",
    "escape_name",
    "find_id",
    "find_plain_id",
    "id_text",
    "is_id",
    "name_id",
    "parse_id",
    "pointers",
    "publisher_did",
    "usual_id",
]

NAMES = UUID("5f0b7f0e-3d0c-5b43-9e0f-6a1f6f7cf1d5")
"""The namespace under which names become IDs."""

HEX = "[0-9a-fA-F]"
UUID_TEXT = rf"{HEX}{{8}}-{HEX}{{4}}-{HEX}{{4}}-{HEX}{{4}}-{HEX}{{12}}"
# schemes are read in any case (RFC 3986, 3.1)
SPELLINGS = re.compile(
    rf"(?P<plain>{UUID_TEXT})"
    rf"|(?i:ivo)://[^?#]+\?(?:[^#]*&)?(?:id=)?(?P<did>{UUID_TEXT})"  # ours, and Rubin's ?repo=…&id=…
    rf"|(?i:butler)://[^?#]+/(?P<butler>{UUID_TEXT})"
)
# IVOA Identifiers 2.0, 2.3: naming authority and resource key
AUTHORITY = re.compile(r"ivo://[A-Za-z0-9][A-Za-z0-9._~-]{2,}(?:/[A-Za-z0-9._~!$&'()*+,;=:@-]+)*")


@compiled
def usual_id(text: str) -> UUID | None:
    """Read a UUID, or a publisher DID that ends in ``?`` and one; None leaves the text to `find_id`."""
    return None


@compiled
def id_text(dataset: UUID) -> str:
    """Spell a dataset ID as a UUID, lower case."""
    return str(dataset)


def parse_id(text: str) -> UUID:
    """Read a dataset ID in any of its spellings.

    Raises
    ------
    MalformedID
        Where ``text`` is a name or nothing at all.
    """
    found = find_id(text)
    if found is None:
        raise MalformedID(text)
    return found


def find_id(text: str) -> UUID | None:
    """Read a dataset ID as `parse_id` does; None where the text is a name or nothing at all."""
    usual = usual_id(text)
    if usual is not None:
        return usual
    match = SPELLINGS.fullmatch(text)
    return None if match is None else UUID(match[match.lastgroup or 0])


def find_plain_id(text: str) -> str | None:
    """Read a dataset ID as `find_id` does, and spell it as a UUID in lower case."""
    match = SPELLINGS.fullmatch(text)
    return None if match is None else match[match.lastgroup or 0].lower()


def is_id(text: str) -> bool:
    """Whether `parse_id` would read this text."""
    return SPELLINGS.fullmatch(text) is not None


def name_id(name: str, convention: str = "native") -> UUID:
    """Key a name: the same name in the same convention is the same dataset wherever it is met."""
    return uuid5(uuid5(NAMES, convention), name)


def activity_id(run: str | None, task: str | None, generated: Iterable[UUID]) -> UUID:
    """Key an activity that was given no ID by its run, its task and what it generated."""
    said = json.dumps([run, task, sorted(map(str, set(generated)))], separators=(",", ":"))
    return uuid5(uuid5(NAMES, "activity"), said)


def publisher_did(authority: str, dataset: UUID) -> str:
    """Spell a dataset ID as ``{registered ivoid}?{uuid}`` (IVOA Identifiers 2.0, section 4.1).

    Raises
    ------
    UsageError
        Where the registered part is no IVOID, or contains one of ``%``, ``?``, ``#``.
    """
    if AUTHORITY.fullmatch(authority) is None:
        raise UsageError(f"authority '{authority}' is no IVOID; expected ivo://authority[/path] without %, ? and #")
    return f"{authority}?{dataset}"


def datalink_url(base_url: str, identifier: str) -> str:
    """Point to the {links} document of a publisher DID or UUID, percent-encoded whole."""
    return f"{base_url.rstrip('/')}/links?ID={quote(identifier, safe='')}"


def pointers(
    dataset: UUID, base_url: str | None, authority: str | None, recorded: str | None = None
) -> tuple[str | None, str | None]:
    """Say where the stamp of a dataset points: its publisher DID, and the URL of its {links} document.

    A DID that was recorded comes before one made by rule; without a DID the UUID leads to the document.
    """
    did = recorded if recorded is not None or authority is None else publisher_did(authority, dataset)
    return did, None if base_url is None else datalink_url(base_url, did or str(dataset))


def escape_name(name: str) -> str:
    """Escape what an ID list cannot hold: all but printable ASCII, blanks, ``%``, ``'`` and ``&``.

    Raises
    ------
    UsageError
        Where the name has a lone surrogate, as one that was decoded from other bytes than UTF-8.
    """
    try:
        return quote(name, safe='!#$()*+,/:;<=>?@[]^`{|}~"\\')
    except UnicodeEncodeError:
        raise UsageError(f"name {name!r} has a lone surrogate; expected Unicode text") from None
