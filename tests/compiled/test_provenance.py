"""What C tells of a lineage is what Python tells, for any."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from unittest.mock import patch
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fitsprov.compiled import COMPILED, PAIRS
from fitsprov.exchange.prov.shown import traced
from fitsprov.exchange.prov.telling import PLAIN, Teller, entity_lines
from fitsprov.exchange.prov.words import Model, Wanted
from fitsprov.model.lineage import Dataset, Lineage
from fitsprov.model.said import NOTHING, Said
from fitsprov.model.traced import Traced
from tests.exchange.conftest import graphs
from tests.exchange.prov.test_prov import dressed
from tests.exchange.prov.test_saying import LINEAGE, facts

pytestmark = pytest.mark.skipif(not COMPILED, reason="needs the C extensions")

PLACES = st.text('ab1_.:,+-/{}[]"\\%é \n', max_size=9)
URIS = st.one_of(st.builds("{}:{}".format, PLACES, PLACES), st.sampled_from(["https://a.b/c?d=1", "s3://b/k`", "a:"]))
DATA_IDS = st.one_of(
    st.text('{}",:\\01-a e', max_size=20),
    st.lists(st.text('{}",:\\01-_.+/aé ', max_size=8), max_size=3).map(
        lambda parts: "{" + ",".join(f'"a":"{part}"' for part in parts) + "}"
    ),
    st.dictionaries(
        st.text("ab_1", min_size=1), st.integers().map(str) | st.text("a1_.+/-").map('"{}"'.format), min_size=1
    ).map(lambda pairs: "{" + ",".join(f'"{key}":{value}' for key, value in pairs.items()) + "}"),
)


def told(lineage: Traced, wanted: Wanted) -> list[list[str]]:
    """All that the twins give, in pure Python, then in C."""
    found = []
    for which in (0, 1):
        teller = Teller(lineage, wanted, "ivo://a.b/c")
        names = ("activity_lines", "use_lines", "generation_lines", "association_lines", "entity_lines")
        found.append([",\n".join(PAIRS[name][which](teller)) for name in names])
    return found


@given(data=st.data(), model=st.sampled_from(Model), setup=st.booleans())
@settings(suppress_health_check=[HealthCheck.too_slow], max_examples=60)
def test_lineages_are_told_the_same(data: st.DataObject, model: Model, setup: bool) -> None:
    lineage, said = data.draw(st.tuples(dressed(graphs()), st.just(NOTHING)) | st.tuples(st.just(LINEAGE), facts))
    pure, compiled = told(traced(lineage, said), Wanted(model=model, setup=setup))
    assert compiled == pure


@given(
    uri=st.none() | URIS,
    did=st.none() | URIS,
    size=st.none() | st.integers(0, 2**70),
    data_id=st.none() | st.dictionaries(st.text("ab", min_size=1), st.integers() | PLACES),
    model=st.sampled_from(Model),
)
def test_datasets_are_told_the_same(
    uri: str | None, did: str | None, size: int | None, data_id: dict[str, Any] | None, model: Model
) -> None:
    one = Dataset(id=UUID(int=1), type="image", uri=uri, publisher_did=did, size=size, data_id=data_id)
    pure, compiled = told(beside(one), Wanted(model=model))
    assert compiled == pure


@given(data_id=DATA_IDS)
def test_data_ids_are_told_by_c_where_nothing_in_them_is_to_be_escaped(data_id: str) -> None:
    rows = beside(Dataset(id=UUID(int=1)))
    row = rows.datasets[UUID(int=1)]
    rows = rows._replace(datasets={**rows.datasets, UUID(int=1): (*row[:5], data_id, *row[6:])})
    teller = Teller(rows, Wanted(), None)
    with patch.object(Teller, "entity", lambda *_: "left to Python"):
        in_c = "left to Python" not in ",\n".join(entity_lines(teller)).partition(",\n")[2]
    assert in_c == bool(PLAIN.fullmatch(data_id))
    if in_c:
        pure, compiled = told(rows, Wanted())
        assert compiled == pure


def test_a_dataset_that_has_what_most_have_is_told_by_c() -> None:
    usual = Dataset(
        id=UUID(int=1),
        type="image",
        run="r/1",
        data_id={"visit": 1, "band": "r"},
        uri="https://a.b/files/1",
        size=2880,
        publisher_did="ivo://a.b/c?1",
    )
    teller = Teller(beside(usual), Wanted(), None)
    with patch.object(Teller, "entity", lambda *_: "left to Python"):
        text = ",\n".join(entity_lines(teller))
    assert text.count("left to Python") == 1  # the focus


def test_long_lineages_are_told_in_pieces() -> None:
    many = {UUID(int=n): Dataset(id=UUID(int=n), type="image", data_id={"n": n}) for n in range(2_000)}
    lineage = traced(Lineage(focus=UUID(int=0), datasets=many, listed_raws={UUID(int=0): tuple(many.values())}))
    pieces = list(entity_lines(Teller(lineage, Wanted(), None)))
    assert len(pieces) > 3
    assert max(map(len, pieces)) < 2**17
    pure, compiled = told(lineage, Wanted())
    assert compiled == pure


def beside(one: Dataset) -> Traced:
    """A dataset that another one was made from, as its header says."""
    focus = Dataset(id=UUID(int=2))
    return traced(
        Lineage(focus=focus.id, datasets={focus.id: focus, one.id: one}, listed_raws={focus.id: (replace(one),)}),
        Said(),
    )
