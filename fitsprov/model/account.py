"""All that a registry tells of one dataset, in one state of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple
from uuid import UUID

from fitsprov.model.facts import Annotation, DatasetFacts
from fitsprov.model.lineage import Lineage

__all__ = ["Account"]


class Account(NamedTuple):
    """What is known of a dataset."""

    lineage: Lineage
    facts: DatasetFacts
    standing: Mapping[UUID, Annotation]
    """The last word about each dataset of the lineage that does not stand as it was recorded."""
    of_file: tuple[UUID, ...] = ()
    """Of a file that was asked about, too: the datasets of which it is a copy."""
