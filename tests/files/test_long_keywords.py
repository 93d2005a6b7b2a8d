"""Keywords of up to 58 characters behind HIERARCH, as astropy and fitsio write them, are read as they were meant."""

from __future__ import annotations

import string
from pathlib import Path

import fitsio
import pytest
from astropy.io import fits
from astropy.io.fits.verify import VerifyWarning
from hypothesis import given
from hypothesis import strategies as st

from fitsprov.cards.card import format_card, parse_cards
from fitsprov.cards.grammar import CARD
from fitsprov.errors import UnwritableValue
from fitsprov.files.units import read_header

LONGEST = 58
LETTERS = string.ascii_uppercase + string.digits + "_-"
TEXTS = st.text(string.ascii_letters + string.digits + " '/&=.,:", max_size=200).filter(
    lambda text: text == text.strip() and not text.endswith("&") and ": " not in text and ":" not in text
)
FLOATS = st.floats(1e-300, 1e300).map(lambda number: float(f"{number:.12g}"))  # astropy writes 16 digits
VALUES = st.one_of(TEXTS, st.booleans(), st.integers(-(2**63), 2**63 - 1), FLOATS)


@st.composite
def keywords(draw: st.DrawFn) -> str:
    """Words with single blanks between them, nine to 58 characters in all."""
    length = draw(st.integers(9, LONGEST))
    text = draw(st.text(LETTERS, min_size=length, max_size=length))
    gaps = draw(st.sets(st.integers(1, length - 2), max_size=5))
    spaced = "".join(" " if at in gaps and at - 1 not in gaps else letter for at, letter in enumerate(text))
    return spaced if spaced[0] != " " else f"K{spaced[1:]}"


def found(content: bytes, keyword: str) -> list[object]:
    """What our reader finds under a keyword."""
    return [card.value for card in parse_cards(content) if card.keyword == keyword]


@given(keyword=keywords(), value=VALUES)
def test_what_astropy_writes_is_read(keyword: str, value: object) -> None:
    header = fits.Header()
    try:
        header[f"HIERARCH {keyword}"] = value
        content = header.tostring().encode("ascii")
    except (ValueError, VerifyWarning):
        assert len(f"HIERARCH {keyword} = {value}") > CARD
        return
    assert found(content, keyword) == [value]


@given(keyword=keywords(), value=VALUES)
def test_what_we_write_is_read_by_astropy_and_by_us(keyword: str, value: object) -> None:
    try:
        content = format_card(keyword, value)
    except UnwritableValue:
        assert "=" in str(value) or len(f"HIERARCH {keyword} = {value}") > CARD
        return
    assert found(content, keyword) == [value]
    if not isinstance(value, str):
        assert fits.Header.fromstring(content)[keyword] == value


@pytest.mark.parametrize("length", range(9, LONGEST + 1))
def test_what_fitsio_writes_is_read(tmp_path: Path, length: int) -> None:
    path = tmp_path / "a.fits"
    said = {"A": "text", "B": "it's a long one / & more " * 6 + "end", "C": -42, "D": 0.125, "E": True}
    keys = {letter: f"{letter}{'X' * (length - 5)} {'KEY'}" for letter in said}
    with fitsio.FITS(str(path), "rw") as file:
        file.write(None)
        for letter, value in said.items():
            file[0].write_key(keys[letter], value)
    with path.open("rb") as file:
        header = read_header(file).header
    for letter, value in said.items():
        assert found(header, keys[letter]) == [value]
