"""What a flaw may be, and what it touched: the question that follows every bad flat and every broken release."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from typing import Any, NamedTuple, Self
from uuid import UUID

from fitsprov.errors import UsageError
from fitsprov.model.dataid import Scalar
from fitsprov.model.lineage import Dataset

__all__ = ["Cause", "Hit", "Impact", "Incident", "Requirement", "Touched"]

REQUIREMENT = re.compile(r"\s*([^\s<>=!~,]+)\s*((?:[<>=!~].*)?)", re.DOTALL)
EPOCH = r"(?:[0-9]+!)?"
BOUND = re.compile(
    rf"\s*(?:(==|!=|<=|>=|<|>)\s*({EPOCH}[^\s<>=!~,*]+)"
    rf"|(==|!=)\s*({EPOCH}[\w.]+\.\*)|(~=)\s*({EPOCH}[\w.]+\.\w+))\s*"
)
PIECES = re.compile(r"[0-9]+|[^\W\d_]+")
BEFORE_RELEASE = {"a", "alpha", "b", "beta", "c", "rc", "pre", "preview", "dev"}


@dataclass(frozen=True, slots=True)
class Requirement:
    """A package or task by name, at any version or within bounds: ``numpy>=2.0,<2.1``."""

    name: str
    bounds: tuple[tuple[str, str], ...] = ()
    """Pairs of an operator (``==``, ``!=``, ``<``, ``<=``, ``>``, ``>=``, ``~=``) and a version; all must hold."""

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a requirement.

        Raises
        ------
        UsageError
            Where it is none.
        """
        match = REQUIREMENT.fullmatch(text)
        bounds = [] if match is None or not match[2] else [BOUND.fullmatch(bound) for bound in match[2].split(",")]
        if match is None or None in bounds:
            raise UsageError(f"{text!r} is no requirement; expected a name, or like name>=2.0,<2.1 or name==2.0.*")
        found = (tuple(filter(None, bound.groups())) for bound in bounds if bound is not None)
        return cls(match[1], tuple((operator, version) for operator, version in found))

    def __str__(self) -> str:
        return self.name + ",".join(f"{operator}{version}" for operator, version in self.bounds)

    def admits(self, version: str | None) -> bool:
        """Whether a version lies within the bounds; one that is not known does only where there are none."""
        return not self.bounds or (version is not None and all(meets(version, *bound) for bound in self.bounds))


def meets(version: str, operator: str, bound: str) -> bool:
    """Compare two versions: as PEP 440 has it where both follow that, else piece by piece."""
    from packaging.version import Version  # the start of every command would pay for it

    if bound.endswith(".*") and operator in ("==", "!="):
        return begins_with(version, bound.removesuffix(".*")) == (operator == "==")
    if operator == "~=":
        return meets(version, ">=", bound) and begins_with(version, bound.rpartition(".")[0])
    try:
        one, other = Version(version), Version(bound)
        order = compare(one if other.local else Version(one.public), other)
    except ValueError:  # InvalidVersion is one, and so is a number of thousands of digits
        order = compare(pieces(version), pieces(bound))
    match operator:
        case "==":
            return order == 0
        case "!=":
            return order != 0
        case "<":
            return order < 0
        case "<=":
            return order <= 0
        case ">":
            return order > 0
    return order >= 0


def begins_with(version: str, prefix: str) -> bool:
    """Whether a version is of a series: ``2.0.1`` and ``2.0rc1`` are of ``2.0``."""
    from packaging.specifiers import Specifier
    from packaging.version import Version

    try:
        return Specifier(f"=={prefix}.*").contains(Version(version), prereleases=True)
    except ValueError:
        series = pieces(prefix)[:-1]
        return pieces(version)[: len(series)] == series


def compare(one: Any, other: Any) -> int:
    """Give the sign of the difference."""
    return int(one > other) - int(one < other)


