"""What one header claims, as plain values that cross from process to process."""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["Claim", "Named"]


class Named(NamedTuple):
    """A dataset that a header names as an input or a raw."""

    id: bytes
    role: str | None = None
    type: str | None = None
    run: str | None = None
    data_id: str | None = None
    """Canonical text."""
    name: str | None = None
    category: str | None = None
    """Of its type, else its own."""

    @property
    def own(self) -> str | None:
        """The category of a dataset that it says no type of."""
        return self.category if self.type is None else None


class Claim(NamedTuple):
    """What one header says of its dataset and of what made it; IDs are 16 bytes."""

    uri: str
    size: int
    """Bytes of the file."""
    modified: int
    """Nanoseconds since 1970, before the header was read."""
    convention: str
    """That of the header which has precedence."""
    id: bytes
    type: str | None = None
    run: str | None = None
    data_id: str | None = None
    """Canonical text."""
    name: str | None = None
    publisher_did: str | None = None
    activity: bytes | None = None
    derived: bool = False
    """Whether the ID of the activity is ours, because the header states none."""
    task: str | None = None
    parameters: str | None = None
    """Canonical JSON."""
    packages: tuple[tuple[str, str], ...] = ()
    """Names and versions."""
    used: tuple[Named, ...] = ()
    n_used: int | None = None
    """How many there were, where the header counts more than it lists."""
    raws: tuple[Named, ...] = ()
    steps: tuple[tuple[Named, bytes, tuple[Named, ...]], ...] = ()
    """What it says of the steps behind: an ancestor, the derived ID of its activity, what that used."""
    fingerprint: str | None = None
    findings: int = 0
    """What was wrong with the header itself."""
    others: tuple[str, ...] = ()
    """Other conventions that the header carries."""
    inherited: bool = False
    """Whether the header was copied to other data: the file is no copy of the dataset."""

    def items(self) -> list[Named]:
        """All the datasets that it names beside its own."""
        if not self.steps:
            return [*self.used, *self.raws]
        return [*self.used, *self.raws, *(item for one, _, used in self.steps for item in (one, *used))]
