"""The attributes of PROV-JSON as values; what is none of the kind that is wanted is refused in one line."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Never, TypeVar
from uuid import UUID

from fitsprov.errors import InvalidRecord
from fitsprov.exchange.prov.prov import legal

__all__ = ["Attributes", "Json"]

Json = Mapping[str, Any]
Word = TypeVar("Word", bound=StrEnum)
UUID_AT_END = re.compile(r"(?:.*[^0-9a-f-])?([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})")


class Attributes:
    """Looks into what statements say.

    Parameters
    ----------
    source : str
        What the document is called in messages.
    """

    def __init__(self, source: str) -> None:
        self.source = source

    def refuse(self, problem: str) -> Never:
        """Refuse the document."""
        raise InvalidRecord(f"{self.source}: {problem}")

    def uuid(self, name: object) -> UUID:
        """The UUID in which a name of ours ends."""
        match = UUID_AT_END.fullmatch(name) if isinstance(name, str) else None
        if match is None:
            self.refuse(f"name {str(name)[:80]!r}; expected one that ends in a UUID")
        return UUID(match[1])

    def texts(self, told: Json, name: str) -> list[str]:
        """The values of an attribute, as text."""
        given = told.get(name, [])
        values = [value.get("$") if isinstance(value, dict) else value for value in as_list(given)]
        texts = [legal(value) for value in values if isinstance(value, str)]
        if len(texts) < len(values):
            self.refuse(f"{name} is {str(given)[:80]}; expected text")
        return texts

    def text(self, told: Json, name: str) -> str | None:
        """The value of an attribute; None where it has none."""
        values = self.texts(told, name)
        if len(values) > 1:
            self.refuse(f"{name} has {len(values)} values; expected one")
        return values[0] if values else None

    def number(self, told: Json, name: str) -> int | None:
        """A number that is not negative; None where none is said."""
        text = self.text(told, name)
        if text is not None and not re.fullmatch(r"[0-9]{1,19}", text):
            self.refuse(f"{name} is {text[:80]}; expected a number")
        return None if text is None else int(text)

    def flag(self, told: Json, name: str) -> bool:
        """A boolean; false where it is not said."""
        value = told.get(name, False)
        if not isinstance(value, bool):
            self.refuse(f"{name} is {str(value)[:80]}; expected true or false")
        return value

    def choice(self, told: Json, name: str, among: type[Word]) -> Word:
        """One of few words."""
        text = self.text(told, name)
        if text not in list(among):
            self.refuse(f"{name} is {str(text)[:80]}; expected one of {', '.join(among)}")
        return among(text)

    def time(self, told: Json, name: str) -> datetime | None:
        """A time; one with a zone in UTC."""
        text = self.text(told, name)
        try:
            time = None if text is None else datetime.fromisoformat(text)
            return time if time is None or time.tzinfo is None else time.astimezone(UTC)
        except (ValueError, OverflowError):
            self.refuse(f"{name} is {str(text)[:80]}; expected a time")

    def object(self, text: str, name: str) -> dict[str, Any]:
        """A JSON object within a text."""
        try:
            value = json.loads(text)
            json.dumps(value, ensure_ascii=False).encode()
        except (ValueError, RecursionError):
            value = None
        if not isinstance(value, dict):
            self.refuse(f"{name} is {text[:80]}; expected a JSON object")
        return value


def as_list(value: Any) -> list[Any]:
    """What one name says: a value, or a list of them (PROV-JSON, 2.2)."""
    return value if isinstance(value, list) else [value]
