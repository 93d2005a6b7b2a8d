"""The table: one row a dataset, the nearest first."""

from __future__ import annotations

import json
from dataclasses import replace
from uuid import UUID

from astropy.table import Table
from hypothesis import given
from hypothesis import strategies as st

from fitsprov.exchange.drawings.labels import columns
from fitsprov.exchange.drawings.table import Row, draw_table, rows
from fitsprov.model.lineage import Category, Dataset, Direction, Lineage


def test_each_dataset_upstream_is_one_row(survey_lineage: Lineage) -> None:
    table = rows(survey_lineage)
    used = [row["id"] for row in table if row["note"] != "not used"]
    assert used == list(dict.fromkeys(used))
    assert set(used) == {str(survey_lineage.focus), *(str(d.id) for d in survey_lineage.ancestors())}
    assert [row["depth"] for row in table] == sorted(row["depth"] for row in table)


def test_a_row_says_all_that_is_known(survey_lineage: Lineage) -> None:
    assert rows(survey_lineage)[0] == Row(
        depth=0,
        category="product",
        type="deep_coadd",
        data_id='{"band":"r","instrument":"SimCam","patch":42,"skymap":"sim_v1","tract":9813}',
        name="",
        run="SimCam/runs/DRP/v1_4/20260316T120000Z",
        task="assembleCoadd",
        version="1.4.0",
        id=str(survey_lineage.focus),
        note="",
    )


def test_presented_and_named_only_are_noted(survey_lineage: Lineage, hostile_lineage: Lineage) -> None:
    assert [row["note"] for row in rows(survey_lineage)].count("not used") == 2
    assert [row["note"] for row in rows(hostile_lineage)] == ["", "only named"]


def test_rows_make_a_table_and_json(survey_lineage: Lineage) -> None:
    table = rows(survey_lineage)
    assert len(Table(rows=table)) == len(json.loads(json.dumps(table))) == 125


def test_columns_are_aligned_and_a_line_splits_at_blanks(survey_lineage: Lineage) -> None:
    head, *lines = draw_table(survey_lineage).splitlines()
    at = head.index("run")
    assert all(line[at - 1] == " " and line[at] != " " for line in lines)
    assert {len(line.split(maxsplit=9)) for line in (head, *lines)} == {10}


def test_columns_without_content_are_left_out() -> None:
    raw = Dataset(id=UUID(int=1), type="raw", run="r/all", category=Category.RAW, data_id={"exposure": 7})
    assert draw_table(Lineage(focus=raw.id, datasets={raw.id: raw})) == (
        "depth  category  type  data_id         run    task  version  id\n"
        '0      raw       raw   {"exposure":7}  r/all  -     -        00000000-0000-0000-0000-000000000001\n'
    )


def test_hostile_text_stays_in_its_row(hostile_lineage: Lineage) -> None:
    lines = draw_table(hostile_lineage).splitlines()
    assert len(lines) == 3
    assert all(line.isprintable() for line in lines)
    assert columns(lines[1][: lines[1].index("c5abe0d2")]) == columns(lines[2][: lines[2].index("a5cb3cd1")])


def test_a_cycle_ends(ring_lineage: Lineage) -> None:
    assert [row["depth"] for row in rows(ring_lineage)] == [0, 1, 2]


def test_products_are_listed_downward(survey_lineage: Lineage) -> None:
    flat = next(d for d in survey_lineage.datasets.values() if d.type == "flat")
    table = rows(replace(survey_lineage, focus=flat.id, direction=Direction.DOWN))
    assert {row["type"]: row["depth"] for row in table} == {
        "flat": 0,
        "post_isr_image": 1,
        "visit_image": 2,
        "deep_coadd": 3,
    }


@given(data=st.data())
def test_any_lineage_has_a_row_for_each_ancestor(data: st.DataObject, any_graph: st.SearchStrategy[Lineage]) -> None:
    lineage = data.draw(any_graph)
    table = rows(lineage)
    assert len({row["id"] for row in table}) == len(table) == len(draw_table(lineage).splitlines()) - 1
    if lineage.direction is Direction.UP:
        assert {str(d.id) for d in lineage.ancestors()} <= {row["id"] for row in table}
