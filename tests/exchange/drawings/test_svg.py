"""The picture: well-formed, self-contained, the same each time; folded, and laid out without overlap."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from dataclasses import replace
from itertools import combinations, pairwise
from uuid import UUID
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fitsprov.exchange.drawings.svg import draw_svg
from fitsprov.model.lineage import Category, Dataset, Direction, Lineage, Usage

SVG = "{http://www.w3.org/2000/svg}"
Box = tuple[float, float, float, float]


def cards(drawing: str) -> list[ElementTree.Element]:
    """The groups of the cards, the focus first."""
    return [g for g in ElementTree.fromstring(drawing).iter(f"{SVG}g") if "of" in g.get("class", "").split()]


def title(element: ElementTree.Element) -> str:
    return element.findtext(f"{SVG}title") or ""


def box(card: ElementTree.Element) -> Box:
    """Left, top, right and bottom of a card itself, not of the two behind it."""
    rectangle = card.findall(f"{SVG}rect")[-1]
    x, y, w, h = (float(rectangle.get(key, "")) for key in ("x", "y", "width", "height"))
    return x, y, x + w, y + h


def edges(drawing: str) -> Iterator[ElementTree.Element]:
    for path in ElementTree.fromstring(drawing).iter(f"{SVG}path"):
        if "edge" in path.get("class", "").split() and "C" in path.get("d", ""):
            yield path


def by_title(drawing: str, first_line: str) -> ElementTree.Element:
    (card,) = [card for card in cards(drawing) if title(card).splitlines()[0] == first_line]
    return card


def test_many_that_play_the_same_part_are_one_stack(survey_lineage: Lineage) -> None:
    drawing = draw_svg(survey_lineage)
    for name in ("35 × visit_image", "35 × post_isr_image", "35 × raw"):
        assert len(by_title(drawing, name).findall(f"{SVG}rect")) == 3
    assert len(cards(drawing)) == 1 + 3 + 2 + 1 + 3 + 13  # coadd, stacks, unused, catalogue, masters and their raws


def test_fold_says_how_many_stand_side_by_side(survey_lineage: Lineage) -> None:
    assert "5 × raw" in draw_svg(survey_lineage, fold=4)
    assert len(cards(draw_svg(survey_lineage, fold=35))) == 125


def test_raws_that_serve_other_ends_are_other_stacks(survey_lineage: Lineage) -> None:
    stacks = [title(card).splitlines()[0] for card in cards(draw_svg(survey_lineage, fold=2))]
    assert sorted(stack for stack in stacks if stack.endswith("raw")) == ["3 × raw", "35 × raw", "5 × raw", "5 × raw"]


def test_every_dataset_of_a_drawing_has_its_whole_id_and_run_as_tooltip(survey_lineage: Lineage) -> None:
    told = "\n".join(title(card) for card in cards(draw_svg(survey_lineage, fold=1000)))
    for dataset in (survey_lineage.dataset, *survey_lineage.ancestors()):
        assert str(dataset.id) in told
        assert f"run {dataset.run}" in told


def test_time_runs_from_what_was_used_to_what_was_made(survey_lineage: Lineage) -> None:
    for fold in (2, 1000):
        drawing = draw_svg(survey_lineage, fold=fold)
        boxes = [box(card) for card in cards(drawing)]
        along = 1 if max(b[3] for b in boxes) == boxes[0][3] else 0
        assert boxes[0][along + 2] == max(each[along + 2] for each in boxes)
        for path in edges(drawing):
            numbers = [float(n) for n in re.findall(r"-?[\d.]+", path.get("d", ""))]
            assert numbers[along] < numbers[-2 + along]


@pytest.mark.parametrize("fold", [2, 12, 1000])
def test_no_card_covers_another(survey_lineage: Lineage, fold: int) -> None:
    assert_apart(draw_svg(survey_lineage, fold=fold))


def assert_apart(drawing: str) -> None:
    for (l1, t1, r1, b1), (l2, t2, r2, b2) in combinations(map(box, cards(drawing)), 2):
        assert r1 < l2 or r2 < l1 or b1 < t2 or b2 < t1


def test_the_page_holds_the_drawing(survey_lineage: Lineage) -> None:
    for fold in (2, 12, 1000):
        root = ElementTree.fromstring(draw_svg(survey_lineage, fold=fold))
        group = next(g for g in root if g.get("transform"))
        left, top = map(float, re.findall(r"[\d.]+", group.get("transform", "")))
        width, height = (float(root.get(key, "")) for key in ("width", "height"))
        for x, y, right, bottom in map(box, cards(draw_svg(survey_lineage, fold=fold))):
            assert x >= 0
            assert y >= 0
            assert left + right < width
            assert top + bottom < height


def test_an_input_presented_only_hangs_on_a_dashed_edge(survey_lineage: Lineage) -> None:
    drawing = draw_svg(survey_lineage)
    assert sum("off" in path.get("class", "") for path in edges(drawing)) == 2
    assert sum("off" in card.get("class", "") for card in cards(drawing)) == 2
    assert "presented, not used" in drawing
    assert "122 ancestors · 48 raws" in drawing


def test_runs_are_listed_whole(survey_lineage: Lineage) -> None:
    texts = [text.text for text in ElementTree.fromstring(draw_svg(survey_lineage)).iter(f"{SVG}text")]
    assert {d.run for d in survey_lineage.ancestors()} <= set(texts)


def test_it_needs_nothing_else_and_runs_nothing(survey_lineage: Lineage, hostile_lineage: Lineage) -> None:
    for drawing in (draw_svg(survey_lineage), draw_svg(hostile_lineage)):
        root = ElementTree.fromstring(drawing)
        names = {element.tag.removeprefix(SVG) for element in root.iter()}
        assert names <= {"svg", "title", "desc", "style", "g", "rect", "path", "circle", "text", "tspan"}
        keys = {key for element in root.iter() for key in element.attrib}
        assert not [key for key in keys if "href" in key or key.startswith("on")]
        style = root.findtext(f"{SVG}style") or ""
        assert "url(" not in style
        assert "@import" not in style


def test_it_can_be_read_aloud_and_in_the_dark(survey_lineage: Lineage) -> None:
    root = ElementTree.fromstring(draw_svg(survey_lineage))
    assert root.get("role") == "img"
    assert title(root) == "deep_coadd band=r instrument=SimCam patch=42 skymap=sim_v1 tract=9813"
    assert "1 deep_coadd made by assembleCoadd 1.4.0 from 35 visit_image" in (root.findtext(f"{SVG}desc") or "")
    assert "prefers-color-scheme:dark" in (root.findtext(f"{SVG}style") or "")


def test_hostile_text_is_only_text(hostile_lineage: Lineage) -> None:
    drawing = draw_svg(hostile_lineage)
    root = ElementTree.fromstring(drawing)
    assert "a<b>&\"'" in title(root)
    assert all((text or "").replace("\n", "").isprintable() for text in root.itertext())
    drawing.encode()


def test_a_cycle_is_drawn(ring_lineage: Lineage) -> None:
    drawing = draw_svg(ring_lineage)
    assert len(cards(drawing)) == 3
    assert len(list(edges(drawing))) == 3


def test_a_dataset_made_from_itself_is_drawn() -> None:
    one, maker = UUID(int=1), UUID(int=2)
    lineage = Lineage(
        focus=one, datasets={one: Dataset(id=one)}, generated_by={one: maker}, used={maker: (Usage(one),)}
    )
    assert len(cards(draw_svg(lineage))) == 1


def test_a_raw_alone_is_a_card() -> None:
    raw = Dataset(id=UUID(int=1), type="raw", run="r/all", category=Category.RAW, data_id={"exposure": 7})
    drawing = draw_svg(Lineage(focus=raw.id, datasets={raw.id: raw}))
    (card,) = cards(drawing)
    assert title(card) == f"raw\n{raw.id}  exposure=7\nrun r/all"
    assert "0 ancestors" in drawing


def test_products_are_drawn_away_from_their_source(survey_lineage: Lineage) -> None:
    flat = next(d for d in survey_lineage.datasets.values() if d.type == "flat")
    drawing = draw_svg(replace(survey_lineage, focus=flat.id, direction=Direction.DOWN))
    assert box(by_title(drawing, "flat"))[1] < box(by_title(drawing, "37 × visit_image"))[1]
    assert "75 products" in drawing


def test_a_lineage_of_1500_raws_stays_small(large_lineage: Lineage) -> None:
    drawing = draw_svg(large_lineage)
    assert len(drawing.encode()) < 200_000
    assert len(cards(drawing)) < 40


def test_thousands_are_set_apart_wherever_things_are_counted(large_lineage: Lineage) -> None:
    drawing = draw_svg(large_lineage)
    for told in re.findall(r"[\d,]+(?= (?:×|ancestors|raws|values|more|visit_image))", drawing):
        assert told == f"{int(told.replace(',', '')):,}"
    assert "1,511 raws" in drawing


def test_drawing_125_datasets_is_quick(survey_lineage: Lineage) -> None:
    def seconds(fold: int) -> float:
        start = time.process_time()
        draw_svg(survey_lineage, fold=fold)
        return time.process_time() - start

    assert min(seconds(12) for _ in range(3)) < 0.05
    assert min(seconds(1000) for _ in range(3)) < 0.2


@given(data=st.data())
def test_any_lineage_is_drawn_the_same_each_time(data: st.DataObject, any_graph: st.SearchStrategy[Lineage]) -> None:
    lineage = data.draw(any_graph)
    drawing = draw_svg(lineage, fold=data.draw(st.integers(1, 6)))
    assert_apart(drawing)
    assert draw_svg(lineage, fold=3) == draw_svg(lineage, fold=3)


def chain(length: int) -> Lineage:
    """Templates, each made from the one before and from one flat."""
    made, flat = [UUID(int=n) for n in range(1, length + 1)], UUID(int=10**6)
    return Lineage(
        focus=made[0],
        datasets={key: Dataset(id=key, type="template") for key in made} | {flat: Dataset(id=flat, type="flat")},
        generated_by={key: UUID(int=key.int + 10**7) for key in made[:-1]},
        used={UUID(int=key.int + 10**7): (Usage(after), Usage(flat)) for key, after in pairwise(made)},
    )


def test_of_what_is_too_deep_to_be_read_the_nearest_is_drawn_and_the_rest_is_counted() -> None:
    drawing = draw_svg(chain(1000))
    assert len(cards(drawing)) == 50
    assert "1,000 ancestors · 0 raws · 951 farther ones not drawn" in drawing
    assert len(drawing.encode()) < 500_000
    assert "not drawn" not in draw_svg(chain(40))


def test_of_what_is_too_manifold_to_be_read_the_nearest_is_drawn() -> None:
    of_each = Dataset(id=UUID(int=1)), *(Dataset(id=UUID(int=n), type=f"type {n}") for n in range(2, 1002))
    maker = UUID(int=10**7)
    drawing = draw_svg(
        Lineage(
            focus=UUID(int=1),
            datasets={one.id: one for one in of_each},
            generated_by={UUID(int=1): maker},
            used={maker: tuple(Usage(one.id) for one in of_each[1:])},
        )
    )
    assert len(cards(drawing)) == 400
    assert "601 farther ones not drawn" in drawing
