"""Round trips of values through cards: by our reader, by astropy, by fitsio, and before fitsverify."""

from __future__ import annotations

import math
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path

import fitsio
import pytest
from astropy.io import fits
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from fitsprov.cards.card import Card, Value, escape, format_card, parse_cards, unescape
from fitsprov.cards.grammar import BLOCK, CARD, END, HIERARCH_LONGEST
from fitsprov.errors import UnwritableValue

NASTY = "'&/%=:.\"\\ ,;aE1é☃\t\n\x00\x7f"
RECORD_LIKE = ("abc: 1.5", "a.b_c:  -2E5", "DP1: 1", "x: 1.")
LONG_ENOUGH_FOR_CUTS = st.integers(0, 1900).map(lambda size: "run/" * (size // 4))

texts = st.one_of(
    st.text(max_size=80),
    st.text(alphabet=NASTY, max_size=140),
    st.sampled_from(RECORD_LIKE),
    st.builds(lambda fill, text: (fill + text)[:2000], LONG_ENOUGH_FOR_CUTS, st.text(alphabet=NASTY, max_size=400)),
    st.builds(str.__mul__, st.sampled_from(["'", "''/", " ", "&", "%", "/", "é"]), st.integers(0, 160)),
)
long_keywords = st.text(alphabet="ABCZ019_-", min_size=1, max_size=12).flatmap(
    lambda word: st.integers(9, HIERARCH_LONGEST).map(lambda size: (f"{word} " * 30)[:size].strip().ljust(9, "X"))
)
integers = st.integers(-(2**63), 2**63 - 1)
floats = st.floats(allow_nan=False, allow_infinity=False, allow_subnormal=False)
numbers = st.one_of(st.booleans(), integers, floats, st.sampled_from([2.2250738585072014e-308, 0.1 + 0.2, 1e22, -0.0]))


def write_file(path: Path, values: Mapping[str, Value], comment: str = "a comment") -> Path:
    """Write a file without data whose header holds these values."""
    head = (("SIMPLE", True), ("BITPIX", 8), ("NAXIS", 0), ("LONGSTRN", "OGIP 1.0"))
    cards = b"".join(format_card(keyword, value, comment) for keyword, value in [*head, *values.items()]) + END
    path.write_bytes(cards.ljust(-(-len(cards) // BLOCK) * BLOCK))
    return path


def read_one(cards: bytes) -> Card:
    """Read the one card that was written."""
    (card,) = parse_cards(cards)
    return card


@pytest.fixture(scope="session")
def fitsverify(needs_tool: Callable[..., str]) -> str:
    """The path of fitsverify; in CI it has to be there."""
    return needs_tool("fitsverify")


def text_cards(items: list[str], names: list[str]) -> dict[str, Value]:
    """Texts under short keywords, then under HIERARCH ones."""
    cards: dict[str, Value] = {f"T{n}": escape(text) for n, text in enumerate(items)}
    return cards | {name: escape(text.replace("=", "-")) for name, text in zip(names, items, strict=False)}


@given(st.just("FPV_RUN") | long_keywords, texts)
@example("FPV_RUN", "x" * 66 + "''''")
@example("FPV_RUN", "'/" * 60)
@example("FPV_RUN", "%41")
def test_our_reader_gives_any_text_back(keyword: str, text: str) -> None:
    assume(keyword == "FPV_RUN" or "=" not in text)
    cards = format_card(keyword, escape(text), "a comment")
    card = read_one(cards)
    assert (card.keyword, card.start, card.stop) == (keyword, 0, len(cards))
    assert unescape(str(card.value)) == text
    assert len(cards) % CARD == 0


@given(texts)
def test_cards_are_printable_ascii_that_never_splits_a_doubled_quote(text: str) -> None:
    cards = format_card("FPV_RUN", escape(text)).decode("ascii")
    assert cards.isprintable()
    for at in range(0, len(cards), CARD):
        inner = cards[at + 10 : at + CARD].strip().removesuffix("'").removeprefix("'").removesuffix("&")
        assert inner.count("'") % 2 == 0


@settings(max_examples=40, deadline=None)
@given(st.lists(texts, min_size=1, max_size=30), st.lists(long_keywords, max_size=6, unique=True))
def test_astropy_and_fitsio_give_the_text_of_cards_back(
    tmp_path_factory: pytest.TempPathFactory, items: list[str], names: list[str]
) -> None:
    values = text_cards(items, names)
    path = write_file(tmp_path_factory.getbasetemp() / "texts.fits", values)
    by_astropy, by_fitsio = fits.getheader(path), fitsio.read_header(str(path))
    for keyword, text in values.items():
        assert by_astropy[keyword] == text
        assert by_fitsio[keyword] == text


@settings(max_examples=40, deadline=None)
@given(st.lists(numbers, min_size=1, max_size=30), st.lists(long_keywords, max_size=6, unique=True))
def test_numbers_are_the_same_to_every_reader(
    tmp_path_factory: pytest.TempPathFactory, items: list[Value], names: list[str]
) -> None:
    keywords = [*(name for name in names if len(name) < 40), *(f"N{n}" for n in range(len(items)))]
    values = dict(zip(keywords, items, strict=False))
    path = write_file(tmp_path_factory.getbasetemp() / "numbers.fits", values)
    ours = {card.keyword: card.value for card in parse_cards(path.read_bytes())}
    by_astropy, by_fitsio = fits.getheader(path), fitsio.read_header(str(path))
    for keyword, value in values.items():
        for read in (ours[keyword], by_astropy[keyword], by_fitsio[keyword]):
            assert (type(read), read) == (type(value), value)
            assert math.copysign(1, read) == math.copysign(1, value)


@settings(max_examples=15, deadline=None)
@given(st.lists(texts, min_size=1, max_size=30), st.lists(numbers, max_size=10), st.lists(long_keywords, unique=True))
def test_fitsverify_warns_of_nothing(
    tmp_path_factory: pytest.TempPathFactory, fitsverify: str, items: list[str], more: list[Value], names: list[str]
) -> None:
    values = text_cards(items, names) | {f"N{n}": value for n, value in enumerate(more)}
    path = write_file(tmp_path_factory.getbasetemp() / "verified.fits", values)
    done = subprocess.run([fitsverify, "-q", str(path)], capture_output=True, text=True, check=False)
    assert done.stdout.startswith("verification OK"), done.stdout


@given(texts, st.text(alphabet="abc /'=", max_size=60))
def test_a_comment_is_read_back_or_left_out(text: str, comment: str) -> None:
    cards = format_card("FPV_RUN", escape(text), comment)
    assert fits.Card.fromstring(cards).comment.strip() in (comment.strip(), "")
    assert unescape(str(read_one(cards).value)) == text


@given(texts)
def test_escaped_text_needs_no_second_escape(text: str) -> None:
    escaped = escape(text)
    assert format_card("FPV_RUN", escaped)
    assert unescape(escape(escaped)) == escaped


@pytest.mark.parametrize(
    "value", [math.nan, math.inf, -math.inf, 5e-324, 2**63, -(2**63) - 1, "a\nb", "é", "and&", " "]
)
def test_values_that_no_card_holds_are_refused_by_name(value: Value) -> None:
    with pytest.raises(UnwritableValue, match="FPV_RUN"):
        format_card("FPV_RUN", value)


@pytest.mark.parametrize("keyword", ["K" * 59, "fpv_run", "", "A  B", " A", "A=B CDEFGH", "TÊTE", "LSST butler ID"])
def test_keywords_that_no_card_holds_are_refused_by_name(keyword: str) -> None:
    with pytest.raises(UnwritableValue, match=f"keyword '{keyword}'"):
        format_card(keyword, 1)


@pytest.mark.parametrize(("value", "comment"), [("a=b", ""), ("a", "b = c")])
def test_an_equals_sign_behind_a_hierarch_keyword_is_refused(value: str, comment: str) -> None:
    with pytest.raises(UnwritableValue, match="fitsio misreads ="):
        format_card("LSST BUTLER RUN", value, comment)


def test_a_number_that_leaves_its_card_is_refused() -> None:
    with pytest.raises(UnwritableValue, match="fit one card"):
        format_card("K" * HIERARCH_LONGEST, -1.2345678901234567e-300)


def test_lone_surrogates_are_refused() -> None:
    with pytest.raises(UnwritableValue, match="surrogates"):
        escape("\ud800")


def test_a_comment_outside_ascii_is_refused_by_name() -> None:
    with pytest.raises(UnwritableValue, match="FPV_RUN"):
        format_card("FPV_RUN", "x", "Größe")


@given(st.binary(max_size=400).map(lambda junk: junk + b" " * (-len(junk) % CARD)))
def test_whatever_stands_in_a_header_is_read_without_an_error(junk: bytes) -> None:
    cards = list(parse_cards(junk))
    assert all(card.start < card.stop <= len(junk) for card in cards)


@given(texts)
def test_bytes_that_are_no_utf_8_stay_escaped(text: str) -> None:
    assert unescape(f"{escape(text)}%FF") == f"{escape(text)}%FF"


def test_a_continuation_that_was_cut_is_not_read() -> None:
    cards = format_card("FPV_RUN", "x" * 100)
    (card,) = parse_cards(cards[:-1])
    assert (card.value, card.stop) == ("x" * 67 + "&", 80)
