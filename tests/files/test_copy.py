"""Exported copies and streams."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits

from fitsprov.errors import FileRefused, FitsprovError, NotFits, StampRefused, TruncatedFits, UsageError
from fitsprov.files import Edit, Outcome, edit_file, export_file, read_unit, stream
from fitsprov.files.units import read_header, walk
from tests.files.conftest import (
    Stamper,
    checksums_hold,
    data_bytes,
    make_file,
    make_tail,
    stamp_span,
    strays,
    strip,
)

STAMP = Stamper(make_tail("one"))
PACK: dict[str, Callable[[bytes], bytes]] = {".gz": gzip.compress, ".bz2": bz2.compress, ".xz": lzma.compress}
UNPACK: dict[str, Callable[[bytes], bytes]] = {".gz": gzip.decompress, ".bz2": bz2.decompress, ".xz": lzma.decompress}


@pytest.fixture(params=[12, 35], ids=["room", "growth"])
def source(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    return make_file(tmp_path / "source.fits", request.param, checksum=True)


def test_the_copy_is_what_stamping_in_place_gives_and_the_source_stays(source: Path, tmp_path: Path) -> None:
    old = source.read_bytes()
    copy = export_file(source, tmp_path / "copy.fits", STAMP)
    assert source.read_bytes() == old
    edit_file(source, STAMP)
    assert Path(copy).read_bytes() == source.read_bytes()
    assert checksums_hold(Path(copy)) == [True] * 4
    assert not strays(tmp_path)


def test_a_folder_takes_the_copy_under_the_name_of_the_source(source: Path, tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    assert export_file(source, folder, lambda _: None) == str(folder / "source.fits")
    assert (folder / "source.fits").read_bytes() == source.read_bytes()


@pytest.mark.parametrize("suffix", [*PACK])
def test_the_suffix_of_the_copy_says_how_it_is_packed(source: Path, suffix: str, tmp_path: Path) -> None:
    plain = Path(export_file(source, tmp_path / "plain.fits", STAMP)).read_bytes()
    packed = Path(export_file(source, tmp_path / f"copy.fits{suffix}", STAMP))
    assert UNPACK[suffix](packed.read_bytes()) == plain
    assert Path(export_file(packed, tmp_path / "again.fits", STAMP)).read_bytes() == plain
    again = Path(export_file(packed, tmp_path / f"again.fits{suffix}", lambda _: None))
    assert UNPACK[suffix](again.read_bytes()) == plain
    assert read_unit(packed, "SCI,2").version == 2


def test_a_place_that_is_taken_is_overwritten_only_on_request(source: Path, tmp_path: Path) -> None:
    dest = tmp_path / "dest.fits"
    dest.write_text("precious")
    with pytest.raises(FileRefused, match=r"dest\.fits: exists; expected"):
        export_file(source, dest, STAMP)
    assert dest.read_text() == "precious"
    export_file(source, dest, STAMP, overwrite=True)
    assert stamp_span(read_unit(dest))


@pytest.mark.parametrize("overwrite", [False, True])
def test_a_source_is_never_its_own_copy(source: Path, tmp_path: Path, overwrite: bool) -> None:
    link = tmp_path / "link.fits"
    link.symlink_to(source)
    for dest in (source, link, tmp_path):
        with pytest.raises(FileRefused, match="itself"):
            export_file(source, dest, STAMP, overwrite=overwrite)


def test_a_link_as_place_stays_a_link(source: Path, tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    link = tmp_path / "link.fits"
    link.symlink_to(tmp_path / "real" / "dest.fits")
    export_file(source, link, STAMP)
    assert link.is_symlink()
    assert stamp_span(read_unit(tmp_path / "real" / "dest.fits"))


def test_a_copy_has_the_mode_of_its_source_under_the_umask(source: Path, tmp_path: Path) -> None:
    source.chmod(0o666)
    old = os.umask(0o027)
    try:
        assert Path(export_file(source, tmp_path / "copy.fits", STAMP)).stat().st_mode & 0o777 == 0o640
    finally:
        os.umask(old)


def refuse(source: Path, dest: Path, error: type[FitsprovError], match: str, hdu: int | str = 0) -> None:
    with pytest.raises(error, match=match):
        export_file(source, dest, STAMP, hdu=hdu)
    assert not dest.is_file()
    if dest.parent.is_dir():
        assert not strays(dest.parent)


def test_what_fails_leaves_no_copy_and_no_stray(source: Path, tmp_path: Path) -> None:
    dest = tmp_path / "dest.fits"
    refuse(tmp_path / "none.fits", dest, FileRefused, "No such file")
    refuse(tmp_path, dest, FileRefused, "is no regular file")
    refuse(Path(__file__), dest, NotFits, "begins with")
    refuse(source, tmp_path / "no" / "dest.fits", FileRefused, "expected a folder")
    refuse(source, tmp_path / "dest.fits.Z", FileRefused, "is read, never written")
    refuse(source, dest, UsageError, "no HDU", "NONE")
    content = source.read_bytes()
    source.write_bytes(content[: len(read_unit(source).header) + 100])
    refuse(source, dest, TruncatedFits, "source.fits: ends inside the data of HDU 0; expected 1200 bytes from")


@pytest.mark.parametrize("suffix", [*PACK])
def test_a_damaged_container_is_an_error(source: Path, suffix: str, tmp_path: Path) -> None:
    packed = tmp_path / f"source.fits{suffix}"
    content = PACK[suffix](source.read_bytes())
    for bad in (content[: len(content) // 2], content[:-3], content[:40] + bytes(40) + content[80:]):
        packed.write_bytes(bad)
        refuse(packed, tmp_path / "dest.fits", NotFits, rf"source\.fits{suffix}: .*; expected ")
        with pytest.raises(NotFits):
            edit_file(packed, STAMP)
        assert packed.read_bytes() == bad
        assert not strays(tmp_path)


@pytest.mark.parametrize("hdu", [0, "SCI,2"])
def test_a_stream_gives_the_same_as_a_copy(source: Path, hdu: int | str, tmp_path: Path) -> None:
    table = (
        b"XTENSION= 'BINTABLE'".ljust(80)
        + b"EXTNAME = 'FITSPROV'".ljust(80)
        + b"NAXIS   = 0".ljust(80)
        + b"END".ljust(2640)
    )
    for number, decide in enumerate(
        (STAMP, lambda _: None, strip, Stamper(make_tail("two"), table=table), lambda _: Edit(table=b""))
    ):
        dest = io.BytesIO()
        stream(io.BytesIO(source.read_bytes()), dest, decide, hdu)
        copy = Path(export_file(source, tmp_path / f"copy{number}.fits", decide, hdu=hdu))
        assert dest.getvalue() == copy.read_bytes()
        assert data_bytes(copy)[:4] == data_bytes(source)[:4]
        source.write_bytes(copy.read_bytes())
    assert b"FITSPROV" not in source.read_bytes()


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs /proc")
def test_a_stream_needs_constant_memory() -> None:
    script = """
