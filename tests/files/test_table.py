"""The FITSPROV table: written, read back, held before other readers, and hostile."""

from __future__ import annotations

import io
import subprocess
from collections.abc import Callable
from pathlib import Path
from unittest.mock import patch
from uuid import UUID, uuid5

import fitsio
import numpy as np
import pytest
from astropy.io import fits
from astropy.table import Table
from hypothesis import given, settings
from hypothesis import strategies as st

from fitsprov.errors import FitsprovError, InvalidRecord, TruncatedFits
from fitsprov.files.table import TABLE_NAME, read_table, table_bytes, table_size
from fitsprov.files.units import HeaderUnit, walk
from fitsprov.model.stamp import Input, list_digest

names = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=30)
data_ids = st.dictionaries(names, names | st.integers() | st.booleans() | st.floats(allow_nan=False), max_size=3)
finite = data_ids.filter(lambda d: all(v not in (float("inf"), float("-inf")) for v in d.values()))
inputs = st.builds(Input, st.uuids(), data_id=st.none() | finite, name=st.none() | names) | st.builds(Input, name=names)
ID = UUID("f315c01b-0cd6-51f0-95e8-fce95e84df78")


def primary() -> bytes:
    """A small file for a table to follow."""
    file = io.BytesIO()
    fits.PrimaryHDU(np.arange(100, dtype=np.int16)).writeto(file, checksum=True)
    return file.getvalue()


def read_back(table: bytes) -> tuple[tuple[Input, ...], tuple[Input, ...]]:
    """Read a table as the last HDU of a file."""
    unit, data = unit_of(table)
    return read_table(unit, data[: table_size(unit)])


def unit_of(table: bytes) -> tuple[HeaderUnit, bytes]:
    """The header of a table and what follows it."""
    first = primary()
    *_, unit = walk(io.BytesIO(first + table), "table.fits", truncated=True)
    return unit, table[len(unit.header) :]


@pytest.fixture(scope="session")
def fitsverify(needs_tool: Callable[..., str]) -> str:
    """The path of fitsverify; in CI it has to be there."""
    return needs_tool("fitsverify")


@settings(deadline=None)
@given(st.lists(inputs, max_size=5), st.lists(inputs, max_size=5))
def test_lists_come_back_as_they_were_written(parents: list[Input], raws: list[Input]) -> None:
    table = table_bytes(parents, raws, names=True, data_ids=True)
    assert len(table) % 2880 == 0
    assert read_back(table) == (tuple(parents), tuple(raws))


def outcome(unit: HeaderUnit, data: bytes) -> object:
    """What is read, or why nothing is."""
    try:
        return read_table(unit, data)
    except FitsprovError as error:
        return str(error)


@settings(deadline=None)
@given(st.lists(inputs, min_size=1, max_size=5), st.data())
def test_columns_are_read_as_rows_are(listed: list[Input], data: st.DataObject) -> None:
    unit, rows = unit_of(table_bytes(listed[1:], listed[:1], names=True, data_ids=data.draw(st.booleans())))
    damaged = bytearray(rows)
    for at in data.draw(st.lists(st.integers(0, table_size(unit) - 1), max_size=2)):
        damaged[at] = data.draw(st.sampled_from(b"\0 aAPR{-0\x7f\xff"))
    by_columns = outcome(unit, bytes(damaged))
    with patch("fitsprov.files.table.PLAIN", b""):
        assert outcome(unit, bytes(damaged)) == by_columns


@given(st.lists(inputs, min_size=1, max_size=5))
def test_without_names_the_ids_and_the_digest_are_the_same(parents: list[Input]) -> None:
    read, _ = read_back(table_bytes(parents, []))
    assert [item.key for item in read] == [item.key for item in parents]
    assert list_digest(read) == list_digest(parents)
    assert all(item.data_id is None and (item.name is None or item.id is None) for item in read)


def test_what_all_inputs_share_is_written_once_and_what_differs_is_left_out() -> None:
    raws = [Input(uuid5(ID, str(n)), type="raw", run="LSSTCam/raw/all " + "é" * 40) for n in range(3)]
    parents = [Input(ID, type="flat", run="calib"), Input(uuid5(ID, "bias"), type="bias", run="calib")]
    read_parents, read_raws = read_back(table_bytes(parents, raws))
    assert read_raws == tuple(raws)
    assert read_parents == tuple(Input(item.id, run="calib") for item in parents)


def test_a_dataset_that_is_parent_and_raw_stands_twice() -> None:
    parents, raws = read_back(table_bytes([Input(ID)], [Input(ID)]))
    assert parents == raws == (Input(ID),)


def test_fifty_thousand_raws_take_at_most_two_mebibytes() -> None:
    raws = [Input(uuid5(ID, str(n)), type="raw") for n in range(50_000)]
    table = table_bytes([], raws)
    assert len(table) <= 2 * 2**20
    assert read_back(table) == ((), tuple(raws))


