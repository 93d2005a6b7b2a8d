"""What stands in a header is found alike by the short way and by the long one."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

import fitsprov
from fitsprov.actions import present
from fitsprov.actions.conventions import native
from fitsprov.actions.edits import Stamping
from fitsprov.actions.present import find_ours, has_foreign, joined, spans
from fitsprov.cards.card import Card, format_card
from fitsprov.cards.grammar import BLOCK, CARD, END
from fitsprov.conventions.reading import group_of, read_group
from fitsprov.conventions.writing import spell_native
from fitsprov.files.units import HeaderUnit

ID = UUID(int=7)
THEN = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
BASE = [format_card(*card) for card in (("SIMPLE", True), ("BITPIX", 8), ("NAXIS", 1), ("NAXIS1", 7))]
FOREIGN = [
    format_card("DATASUM", "12"),
    format_card("LONGSTRN", "OGIP 1.0"),
    format_card("DATALINK", "https://example.org/other"),
    format_card("HIERARCH FPV_X", 1),
    format_card("FPV_OLD", "x"),
    format_card("KEY", "x" * 100),
    b" " * CARD,
]
STAMPS = st.builds(
    fitsprov.Stamp,
    id=st.sampled_from([None, ID]),
    run=st.sampled_from([None, "r", "long" * 40, "it's"]),
    datalink=st.sampled_from([None, f"https://example.org/links?ID={ID}"]),
    parents=st.sampled_from([None, (), (UUID(int=1), UUID(int=2))]),
    fingerprint=st.sampled_from([None, f"sha256:1:{'0' * 32}"]),
    stamped=st.just(THEN),
)


def unit_of(cards: bytes, index: int = 0) -> HeaderUnit:
    """A header of these cards."""
    text = cards + END
    return HeaderUnit(index, 0, text.ljust(-(-len(text) // BLOCK) * BLOCK), len(cards))


@st.composite
def headers(draw: st.DrawFn, ours: bool = True) -> HeaderUnit:
    """Headers with others' cards, and perhaps with our stamp among them: whole, cut, or edited."""
    before, behind = (b"".join(draw(st.lists(st.sampled_from(FOREIGN), max_size=3))) for _ in range(2))
    stamp = spell_native(draw(STAMPS), native()) if ours and draw(st.booleans()) else b""
    if draw(st.booleans()):
        lost = draw(st.integers(0, len(stamp) // CARD)) * CARD
        stamp = stamp[:lost] + stamp[lost + CARD :]
    return unit_of(b"".join(BASE) + before + stamp + behind, draw(st.integers(0, 1)))


@given(unit=headers())
def test_our_stamp_is_found_as_its_cards_are_one_by_one(unit: HeaderUnit) -> None:
    ours, group = find_ours(unit), group_of(unit.header, native(), unit.end)
    assert ours.spans == spans((), group)
    assert ours.cards == joined(unit, ours.spans)
    assert ours.stamp == (read_group(group, native()) if group else None)
    at = unit.header.find(b"LONGSTRN")
    assert has_foreign(unit, b"LONGSTRN", ours) == (at >= 0 and all(card.start != at for card, _ in group))


@given(unit=headers(), stamp=STAMPS, lists=st.sampled_from(["auto", "cards", "none"]), data=st.data())
def test_a_plain_header_is_decided_on_as_any_other(
    unit: HeaderUnit, stamp: fitsprov.Stamp, lists: str, data: st.DataObject
) -> None:
    names = data.draw(st.sampled_from([(native(),), ()]))
    stamping = Stamping(
        stamp=stamp, conventions=names, target=None, lists=lists, list_cards=1, replace=True, clock=lambda: THEN
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Stamping, "is_plain", lambda self, unit: False)
        expected = stamping(unit)
    assert stamping(unit) == expected


@given(unit=headers(ours=False))
def test_where_nothing_of_ours_stands_nothing_is_found(unit: HeaderUnit) -> None:
    if b"FPV_" not in unit.header:
        assert find_ours(unit) == present.Ours()


def test_neighbours_of_one_group_are_one_span() -> None:
    slot = native().slot("FPV_ID")
    assert slot is not None
    one, two, three = ((Card("FPV_ID", 1, at, at + CARD), slot) for at in (0, CARD, 2 * CARD))
    assert spans((), [one, two], [three]) == ((0, 2 * CARD), (2 * CARD, 3 * CARD))
    assert spans((), [one, two], [two, three]) == ((0, 2 * CARD), (2 * CARD, 3 * CARD))
    assert spans(((0, 2 * CARD),), [two, three]) == ((0, 2 * CARD), (2 * CARD, 3 * CARD))
    assert spans((), [one, three]) == ((0, CARD), (2 * CARD, 3 * CARD))
    assert spans((), [], []) == ()
