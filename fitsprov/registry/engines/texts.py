"""Texts that a registry keeps on any engine: PostgreSQL stores no NUL, and indexes no long text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import is_dataclass
from itertools import chain
from typing import Any

from fitsprov.errors import InvalidRecord
from fitsprov.model.record import Record
from fitsprov.registry.harvests.claims import Claim

__all__ = ["fault_of_claim", "refuse_unfit"]

LONGEST = 800
"""Bytes of a text in an index, of which three fit into a row of PostgreSQL's."""
LONGEST_URI = 2_000
ANY_LENGTH = {
    *("after", "before", "cause", "container", "container_base", "content", "hardware", "platform", "recipe"),
    *("resources", "state", "status", "text", "title", "unit", "url_template", "value", "verdict"),
}
"""Fields that no index holds."""


def refuse_unfit(record: Record) -> None:
    """Refuse a record with a text that a registry could not keep on every engine.

    Raises
    ------
    InvalidRecord
    """
    for field, text in texts_of_record(record):
        if fault := fault_of(field, text):
            raise InvalidRecord(f"{record.source}: {fault}")


def texts_of_record(record: Record) -> Iterator[tuple[str, str]]:
    """The texts of a record by their fields; those that many share, once."""
    shared: set[int] = set()
    for step in record.steps:
        yield from texts_of(step.activity, shared)
        yield from (("role", role) for role in {usage.role for usage in step.used} if role is not None)
        for dataset in step.generated:
            yield from texts_of(dataset, shared)
    yield from (("type", name) for name in record.categories)
    for name in record.__dataclass_fields__:
        if name not in ("source", "steps", "categories"):
            yield from texts_in(name, getattr(record, name), shared)


def texts_of(one: Any, shared: set[int]) -> Iterator[tuple[str, str]]:
    """The texts of a value of the model."""
    for name in one.__dataclass_fields__:
        value = getattr(one, name)
        if type(value) is str:
            yield name, value
        elif value is not None and id(value) not in shared:
            yield from texts_in(name, value, shared)


def texts_in(name: str, value: Any, shared: set[int]) -> Iterator[tuple[str, str]]:
    """The texts of one field; JSON escapes what is in a mapping."""
    if isinstance(value, str):
        yield name, value
    elif isinstance(value, tuple):
        for one in value:
            yield from texts_in(name, one, shared)
    elif is_dataclass(value):
        shared.add(id(value))
        yield from texts_of(value, shared)


def fault_of(field: str, text: str) -> str | None:
    """Say why a text does not fit; None where it does."""
    if "\0" in text:
        return f"{field} {text[:40]!r} holds a NUL character; expected text without"
    if len(text) * 4 <= LONGEST or field in ANY_LENGTH:
        return None
    size, most = len(text.encode()), LONGEST_URI if field == "uri" else LONGEST
    return f"{field} '{text[:40]}…' has {size} bytes; expected at most {most}" if size > most else None


def fault_of_claim(claim: Claim) -> str | None:
    """Say why what a header claims does not fit; None where it does."""
    if are_plain(claim):
        return None
    faults = (fault_of(field, text) for field, text in texts_of_claim(claim))
    return next(filter(None, faults), None)


def are_plain(claim: Claim) -> bool:
    """Whether all texts of a claim are of those of which nearly all are: without NUL, and too short for any bound."""
    words = {claim.uri, claim.type, claim.run, claim.name, claim.publisher_did, claim.task, *chain(*claim.packages)}
    for item in claim.items():
        words.update((item.role, item.type, item.run, item.name))
    texts = list(filter(None, words))
    return max(map(len, texts)) * 4 <= LONGEST and "\0" not in "".join(texts)


def texts_of_claim(claim: Claim) -> Iterator[tuple[str, str]]:
    """The texts of a claim by their fields."""
    items = claim.items()
    words: Iterable[tuple[str, str | None]] = chain(
        ((name, getattr(claim, name)) for name in ("uri", "type", "run", "name", "publisher_did", "task")),
        (("software", text) for one in claim.packages for text in one),
        (("name", item.name) for item in items),
        {(name, getattr(item, name)) for item in items for name in ("role", "type", "run")},
    )
    return ((field, text) for field, text in words if text is not None)
