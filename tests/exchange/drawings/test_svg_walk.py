"""The drawing that is walked: every card a link, stacks that open, and nothing that acts by itself."""

from __future__ import annotations

from xml.etree import ElementTree

from fitsprov.exchange.drawings.fold import Stack
from fitsprov.exchange.drawings.svg_style import drawing_style
from fitsprov.exchange.drawings.svg_walk import WalkedDrawing, draw_to_walk
from fitsprov.model.lineage import Direction, Lineage


def href(stack: Stack) -> str:
    return f"?open={stack.key}" if len(stack.datasets) > 1 else str(stack.datasets[0].id)


def draw(lineage: Lineage, *opened: str) -> WalkedDrawing:
    return draw_to_walk(lineage, href, fold=4, opened=opened)


def cards(drawn: WalkedDrawing) -> list[ElementTree.Element]:
    """The cards, the focus first."""
    return list(ElementTree.fromstring(drawn.svg).iter("a"))


def stack_of(drawn: WalkedDrawing, type_: str) -> ElementTree.Element:
    """The largest stack of a type."""
    found = [card for card in cards(drawn) if f" × {type_}" in card.get("aria-label", "")]
    return max(found, key=lambda card: int(card.get("data-many", "0")))


def test_card_leads_to_its_dataset_and_stack_to_its_parts(survey_lineage: Lineage) -> None:
    drawn = draw(survey_lineage)
    first = cards(drawn)[0]
    assert first.get("href") == str(survey_lineage.focus)
    assert first.get("aria-current") == "page"
    stack = stack_of(drawn, "visit_image")
    assert stack.get("href") == f"?open={stack.get('data-key')}"
    assert stack.get("data-many") == "35"


def test_keys_are_told_apart_and_stay_when_others_are_opened(survey_lineage: Lineage) -> None:
    before = {card.get("data-key"): card.get("aria-label") for card in cards(draw(survey_lineage))}
    assert len(before) == len(cards(draw(survey_lineage)))
    opened = str(stack_of(draw(survey_lineage), "raw").get("data-key"))
    after = {card.get("data-key"): card.get("aria-label") for card in cards(draw(survey_lineage, opened))}
    assert before.items() - after.items() == {(opened, before[opened])}
    assert {str(key).rpartition(".")[0] for key in after.keys() - before.keys()} == {opened}


def test_opened_stack_becomes_few_that_say_from_where_to_where_they_go(survey_lineage: Lineage) -> None:
    key = str(stack_of(draw(survey_lineage), "visit_image").get("data-key"))
    drawn = draw(survey_lineage, key)
    parts = [card for card in cards(drawn) if card.get("data-group") == key]
    assert len(parts) == 12
    assert sum(int(card.get("data-many", "1")) for card in parts) == 35
    assert drawn.opened == {key: "35 × visit_image"}
    inner = str(parts[0].get("data-key"))
    deeper = draw(survey_lineage, key, inner)
    assert list(deeper.opened) == [key, inner]
    assert all(card.get("href") for card in cards(deeper))


def test_what_is_within_a_closed_stack_stays_closed(survey_lineage: Lineage) -> None:
    key = str(stack_of(draw(survey_lineage), "visit_image").get("data-key"))
    assert draw(survey_lineage, f"{key}.0", "no key", "999").svg == draw(survey_lineage).svg


def test_edges_tell_which_cards_they_tie(survey_lineage: Lineage) -> None:
    drawn = draw(survey_lineage)
    ends = [
        edge.get("data-ends", "").split()
        for edge in ElementTree.fromstring(drawn.svg).iter("g")
        if edge.get("data-ends")
    ]
    assert {int(number) for pair in ends for number in pair} == set(range(len(cards(drawn))))


def test_what_was_made_is_walked_too(survey_lineage: Lineage) -> None:
    raw = next(one for one in survey_lineage.ancestors() if one.type == "raw")
    forth = Lineage(
        focus=raw.id,
        direction=Direction.DOWN,
        datasets=survey_lineage.datasets,
        activities=survey_lineage.activities,
        generated_by=survey_lineage.generated_by,
        used=survey_lineage.used,
    )
    drawn = draw(forth)
    assert "product" in drawn.told
    assert cards(drawn)[-1].get("data-level") != "1"


def test_hostile_text_is_only_text_and_brings_no_style(hostile_lineage: Lineage) -> None:
    drawn = draw(hostile_lineage)
    root = ElementTree.fromstring(drawn.svg)
    assert {element.tag for element in root.iter()} <= {
        "svg",
        "title",
        "desc",
        "a",
        "g",
        "rect",
        "path",
        "circle",
        "text",
        "tspan",
    }
    assert not [key for element in root.iter() for key in element.attrib if key.startswith("on") or key == "style"]
    for symbol, _ in drawn.legend:
        ElementTree.fromstring(symbol)


def test_style_sheet_stands_for_itself() -> None:
    assert "<" not in drawing_style()
    assert drawing_style().count("{") == drawing_style().count("}")
