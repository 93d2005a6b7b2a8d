"""Our own convention: what it looks like, that it reads back, and that nothing is changed unnoticed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from io import BytesIO
from uuid import UUID

import fitsio
import numpy as np
import pytest
from astropy.io import fits
from hypothesis import given, settings
from hypothesis import strategies as st

from fitsprov.actions.conventions import all_conventions, native
from fitsprov.cards.card import format_card
from fitsprov.cards.grammar import CARD
from fitsprov.cards.sums import is_neutral
from fitsprov.conventions.reading import Reading, read_header
from fitsprov.conventions.writing import spell_native
from fitsprov.errors import FitsprovError, StampRefused
from fitsprov.model.dataid import canonical_text
from fitsprov.model.stamp import Input, Stamp
from tests.strategies import stamps

ID = UUID("019b68b0-113c-7eb6-9df9-98277069661d")
DID = f"ivo://example.org/dr1?{ID}"
LINKS = f"https://example.org/prov/links?ID=ivo%3A%2F%2Fexample.org%2Fdr1%3F{ID}"

STAMP = Stamp(
    id=ID,
    run="Sim/runs/drp/20260314T201500Z",
    type="visit_image",
    data_id={"visit": 2026031400101, "instrument": "SimCam", "detector": 0},
    activity_id=UUID("019b68f5-824c-7ebd-9f7b-bf0d08b412b1"),
    publisher_did=DID,
    datalink=LINKS,
    parents=(UUID("019b3e20-71c2-75b6-b174-1af8b9f3c0dd"), "flat r.fits"),
    raws=(UUID("f315c01b-0cd6-51f0-95e8-fce95e84df78"),),
    fingerprint="datasum:1:0123456789abcdef0123456789abcdef",
    stamped=datetime(2026, 3, 14, 20, 15, 30, tzinfo=UTC),
)

GOLDEN = """\
FPV_VER = 'fitsprov 1'         / Convention of the FPV_ keywords
LONGSTRN= 'OGIP 1.0'           / CONTINUE may be used
FPV_ID  = '019b68b0-113c-7eb6-9df9-98277069661d' / Dataset ID
FPV_RUN = 'Sim/runs/drp/20260314T201500Z' / Run collection
FPV_TYPE= 'visit_image'        / Dataset type
FPV_DATA= '{"detector":0,"instrument":"SimCam","visit":2026031400101}'
FPV_ACT = '019b68f5-824c-7ebd-9f7b-bf0d08b412b1' / Activity that made it
FPV_NPAR=                    2 / Number of immediate parents
FPV_NRAW=                    1 / Number of raw observations
FPV_SUM = '1f91c8e7347d3f33b592f4c0992d0345:67cfad8ba296762dfeaed74609ec8b4e'
FPV_DID = 'ivo://example.org/dr1?019b68b0-113c-7eb6-9df9-98277069661d'
DATALINK= 'https://example.org/prov/links?ID=ivo%3A%2F%2Fexample.org%2Fdr1%3F0&'
CONTINUE  '19b68b0-113c-7eb6-9df9-98277069661d' / URL of the links document
FPV_DSUM= 'datasum:1:0123456789abcdef0123456789abcdef' / Fingerprint of the data
FPV_DATE= '2026-03-14T20:15:30' / When stamped, UTC
FPV_P1  = '019b3e20-71c2-75b6-b174-1af8b9f3c0dd' / Parent
FPV_P2  = 'flat%20r.fits'      / Parent
FPV_R1  = 'f315c01b-0cd6-51f0-95e8-fce95e84df78' / Raw observation
FPV_SEAL= '7jLP1nfkRc8LLuzo' / Makes the sum of these cards neutral
"""


def text_of(cards: bytes) -> str:
    """Cards as lines, without the blanks behind them."""
    return "".join(cards[at : at + CARD].decode("ascii").rstrip() + "\n" for at in range(0, len(cards), CARD))


def read(header: bytes) -> Reading:
    return read_header(header, all_conventions())


def codes(reading: Reading) -> set[str]:
    return {finding.code for finding in reading.findings}


def says_the_same(reading: Reading, stamp: Stamp) -> bool:
    """Equal, and equal in the types of the dataId, too."""
    found = reading.stamp
    if found is None or found != stamp:
        return False
    return stamp.data_id is None or canonical_text(found.data_id) == canonical_text(stamp.data_id)


def test_the_cards_never_change() -> None:
    assert text_of(spell_native(STAMP, native())) == GOLDEN


def test_an_empty_stamp_is_a_version_and_a_seal() -> None:
    cards = spell_native(Stamp(), native())
    assert [line[:8] for line in text_of(cards).splitlines()] == ["FPV_VER ", "FPV_SEAL"]
    assert is_neutral(cards)


@given(stamps, st.booleans())
def test_what_is_written_is_read(make_header: Callable[..., bytes], stamp: Stamp, long_strings: bool) -> None:
    cards = spell_native(stamp, native(), long_strings=long_strings)
    reading = read(make_header(cards, {"OBJECT": "M 31"}, {"HISTORY": "none"}))
    assert is_neutral(cards)
    assert reading.findings == ()
    assert reading.conventions == ("native",)
    assert says_the_same(reading, stamp)


@given(stamps)
def test_lists_that_are_kept_elsewhere_are_counted_and_digested(stamp: Stamp) -> None:
    reading = read(spell_native(stamp, native(), lists=False))
    assert reading.findings == ()
    found = reading.stamp
    assert (found.n_parents, found.n_raws, found.digests) == (stamp.n_parents, stamp.n_raws, stamp.digests)
    assert found.parents == (None if stamp.n_parents else stamp.parents)


# astropy cuts a long string between two quotes, and so really changes it
@settings(max_examples=60)
@given(stamps.filter(lambda stamp: "'" not in f"{stamp.run}{stamp.type}"))
def test_a_header_that_astropy_wrote_anew_still_holds(make_header: Callable[..., bytes], stamp: Stamp) -> None:
    old = fits.Header.fromstring(make_header(spell_native(stamp, native())).decode("ascii"))
    header = fits.Header([(card.keyword, card.value, card.comment) for card in old.cards])
    file = BytesIO()
    fits.PrimaryHDU(header=header).writeto(file)
    reading = read(file.getvalue())
    assert reading.findings == ()
    assert says_the_same(reading, stamp)


@settings(max_examples=30)
@given(stamps)
def test_a_header_that_fitsio_wrote_anew_still_holds(
    tmp_path_factory: pytest.TempPathFactory, make_header: Callable[..., bytes], stamp: Stamp
) -> None:
    folder = tmp_path_factory.mktemp("fitsio")
    (folder / "old.fits").write_bytes(make_header(spell_native(stamp, native())))
    with fitsio.FITS(folder / "old.fits") as file:
        header = file[0].read_header()
    fitsio.write(folder / "new.fits", np.zeros(1, "i2"), header=header)
    reading = read((folder / "new.fits").read_bytes())
    assert reading.findings == ()
    assert says_the_same(reading, stamp)


@settings(max_examples=60)
@given(stamps, st.randoms())
def test_cards_may_stand_in_any_order(stamp: Stamp, random: object) -> None:
    header = fits.Header.fromstring(spell_native(stamp, native()).decode("ascii"))
    cards = list(header.cards)
    random.shuffle(cards)
    reading = read("".join(map(str, cards)).encode("ascii"))
    if stamp.datalink is None:  # one that points to no ID of ours is ours only among our other cards
        assert (reading.stamp, reading.findings) == (stamp, ())
    assert reading.findings or reading.stamp == stamp


@settings(max_examples=300)
@given(stamps, st.data())
def test_no_edit_of_one_character_is_unnoticed(stamp: Stamp, data: st.DataObject) -> None:
    cards = bytearray(spell_native(stamp, native()))
    at = data.draw(st.integers(0, len(cards) - 1))
    cards[at] = data.draw(st.integers(0x20, 0x7E).filter(lambda byte: byte != cards[at]))
    reading = read(bytes(cards))
    assert reading.findings or reading.stamp == stamp


@pytest.mark.parametrize("keyword", ["FPV_ID", "FPV_RUN", "FPV_DATA", "FPV_P1", "FPV_R1", "DATALINK", "FPV_DATE"])
def test_a_card_that_is_lost_is_noticed(keyword: str) -> None:
    lines = split(spell_native(STAMP, native()))
    kept = [line for line in lines if not line.startswith(f"{keyword:<8}".encode())]
    assert len(kept) == len(lines) - 1
    reading = read(b"".join(kept))
    assert reading.stamp != STAMP
    assert "seal-broken" in codes(reading)


@pytest.mark.parametrize("keyword", ["FPV_VER", "FPV_NPAR", "FPV_SUM"])
def test_a_card_that_is_lost_is_noticed_even_where_it_follows_from_the_others(keyword: str) -> None:
    lines = split(spell_native(STAMP, native()))
    reading = read(b"".join(line for line in lines if not line.startswith(f"{keyword:<8}".encode())))
    assert reading.stamp == STAMP
    assert [(finding.code, finding.keyword) for finding in reading.findings] == [("seal-broken", keyword)]


def split(cards: bytes) -> list[bytes]:
    """One element a card, CONTINUE cards with their first."""
    lines: list[bytes] = []
    for at in range(0, len(cards), CARD):
        line = cards[at : at + CARD]
        if line.startswith(b"CONTINUE"):
            lines[-1] += line
        else:
            lines.append(line)
    return lines


def test_a_stamp_without_its_seal_is_incomplete() -> None:
    reading = read(spell_native(STAMP, native())[:-CARD])
    assert reading.stamp == STAMP
    assert [(f.code, f.keyword) for f in reading.findings] == [("seal-broken", "FPV_SEAL")]


@pytest.mark.parametrize("value", [STAMP.run, "another/run"])
def test_a_card_that_stands_twice_is_noticed(value: str) -> None:
    reading = read(spell_native(STAMP, native()) + format_card("FPV_RUN", value))
    assert reading.stamp == STAMP
    assert [(f.code, f.keyword) for f in reading.findings] == [("seal-broken", "FPV_RUN")]


def test_a_card_that_was_added_is_noticed() -> None:
    reading = read(spell_native(replace(STAMP, run=None), native()) + format_card("FPV_RUN", "another/run"))
    assert "seal-broken" in codes(reading)


def test_a_header_that_is_cut_anywhere_is_read_as_far_as_it_goes(make_header: Callable[..., bytes]) -> None:
    header = make_header(spell_native(STAMP, native()))
    complete = header.index(b"FPV_SEAL") + CARD
    for stop in range(0, len(header), 13):
        reading = read(header[:stop])
        if stop >= complete:
            assert (reading.stamp, reading.findings) == (STAMP, ())
        else:
            assert reading.stamp is None or "seal-broken" in codes(reading)


def test_a_header_without_end_is_read(make_header: Callable[..., bytes]) -> None:
    cards = spell_native(STAMP, native())
    assert read(make_header(cards).replace(b"END     ", b"        ")) == read(cards)


@given(stamps, st.data())
def test_garbage_among_the_cards_is_no_error(stamp: Stamp, data: st.DataObject) -> None:
    cards = spell_native(stamp, native())
    start = data.draw(st.integers(0, len(cards)))
    stop = data.draw(st.integers(start, len(cards)))
    garbage = data.draw(st.binary(max_size=200))
    reading = read(cards[:start] + garbage + cards[stop:])
    assert reading.findings or reading.stamp in (stamp, None) or not garbage


@given(
    st.binary(max_size=400),
    st.sampled_from([b"", b"FPV_ID  = ", b"FPV_DATA= '{", b"FPV_P1  = '", b"HIERARCH LSST BUTLER "]),
)
def test_garbage_alone_is_no_error(garbage: bytes, start: bytes) -> None:
    reading = read((start + garbage).ljust(2 * CARD))
    assert isinstance(reading, Reading)


@pytest.mark.parametrize(
    ("keyword", "value"),
    [
        ("FPV_ID", "019b68b0-113c-7eb6-9df9-98277069661"),
        ("FPV_ID", 7),
        ("FPV_ACT", ""),
        ("FPV_DATA", "{visit:1}"),
        ("FPV_DATA", "[1]"),
        ("FPV_DATA", '{"visit":NaN}'),
        ("FPV_DATA", "[" * 5000),
        ("FPV_NPAR", -1),
        ("FPV_NPAR", 1.5),
        ("FPV_NPAR", True),
        ("FPV_NPAR", "2"),
        ("FPV_SUM", "abc:def"),
        ("FPV_RUN", 7),
        ("FPV_DATE", "yesterday"),
        ("FPV_DATE", "2026-03-14T20:15:30+01:00"),
        ("FPV_P1", ""),
        ("FPV_P1", 1),
        ("FPV_VER", "fitsprov 2"),
    ],
)
def test_a_malformed_value_is_left_out_and_the_rest_is_read(keyword: str, value: object) -> None:
    lines = split(spell_native(STAMP, native()))
    edited = [format_card(keyword, value) if line.startswith(f"{keyword:<8}".encode()) else line for line in lines]
    reading = read(b"".join(edited))
    malformed = [finding for finding in reading.findings if finding.code == "value-malformed"]
    assert [finding.keyword for finding in malformed] == [keyword]
    assert "\n" not in malformed[0].message
    assert reading.stamp.type == "visit_image"
    assert reading.stamp.raws == STAMP.raws


def test_a_list_that_is_not_as_long_as_its_count_is_noticed() -> None:
    lines = split(spell_native(STAMP, native()))
    reading = read(b"".join(line for line in lines if not line.startswith(b"FPV_P2")))
    (finding,) = (finding for finding in reading.findings if finding.code == "count-differs")
    assert finding.message == "1 parents are listed, FPV_NPAR says 2"
    assert reading.stamp.parents == STAMP.parents[:1]


def test_a_list_that_is_not_the_one_that_was_digested_is_noticed() -> None:
    cards = spell_native(STAMP, native()).replace(b"'flat%20r.fits'", b"'flat%20g.fits'")
    reading = read(cards)
    assert codes(reading) == {"digest-differs", "seal-broken"}
    assert reading.stamp.parents[1] == Input(name="flat g.fits")


def test_a_list_that_was_numbered_anew_is_noticed() -> None:
    reading = read(spell_native(STAMP, native()).replace(b"FPV_P1  =", b"FPV_P11 ="))
    assert [item.key for item in reading.stamp.parents] == ["flat%20r.fits", "019b3e20-71c2-75b6-b174-1af8b9f3c0dd"]
    assert codes(reading) == {"count-differs", "seal-broken"}


def test_values_that_changed_places_are_noticed() -> None:
    lines = {line[:8]: line for line in split(spell_native(STAMP, native()))}
    ours, theirs = lines[b"FPV_ID  "][10:48], lines[b"FPV_ACT "][10:48]
    lines[b"FPV_ID  "] = lines[b"FPV_ID  "].replace(ours, theirs)
    lines[b"FPV_ACT "] = lines[b"FPV_ACT "].replace(theirs, ours)
    swapped = b"".join(lines.values())
    assert is_neutral(swapped)
    assert "seal-broken" in codes(read(swapped))


def test_an_edit_that_is_neutral_in_the_list_is_still_found_by_its_digest() -> None:
    stamp = replace(STAMP, digests=f"{'0' * 32}:")
    assert codes(read(spell_native(stamp, native()))) == {"digest-differs"}


class TestPointers:
    """DATALINK is a keyword of others, too."""

    def test_a_foreign_pointer_is_not_ours(self, make_header: Callable[..., bytes]) -> None:
        cards = spell_native(replace(STAMP, datalink=None), native())
        for at in ({"before": {"DATALINK": "https://other.org/x"}}, {"after": {"DATALINK": "https://other.org/x"}}):
            reading = read(make_header(cards, **at))
            assert reading.stamp.datalink is None
            assert reading.findings == ()

    @pytest.mark.parametrize(
        "url", [LINKS, f"http://example.org/links?ID={ID}", f"https://example.org/{str(ID).upper()}"]
    )
    def test_one_that_ends_in_our_id_is(self, url: str, make_header: Callable[..., bytes]) -> None:
        cards = spell_native(replace(STAMP, datalink=None), native())
        assert read(make_header(cards, {"DATALINK": url})).stamp.datalink == url

    def test_our_own_holds_where_another_program_has_moved_it(self, make_header: Callable[..., bytes]) -> None:
        lines = split(spell_native(STAMP, native()))
        pointer = next(line for line in lines if line.startswith(b"DATALINK"))
        lines.remove(pointer)
        reading = read(make_header(pointer + b"".join(lines)))
        assert reading.stamp == STAMP
        assert reading.findings == ()

    def test_an_archive_that_points_to_the_same_dataset_does_not_break_the_seal(
        self, make_header: Callable[..., bytes]
    ) -> None:
        theirs = f"https://archive.org/links?ID={ID}"
        reading = read(make_header(spell_native(STAMP, native()), {"DATALINK": theirs}))
        assert reading.stamp == STAMP
        assert reading.findings == ()

    def test_a_stamp_that_names_no_dataset_claims_no_pointer(self, make_header: Callable[..., bytes]) -> None:
        cards = spell_native(Stamp(run="a/run"), native()) + format_card("FPV_DID", "")
        reading = read(make_header(cards, {"DATALINK": "https://other.org/x"}))
        assert reading.stamp.datalink is None


class TestLongStrings:
    """LONGSTRN goes with CONTINUE, once."""

    long = replace(STAMP, run="run/" * 40)
    short = Stamp(id=ID, run="a/run", data_id={"visit": 1})

    def test_it_is_written_where_there_is_a_continue_card(self) -> None:
        assert spell_native(self.long, native())[CARD:].startswith(b"LONGSTRN= 'OGIP 1.0'")
        assert b"LONGSTRN" not in spell_native(self.short, native())

    def test_it_is_left_out_where_the_header_has_one(self, make_header: Callable[..., bytes]) -> None:
        cards = spell_native(self.long, native(), long_strings=False)
        assert b"LONGSTRN" not in cards
        reading = read(make_header(cards, {"LONGSTRN": "OGIP 1.0"}))
        assert (reading.stamp, reading.findings) == (self.long, ())

    def test_one_that_another_program_moved_does_not_break_the_seal(self, make_header: Callable[..., bytes]) -> None:
        cards = spell_native(self.long, native())
        moved = cards[:CARD] + cards[2 * CARD :]
        for before in ({"LONGSTRN": "OGIP 1.0"}, {}):
            assert read(make_header(moved, before)).findings == ()


def test_no_more_than_999_items_of_a_list_are_written_as_cards() -> None:
    items = tuple(UUID(int=number) for number in range(1000))
    full = Stamp(parents=items[:999])
    assert read(spell_native(full, native())).stamp == full
    with pytest.raises(StampRefused, match=r"1000 parents: .* holds 999 as cards"):
        spell_native(Stamp(parents=items), native())
    assert read(spell_native(Stamp(parents=items), native(), lists=False)).stamp.n_parents == 1000


@pytest.mark.parametrize("stamp", [Stamp(publisher_did="ivo://é"), Stamp(run="\udcff"), Stamp(n_parents=2**63)])
def test_what_no_card_holds_is_refused(stamp: Stamp) -> None:
    with pytest.raises(FitsprovError):
        spell_native(stamp, native())


def test_every_keyword_is_short_and_ours_unless_it_is_shared() -> None:
    for row in native().keywords:
        assert row.name.startswith("FPV_") != row.shared
        assert len(row.name.replace("{n}", "999")) <= 8
        assert len(row.comment) <= 40