@pytest.fixture
def stamped(tmp_path: Path) -> Path:
    """A file with a table of all its columns."""
    inputs = [Input(ID, name="one", data_id={"exposure": 1}), Input(name="Größe & 'more'")]
    path = tmp_path / "table.fits"
    path.write_bytes(primary() + table_bytes(inputs, inputs[:1], names=True, data_ids=True))
    return path


def test_fitsverify_finds_nothing(stamped: Path, fitsverify: str) -> None:
    done = subprocess.run([fitsverify, "-q", str(stamped)], capture_output=True, text=True, check=False)
    assert done.stdout.startswith("verification OK"), done.stdout


def test_astropy_reads_it_and_finds_its_sums_right(stamped: Path) -> None:
    with fits.open(stamped, checksum=True) as hdus:
        assert hdus[-1].verify_checksum() == hdus[-1].verify_datasum() == 1
    table = Table.read(stamped, hdu=TABLE_NAME)
    assert table.colnames == ["ID", "ROLE", "NAME", "DATAID"]
    assert list(table["ROLE"]) == ["P", "P", "R"]
    assert list(table["NAME"]) == ["one", "Gr%C3%B6%C3%9Fe%20%26%20%27more%27", "one"]
    assert table["ID"][0] == str(ID)


def test_fitsio_reads_it_and_finds_its_sums_right(stamped: Path) -> None:
    with fitsio.FITS(str(stamped)) as file:
        file[TABLE_NAME].verify_checksum()
        rows = file[TABLE_NAME].read()
    assert list(rows["ID"]) == [str(ID), "", str(ID)]
    assert rows["DATAID"][0] == '{"exposure":1}'


def edited(old: bytes, new: bytes) -> bytes:
    """A table in which something was overwritten."""
    table = table_bytes([Input(ID)], [])
    assert old in table
    return table.replace(old, new)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (b"'ROLE    '", b"'RULE    '", "column 'RULE' as '1A'"),
        (b"'36A     '", b"'36J     '", "column 'ID' as '36J'"),
        (b"'ROLE    '", b"'NAME    '", "expected ID and ROLE"),
        (b"                   37 ", b"                    0 ", "rows of 0 bytes; expected 37"),
        (b"                   37 ", b"                   36 ", "rows of 36 bytes; expected 37"),
        (b"NAXIS2  =                    1", b"NAXIS2  =           9999999999", "expected at most 67108864"),
        (b"NAXIS2  =                    1", b"NAXIS2  =                   -1", "NAXIS2 of HDU 1 is -1"),
        (b"NAXIS2  =                    1", b"NAXIS2  =                    T", "NAXIS2 of HDU 1 is True"),
        (b"FITSPROV=                    1", b"FITSPROV=                    2", "version 2; expected 1"),
        (b"EXTNAME = 'FITSPROV'", b"EXTNAME = 'OTHER   '", "expected a table named FITSPROV"),
        (b"f315c01b", b"g315c01b", "row 1: 'g315c01b"),
        (b"f315c01b", b"\x00315c01b", "row 1: an input needs an ID or a name"),
        (b"f315c01b", b"\xff315c01b", "row 1: ID '\\xff315c01b-"),
        (b"f315c01b", b"f315\n01b", "row 1: ID 'f315\\n01b-"),
        (b"df78P", b"df78Q", "row 1: ROLE 'Q'; expected P or R"),
    ],
)
def test_a_table_that_is_none_gives_one_clear_error(old: bytes, new: bytes, message: str) -> None:
    with pytest.raises(FitsprovError) as caught:
        read_back(edited(old, new))
    text = str(caught.value)
    assert message in text
    assert text.startswith("table.fits: ")
    assert "\n" not in text


def test_data_ids_that_are_none_are_refused() -> None:
    table = table_bytes([Input(ID, data_id={"a": "b" * 3000})], [], data_ids=True)
    with pytest.raises(InvalidRecord, match="row 1: dataId"):
        read_back(table.replace(b'{"a":"' + b"b" * 3000 + b'"}', b"[" * 3008))


def test_data_that_end_before_the_table_does_are_refused() -> None:
    unit, data = unit_of(table_bytes([Input(ID)], [Input(ID)]))
    with pytest.raises(TruncatedFits, match="ends after 73 bytes; expected 74"):
        read_table(unit, data[:73])


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 5759), st.integers(0, 255)), max_size=20))
def test_a_damaged_table_gives_inputs_or_our_error(damage: list[tuple[int, int]]) -> None:
    table = bytearray(table_bytes([Input(ID, name="x", data_id={"a": 1})], [Input(name="é")], data_ids=True))
    for at, byte in damage:
        table[at] = byte
    try:
        parents, raws = read_back(bytes(table))
    except FitsprovError:
        return
    assert len(parents) + len(raws) <= 78
