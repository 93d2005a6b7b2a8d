"""Stamps: lists that are counted and digested by one rule."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fitsprov.errors import MalformedID, UsageError
from fitsprov.model.identifiers import name_id
from fitsprov.model.stamp import Input, Stamp, list_digest
from tests.strategies import inputs, stamps

EMPTY = "e3b0c44298fc1c149afbf4c8996fb924"
ONE, TWO = UUID(int=1), UUID(int=2)


def test_the_digest_of_an_empty_list_is_that_of_no_bytes() -> None:
    assert list_digest([]) == EMPTY
    assert Stamp(parents=(), raws=()).digests == f"{EMPTY}:{EMPTY}"


def test_the_digest_of_a_list_never_changes() -> None:
    items = [Input(TWO), Input(ONE), Input(name="raw 7.fits"), Input(ONE)]
    assert list_digest(items) == "5638e3d5abb9956315a9c817db11d29a"


@settings(max_examples=12)
@given(st.lists(inputs, max_size=12))
def test_the_digest_is_what_the_shell_gives(items: list[Input]) -> None:
    lines = "".join(f"{item.key}\n" for item in items)
    pipe = "LC_ALL=C sort -u | sha256sum | cut -c1-32"
    shell = subprocess.run(["sh", "-c", pipe], input=lines.encode("ascii"), capture_output=True, check=True)
    assert shell.stdout.decode() == f"{list_digest(items)}\n"


@given(st.lists(inputs, max_size=8), st.randoms())
def test_the_digest_knows_neither_order_nor_repeats(items: list[Input], random: object) -> None:
    shuffled = items * 2
    random.shuffle(shuffled)
    assert list_digest(shuffled) == list_digest(items)


def test_lists_keep_their_order_and_lose_their_repeats() -> None:
    stamp = Stamp(parents=(TWO, str(ONE), "raw.fits", TWO, f"butler://dp1/{ONE}"))
    assert stamp.parents == (Input(TWO), Input(ONE), Input(name="raw.fits"))
    assert stamp.n_parents == 3
    assert stamp.digests == list_digest(stamp.parents) + ":"


def test_what_is_not_said_is_not_zero() -> None:
    assert (Stamp().n_parents, Stamp().digests) == (None, None)
    assert Stamp(parents=()).n_parents == 0
    assert Stamp(raws=()).digests == f":{EMPTY}"


def test_a_list_that_was_cut_has_no_digest_of_its_own() -> None:
    stamp = Stamp(parents=(ONE,), n_parents=5, raws=(TWO,))
    assert stamp.n_parents == 5
    assert stamp.digest_of("parents") == ""
    assert stamp.digest_of("raws") == list_digest([Input(TWO)])


def test_a_digest_that_a_header_states_stands() -> None:
    stated = f"{'0' * 32}:"
    assert Stamp(parents=(ONE,), digests=stated).digests == stated


@given(stamps)
def test_a_stamp_made_again_of_its_own_values_is_the_same(stamp: Stamp) -> None:
    assert replace(stamp) == stamp


def test_the_time_of_writing_is_no_difference() -> None:
    stamp = Stamp(id=ONE, stamped=datetime(2026, 3, 14, tzinfo=UTC))
    assert stamp.same_as(Stamp(id=ONE))
    assert not stamp.same_as(Stamp(id=TWO))


def test_ids_may_be_given_in_any_spelling() -> None:
    stamp = Stamp(id=f"ivo://example.org?{ONE}", activity_id=str(TWO))
    assert (stamp.id, stamp.activity_id) == (ONE, TWO)
    with pytest.raises(MalformedID):
        Stamp(id="raw.fits")


@pytest.mark.parametrize("data_id", [{"visit": float("nan")}, {"visit": [1]}, {"visit": {"day": 1}}])
def test_a_stamp_takes_no_data_id_that_no_header_holds(data_id: dict[str, object]) -> None:
    with pytest.raises(UsageError, match="visit"):
        Stamp(data_id=data_id)


def test_an_input_is_named_somehow() -> None:
    with pytest.raises(ValueError, match="an ID or a name"):
        Input(role="flat")
    with pytest.raises(ValueError, match="an ID or a name"):
        Input(name="")


def test_an_input_without_an_id_gets_one_from_its_name() -> None:
    assert Input(name="raw.fits").identify() == name_id("raw.fits")
    assert Input(name="raw.fits").identify("eso") == name_id("raw.fits", "eso")
    assert Input(ONE, name="raw.fits").identify() == ONE
