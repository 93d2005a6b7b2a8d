"""Objects in memory: what they write after an edit carries it, and nothing else has changed."""

from __future__ import annotations

import io
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID

import fitsio
import numpy as np
import pytest
from astropy.io import fits

from fitsprov.cards.card import format_card, parse_cards
from fitsprov.cards.grammar import BLANK, CARD, END
from fitsprov.cards.sums import is_neutral, seal_card
from fitsprov.errors import FileRefused, StampRefused, UsageError
from fitsprov.files.accept import open_source
from fitsprov.files.fingerprint import compute, wrong_checksums, wrong_datasums
from fitsprov.files.layout import Edit
from fitsprov.files.memory import apply_edit, header_bytes, header_unit
from fitsprov.files.table import read_table, table_bytes, table_size
from fitsprov.files.units import HeaderUnit
from fitsprov.model.stamp import Input

PIXELS = np.arange(1000, dtype=np.int16).reshape(20, 50)
ID = UUID("f315c01b-0cd6-51f0-95e8-fce95e84df78")
INSERT = format_card("LSST BUTLER ID", str(ID), "Dataset ID")


def make_stamp(run: str) -> bytes:
    """A sealed stamp with a long string."""
    cards = (("FPV_VER", "fitsprov 1"), ("LONGSTRN", "OGIP 1.0"), ("FPV_RUN", run * 40), ("FPV_NPAR", 3))
    body = b"".join(format_card(keyword, value, "comment") for keyword, value in cards)
    return body + seal_card(body)


STAMP, OTHER = make_stamp("run/"), make_stamp("another/")


def span(unit: HeaderUnit, *prefixes: str) -> tuple[tuple[int, int], ...]:
    """Where the cards of a stamp stand."""
    cards = [card for card in parse_cards(unit.header) if card.keyword.startswith(("FPV_", "LONGSTRN", *prefixes))]
    return tuple((card.start, card.stop) for card in cards)


def foreign(header: bytes) -> list[bytes]:
    """The cards of a header without the stamp and trailing blanks."""
    cards = [header[at : at + CARD] for at in range(0, header.index(END), CARD)]
    ours = [card for at in range(0, len(STAMP), CARD) for card in (STAMP[at : at + CARD], OTHER[at : at + CARD])]
    kept = [card for card in cards if card not in ours and not card.startswith((b"CONTINUE", b"FPV_"))]
    while kept and kept[-1] == BLANK:
        kept.pop()
    return kept


