"""Compressed files, read and edited."""

from __future__ import annotations

import gzip
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fitsprov.errors import FileRefused, MissingExtra, NotFits
from fitsprov.files import Outcome, edit_file, export_file, read_unit
from fitsprov.files.containers import container_of, container_suffix, open_bytes
from tests.files.conftest import Stamper, astropy_file, make_file, make_tail, stamp_span, strip

STAMP = Stamper(make_tail("one"))


@pytest.fixture
def plain(tmp_path: Path) -> Path:
    return make_file(tmp_path / "file.fits", 35)


@pytest.mark.parametrize(("tool", "package"), [("gzip", ""), ("bzip2", ""), ("xz", "xz-utils"), ("zstd", "")])
def test_what_the_tools_wrote_is_edited_and_they_read_it_again(
    plain: Path, tool: str, package: str, needs_tool: Callable[..., str]
) -> None:
    needs_tool(tool, package)
    if tool == "zstd":
        pytest.importorskip("backports.zstd")
    content = plain.read_bytes()
    subprocess.run([tool, "-k", plain], check=True, capture_output=True)
    packed = next(path for path in plain.parent.iterdir() if path != plain)
    assert edit_file(packed, STAMP) == Outcome.COPIED
    assert edit_file(packed, STAMP) == Outcome.UNCHANGED
    assert stamp_span(read_unit(packed))
    edit_file(plain, STAMP)
    assert subprocess.run([tool, "-dc", packed], check=True, capture_output=True).stdout == plain.read_bytes()
    assert plain.read_bytes()[-2880:] == content[-2880:]


@pytest.mark.parametrize("options", [["-9"], ["-1"], ["-6n"]])
def test_a_gzip_file_keeps_its_name_time_and_level(plain: Path, options: list[str]) -> None:
    subprocess.run(["gzip", *options, plain], check=True)
    packed = plain.with_suffix(".fits.gz")
    head = packed.read_bytes()[:10]
    edit_file(packed, STAMP)
    first = packed.read_bytes()
    assert (first[3:9], first[10:15]) == (head[3:9], b"file." if head[3] else first[10:15])
    edit_file(packed, Stamper(make_tail("two")))
    edit_file(packed, STAMP)
    assert packed.read_bytes() == first


def test_the_header_of_a_gzip_file_is_read_without_the_rest(plain: Path) -> None:
    content = gzip.compress(plain.read_bytes()[: 2880 * 2].ljust(2**20), 1)
    packed = plain.with_suffix(".gz")
    packed.write_bytes(content[: len(content) // 2])
    assert read_unit(packed).header == read_unit(plain).header


def test_lzw_files_are_read_exported_and_not_edited(tmp_path: Path, needs_tool: Callable[..., str]) -> None:
    path = Path(shutil.copy(astropy_file("test0.fits").with_name("lzw.fits.Z"), tmp_path))
    old = path.read_bytes()
    with open_bytes(str(path)) as file:
        content = file.read()
    assert subprocess.run([needs_tool("gzip"), "-dc", path], check=True, capture_output=True).stdout == content
    with pytest.raises(FileRefused, match=r"lzw\.fits\.Z: \.Z is read, never written; expected \.fits"):
        edit_file(path, STAMP)
    assert path.read_bytes() == old
    assert edit_file(path, strip) == Outcome.UNCHANGED
    copy = Path(export_file(path, tmp_path, STAMP))
    assert copy.name == "lzw.fits"
    assert copy.read_bytes()[-len(content) // 2 :] == content[-len(content) // 2 :]
    path.write_bytes(old[:100] + bytes(100) + old[100:])
    with pytest.raises(NotFits), open_bytes(str(path)) as file:
        file.read()


@given(st.binary(max_size=300))
def test_noise_in_lzw_gives_bytes_or_one_of_our_errors(tmp_path_factory: pytest.TempPathFactory, noise: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "noise.Z"
    path.write_bytes(b"\x1f\x9d" + noise)
    try:
        with open_bytes(str(path)) as file:
            assert isinstance(file.read(), bytes)
    except NotFits:
        return


def test_zstd_without_its_library_says_what_to_install(plain: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("compression", "backports"):
        monkeypatch.setitem(sys.modules, module, None)
    packed = plain.with_suffix(".zst")
    packed.write_bytes(b"\x28\xb5\x2f\xfd rest")
    for call in (read_unit, lambda path: edit_file(path, STAMP)):
        with pytest.raises(MissingExtra, match=rf"{packed}: a .zst file needs .* pip install 'fitsprov\[zstd\]'"):
            call(packed)


def test_containers_are_told_by_magic_bytes_and_copies_by_suffix() -> None:
    assert container_of(b"SIMPLE  =") is None
    assert container_of(b"\x1f\x9d\x90") == "Z"
    assert container_suffix("a.fits") is None
    assert container_suffix("a.fits.GZ") == "gz"
    assert container_suffix("z") is None
