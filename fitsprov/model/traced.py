"""A lineage as rows, for those who write thousands of things down and need none of them as an object."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import Any, NamedTuple

from fitsprov.model.lineage import Agent, Direction, Environment, Execution
from fitsprov.model.said import NOTHING, Said

__all__ = ["ActivityRow", "DatasetRow", "Inputs", "Key", "Presented", "Traced"]

Key = Hashable
"""What stands for a dataset or an activity within one lineage: a number of the registry, or its UUID."""
DatasetRow = Sequence[Any]
"""Key, key of its maker, UUID in any form, type, run, dataId, name, category, URI, size, DID, origin, stub.

A dataId is JSON with sorted keys.
"""
ActivityRow = tuple[
    str,
    str | None,
    str | None,
    str | None,
    str | None,
    str | None,
    str | None,
    Mapping[str, Any] | None,
    Environment | None,
    Agent | None,
    Execution | None,
    int | None,
]
"""UUID, task, version, run, start and end as xsd:dateTime, status, configuration, environment, agent, job, epoch."""


class Inputs(NamedTuple):
    """What an activity used, as it was stated: one column for each thing that is said of it."""

    datasets: Sequence[Any]
    """Their keys."""
    roles: Sequence[str | None]
    actual: Sequence[bool | None] | None
    """Whether it is said that each really was used; None where nothing is said of any."""


class Presented(NamedTuple):
    """What was presented to an activity and not used by it."""

    place: int
    """Among all that was presented to it."""
    dataset: Key
    role: str | None


class Traced(NamedTuple):
    """What can be reached from one dataset."""

    focus: Key
    direction: Direction
    ids: Mapping[Any, str]
    """UUIDs of the datasets as text: that of the focus first, then by the number of steps from it; then those that
    were presented only, then raws that nothing but a header leads to."""
    datasets: Mapping[Any, DatasetRow]
    made: Mapping[Any, Any]
    """Dataset → the activity that made it, in the same order."""
    activities: Mapping[Any, ActivityRow]
    """In the order of what they made."""
    used: Mapping[Any, Inputs]
    """Activity → what it used."""
    presented: Mapping[Any, Sequence[Presented]]
    """Activity → what else was presented to it."""
    listed_raws: Mapping[Any, Sequence[str]]
    """Dataset → UUIDs of the raws that its header lists."""
    complete: bool
    said: Said = NOTHING
    """What is said beside the graph."""
    authority: str | None = None
    """The IVOID under which those are published that bring no publisher DID, where that is known."""
