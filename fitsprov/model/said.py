"""What is said beside a graph, of all that can be reached in it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple
from uuid import UUID

from fitsprov.model.facts import (
    Annotation,
    Description,
    Metric,
    Observation,
    Relation,
    Responsibility,
    ValueEntity,
)

__all__ = ["NOTHING", "Said"]


class Said(NamedTuple):
    """Facts about datasets, the activities that made them, and their runs."""

    observations: tuple[Observation, ...] = ()
    telemetry: Mapping[UUID, tuple[str, ...]] = {}
    """Dataset → URLs at which the telemetry of its interval can be asked for."""
    metrics: tuple[Metric, ...] = ()
    annotations: tuple[Annotation, ...] = ()
    """By time."""
    values: tuple[ValueEntity, ...] = ()
    responsible: tuple[Responsibility, ...] = ()
    derived: tuple[Relation, ...] = ()
    """Dataset, and one that it was derived from."""
    informed: tuple[Relation, ...] = ()
    """Activity, and one that informed it."""
    members: tuple[Relation, ...] = ()
    """Collection, and its member."""
    descriptions: tuple[Description, ...] = ()


NOTHING = Said()