import sys
from fitsprov.files import Edit, stream
stream(sys.stdin.buffer, sys.stdout.buffer, lambda unit: Edit(tail=b"COMMENT ".ljust(80)))
print(next(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM")), file=sys.stderr)
"""
    header = fits.Header([("SIMPLE", True), ("BITPIX", 8), ("NAXIS", 2), ("NAXIS1", 2880), ("NAXIS2", 2**15)])
    head = header.tostring().encode()
    child = subprocess.Popen(
        [sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
    with child:
        assert child.stdin
        assert child.stderr
        child.stdin.write(head)
        for _ in range(2**7):
            child.stdin.write(bytes(2880 * 2**8))
        child.stdin.close()
        assert int(child.stderr.read()) < 40_000


def test_a_stream_that_ends_early_is_an_error(source: Path) -> None:
    content = source.read_bytes()
    size = len(read_header(io.BytesIO(content)).header) + 1000
    with pytest.raises(TruncatedFits, match="standard input: data of HDU 0 end after 1000 bytes"):
        stream(io.BytesIO(content[:size]), io.BytesIO(), STAMP)


def test_a_stream_that_ends_early_in_any_hdu_is_an_error(source: Path) -> None:
    content = source.read_bytes()
    for unit in list(walk(io.BytesIO(content)))[1:]:
        for size in (unit.start + 1000, unit.data_start + unit.data_size - 1):
            with pytest.raises(TruncatedFits, match=f"HDU {unit.index}"):
                stream(io.BytesIO(content[:size]), io.BytesIO(), STAMP)


def test_a_file_that_ends_early_in_any_hdu_is_not_copied(source: Path, tmp_path: Path) -> None:
    content = source.read_bytes()
    for unit in list(walk(io.BytesIO(content)))[1:]:
        for size in (unit.start + 1000, unit.data_start + unit.data_size - 1):
            source.write_bytes(content[:size])
            with pytest.raises(TruncatedFits, match=f"HDU {unit.index}"):
                export_file(source, tmp_path / "copy.fits", STAMP)
            with pytest.raises(TruncatedFits, match=f"HDU {unit.index}"):
                edit_file(source, STAMP, atomic=True)
            assert source.read_bytes() == content[:size]
            assert [path.name for path in tmp_path.iterdir()] == [source.name]


@pytest.mark.parametrize("end", [b"", b"x" * 7, b"XTENSION= 'IMAGE   '".ljust(80) + b"END".ljust(2800), b"\0" * 4000])
@pytest.mark.parametrize("cut", [0, 100])
def test_a_copy_has_whatever_follows_the_last_hdu(source: Path, end: bytes, cut: int) -> None:
    content = source.read_bytes()
    content = content[: len(content) - cut] + end if not cut or not end else content
    dest = io.BytesIO()
    stream(io.BytesIO(content), dest, lambda _: None)
    assert dest.getvalue() == content
    source.write_bytes(content)
    assert Path(export_file(source, source.with_name("copy.fits"), lambda _: None)).read_bytes() == content


@pytest.mark.parametrize("suffix", ["", ".gz"])
def test_a_new_table_takes_the_place_of_one_before_the_header(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a.fits{suffix}"
    old, new = (
        fits.BinTableHDU.from_columns([fits.Column("ID", "36A", array=[text * 36])], name="FITSPROV") for text in "ab"
    )
    fits.HDUList([fits.PrimaryHDU(), old, fits.ImageHDU(np.eye(3), name="SCI")]).writeto(path)
    file = io.BytesIO()
    fits.HDUList([fits.PrimaryHDU(), new]).writeto(file)
    decide = Stamper(make_tail(), table=file.getvalue()[2880:])
    if suffix:
        with pytest.raises(StampRefused, match="FITSPROV table stands before"):
            edit_file(path, decide, hdu="SCI")
        assert list(tmp_path.iterdir()) == [path]
        return
    assert edit_file(path, decide, hdu="SCI") is Outcome.COPIED
    with fits.open(path) as hdus:
        assert [hdu.name for hdu in hdus] == ["PRIMARY", "SCI", "FITSPROV"]
        assert hdus["SCI"].header["FPV_RUN"] == "one"
    assert edit_file(path, Stamper(make_tail("two"), table=b""), hdu="SCI") is Outcome.COPIED
    with fits.open(path) as hdus:
        assert [hdu.name for hdu in hdus] == ["PRIMARY", "SCI"]
