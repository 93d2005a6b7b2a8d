"""What the header of a dataset should say, as far as the registry knows it."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from operator import itemgetter
from typing import Any

from fitsprov.model.identifiers import pointers
from fitsprov.model.lineage import Category, Dataset, Lineage
from fitsprov.model.stamp import Input, Stamp

__all__ = ["in_order", "stamp_of"]


def stamp_of(lineage: Lineage, base_url: str | None, authority: str | None) -> Stamp:
    """Make a stamp of a whole lineage.

    A list that is not known to be complete is not given: a count of what is known by chance would lie.
    """
    dataset = lineage.dataset
    did, datalink = pointers(dataset.id, base_url, authority, dataset.publisher_did)
    maker = lineage.generated_by.get(dataset.id)
    known = maker is not None or dataset.category is Category.RAW
    return Stamp(
        id=dataset.id,
        run=dataset.run,
        type=dataset.type,
        data_id=dataset.data_id,
        activity_id=maker,
        publisher_did=did,
        datalink=datalink,
        parents=tuple(as_input(parent, usage.role) for parent, usage in lineage.parents()) if known else None,
        raws=tuple(map(as_input, in_order(lineage.raws()))) if known and lineage.complete else None,
    )


def as_input(dataset: Dataset, role: str | None = None) -> Input:
    """Name a dataset in a list."""
    return Input(dataset.id, role, dataset.type, dataset.run, dataset.data_id, dataset.name)


def in_order(datasets: Iterable[Dataset]) -> list[Dataset]:
    """Sort by dataId, numbers as numbers, then by name."""
    listed = list(datasets)
    places = [one.data_id or {} for one in listed]
    dimensions = sorted(places[0]) if places else []
    if dimensions and {*map(len, places)} == {len(dimensions)}:
        with suppress(KeyError, TypeError):  # other dimensions; a number beside a text
            values = list(map(itemgetter(*dimensions), places))
            if len({*values}) == len(values):
                return [listed[place] for place in sorted(range(len(listed)), key=values.__getitem__)]
    return sorted(listed, key=by_place)


def by_place(dataset: Dataset) -> tuple[Any, ...]:
    """Sort those of any dimensions, or of the same dataId."""
    place = sorted((dataset.data_id or {}).items())
    return [(key, isinstance(value, str), value) for key, value in place], dataset.name or "", dataset.id.int
