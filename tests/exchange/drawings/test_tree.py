"""The tree: everything upstream is in it, once, and nothing in it acts on the terminal."""

from __future__ import annotations

import re
from dataclasses import replace
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fitsprov.exchange.drawings.labels import columns
from fitsprov.exchange.drawings.tree import draw_tree
from fitsprov.model.lineage import Activity, Category, Dataset, Direction, Lineage, Usage


def values(dataset: Dataset) -> list[str]:
    """What a reader knows a dataset by."""
    told = [str(value) for value in (dataset.data_id or {}).values()]
    return told or [dataset.name or str(dataset.id)]


def line(tree: str, words: str) -> str:
    """The one line that has all words."""
    (found,) = [each for each in tree.splitlines() if all(word in each for word in words.split())]
    return found


def test_every_ancestor_of_a_coadd_is_told_by_type_data_id_run_task_and_version(survey_lineage: Lineage) -> None:
    tree = draw_tree(survey_lineage)
    for ancestor in survey_lineage.ancestors():
        activity = survey_lineage.activity_of(ancestor.id)
        assert ancestor.type is not None
        assert ancestor.type in tree
        assert ancestor.run is not None
        assert ancestor.run in tree
        assert all(value in tree for value in values(ancestor))
        assert activity is None or f"{activity.task} {activity.version}" in tree


def test_what_plays_the_same_part_is_one_line_with_a_count(survey_lineage: Lineage) -> None:
    tree = draw_tree(survey_lineage)
    assert "instrument=SimCam" in line(tree, "35 × visit_image")
    assert "isr 1.4.0" in line(tree, "35 × post_isr_image")
    assert "ccdExposure" in line(tree, "35 × raw")
    assert len(tree.splitlines()) < 40


def test_members_that_pair_off_with_those_above_are_not_listed_again(survey_lineage: Lineage) -> None:
    tree = draw_tree(survey_lineage)
    assert "exposure  as visit above, one for each" in tree
    assert tree.count("2026031400117") == 1


def test_members_that_do_not_pair_off_are_listed() -> None:
    ids = [UUID(int=n) for n in range(5)]
    focus, one, two, crossed, other = ids
    makers = [UUID(int=100 + n) for n in range(3)]
    places = {one: 1, two: 2, crossed: 1, other: 2}
    lineage = Lineage(
        focus=focus,
        datasets={i: Dataset(id=i, type=f"t{i.int > 2}", data_id={"visit": places.get(i, 0)}) for i in ids},
        activities={},
        generated_by={focus: makers[0], one: makers[1], two: makers[2]},
        used={makers[0]: (Usage(one), Usage(two)), makers[1]: (Usage(other),), makers[2]: (Usage(crossed),)},
    )
    tree = draw_tree(lineage)
    assert "visit  2  1" in tree
    assert "one for each" not in tree


def test_a_dataset_is_described_once_and_then_referred_to(survey_lineage: Lineage) -> None:
    tree = draw_tree(survey_lineage)
    assert tree.count("biasGen") == 1
    described, *again = [each for each in tree.splitlines() if "─ bias " in each]
    assert "[3]" in described
    assert len(again) == 2
    assert all("as above" in each and "[" not in each for each in again)


def test_inputs_that_were_presented_only_are_marked_and_not_followed(survey_lineage: Lineage) -> None:
    tree = draw_tree(survey_lineage)
    assert "not used" in line(tree, "2 × visit_image")
    assert tree.splitlines()[-1] == "122 ancestors, 48 raws"


def test_a_dataset_presented_first_and_really_used_deeper_is_followed_there() -> None:
    focus, middle, shared, raw = ids = [UUID(int=n) for n in range(4)]
    lineage = Lineage(
        focus=focus,
        datasets={i: Dataset(id=i, type=f"type_{n}") for n, i in enumerate(ids)},
        generated_by={focus: UUID(int=10), middle: UUID(int=11), shared: UUID(int=12)},
        used={
            UUID(int=10): (Usage(shared, actual=False), Usage(middle)),
            UUID(int=11): (Usage(shared),),
            UUID(int=12): (Usage(raw),),
        },
    )
    assert "type_3" in draw_tree(lineage)


def test_what_only_some_used_says_how_many() -> None:
    focus, one, two, flat = ids = [UUID(int=n) for n in range(4)]
    lineage = Lineage(
        focus=focus,
        datasets={i: Dataset(id=i, type={1: "image", 2: "image"}.get(i.int, "other")) for i in ids},
        generated_by={focus: UUID(int=10), one: UUID(int=11), two: UUID(int=12)},
        used={UUID(int=10): (Usage(one), Usage(two)), UUID(int=11): (Usage(flat, "flat"),)},
    )
    assert "flat, by 1 of 2" in draw_tree(lineage)


