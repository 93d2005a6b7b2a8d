"""A stamp: what one header says about where its file came from."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TypeVar
from uuid import UUID

from fitsprov.compiled import compiled
from fitsprov.model.dataid import DataId, Scalar, check_data_id
from fitsprov.model.identifiers import escape_name, id_text, is_id, name_id, parse_id

__all__ = ["Input", "Software", "Stamp", "list_digest"]

T = TypeVar("T")


@compiled
def filled_at_once(kind: type[T]) -> type[T]:
    """Let all slots of an instance be filled at once, where C does it: in Python each costs a call."""
    return kind


@filled_at_once
@dataclass(frozen=True, slots=True)
class Input:
    """A dataset named in a list of parents or raws: by its ID, by a name, or both."""

    id: UUID | None = None
    role: str | None = None
    """What it was to the activity that used it: ``ccdExposure``, ``flat``."""
    type: str | None = None
    run: str | None = None
    data_id: DataId | None = None
    name: str | None = None
    extra: Mapping[str, Scalar] = field(default_factory=dict)
    """What else a header says of it."""
    category: str | None = None
    """What kind of thing it is, where a header says it: ``raw``, ``calibration``."""

    def __post_init__(self) -> None:
        if self.id is None and not self.name:
            raise ValueError("an input needs an ID or a name")

    @classmethod
    def of(cls, value: UUID | str | Input) -> Input:
        """Take an ID in any spelling, a name, or an input as it is."""
        if isinstance(value, Input):
            return value
        if isinstance(value, UUID):
            return cls(value)
        return cls(parse_id(value)) if is_id(value) else cls(name=value)

    @property
    def key(self) -> str:
        """The text that stands for it in a list: its UUID, else its escaped name."""
        return id_text(self.id) if self.id is not None else escape_name(self.name or "")

    def identify(self, convention: str = "native") -> UUID:
        """Give its ID; a bare name gets one by rule."""
        return self.id if self.id is not None else name_id(self.name or "", convention)


@dataclass(frozen=True, slots=True)
class Software:
    """A program or package that a header names, with its version."""

    name: str
    version: str | None = None


def list_digest(inputs: Iterable[Input]) -> str:
    """Digest a complete list: ``LC_ALL=C sort -u ids | sha256sum | cut -c1-32``."""
    return digest_keys(set(keys_of(inputs)))


def keys_of(inputs: Iterable[Input]) -> list[str]:
    """Give the keys of a list; for one after the other it takes twice as long."""
    return [id_text(one.id) if one.id is not None else escape_name(one.name or "") for one in inputs]


def digest_keys(keys: Iterable[str]) -> str:
    """Digest the distinct keys of a list."""
    return hashlib.sha256("\n".join([*sorted(keys), ""]).encode()).hexdigest()[:32]


@filled_at_once
@dataclass(frozen=True, slots=True, kw_only=True)
class Stamp:
    """What one header says. ``None`` means that it does not say; an empty list, that there are none.

    Lists are kept in order without repeats. Where a list is given, its count and digest follow from it, unless a header
    states others (a list that was dropped, cut or kept elsewhere).
    """

    id: UUID | None = None
    """Dataset ID."""
    run: str | None = None
    """Run collection."""
    type: str | None = None
    """Dataset type."""
    data_id: DataId | None = None
    activity_id: UUID | None = None
    """The activity (Butler: quantum) that made the dataset."""
    task: str | None = None
    software: tuple[Software, ...] = ()
    parameters: Mapping[str, Scalar] = field(default_factory=dict)
    publisher_did: str | None = None
    datalink: str | None = None
    """URL of the {links} document."""
    parents: tuple[Input, ...] | None = None
    """Immediate parents, calibrations included."""
    raws: tuple[Input, ...] | None = None
    """Raw observations among the ancestors."""
    n_parents: int | None = None
    n_raws: int | None = None
    digests: str | None = None
    """Of the two complete lists, ``parents:raws``; a half is empty where its list is not known."""
    fingerprint: str | None = None
    """Of the data as stamped: ``<algorithm>:<n>:<32 hex>``."""
    stamped: datetime | None = None
    """When, UTC."""
    extra: Mapping[str, Scalar] = field(default_factory=dict)
    """What the convention says beyond these fields."""

    def __post_init__(self) -> None:
        if self.id is not None and not isinstance(self.id, UUID):
            object.__setattr__(self, "id", parse_id(self.id))
        if self.activity_id is not None and not isinstance(self.activity_id, UUID):
            object.__setattr__(self, "activity_id", parse_id(self.activity_id))
        if self.data_id is not None:
            object.__setattr__(self, "data_id", check_data_id(self.data_id))
        if self.parents is None and self.raws is None:
            return
        halves = [
            self._settle_list("parents", self.parents, self.n_parents),
            self._settle_list("raws", self.raws, self.n_raws),
        ]
        if self.digests is None and any(halves):
            object.__setattr__(self, "digests", ":".join(halves))

    def _settle_list(self, name: str, items: Iterable[UUID | str | Input] | None, count: int | None) -> str:
        """Drop repeats, count, and give the digest of a list that is complete."""
        if items is None:
            return ""
        inputs = [item if type(item) is Input else Input.of(item) for item in items]
        distinct = dict(zip(keys_of(inputs), inputs, strict=True))
        object.__setattr__(self, name, tuple(distinct.values()))
        if count is None:
            object.__setattr__(self, f"n_{name}", len(distinct))
        complete = count is None or count == len(distinct)
        return digest_keys(distinct) if complete and self.digests is None else ""

    def digest_of(self, name: str) -> str:
        """The digest of ``parents`` or ``raws``; empty where the complete list is not known."""
        parents, _, raws = (self.digests or "").partition(":")
        return parents if name == "parents" else raws

    def same_as(self, other: Stamp) -> bool:
        """Whether two stamps say the same, whenever they were written."""
        return replace(self, stamped=None) == replace(other, stamped=None)
