"""The rows of a lineage tell what its objects tell."""

from __future__ import annotations

import json
from itertools import repeat
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fitsprov.errors import DatasetNotFound, UsageError
from fitsprov.exchange.prov.shown import traced
from fitsprov.model.lineage import Usage
from fitsprov.model.record import Record
from fitsprov.model.traced import DatasetRow, Traced
from fitsprov.registry import Registry
from tests.registry.conftest import NewRegistry
from tests.registry.graph.test_lineage import graphs
from tests.registry.making import dataset, record, step, uid


def spelled(rows: Traced) -> dict[str, Any]:
    """Rows with UUIDs in place of keys."""
    ids, makers = rows.ids, {key: row[0] for key, row in rows.activities.items()}
    return {
        "focus": ids[rows.focus],
        "datasets": {text: told(rows.datasets[key]) for key, text in ids.items()},
        "order": list(ids.values()),
        "made": [(ids[key], makers[maker]) for key, maker in rows.made.items()],
        "activities": list(rows.activities.values()),
        "used": {
            makers[key]: [
                (ids[d], *how) for d, *how in zip(some.datasets, some.roles, some.actual or repeat(None), strict=False)
            ]
            for key, some in rows.used.items()
            if some.datasets
        },
        "presented": {
            makers[key]: [(place, ids[d], role) for place, d, role in some]
            for key, some in rows.presented.items()
            if some
        },
        "listed": {ids[key]: list(some) for key, some in rows.listed_raws.items()},
        "complete": rows.complete,
    }


def told(row: DatasetRow) -> tuple[Any, ...]:
    """What a row says, its dataId as an object."""
    return (*row[3:5], None if row[5] is None else json.loads(row[5]), *row[6:])


@settings(max_examples=40)
@given(given_=graphs(), data=st.data())
def test_rows_are_those_of_the_lineage(new_registry: NewRegistry, given_: Record, data: st.DataObject) -> None:
    everything = sorted({d.id for s in given_.steps for d in s.generated} | {d.id for d in given_.datasets})
    focus, depth = data.draw(st.sampled_from(everything)), data.draw(st.none() | st.integers(0, 4))
    with new_registry() as url, Registry(url) as registry:
        registry.record(given_)
        rows, lineage = registry.trace(focus, depth=depth), registry.lineage(focus, depth=depth)
    assert spelled(rows) == spelled(traced(lineage))


@pytest.mark.parametrize("text", ["a", "}", "},{", "},null,{", "{", '"', "\\", "'&\x7f", "é☃"])
def test_any_text_in_a_data_id_is_told(registry: Registry, text: str) -> None:
    inputs = [dataset(f"in {n}", "raw", data_id={"name": text, "n": n} if n % 2 else None) for n in range(5)]
    registry.record(record(step("make", [Usage(one.id) for one in inputs], ["out"]), datasets=tuple(inputs)))
    focus = uid("out")
    assert spelled(registry.trace(focus)) == spelled(traced(registry.lineage(focus)))


def test_what_is_not_there_cannot_be_traced(registry: Registry) -> None:
    with pytest.raises(DatasetNotFound):
        registry.trace(UUID(int=1))
    with pytest.raises(UsageError, match="depth -1"):
        registry.trace(UUID(int=1), depth=-1)
