"""Edits of whole stamps: what comes back when they are taken out."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID

import pytest
from astropy.io import fits
from hypothesis import given, settings
from hypothesis import strategies as st

import fitsprov
from fitsprov.actions.stamping import Outcome
from fitsprov.cards.grammar import BLOCK, CARD, END
from fitsprov.errors import StampRefused

ID = UUID(int=7)


def header(cards: int, blanks: int) -> bytes:
    """A header of so many cards, so many blank ones before END."""
    lines = [b"SIMPLE  =                    T", b"BITPIX  =                    8", b"NAXIS   =                    0"]
    lines += [b"KEY%-5d= 1" % n for n in range(cards - 3)]
    text = b"".join(line.ljust(CARD) for line in [*lines, *[b""] * blanks, END])
    return text.ljust(-(-len(text) // BLOCK) * BLOCK)


@pytest.mark.parametrize("blanks", [12, 20, 30])
def test_a_stamp_among_blank_cards_flips_and_leaves_them_as_they_were(tmp_path: Path, blanks: int) -> None:
    path, bare = tmp_path / "a.fits", header(35 - blanks, blanks)
    assert len(bare) == BLOCK
    path.write_bytes(bare)
    for run in ("one", "two", "two" * 30):
        assert fitsprov.stamp(path, fitsprov.Stamp(id=ID, run=run, type="x")) is Outcome.FLIPPED
    assert fitsprov.strip(path) is Outcome.FLIPPED
    assert path.read_bytes() == bare


@settings(max_examples=60)
@given(
    cards=st.integers(3, 80),
    blanks=st.integers(0, 40),
    runs=st.lists(st.sampled_from(["r", "run" * 20, "long" * 60]), min_size=1, max_size=4),
    conventions=st.sampled_from([("native",), ("native", "rubin")]),
)
def test_strip_gives_back_what_did_not_grow(
    tmp_path_factory: pytest.TempPathFactory, cards: int, blanks: int, runs: list[str], conventions: tuple[str, ...]
) -> None:
    path, bare = tmp_path_factory.mktemp("d") / "a.fits", header(cards, blanks)
    path.write_bytes(bare)
    for run in runs:
        fitsprov.stamp(path, fitsprov.Stamp(id=ID, run=run, type="x"), conventions=conventions)
        found = fitsprov.read(path)
        assert found is not None
        assert found.run == run
    grown = path.stat().st_size > len(bare)
    fitsprov.strip(path, conventions=conventions)
    after = path.read_bytes()
    if conventions != ("native",):
        assert fitsprov.read(path) is None
    elif grown:
        assert after.replace(END, b"").rstrip() == bare.replace(END, b"").rstrip()
    else:
        assert after == bare


def test_a_card_of_end_with_more_in_it_is_replaced_whole(tmp_path: Path) -> None:
    path, bare = tmp_path / "a.fits", header(5, 0)
    path.write_bytes(bare.replace(END, b"END     of the header".ljust(CARD)))
    assert fitsprov.stamp(path, fitsprov.Stamp(id=ID)) is Outcome.COPIED
    assert b"of the header" not in path.read_bytes()
    assert fitsprov.strip(path) is Outcome.FLIPPED
    assert path.read_bytes() == bare


def test_no_table_follows_a_primary_header_that_says_that_nothing_does(tmp_path: Path) -> None:
    path, bare = tmp_path / "a.fits", header(5, 0)
    bare = bare.replace(b"KEY0    = 1".ljust(CARD), b"EXTEND  =                    F".ljust(CARD))
    path.write_bytes(bare)
    many = fitsprov.Stamp(id=ID, parents=[UUID(int=n) for n in range(200)])
    with pytest.raises(StampRefused, match="EXTEND = F"):
        fitsprov.stamp(path, many)
    assert path.read_bytes() == bare
    fitsprov.stamp(path, many, lists="none")
    fitsprov.stamp(path, many, lists="cards")
    found = fitsprov.read(path)
    assert found is not None
    assert found.parents is not None
    assert len(found.parents) == 200
    with fits.open(path) as hdus:
        assert len(hdus) == 1