def without_sum(cards: list[bytes]) -> list[bytes]:
    """Cards but for CHECKSUM, which changes where a header grows by a block."""
    return [card for card in cards if not card.startswith(b"CHECKSUM")]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A file with all kinds of HDUs, and a primary header with all kinds of cards."""
    primary = fits.PrimaryHDU(PIXELS)
    header = primary.header
    header["HIERARCH ESO OBS ID"] = (17, "a comment")
    header["LONG"] = "x" * 100
    header.append(("DOUBLE", 1))
    header.append(("DOUBLE", 2))
    header.add_blank("in between")
    header["COMMENT"] = "a comment"
    header["HISTORY"] = "a history"
    header.append(fits.Card(), end=True)
    lists = np.array([[1, 2], [3]], dtype=object)
    hdus = [
        primary,
        fits.ImageHDU(PIXELS.astype("u2"), name="SCI"),
        fits.BinTableHDU.from_columns([fits.Column("L", "PJ()", array=lists)], name="TAB"),
        fits.CompImageHDU(PIXELS, name="PACKED"),
    ]
    file = tmp_path / "a.fits"
    fits.HDUList(hdus).writeto(file, checksum=True)
    return file


def saved(obj: Any, tmp_path: Path) -> Path:
    """What an object writes."""
    file = tmp_path / "saved.fits"
    obj.writeto(file, overwrite=True)
    return file


@pytest.mark.parametrize("hdu", [0, "SCI", "TAB", "PACKED"])
def test_what_an_hdulist_writes_carries_the_stamp_and_all_else_as_it_was(
    hdu: int | str, path: Path, tmp_path: Path
) -> None:
    with fits.open(path) as hdus:
        before = header_bytes(hdus, hdu)
        apply_edit(hdus, Edit(tail=STAMP), hdu)
        assert foreign(header_bytes(hdus, hdu)) == foreign(before)
        file = saved(hdus, tmp_path)
    with open_source(path) as old, open_source(file) as new:
        for a, b in zip(old.units(), new.units(), strict=True):
            assert (STAMP in b.header) == (a.index == old.unit(hdu).index)
            if a.name != "PACKED":
                assert foreign(b.header) == foreign(a.header)
                assert b"".join(new.data(b)) == b"".join(old.data(a))
        assert compute(new) == compute(old)
        assert wrong_checksums(new) == wrong_datasums(new) == []


def test_the_stamp_stands_behind_a_blank_card_at_the_end(path: Path) -> None:
    with fits.open(path) as hdus:
        apply_edit(hdus, Edit(tail=STAMP))
        unit = header_unit(hdus)
    assert unit.header[unit.end - len(STAMP) - CARD : unit.end] == BLANK + STAMP


def test_stamping_again_replaces_and_stripping_gives_the_header_back(path: Path) -> None:
    with fits.open(path) as hdus:
        before = header_bytes(hdus)
        for tail in (STAMP, OTHER, STAMP, OTHER):
            unit = header_unit(hdus)
            apply_edit(hdus, Edit(remove=span(unit) if b"FPV_VER" in unit.header else (), tail=tail))
        assert STAMP not in header_bytes(hdus)
        assert foreign(header_bytes(hdus)) == foreign(before)
        apply_edit(hdus, Edit(remove=span(header_unit(hdus))))
        assert header_bytes(hdus) == before


def test_nothing_is_loaded_to_read_and_edit_headers(path: Path) -> None:
    with fits.open(path) as hdus:
        header_bytes(hdus)
        apply_edit(hdus, Edit(tail=STAMP))
        assert list.__len__(hdus) == 1
        with open_source(hdus) as source:
            assert compute(source, n=3)
            assert wrong_datasums(source) == []
        assert not any(hdu._data_loaded for hdu in hdus)


def test_updating_a_file_through_astropy_carries_the_stamp(path: Path) -> None:
    with fits.open(path, mode="update") as hdus:
        apply_edit(hdus, Edit(tail=STAMP))
    with open_source(path) as source:
        assert STAMP in source.unit().header
        assert wrong_checksums(source) == []


def test_a_header_alone_carries_the_stamp_through_writeto(path: Path, tmp_path: Path) -> None:
    header = fits.getheader(path)
    apply_edit(header, Edit(tail=STAMP))
    fits.writeto(tmp_path / "b.fits", PIXELS, header=header)
    with open_source(tmp_path / "b.fits") as source:
        assert STAMP in source.unit().header
        written = foreign(source.unit().header)
    assert written == [card for card in foreign(header_bytes(header)) if not card.startswith(b"EXTEND")]


def test_a_header_of_a_few_cards_can_be_stamped(tmp_path: Path) -> None:
    header = fits.Header([("OBJECT", "M 1")])
    apply_edit(header, Edit(tail=STAMP))
    fits.writeto(tmp_path / "b.fits", PIXELS, header=header)
    with open_source(tmp_path / "b.fits") as source:
        assert STAMP in source.unit().header
        assert source.unit().value("OBJECT") == "M 1"


@pytest.mark.parametrize("make", [fits.PrimaryHDU, fits.ImageHDU, fits.CompImageHDU])
def test_one_hdu_carries_the_stamp(make: Callable[..., Any], tmp_path: Path) -> None:
    hdu = make(PIXELS)
    apply_edit(hdu, Edit(tail=STAMP))
    file = saved(hdu, tmp_path)
    with open_source(file) as source, open_source(hdu) as same:
        assert STAMP in list(source.units())[-1].header
        assert compute(source) == compute(same)


def test_values_come_back_through_astropy(path: Path) -> None:
    with fits.open(path) as hdus:
        apply_edit(hdus, Edit(insert=INSERT, tail=STAMP))
        header = hdus[0].header
        assert header["FPV_RUN"] == "run/" * 40
        assert header["LSST BUTLER ID"] == str(ID)
        assert [header["DOUBLE", 0], header["DOUBLE", 1]] == [1, 2]


def test_checksum_stays_right_when_others_cards_go_in(path: Path, tmp_path: Path) -> None:
    with fits.open(path) as hdus:
        apply_edit(hdus, Edit(insert=INSERT, tail=STAMP))
        file = saved(hdus, tmp_path)
    with open_source(file) as source:
        assert INSERT in source.unit().header
        assert wrong_checksums(source) == []


def test_checksum_that_was_wrong_stays_wrong(path: Path, tmp_path: Path) -> None:
    path.write_bytes(path.read_bytes().replace(b"a history", b"A HISTORY"))
    with fits.open(path) as hdus:
        apply_edit(hdus, Edit(insert=INSERT, tail=STAMP))
        file = saved(hdus, tmp_path)
    with open_source(file) as source:
        assert wrong_checksums(source) == [0]


def test_data_that_were_changed_in_memory_are_read_as_they_would_be_written(path: Path, tmp_path: Path) -> None:
    with fits.open(path) as hdus:
        for hdu in (0, 1, 3):
            hdus[hdu].data[0, 0] += 1
        hdus[2].data["L"][0][0] = 7
        with open_source(hdus) as source:
            fingerprints = compute(source), compute(source, "datasum")
        with open_source(saved(hdus, tmp_path)) as source:
            assert fingerprints == (compute(source), compute(source, "datasum"))


LISTS = ((Input(ID),), (Input(ID, run="raw"), Input(name="a name")))


def lists_of(obj: Any) -> Any:
    """Read the table of a file or an object."""
    with open_source(obj) as source:
        unit = source.unit("FITSPROV")
        return read_table(unit, source.read_at(unit.data_start, table_size(unit)))


def test_an_hdulist_takes_replaces_and_loses_a_table(path: Path, tmp_path: Path) -> None:
    with fits.open(path) as hdus:
        apply_edit(hdus, Edit(tail=STAMP, table=table_bytes(*reversed(LISTS))))
        apply_edit(hdus, Edit(table=table_bytes(*LISTS)))
        assert [hdu.name for hdu in hdus].count("FITSPROV") == 1
        file = saved(hdus, tmp_path)
        apply_edit(hdus, Edit(table=b""))
        assert "FITSPROV" not in hdus
    assert lists_of(file)[0] == LISTS[0]
    with open_source(file) as source:
        assert wrong_checksums(source) == []


@pytest.mark.parametrize("make", [fits.Header, fits.PrimaryHDU])
def test_what_has_no_place_for_a_table_refuses_it_unchanged(make: Callable[[], Any]) -> None:
    thing = make()
    before = header_bytes(thing)
    with pytest.raises(StampRefused, match="has no place for a table"):
        apply_edit(thing, Edit(tail=STAMP, table=table_bytes(*LISTS)))
    assert header_bytes(thing) == before


@pytest.mark.parametrize("hdu", [0, "SCI", "TAB", "PACKED"])
def test_an_open_file_of_fitsio_carries_the_stamp_and_all_else_as_it_was(hdu: int | str, path: Path) -> None:
    original = path.read_bytes()
    with fitsio.FITS(str(path), "rw") as file:
        held = file[hdu]
        assert header_bytes(file, hdu) in original
        apply_edit(file, Edit(tail=STAMP), hdu)
        assert STAMP in header_bytes(file, hdu)
        assert held.read_header()["FPV_RUN"] == "run/" * 40
    with open_source(original) as old, open_source(path) as new:
        for a, b in zip(old.units(), new.units(), strict=True):
            assert without_sum(foreign(b.header)) == without_sum(foreign(a.header))
            assert b"".join(new.data(b)) == b"".join(old.data(a))
        assert STAMP in new.unit(hdu).header
        assert wrong_checksums(new) == []


def test_fitsio_stamps_again_and_strips(path: Path) -> None:
    original = path.read_bytes()
    sizes = []
    with fitsio.FITS(str(path), "rw") as file:
        for tail in (STAMP, OTHER, STAMP, OTHER, STAMP):
            unit = header_unit(file)
            apply_edit(file, Edit(remove=span(unit) if b"FPV_VER" in unit.header else (), tail=tail))
            assert is_neutral(tail)
            sizes.append(header_unit(file).end - len(tail))
        assert len(set(sizes)) == 1
        apply_edit(file, Edit(remove=span(header_unit(file))))
    with open_source(original) as old, open_source(path) as new:
        assert foreign(new.unit().header) == foreign(old.unit().header)
        assert wrong_checksums(new) == []


def test_fitsio_writes_others_cards_and_keeps_checksum_right(path: Path) -> None:
    with fitsio.FITS(str(path), "rw") as file:
        apply_edit(file, Edit(insert=INSERT, tail=STAMP))
        assert file[0].read_header()["LSST BUTLER ID"] == str(ID)
        apply_edit(file, Edit(remove=span(header_unit(file), "LSST"), insert=INSERT, tail=OTHER))
    with open_source(path) as source:
        header = source.unit().header
        assert header.count(INSERT) == header.count(OTHER) == 1
        assert b"HDU checksum updated" in header
        assert wrong_checksums(source) == []


def test_a_new_file_of_fitsio_carries_the_stamp(tmp_path: Path) -> None:
    path = tmp_path / "new.fits"
    with fitsio.FITS(str(path), "rw") as file:
        file.write(PIXELS)
        apply_edit(file, Edit(tail=STAMP))
        file.write(PIXELS, extname="SCI")
        apply_edit(file, Edit(tail=make_stamp("x")), "SCI")
    with open_source(path) as source:
        assert STAMP in source.unit().header
        assert make_stamp("x") in source.unit("SCI").header


def test_a_file_of_fitsio_in_memory_carries_the_stamp() -> None:
    with fitsio.FITS("mem://", "rw") as file:
        file.write(PIXELS)
        apply_edit(file, Edit(tail=STAMP))
        assert STAMP in header_bytes(file)
        assert STAMP in file.read_raw()


def test_fitsio_takes_a_table_once(path: Path) -> None:
    with fitsio.FITS(str(path), "rw") as file:
        apply_edit(file, Edit(tail=STAMP, table=table_bytes(*LISTS)))
        before = header_bytes(file)
        with pytest.raises(StampRefused, match="fitsio cannot replace"):
            apply_edit(file, Edit(remove=span(header_unit(file)), table=table_bytes(*LISTS)))
        assert header_bytes(file) == before
    parents, raws = lists_of(path)
    assert [item.key for item in parents + raws] == [item.key for items in LISTS for item in items]
    with open_source(path) as source:
        assert wrong_checksums(source) == wrong_datasums(source) == []


def test_fitsio_cannot_tell_doubled_cards_apart(path: Path) -> None:
    with fitsio.FITS(str(path), "rw") as file:
        cards = [card for card in parse_cards(header_bytes(file)) if card.keyword == "DOUBLE"]
        with pytest.raises(StampRefused, match="DOUBLE stands more than once"):
            apply_edit(file, Edit(remove=((cards[1].start, cards[1].stop),)))


def test_a_file_of_fitsio_that_is_open_to_read_is_refused(path: Path) -> None:
    with fitsio.FITS(str(path)) as file, pytest.raises(FileRefused, match="open to read only"):
        apply_edit(file, Edit(tail=STAMP))


def test_cards_that_astropy_holds_as_one_are_not_torn(path: Path) -> None:
    with fits.open(path) as hdus:
        card = next(card for card in parse_cards(header_bytes(hdus)) if card.keyword == "LONG")
        with pytest.raises(StampRefused, match="are held as one with others"):
            apply_edit(hdus, Edit(remove=((card.start + CARD, card.stop),)))


@pytest.mark.parametrize("thing", ["a path", None, np.zeros(3), io.BytesIO()])
def test_what_is_no_such_object_is_refused_by_its_type(thing: Any) -> None:
    with pytest.raises(UsageError, match=f"{type(thing).__name__} cannot be stamped"):
        apply_edit(thing, Edit(tail=STAMP))


def test_an_unknown_hdu_is_refused_with_those_that_are_there(path: Path) -> None:
    with fits.open(path) as hdus, pytest.raises(UsageError, match=r"no HDU 'ERR'.*SCI"):
        header_unit(hdus, "ERR")
    with pytest.raises(UsageError, match="empty"):
        header_unit(fits.HDUList())


def test_importing_imports_neither_astropy_nor_fitsio() -> None:
    code = "import sys, fitsprov.files.memory; print({'astropy', 'fitsio', 'numpy'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def test_a_primary_image_that_was_compressed_is_found_behind_an_empty_primary(path: Path) -> None:
    with fits.open(path, mode="update", disable_image_compression=True) as hdus:
        hdus["PACKED"].header["ZSIMPLE"] = True
    with fits.open(path) as hdus:
        assert header_bytes(hdus, 3).startswith(b"SIMPLE")
        assert header_unit(hdus, 3).index == 3
        with open_source(hdus) as source, open_source(path) as same:
            assert compute(source) == compute(same)
