"""The seal: stamps that add nothing to a checksum, as astropy judges it."""

from __future__ import annotations

import io

import numpy as np
from astropy.io import fits
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from fitsprov.cards.card import escape, format_card
from fitsprov.cards.grammar import BLANK, BLOCK, CARD, END
from fitsprov.cards.sums import checksum_delta, decode, encode, is_neutral, seal_card, word_sum

words = st.integers(0, 2**32 - 1)
stamps = st.lists(st.tuples(st.sampled_from(["FPV_RUN", "FPV_TYPE", "LSST BUTLER ID"]), st.text(max_size=150))).map(
    lambda items: b"".join(format_card(keyword, escape(text.replace("=", "-")), "comment") for keyword, text in items)
)
MODULUS = 2**32 - 1


def small_file(*, good: bool) -> bytes:
    """A file of one image with CHECKSUM and DATASUM, and room for a stamp."""
    file = io.BytesIO()
    fits.PrimaryHDU(np.arange(100, dtype=np.int16)).writeto(file, checksum=True)
    return file.getvalue() if good else file.getvalue().replace(b"array data type", b"array DATA type")


def checksum_is_right(data: bytes) -> bool:
    """What astropy says of the CHECKSUM of the first HDU."""
    with fits.open(io.BytesIO(data)) as hdus:
        return bool(hdus[0].verify_checksum())


def test_appendix_j_example_of_the_standard() -> None:
    # the sum of an HDU is 868229149; its complement, 0xCC3FDFE2, is encoded
    assert encode(MODULUS - 868229149) == "hcHjjc9ghcEghc9g"
    assert decode("hcHjjc9ghcEghc9g") == 0xCC3FDFE2


@given(words)
def test_decode_undoes_encode(value: int) -> None:
    text = encode(value)
    assert len(text) == 16
    assert text.isascii()
    assert text.isalnum()
    assert decode(text) == value % MODULUS


@given(st.text(max_size=20))
def test_what_is_no_encoded_sum_is_none(text: str) -> None:
    assume(len(text) != 16 or not text.isascii())
    assert decode(text) is None


@given(stamps, st.sampled_from(["", "Makes the sum of these cards neutral"]))
def test_every_sealed_stamp_is_neutral(stamp: bytes, comment: str) -> None:
    sealed = stamp + seal_card(stamp, comment)
    assert is_neutral(sealed)
    assert is_neutral(BLANK + sealed)


@given(stamps, st.integers(0, 10**6), st.integers(1, 255))
def test_an_edited_byte_breaks_the_seal(stamp: bytes, at: int, change: int) -> None:
    sealed = bytearray(stamp + seal_card(stamp))
    sealed[at % len(sealed)] ^= change
    assert not is_neutral(bytes(sealed))


@given(stamps)
def test_a_lost_card_breaks_the_seal(stamp: bytes) -> None:
    assume(stamp and word_sum(stamp[:CARD]) != word_sum(BLANK))
    assert not is_neutral((stamp + seal_card(stamp))[CARD:])


@settings(deadline=None)
@given(stamps, st.booleans(), st.integers(0, 10))
def test_a_stamp_in_place_of_blank_fill_leaves_checksum_as_it_was(stamp: bytes, good: bool, blanks: int) -> None:
    before = small_file(good=good)
    end = before.index(END)
    tail = BLANK * blanks + stamp + seal_card(stamp) + END
    assume(end + len(tail) <= BLOCK)
    after = before[:end] + tail + before[end + len(tail) :]
    assert checksum_is_right(before) is checksum_is_right(after) is good


@settings(deadline=None)
@given(st.booleans(), st.from_regex(r"[ -~]{1,60}", fullmatch=True))
def test_checksum_delta_keeps_right_right_and_wrong_wrong(good: bool, text: str) -> None:
    before = small_file(good=good)
    end = before.index(END)
    after = before[:end] + f"HISTORY {text}".ljust(CARD).encode() + END + before[end + 2 * CARD :]
    at = before.index(b"CHECKSUM= '") + 11
    moved = checksum_delta(before[at : at + 16].decode(), word_sum(before[:BLOCK]), word_sum(after[:BLOCK]))
    assert checksum_is_right(after[:at] + moved.encode() + after[at + 16 :]) is good


def test_checksum_delta_leaves_alone_what_is_no_encoded_sum() -> None:
    assert checksum_delta("0123", 1, 2) == "0123"


@given(words, words)
def test_sums_that_differ_by_the_modulus_are_the_same(value: int, change: int) -> None:
    text = encode(value)
    assert decode(checksum_delta(checksum_delta(text, 0, change), change, 0)) == decode(text)