def test_a_raw_alone_is_a_tree_of_one() -> None:
    raw = Dataset(id=UUID(int=1), type="raw", run="r/all", category=Category.RAW, data_id={"exposure": 7})
    assert draw_tree(Lineage(focus=raw.id, datasets={raw.id: raw})) == (
        "dataset          role  made by  run\n"
        "raw  exposure=7                 [1]\n"
        "   00000000-0000-0000-0000-000000000001\n"
        "\n"
        "[1] r/all\n"
        "0 ancestors, 0 raws\n"
    )


def test_stubs_and_cut_lineages_are_said_to_be_incomplete(hostile_lineage: Lineage, survey_lineage: Lineage) -> None:
    tree = draw_tree(hostile_lineage)
    assert "only named" in tree
    assert tree.endswith("incomplete: 1 dataset only named\n")
    cut = draw_tree(replace(survey_lineage, complete=False))
    assert cut.endswith("48 raws; incomplete: cut by the depth, or inputs not listed\n")


def test_raws_that_only_headers_list_are_counted_and_each_once() -> None:
    ids = [UUID(int=number) for number in range(4)]
    drawn = {one: Dataset(id=one, type="raw", category=Category.RAW) for one in ids[1:]}
    lineage = Lineage(
        focus=ids[0],
        datasets={ids[0]: Dataset(id=ids[0], type="coadd"), ids[1]: drawn[ids[1]]},
        activities={ids[0]: Activity(id=ids[0])},
        generated_by={ids[0]: ids[0]},
        used={ids[0]: (Usage(ids[1]),)},
        listed_raws={ids[0]: tuple(drawn.values())},
        complete=False,
    )
    last = draw_tree(lineage).splitlines()[-1]
    assert last == "1 ancestor, 3 raws; incomplete: raws listed without the steps to them"


def test_products_are_drawn_downward(survey_lineage: Lineage) -> None:
    flat = next(d for d in survey_lineage.datasets.values() if d.type == "flat")
    tree = draw_tree(replace(survey_lineage, focus=flat.id, direction=Direction.DOWN))
    assert line(tree, "37 × post_isr_image flat isr")
    assert line(tree, "deep_coadd assembleCoadd")
    assert tree.splitlines()[-1] == "75 products"


@pytest.mark.parametrize("width", [56, 80, 100, 140])
def test_no_line_is_wider_than_the_terminal(survey_lineage: Lineage, width: int) -> None:
    tree = draw_tree(survey_lineage, width=width)
    assert max(map(columns, tree.splitlines())) <= width
    assert "SimCam/calib/DM-48520/20260314T190000Z" in tree


def test_colour_changes_no_letter(survey_lineage: Lineage) -> None:
    plain, coloured = (draw_tree(survey_lineage, colour=colour) for colour in (False, True))
    assert "\x1b" not in plain
    assert "\x1b[" in coloured
    stripped = re.sub(r"\x1b\[[\d;]*m", "", coloured)
    assert [each.rstrip() for each in stripped.splitlines()] == plain.splitlines()


def test_hostile_text_reaches_no_terminal(hostile_lineage: Lineage) -> None:
    for tree in (draw_tree(hostile_lineage), draw_tree(hostile_lineage, width=30)):
        assert all(each.isprintable() for each in tree.splitlines())
        tree.encode()


def test_a_cycle_is_drawn_once_around(ring_lineage: Lineage) -> None:
    tree = draw_tree(ring_lineage)
    assert tree.count("loop") == 4
    assert tree.count("as above") == 1


@given(data=st.data())
def test_every_ancestor_of_any_lineage_is_in_its_tree(
    data: st.DataObject, any_graph: st.SearchStrategy[Lineage]
) -> None:
    lineage = data.draw(any_graph)
    tree = draw_tree(lineage, width=data.draw(st.sampled_from([None, 60])))
    if lineage.direction is Direction.UP:
        for ancestor in lineage.ancestors():
            assert all(value in tree for value in values(ancestor))
            assert ancestor.run is None or ancestor.run in tree


def test_an_activity_without_a_name_is_still_an_activity() -> None:
    made, used, maker = (UUID(int=n) for n in range(3))
    lineage = Lineage(
        focus=made,
        datasets={i: Dataset(id=i, type="image") for i in (made, used)},
        activities={maker: Activity(id=maker, version="2.0")},
        generated_by={made: maker},
        used={maker: (Usage(used),)},
    )
    assert "task not named 2.0" in draw_tree(lineage)
