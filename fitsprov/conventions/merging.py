"""Several readings of one header → one stamp."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

from fitsprov.conventions.building import Step
from fitsprov.model.finding import Finding
from fitsprov.model.runs import is_short_for
from fitsprov.model.stamp import Stamp

__all__ = ["ConventionReading", "join", "merge"]

WHOLE = {"native", "rubin"}
"""Conventions that list all that was used; others note a part, and are inherited with copied headers."""


@dataclass(frozen=True, slots=True)
class ConventionReading:
    """What one convention says."""

    convention: str
    stamp: Stamp
    steps: tuple[Step, ...] = ()
    """What lies behind the parents, where the convention tells a whole ancestry: ancestors with their own parents."""
    counts: tuple[str, ...] = ()
    """The numbers that it states, ``n_parents`` and ``n_raws``; others follow from what it lists."""


def join(readings: Sequence[ConventionReading]) -> list[ConventionReading]:
    """Put what one convention says in several places into one reading."""
    joined: dict[str, ConventionReading] = {}
    for reading in readings:
        before = joined.get(reading.convention)
        if before is not None:
            stamp, _ = merge([before, reading])
            counts = tuple(dict.fromkeys((*before.counts, *reading.counts)))
            reading = ConventionReading(reading.convention, stamp, before.steps or reading.steps, counts)
        joined[reading.convention] = reading
    return list(joined.values())


def merge(readings: Sequence[ConventionReading]) -> tuple[Stamp, list[Finding]]:
    """Take what the first convention states; from the others what it leaves open, if they name the same dataset."""
    merged, findings = readings[0].stamp, []
    for place, reading in enumerate(readings[1:], 1):
        other = reading.stamp
        for field in ("id", "run", "type", "data_id", "activity_id"):
            mine, theirs = getattr(merged, field), getattr(other, field)
            if mine is not None and theirs is not None and mine != theirs and not same_run(field, mine, theirs):
                message = f"{field}: {readings[0].convention} says {mine}, {reading.convention} says {theirs}"
                findings.append(Finding("conventions-disagree", message))
        findings += [*compare_lists(readings[0], reading), *compare_counts(readings[:place], reading)]
        if merged.id is None or other.id is None or merged.id == other.id:
            left_open = [f.name for f in fields(Stamp) if leaves_open(merged, other, f.name)]
            merged = replace(merged, **{name: getattr(other, name) for name in left_open})
    return merged, findings


def compare_lists(one: ConventionReading, other: ConventionReading) -> Iterator[Finding]:
    """Find lists of IDs that each have what the other lacks; one may leave some out, and names are everybody's own."""
    for name in ("parents", "raws") if {one.convention, other.convention} == WHOLE else ():
        lists = [getattr(reading.stamp, name) or () for reading in (one, other)]
        mine, theirs = ({item.id for item in items} for items in lists)
        if None not in mine | theirs and mine - theirs and theirs - mine:
            lacking = f"{len(mine - theirs)} of {one.convention}'s are not {other.convention}'s"
            yield Finding("conventions-disagree", f"{name}: {lacking}, {len(theirs - mine)} the other way round")


def compare_counts(readings: Sequence[ConventionReading], other: ConventionReading) -> Iterator[Finding]:
    """Find numbers that differ from those that the first convention states."""
    for name in other.counts:
        first = next((one for one in readings if name in one.counts), other)
        mine, theirs = getattr(first.stamp, name), getattr(other.stamp, name)
        if mine != theirs:
            message = f"{name}: {first.convention} says {mine}, {other.convention} says {theirs}"
            yield Finding("counts-disagree", message)


def same_run(field: str, mine: Any, theirs: Any) -> bool:
    """Whether two names of runs differ only in that one was shortened."""
    return field == "run" and (is_short_for(mine, theirs) or is_short_for(theirs, mine))


def leaves_open(mine: Stamp, theirs: Stamp, field: str) -> bool:
    """Whether another reading may fill a field; a list that is counted is filled only by the list that was digested."""
    value = getattr(mine, field)
    if field == "run" and value is not None and theirs.run is not None:
        return is_short_for(value, theirs.run)
    if field in ("parents", "raws") and value is None and getattr(mine, f"n_{field}") is not None:
        return mine.digest_of(field) != "" and mine.digest_of(field) == theirs.digest_of(field)
    return value is None or (field in ("software", "parameters", "extra") and not value)
