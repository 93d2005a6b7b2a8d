"""Where cards come to stand, and what that does to sums."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from fitsprov.cards.card import format_card
from fitsprov.cards.grammar import BLANK, BLOCK, CARD, END
from fitsprov.cards.sums import word_sum
from fitsprov.files.layout import Edit, leftover, plan_flip, rewrite_header
from fitsprov.files.units import HeaderUnit, find_end
from tests.files.conftest import make_tail, stamp_span

CHECKSUM = b"CHECKSUM= 'oBaFrBUFoBaFoBUF'   / HDU checksum".ljust(CARD)


def unit_of(cards: bytes, fill: bytes = b"") -> HeaderUnit:
    """Make a header unit of these cards, with this behind END."""
    size = -(-(len(cards) + CARD) // BLOCK) * BLOCK
    header = (cards + END + fill).ljust(size)
    return HeaderUnit(0, 0, header[:size], len(cards), "f.fits")


def numbered(count: int) -> bytes:
    """Make so many cards; the first is CHECKSUM."""
    return CHECKSUM + b"".join(format_card(f"KEY{n}", n * n) for n in range(count - 1))


def apply_flip(unit: HeaderUnit, edit: Edit) -> bytes | None:
    """Do what the plan says, and check each step on the way."""
    plan = plan_flip(unit, edit)
    if plan is None:
        return None
    header = bytearray(unit.header)
    if plan.hide:
        assert header[plan.at : plan.at + CARD] == BLANK
        header[plan.at : plan.at + 8] = END[:8]
    elif plan.behind:
        assert plan.at == unit.end
    header[plan.at + CARD : plan.at + CARD + len(plan.behind)] = plan.behind
    if plan.reveal:
        header[plan.at : plan.at + 8] = b" " * 8
    return bytes(header)


def reread(header: bytes) -> HeaderUnit:
    """Make the unit of a header that was written."""
    return HeaderUnit(0, 0, header, find_end(header), "f.fits")


headers = st.tuples(st.integers(1, 80), st.integers(0, 40)).map(lambda n: numbered(n[0]) + BLANK * n[1])
tails = st.integers(4, 60).map(lambda cards: make_tail(f"run {cards}", cards))


@given(headers, st.lists(tails, min_size=1, max_size=5))
def test_flip_and_copy_agree_and_strip_gives_the_header_back(cards: bytes, stamps: list[bytes]) -> None:
    original = unit = unit_of(cards)
    for tail in stamps:
        edit = Edit(remove=stamp_span(unit), tail=tail)
        header = rewrite_header(unit, edit)
        assert apply_flip(unit, edit) in (None, header)
        unit = reread(header)
        assert unit.header[: unit.end].rstrip(b" ").endswith(tail.rstrip(b" "))
        assert unit.header[27:].startswith(cards[27:].rstrip(b" "))
        assert unit.header[slice(*stamp_span(unit)[0])] == tail
        assert word_sum(unit.header) == word_sum(original.header)
    stripped = Edit(remove=stamp_span(unit))
    header = rewrite_header(unit, stripped)
    assert apply_flip(unit, stripped) in (None, header)
    assert word_sum(header) == word_sum(original.header)
    assert len(header) == len(unit.header)
    if len(header) == len(original.header):
        assert header == original.header
    else:
        assert header[27 : find_end(header)].rstrip(b" ") == cards[27:].rstrip(b" ")


@given(headers, tails)
def test_a_header_grows_only_where_it_must_and_then_restamps_flip(cards: bytes, tail: bytes) -> None:
    unit = unit_of(cards)
    grown = reread(rewrite_header(unit, Edit(tail=tail)))
    blanks = (len(cards) - len(cards.rstrip(b" "))) // CARD
    fits_behind = len(cards) + len(tail) + 2 * CARD <= len(unit.header)
    fits_among = min(blanks * CARD, len(cards) % BLOCK) >= len(tail) + 2 * CARD
    assert (len(grown.header) == len(unit.header)) == (fits_behind or fits_among)
    if len(tail) <= 34 * CARD:
        assert apply_flip(grown, Edit(remove=stamp_span(grown), tail=make_tail("again", len(tail) // CARD))) is not None
        assert apply_flip(grown, Edit(remove=stamp_span(grown))) is not None


@given(headers, tails, st.integers(1, 64))
def test_growth_comes_in_multiples_with_the_stamp_in_the_last_blocks(cards: bytes, tail: bytes, multiple: int) -> None:
    unit = unit_of(cards)
    header = rewrite_header(unit, Edit(tail=tail), block_multiple=multiple)
    growth = len(header) - len(unit.header)
    assert growth % (multiple * BLOCK) == 0
    if growth:
        separator = stamp_span(reread(header))[0][0] - CARD
        assert separator % BLOCK == 0
        assert header[separator:].startswith(BLANK)
        assert len(header) - separator == -(-(len(tail) + 2 * CARD) // BLOCK) * BLOCK
    assert word_sum(header) == word_sum(unit.header)


@given(headers, st.integers(1, 40), tails)
def test_foreign_cards_stand_before_the_stamp_and_right_checksums_stay_right(
    cards: bytes, count: int, tail: bytes
) -> None:
    foreign = b"".join(format_card(f"PROV{n}", f"file{n}.fits") for n in range(count))
    unit = unit_of(cards)
    added = reread(rewrite_header(unit, Edit(insert=foreign, tail=tail)))
    assert added.header[27:].startswith(cards[27 : len(cards.rstrip(b" "))])
    assert added.header.index(foreign) < added.header.index(tail)
    assert word_sum(added.header) == word_sum(unit.header)
    start = added.header.index(foreign)
    removed = rewrite_header(added, Edit(remove=((start, start + len(foreign)), *stamp_span(added))))
    assert len(removed) == len(added.header)
    assert b"PROV" not in removed
    assert word_sum(removed) == word_sum(unit.header)


def test_cards_written_behind_the_stamp_stay_and_leave_no_second_separator() -> None:
    unit = unit_of(numbered(5) + BLANK + make_tail("one") + format_card("LATER", 1))
    assert apply_flip(unit, Edit(remove=stamp_span(unit), tail=make_tail("two"))) is None
    header = rewrite_header(unit, Edit(remove=stamp_span(unit), tail=make_tail("two")))
    assert header.startswith(numbered(5) + format_card("LATER", 1) + BLANK + make_tail("two") + END)


def test_an_edited_stamp_is_not_flipped_away_from_under_its_checksum() -> None:
    edited = make_tail("one").replace(b"'one     '", b"'two     '")
    unit = unit_of(numbered(5) + BLANK + edited)
    assert plan_flip(unit, Edit(remove=stamp_span(unit))) is None
    header = rewrite_header(unit, Edit(remove=stamp_span(unit)))
    assert header[11:27] != unit.header[11:27]
    assert word_sum(header) == word_sum(unit.header)


def test_odd_fill_behind_end_is_carried_into_checksum() -> None:
    unit = unit_of(numbered(5), fill=b"\0" * 500)
    assert not leftover(unit)
    assert plan_flip(unit, Edit(tail=make_tail())) is None
    assert word_sum(rewrite_header(unit, Edit(tail=make_tail()))) == word_sum(unit.header)


def test_what_an_interrupted_flip_left_counts_as_blank() -> None:
    cards = numbered(5)
    for torn in range(4, 13 * CARD, 37):
        unit = unit_of(cards, fill=(make_tail() + END)[:torn])
        edit = Edit(tail=make_tail("two"))
        assert apply_flip(unit, edit) == rewrite_header(unit_of(cards), edit)
        assert leftover(unit)
        assert apply_flip(unit, Edit()) == unit_of(cards).header


def test_a_checksum_that_is_no_sum_is_left_alone() -> None:
    cards = b"CHECKSUM= 'not a checksum at all'".ljust(CARD) + numbered(34)
    unit = unit_of(cards)
    assert rewrite_header(unit, Edit(insert=format_card("A", 1))).startswith(cards)
