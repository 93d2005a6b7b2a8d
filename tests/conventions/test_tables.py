"""Lists that conventions keep in table extensions, and in the metadata of tables that are no FITS."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from astropy.io import fits
from astropy.table import Table
from hypothesis import given, settings
from hypothesis import strategies as st

import fitsprov
from fitsprov.errors import MissingExtra, NotFits
from fitsprov.model.stamp import Input, Stamp

# GeminiDRSoftware/DRAGONS, astrodata/provenance.py
PROVENANCE = Table(
    rows=[
        ("2026-03-14T20:15:30.1", "N20260314S0001.fits", "a1b2", "prepare"),
        ("2026-03-14T20:15:31.2", "N20260314S0002.fits", "", "prepare"),
        ("2026-03-14T20:15:32.3", "N20260313S0100_bias.fits", "c3d4", "biasCorrect"),
    ],
    names=("timestamp", "filename", "md5", "provenance_added_by"),
    dtype=("S28", "S128", "S128", "S128"),
)
HISTORY = Table(
    rows=[
        ("prepare", '{"suffix": "_prepared"}', "2026-03-14T20:15:30", "2026-03-14T20:15:31"),
        ("biasCorrect", "{}", "2026-03-14T20:15:31", "2026-03-14T20:15:32"),
    ],
    names=("primitive", "args", "timestamp_start", "timestamp_stop"),
    dtype=("S128", "S64", "S28", "S28"),
)
RUBIN = {
    "LSST.BUTLER.ID": "74cd43a9-9bd0-4050-970e-3d543789cbd1",
    "LSST.BUTLER.RUN": "LSSTComCam/runs/DRP/DP1/20250421T151307Z",
    "LSST.BUTLER.DATASETTYPE": "source_detector",
    "LSST.BUTLER.DATAID.DETECTOR": 4,
    "LSST.BUTLER.DATAID.INSTRUMENT": "LSSTComCam",
    "LSST.BUTLER.QUANTUM": "f77e3c63-962d-496a-8687-7d22b3d6f21f",
    "LSST.BUTLER.N_INPUTS": 1,
    "LSST.BUTLER.INPUT.0.ID": "8e6222c0-8bf2-4e8f-9b49-c0f9ab4a8982",
    "LSST.BUTLER.INPUT.0.RUN": "LSSTComCam/runs/DRP/DP1/20250421T151307Z",
    "LSST.BUTLER.INPUT.0.DATASETTYPE": "source_unstandardized",
}


def file_of(*hdus: Any, **cards: Any) -> bytes:
    """A FITS file with these extensions."""
    primary = fits.PrimaryHDU()
    primary.header.update(cards)
    stream = BytesIO()
    fits.HDUList([primary, *hdus]).writeto(stream)
    return stream.getvalue()


def table(found: Table, name: str) -> fits.BinTableHDU:
    return fits.BinTableHDU(found, name=name)


@pytest.mark.parametrize("history", ["PROVHISTORY", "HISTORY"])
def test_dragons_lists_files_and_primitives(history: str) -> None:
    reading = fitsprov.inspect(
        file_of(fits.ImageHDU(name="SCI"), table(PROVENANCE, "PROVENANCE"), table(HISTORY, history))
    )
    assert reading.conventions == ("dragons",)
    assert reading.findings == ()
    assert [(item.name, item.role) for item in reading.stamp.parents] == [
        ("N20260314S0001.fits", "prepare"),
        ("N20260314S0002.fits", "prepare"),
        ("N20260313S0100_bias.fits", "biasCorrect"),
    ]
    assert [item.extra.get("md5") for item in reading.stamp.parents] == ["a1b2", None, "c3d4"]
    assert reading.stamp.parameters == {"prepare": '{"suffix": "_prepared"}', "biasCorrect": "{}"}


def test_eso_lists_what_has_no_room_in_cards() -> None:
    listed = Table({"PROV": ["ADP.2020-01-01T00:00:00.001.fits", "ADP.2020-01-01T00:00:00.002.fits"]})
    reading = fitsprov.inspect(file_of(table(listed, "PHASE3PROVENANCE"), PROVXTN=True, PROCSOFT="CASU/1.3"))
    assert reading.conventions == ("eso",)
    assert [item.name for item in reading.stamp.parents] == list(listed["PROV"])
    assert reading.stamp.software[0].name == "CASU"
    assert len(reading.readings) == 1


def test_mast_lists_what_contributed() -> None:
    listed = Table({"FILE_ID": ["lea22cx3q", "ockp07020"], "INSTRUME": ["COS", "STIS"]})
    reading = fitsprov.inspect(file_of(table(listed, "PROVENANCE")))
    assert reading.conventions == ("hlsp",)
    assert [(item.name, item.extra["instrument"]) for item in reading.stamp.parents] == [
        ("lea22cx3q", "COS"),
        ("ockp07020", "STIS"),
    ]


def test_a_table_of_another_kind_is_no_provenance() -> None:
    other = Table({"x": [1, 2], "name": ["a", "b"]})
    assert fitsprov.inspect(file_of(table(other, "PROVENANCE"), table(other, "HISTORY"))).stamp is None
    assert fitsprov.inspect(file_of(table(PROVENANCE, "SOURCES"))).stamp is None
    assert fitsprov.inspect(file_of(fits.ImageHDU(name="PROVENANCE"))).stamp is None


def test_our_own_stamp_is_not_added_to(tmp_path: Path) -> None:
    path = tmp_path / "a.fits"
    path.write_bytes(file_of(table(PROVENANCE, "PROVENANCE")))
    fitsprov.stamp(path, Stamp(run="a/run"))
    assert fitsprov.inspect(path).conventions == ("native",)


def test_integers_name_too() -> None:
    listed = Table({"FILE_ID": [83678, 83679]})
    assert [item.name for item in fitsprov.inspect(file_of(table(listed, "PROVENANCE"))).stamp.parents] == [
        "83678",
        "83679",
    ]


WHOLE = file_of(table(PROVENANCE, "PROVENANCE"), table(HISTORY, "PROVHISTORY"))


@settings(max_examples=300)
@given(st.data())
def test_a_damaged_table_raises_nothing_but_what_damaged_files_do(data: st.DataObject) -> None:
    damaged = bytearray(WHOLE)
    start = WHOLE.index(b"XTENSION")
    for _ in range(data.draw(st.integers(1, 4))):
        damaged[data.draw(st.integers(start, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    try:
        reading = fitsprov.inspect(bytes(damaged))
    except NotFits:
        return
    assert all("\n" not in finding.message for finding in reading.findings)


class TestMetadata:
    def check(self, reading: fitsprov.Reading) -> None:
        assert reading.conventions == ("rubin",)
        assert reading.findings == ()
        assert reading.stamp.id == UUID("74cd43a9-9bd0-4050-970e-3d543789cbd1")
        assert reading.stamp.data_id == {"detector": 4, "instrument": "LSSTComCam"}
        assert reading.stamp.parents == (
            Input(
                UUID("8e6222c0-8bf2-4e8f-9b49-c0f9ab4a8982"),
                type="source_unstandardized",
                run="LSSTComCam/runs/DRP/DP1/20250421T151307Z",
            ),
        )

    def test_of_a_mapping(self) -> None:
        self.check(fitsprov.inspect(RUBIN))
        self.check(fitsprov.inspect({keyword.lower(): value for keyword, value in RUBIN.items()}))
        self.check(fitsprov.inspect({keyword.replace(".", " "): value for keyword, value in RUBIN.items()}))

    def test_of_a_table_in_memory(self) -> None:
        self.check(fitsprov.inspect(Table({"x": [1]}, meta={**RUBIN, "other": {"nested": [1, 2]}})))

    def test_of_a_fits_table(self) -> None:
        hdu = table(Table({"x": [1]}), "SOURCES")
        hdu.header.update({f"HIERARCH {keyword}": value for keyword, value in RUBIN.items()})
        reading = fitsprov.inspect(file_of(hdu))
        assert [finding.code for finding in reading.findings] == ["stamp-in-extension"]
        assert reading.stamp == fitsprov.inspect(RUBIN).stamp

    def test_of_a_parquet_file(self, tmp_path: Path) -> None:
        pytest.importorskip("pyarrow", reason="pip install 'fitsprov[parquet]'")
        path = tmp_path / "sources.parq"
        Table({"x": [1]}, meta=RUBIN).write(path, format="parquet")
        self.check(fitsprov.inspect(path))
        self.check(fitsprov.inspect(str(path)))
        assert fitsprov.resolve(path).stamp == fitsprov.inspect(RUBIN).stamp

    def test_of_nothing_known(self) -> None:
        assert fitsprov.inspect({"OBJECT": "M 31", "x": None}) == fitsprov.Reading()
        assert fitsprov.inspect({}) == fitsprov.Reading()

    def test_a_damaged_parquet_file_is_named(self, tmp_path: Path) -> None:
        pytest.importorskip("pyarrow", reason="pip install 'fitsprov[parquet]'")
        path = tmp_path / "bad.parq"
        path.write_bytes(b"PAR1" + b"garbage")
        with pytest.raises(NotFits, match=r"bad\.parq: Parquet without metadata"):
            fitsprov.inspect(path)

    def test_without_pyarrow_the_extra_is_named(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(__import__("sys").modules, "pyarrow", None)
        path = tmp_path / "sources.parq"
        path.write_bytes(b"PAR1")
        with pytest.raises(MissingExtra, match=r"fitsprov\[parquet\]"):
            fitsprov.inspect(path)
