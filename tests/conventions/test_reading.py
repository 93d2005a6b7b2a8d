"""Several conventions in one header: precedence, what is added, what disagrees."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given

from fitsprov.actions.conventions import all_conventions, find_convention, native
from fitsprov.cards.card import format_card
from fitsprov.cards.grammar import CARD
from fitsprov.conventions.reading import Reading, group_of, read_header
from fitsprov.conventions.spotting import find_prefix
from fitsprov.conventions.writing import spell, spell_native
from fitsprov.model.finding import Finding
from fitsprov.model.stamp import Input, Stamp
from tests.strategies import rubin_stamps, stamps

RUBIN = find_convention("rubin")
ONE, TWO, THREE = UUID(int=1), UUID(int=2), UUID(int=3)
STAMP = Stamp(id=ONE, run="a/run", type="image", data_id={"visit": 7}, parents=(TWO,))


def read_both(ours: Stamp, theirs: Stamp, *, lists: bool = True, swap: bool = False) -> Reading:
    """Read a header with our cards and Rubin's."""
    cards = [spell_native(ours, native(), lists=lists), spell(theirs, RUBIN)]
    return read_header(b"".join(reversed(cards) if swap else cards), all_conventions())


def disagreements(reading: Reading) -> list[str]:
    return [finding.message for finding in reading.findings if finding.code == "conventions-disagree"]


def test_a_header_without_provenance_says_nothing() -> None:
    reading = read_header(format_card("OBJECT", "M 31"), all_conventions())
    assert reading == Reading()
    assert reading.conventions == ()


@given(rubin_stamps)
def test_a_stamp_written_in_both_is_read_as_one(stamp: Stamp) -> None:
    reading = read_both(stamp, stamp)
    assert reading.findings == ()
    merged = reading.stamp
    assert replace(merged, parents=None, n_parents=None, digests=None) == replace(
        stamp, parents=None, n_parents=None, digests=None
    )
    assert (merged.n_parents, merged.digests) == (stamp.n_parents, stamp.digests)


@given(stamps, rubin_stamps)
def test_any_two_stamps_in_one_header_are_each_read_whole(ours: Stamp, theirs: Stamp) -> None:
    reading = read_both(ours, theirs)
    assert {found.convention: found.stamp for found in reading.readings} == {
        "native": ours,
        **({"rubin": theirs} if theirs != Stamp() else {}),
    }
    assert {finding.code for finding in reading.findings} <= {"conventions-disagree", "counts-disagree"}


@pytest.mark.parametrize("swap", [False, True])
def test_ours_comes_first_wherever_it_stands(swap: bool) -> None:
    reading = read_both(STAMP, replace(STAMP, run="b/run"), swap=swap)
    assert reading.conventions == ("native", "rubin")
    assert reading.stamp.run == "a/run"
    assert [found.stamp.run for found in reading.readings] == ["a/run", "b/run"]


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("id", THREE, f"id: native says {ONE}, rubin says {THREE}"),
        ("run", "b/run", "run: native says a/run, rubin says b/run"),
        ("type", "coadd", "type: native says image, rubin says coadd"),
        ("data_id", {"visit": 8}, "data_id: native says {'visit': 7}, rubin says {'visit': 8}"),
    ],
)
def test_what_disagrees_is_said_once(field: str, value: Any, message: str) -> None:
    assert disagreements(read_both(STAMP, replace(STAMP, **{field: value}))) == [message]


@pytest.mark.parametrize(
    ("ours", "theirs", "differ"),
    [
        ((TWO,), (THREE,), True),
        ((ONE, TWO), (TWO, THREE), True),
        ((ONE, TWO), (TWO,), False),
        ((), (TWO,), False),
        ((TWO, "raw.fits"), (THREE,), False),
    ],
)
def test_lists_disagree_where_each_has_what_the_other_lacks(ours: Any, theirs: Any, differ: bool) -> None:
    reading = read_both(Stamp(run="a/run", parents=ours), Stamp(run="a/run", parents=theirs))
    said = "parents: 1 of native's are not rubin's, 1 the other way round"
    assert disagreements(reading) == [said] * differ


