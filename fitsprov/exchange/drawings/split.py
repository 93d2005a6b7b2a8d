"""Many datasets taken apart into few parts, along what tells them from each other."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from itertools import pairwise

from fitsprov.model.dataid import Scalar
from fitsprov.model.lineage import Dataset

__all__ = ["split"]

PARTS = 12
"""At most so many: what can be taken in at a glance."""


def split(datasets: Sequence[Dataset]) -> list[list[Dataset]]:
    """Take datasets apart: each value of one dimension for itself if those are few, else ranges of values."""
    values = values_to_split_by(datasets)
    members: dict[tuple[bool, Scalar], list[Dataset]] = defaultdict(list)
    for dataset, value in zip(datasets, values, strict=True):
        members[isinstance(value, str), value].append(dataset)
    ordered = sorted(members, key=lambda each: (each[0], each[1]))
    count = min(PARTS, len(ordered))
    ends = [len(ordered) * n // count for n in range(count + 1)]
    return [[dataset for value in ordered[start:stop] for dataset in members[value]] for start, stop in pairwise(ends)]


def values_to_split_by(datasets: Sequence[Dataset]) -> Sequence[Scalar]:
    """The values of the dimension that takes them apart best, for each dataset one.

    A dimension with few values is best, of several the one with most; else the one with most, of which each is
    shared by several; else what each dataset is called.
    """
    placed = [dataset.data_id or {} for dataset in datasets]
    shared = [key for key in placed[0] if all(key in one for one in placed)]
    counts = {key: len({one[key] for one in placed}) for key in shared}
    varying = [key for key in shared if counts[key] > 1]
    if not varying:
        names = [dataset.name or "" for dataset in datasets]
        return names if len(set(names)) == len(datasets) else [str(dataset.id) for dataset in datasets]
    few = [key for key in varying if counts[key] <= PARTS]
    coarse = [key for key in varying if counts[key] < len(datasets)]
    best = max(few or coarse or varying, key=lambda key: (counts[key], key))
    return [one[best] for one in placed]
