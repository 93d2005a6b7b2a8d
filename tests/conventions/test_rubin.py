"""Rubin's cards, as its Butler writes them, older and newer, whole and cut."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from uuid import UUID

import pytest
from astropy.io import fits
from hypothesis import given, settings

from fitsprov.actions.conventions import all_conventions, find_convention
from fitsprov.cards.card import Value, format_card, parse_cards
from fitsprov.cards.grammar import CARD
from fitsprov.conventions.reading import Reading, read_header
from fitsprov.conventions.writing import spell
from fitsprov.errors import FitsprovError
from fitsprov.model.stamp import Input, Stamp
from tests.strategies import rubin_stamps

RUBIN = find_convention("rubin")
ID = UUID("019b68b0-113c-7eb6-9df9-98277069661d")
QUANTUM = UUID("019b68f5-824c-7ebd-9f7b-bf0d08b412b1")
RAW, FLAT = UUID("f315c01b-0cd6-51f0-95e8-fce95e84df78"), UUID("019b2912-2668-75a4-acfa-1f6d3f9b0397")

STAMP = Stamp(
    id=ID,
    run="SimCam/runs/DRP/20260314T201500Z",
    type="visit_image",
    data_id={"visit": 2026031400101, "instrument": "SimCam", "detector": 0},
    activity_id=QUANTUM,
    parents=(
        Input(RAW, run="SimCam/raw/all", type="raw"),
        Input(FLAT, run="SimCam/calib/2026-03/flatGen-r/20260301T000000Z/of/many/words", type="flat", extra={"q": 0.5}),
    ),
)

GOLDEN = """\
HIERARCH LSST BUTLER ID = '019b68b0-113c-7eb6-9df9-98277069661d' / Dataset ID
HIERARCH LSST BUTLER RUN = 'SimCam/runs/DRP/20260314T201500Z' / Run collection
HIERARCH LSST BUTLER DATASETTYPE = 'visit_image' / Dataset type
HIERARCH LSST BUTLER DATAID DETECTOR = 0 / Data identifier
HIERARCH LSST BUTLER DATAID INSTRUMENT = 'SimCam  ' / Data identifier
HIERARCH LSST BUTLER DATAID VISIT = 2026031400101 / Data identifier
HIERARCH LSST BUTLER QUANTUM = '019b68f5-824c-7ebd-9f7b-bf0d08b412b1'
HIERARCH LSST BUTLER N_INPUTS = 2
HIERARCH LSST BUTLER INPUT 0 ID = 'f315c01b-0cd6-51f0-95e8-fce95e84df78'
HIERARCH LSST BUTLER INPUT 0 RUN = 'SimCam/raw/all' / Run collection
HIERARCH LSST BUTLER INPUT 0 DATASETTYPE = 'raw     ' / Dataset type
HIERARCH LSST BUTLER INPUT 1 ID = '019b2912-2668-75a4-acfa-1f6d3f9b0397'
HIERARCH LSST BUTLER INPUT 1 RUN = 'SimCam/calib/2026-03/flatGen-r/20260301T00&'
CONTINUE  '0000Z/of/many/words' / Run collection
HIERARCH LSST BUTLER INPUT 1 DATASETTYPE = 'flat    ' / Dataset type
HIERARCH LSST BUTLER INPUT 1 Q = 0.5
"""


def text_of(cards: bytes) -> str:
    """Cards as lines, without the blanks behind them."""
    return "".join(cards[at : at + CARD].decode("ascii").rstrip() + "\n" for at in range(0, len(cards), CARD))


def butler_cards(**values: Value) -> bytes:
    """Cards of the Butler: ``INPUT_0_ID`` for ``LSST BUTLER INPUT 0 ID``."""
    words = {name: name.replace("_", " ").replace("N INPUTS", "N_INPUTS") for name in values}
    return b"".join(format_card(f"LSST BUTLER {words[name]}", value) for name, value in values.items())


def read(header: bytes) -> Reading:
    return read_header(header, all_conventions())


def test_the_cards_never_change() -> None:
    assert text_of(spell(STAMP, RUBIN)) == GOLDEN


@given(rubin_stamps)
def test_what_is_written_is_read(make_header: Callable[..., bytes], stamp: Stamp) -> None:
    reading = read(make_header(spell(stamp, RUBIN)))
    assert reading.findings == ()
    assert (reading.stamp or Stamp()) == stamp
    assert spell(reading.stamp or Stamp(), RUBIN) == spell(stamp, RUBIN)


@settings(max_examples=40)
@given(rubin_stamps)
def test_what_astropy_wrote_anew_is_read(make_header: Callable[..., bytes], stamp: Stamp) -> None:
    old = fits.Header.fromstring(make_header(spell(stamp, RUBIN)).decode("ascii"))
    header = fits.Header()
    for card in old.cards:
        header.append((f"HIERARCH {card.keyword}" if len(card.keyword) > 8 else card.keyword, card.value, card.comment))
    file = BytesIO()
    fits.PrimaryHDU(header=header).writeto(file)
    assert (read(file.getvalue()).stamp or Stamp()) == stamp


def test_headers_older_than_the_count_of_inputs_are_read() -> None:
    reading = read(butler_cards(ID=str(ID), RUN="a/run", INPUT_0_ID=str(RAW), INPUT_0_RUN="raw/all"))
    (finding,) = reading.findings
    assert (finding.code, finding.message) == ("count-absent", "1 parents are listed, LSST BUTLER N_INPUTS is absent")
    assert reading.stamp == Stamp(id=ID, run="a/run", parents=(Input(RAW, run="raw/all"),))


def test_inputs_that_were_too_many_for_the_butler_are_counted() -> None:
    reading = read(butler_cards(ID=str(ID), N_INPUTS=3001))
    stamp, (finding,) = reading.stamp, reading.findings
    assert (stamp.n_parents, stamp.parents, stamp.digests) == (3001, None, None)
    assert (finding.code, finding.keyword) == ("list-dropped", "LSST BUTLER N_INPUTS")


def test_no_inputs_are_none() -> None:
    assert read(butler_cards(ID=str(ID), N_INPUTS=0)).stamp.parents == ()


def test_fewer_inputs_than_the_count_says_are_noticed() -> None:
    reading = read(butler_cards(N_INPUTS=3, INPUT_0_ID=str(RAW), INPUT_2_ID=str(FLAT)))
    (finding,) = reading.findings
    assert (finding.code, finding.keyword) == ("count-differs", "LSST BUTLER N_INPUTS")
    assert reading.stamp.parents == (Input(RAW), Input(FLAT))
    assert reading.stamp.digests is None


def test_an_input_without_its_id_is_not_made_up() -> None:
    reading = read(butler_cards(N_INPUTS=2, INPUT_0_ID=str(RAW), INPUT_1_RUN="raw/all", INPUT_1_DATASETTYPE="raw"))
    assert [finding.code for finding in reading.findings] == ["count-differs"]
    assert reading.stamp.parents == (Input(RAW),)


def test_malformed_values_are_left_out() -> None:
    reading = read(butler_cards(ID="none", RUN="a/run", QUANTUM=7, N_INPUTS=-1, INPUT_0_ID="?", DATASETTYPE="raw"))
    assert {finding.keyword for finding in reading.findings} == {
        f"LSST BUTLER {name}" for name in ("ID", "QUANTUM", "N_INPUTS", "INPUT 0 ID")
    }
    assert {finding.code for finding in reading.findings} == {"value-malformed"}
    assert reading.stamp == Stamp(run="a/run", type="raw")


def test_a_number_that_overflows_is_no_dimension() -> None:
    card = b"HIERARCH LSST BUTLER DATAID VISIT = 1E999".ljust(CARD)
    reading = read(card + butler_cards(DATAID_DETECTOR=4))
    assert [finding.code for finding in reading.findings] == ["value-malformed"]
    assert reading.stamp.data_id == {"detector": 4}


def test_inputs_stand_in_the_order_of_their_numbers() -> None:
    numbered = {f"INPUT_{n}_ID": str(UUID(int=n)) for n in (*range(5, 12), *range(5))}
    reading = read(butler_cards(N_INPUTS=12, **numbered))
    assert [item.id.int for item in reading.stamp.parents] == list(range(12))
    assert reading.findings == ()


def test_a_gap_in_the_inputs_is_noticed_where_no_count_tells() -> None:
    finding, absent = read(butler_cards(INPUT_0_ID=str(RAW), INPUT_2_ID=str(FLAT))).findings
    assert (finding.code, absent.code) == ("count-differs", "count-absent")
    assert finding.message == "2 parents are listed, the last has number 2, counted from 0"


def test_words_behind_an_input_are_kept_with_it() -> None:
    stamp = read(butler_cards(INPUT_0_ID=str(RAW), INPUT_0_GAIN_A=1.5, INPUT_1_ID=str(FLAT), INPUT_1_USED=True)).stamp
    assert [dict(item.extra) for item in stamp.parents] == [{"gain a": 1.5}, {"used": True}]


def test_cards_of_eso_beside_them_are_left_alone() -> None:
    eso = b"".join(
        format_card(keyword, value)
        for keyword, value in {"ESO PRO INPUT 0 ID": "raw.fits", "ESO PRO DATANCOM": 7, "ESO DPR TYPE": "BIAS"}.items()
    )
    cards = spell(STAMP, RUBIN)
    reading = read(eso + cards + eso)
    assert (reading.stamp, reading.findings) == (STAMP, ())
    assert read(eso).stamp is None
    assert not [card.keyword for card, _ in RUBIN.group(parse_cards(eso + cards)) if "ESO" in card.keyword]


def test_names_get_ids_because_rubin_knows_nothing_else() -> None:
    item = Input(name="raw.fits", type="raw")
    stamp = read(spell(Stamp(parents=(item,)), RUBIN)).stamp
    assert stamp.parents == (Input(item.identify(), type="raw"),)


@pytest.mark.parametrize(
    "stamp",
    [
        Stamp(run="rün"),
        Stamp(run="a=b"),
        Stamp(type="trailing "),
        Stamp(data_id={"Visit": 1}),
        Stamp(data_id={"a=b": 1}),
        Stamp(data_id={"ß": 1}),
        Stamp(data_id={"d" * 60: 1}),
    ],
)
def test_what_rubin_would_not_read_back_is_refused(stamp: Stamp) -> None:
    with pytest.raises(FitsprovError):
        spell(stamp, RUBIN)