def test_counts_that_two_conventions_state_are_compared() -> None:
    rubin = format_card("LSST BUTLER ID", str(ONE)) + format_card("LSST BUTLER N_INPUTS", 2)
    others = format_card("IMCMB001", "a.fits") + format_card("PRVCNT", 1) + format_card("PRV1", "a")
    said = Finding("counts-disagree", "n_parents: rubin says 2, cadc says 1")
    reading = read_header(rubin + others, all_conventions())
    assert reading.conventions == ("rubin", "iraf", "cadc")
    assert [one for one in reading.findings if one.code == said.code] == [said]
    assert reading.stamp.n_parents == 2
    ours = spell_native(Stamp(run="a/run"), native(), lists=True)
    assert said in read_header(ours + rubin + others, all_conventions()).findings
    counted = spell_native(Stamp(run="a/run", n_parents=1), native(), lists=True)
    messages = [one.message for one in read_header(counted + rubin + others, all_conventions()).findings]
    assert messages.count("n_parents: native says 1, rubin says 2") == 1
    assert not any("cadc says" in message for message in messages)


def test_two_publishers_of_one_dataset_are_no_disagreement() -> None:
    ours = spell_native(Stamp(id=ONE, publisher_did=f"ivo://one.org/data?{ONE}"), native(), lists=True)
    reading = read_header(ours + format_card("DS_IDPUB", f"ivo://two.org/copies?{ONE}"), all_conventions())
    assert reading.conventions == ("native", "vo")
    assert reading.findings == ()


def test_what_is_inherited_with_a_copied_header_is_no_disagreement() -> None:
    calib = format_card("LSST CALIB UUID BIAS", str(THREE))
    reading = read_header(calib + spell(STAMP, RUBIN), all_conventions())
    assert reading.conventions == ("rubin", "rubin-calib")
    assert disagreements(reading) == []


def test_the_other_fills_what_ours_leaves_open() -> None:
    ours = replace(STAMP, run=None, data_id=None)
    reading = read_both(ours, replace(STAMP, activity_id=THREE))
    assert reading.findings == ()
    assert reading.stamp == replace(STAMP, activity_id=THREE)


def test_the_other_adds_nothing_about_another_dataset() -> None:
    reading = read_both(Stamp(id=ONE), Stamp(id=TWO, run="b/run", type="coadd"))
    assert reading.stamp == Stamp(id=ONE)
    assert len(disagreements(reading)) == 1


def test_what_ours_states_is_not_added_to() -> None:
    reading = read_both(
        STAMP, replace(STAMP, data_id={"visit": 7, "band": "r"}, parents=(TWO, THREE), n_parents=None, digests=None)
    )
    assert reading.stamp.data_id == {"visit": 7}
    assert reading.stamp.parents == (Input(TWO),)


def test_a_list_that_ours_only_counts_is_filled_by_the_same_list_alone() -> None:
    assert read_both(STAMP, STAMP, lists=False).stamp.parents == (Input(TWO),)
    other = Stamp(id=ONE, parents=(THREE,))
    assert read_both(STAMP, other, lists=False).stamp.parents is None


def test_cards_of_others_between_and_around_ours_are_not_ours(make_header: Callable[..., bytes]) -> None:
    cards = spell_native(STAMP, native())
    header = make_header(cards[:CARD] + format_card("OBJECT", "FPV_ID") + cards[CARD:], {"FPVID": 1}, {"FPV_NEW": 2})
    assert read_header(header, all_conventions()).findings == ()
    assert b"".join(header[card.start : card.stop] for card, _ in group_of(header, native())) == cards


def test_keywords_are_found_at_the_start_of_a_card_only() -> None:
    text = format_card("COMMENTS", "FPV_ID LSST BUTLER ID")
    assert find_prefix(text, b"FPV_") == -1
    assert find_prefix(text + format_card("FPV_ID", "x"), b"FPV_") == CARD
    assert find_prefix(text + format_card("LSST BUTLER ID", "x"), b"LSST BUTLER ") == CARD
    long = format_card("LONG", "x" * 67 + "FPV_ID" * 40)
    assert find_prefix(long, b"FPV_") == -1