def pieces(version: str) -> tuple[tuple[int, int, str], ...]:
    """Cut a version like ``v30_0_0_rc1`` or ``w_2026_46`` into what sorts: a candidate stands before its release."""
    found = []
    for piece in PIECES.findall(version.lower().removeprefix("v")):
        if piece.isdecimal():
            digits = piece.lstrip("0")
            found.append((3, len(digits), digits))
        else:
            found.append((0 if piece in BEFORE_RELEASE else 2, 0, piece))
    return (*found, (1, 0, ""))


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """What is suspected: the activities for which all that is given holds.

    Raises
    ------
    UsageError
        Where nothing is given, or it ends before it begins.
    """

    dataset: UUID | None = None
    """They used it."""
    activity: UUID | None = None
    run: str | None = None
    job: str | None = None
    """As the batch system names it, or its UUID."""
    task: Requirement | None = None
    package: Requirement | None = None
    config: tuple[str, Scalar] | None = None
    """The dotted name of a configuration value, and the value."""
    container: str | None = None
    """An image with its digest, or the digest alone; of the image or of its base."""
    node: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    """They ran at some time between."""

    def __post_init__(self) -> None:
        if all(getattr(self, one.name) is None for one in fields(self)):
            raise UsageError("no cause; expected a dataset, activity, run, job, task, package, config, … to look for")
        if self.since is not None and self.until is not None and aware(self.until) < aware(self.since):
            raise UsageError(f"until {self.until} is before since {self.since}; expected a time window")

    def to_json(self) -> dict[str, Any]:
        """Give what is given, as JSON values."""
        given = {one.name: getattr(self, one.name) for one in fields(self)}
        return {name: plain(value) for name, value in given.items() if value is not None}

    @classmethod
    def from_json(cls, given: Mapping[str, Any]) -> Self:
        """Read what `to_json` gave."""
        return cls(**{name: PARSERS.get(name, str)(value) for name, value in given.items()})

    def __str__(self) -> str:
        shown = {**self.to_json(), **({} if self.config is None else {"config": "=".join(map(str, self.config))})}
        return ", ".join(f"{name} {value}" for name, value in shown.items())


def aware(time: datetime) -> datetime:
    """Take a time without a zone for UTC."""
    return time.replace(tzinfo=UTC) if time.tzinfo is None else time


def plain(value: Any) -> Any:
    """Spell one value of a cause."""
    if isinstance(value, tuple):
        return list(value)
    return value.isoformat() if isinstance(value, datetime) else str(value)


PARSERS: dict[str, Any] = {
    "dataset": UUID,
    "activity": UUID,
    "task": Requirement.parse,
    "package": Requirement.parse,
    "config": tuple,
    "since": datetime.fromisoformat,
    "until": datetime.fromisoformat,
}


@dataclass(frozen=True, slots=True)
class Touched:
    """How many datasets of one type in one run were touched."""

    type: str | None
    run: str | None
    datasets: int
    direct: int
    """Of them, those that were made by the activities of the cause, not only from what these made."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Impact:
    """What a cause touched, counted."""

    cause: Cause
    activities: int
    """For which the cause holds."""
    touched: tuple[Touched, ...] = ()

    @property
    def datasets(self) -> int:
        """All that were touched."""
        return sum(one.datasets for one in self.touched)

    @property
    def direct(self) -> int:
        """Those that the activities of the cause made."""
        return sum(one.direct for one in self.touched)


class Hit(NamedTuple):
    """A dataset that an incident touched."""

    dataset: Dataset
    direct: bool
    """Whether an activity of the cause made it."""
    done: datetime | None = None
    """When it was dealt with."""
    text: str | None = None
    """How."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """A saved impact, to be worked off."""

    id: UUID
    title: str
    cause: Cause
    opened: datetime
    closed: datetime | None = None
    agent: str | None = None
    """Who opened it."""
    text: str | None = None
    """What came of it."""
    hits: int = 0
    done: int = 0
    """Of the hits, those that are worked off."""
