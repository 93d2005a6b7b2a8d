"""Statements of W3C PROV-DM, as PROV-JSON, PROV-N and PROV-XML spell them.

The local part of each identifier is a UUID, so that no text can break a name. Text that XML 1.0 cannot hold is spelled
out (``\\x1b``) in every format, so that all of them say the same.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

__all__ = ["FORMAL", "Document", "Link", "Name", "Statement", "Told", "Value", "json_text", "legal", "spell_time"]

FORMAL: Mapping[str, tuple[str, ...]] = {
    "entity": (),
    "activity": ("startTime", "endTime"),
    "agent": (),
    "used": ("activity", "entity", "time"),
    "wasGeneratedBy": ("entity", "activity", "time"),
    "wasAssociatedWith": ("activity", "agent", "plan"),
    "wasAttributedTo": ("entity", "agent"),
    "wasDerivedFrom": ("generatedEntity", "usedEntity"),
    "wasInformedBy": ("informed", "informant"),
    "wasInfluencedBy": ("influencee", "influencer"),
    "hadMember": ("collection", "entity"),
}
"""The arguments of each kind of statement, after its identifier, in the order of PROV-N."""

# XML 1.0, [2] Char
ILLEGAL = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

quote = json.encoder.encode_basestring_ascii
encode_sorted = json.JSONEncoder(sort_keys=True, separators=(",", ":"), default=str).encode


class Name(str):
    """A qualified name, ``prefix:local``."""

    __slots__ = ()


class Link(str):
    """A URI as a value."""

    __slots__ = ()


Value = str | bool | int
Told = list[tuple[str, Value]]


class Statement(NamedTuple):
    """One statement: ``kind(id; arguments, [attributes])``."""

    kind: str
    id: str | None
    arguments: tuple[str | None, ...] = ()
    """Qualified names and times, as `FORMAL` orders them."""
    attributes: Sequence[tuple[str, Value]] = ()
    """Those of PROV first, in the order in which PROV-XML wants them; what one name says stands together."""


class Document(NamedTuple):
    """Statements: those about entities, activities and agents, then those that tie them."""

    namespaces: Mapping[str, str]
    """Prefix → URI; ``prov`` and ``xsd`` go without saying."""
    statements: list[Statement]


def legal(text: str) -> str:
    """Spell out what XML 1.0 cannot hold: controls, lone surrogates, U+FFFE and U+FFFF."""
    if text.isprintable():
        return text
    return ILLEGAL.sub(lambda match: match[0].encode("unicode_escape").decode(), text)


def json_text(value: Any) -> str:
    """Spell a value as JSON with sorted keys, no blanks, and ASCII alone."""
    return encode_sorted(value)


def flat_json_text(value: Mapping[str, Any]) -> str:
    """The same of an object, several times faster where its values are strings and integers, as in most dataIds."""
    pairs = [f"{quote(key)}:{spell_scalar(item)}" for key, item in sorted(value.items())]
    return f"{{{','.join(pairs)}}}"


def spell_scalar(value: Any) -> str:
    """A value of a dataId."""
    return quote(value) if value.__class__ is str else str(value) if value.__class__ is int else encode_sorted(value)


def spell_time(time: datetime | None) -> str | None:
    """Spell a time as xsd:dateTime; one with a zone in UTC."""
    if time is None or time.tzinfo is None:
        return None if time is None else time.isoformat()
    return time.astimezone(UTC).isoformat().replace("+00:00", "Z")
