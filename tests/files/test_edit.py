"""Files edited in place: what changes, what stays, and what is refused."""

from __future__ import annotations

import errno
import os
import resource
import shutil
import signal
import stat
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import fitsio
import numpy as np
import pytest
from astropy.io import fits

from fitsprov.cards.card import format_card
from fitsprov.errors import FileRefused, FitsprovError, NotFits, TruncatedFits, UsageError
from fitsprov.files import Edit, Outcome, clone, edit_file, export_file, flip, read_unit
from fitsprov.files.units import walk
from tests.files.conftest import (
    DATA,
    Stamper,
    astropy_file,
    checksums_hold,
    data_bytes,
    make_file,
    make_tail,
    stamp_span,
    strays,
    strip,
)

UNCHANGED, FLIPPED, COPIED, _ = Outcome


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A file with room for a stamp."""
    return make_file(tmp_path / "file.fits", 12, checksum=True)


@pytest.fixture
def full(tmp_path: Path) -> Path:
    """A file that must grow."""
    return make_file(tmp_path / "full.fits", 35, checksum=True)


@pytest.mark.parametrize("source", DATA, ids=lambda path: path.name)
def test_any_file_is_stamped_in_any_hdu_and_stripped_again(source: Path, tmp_path: Path) -> None:
    path = Path(shutil.copy(source, tmp_path))
    path.chmod(0o644)
    old, data = path.read_bytes(), data_bytes(path)
    for index in range(len(data)):
        before = path.read_bytes()
        assert edit_file(path, Stamper(make_tail("one")), hdu=index) in (FLIPPED, COPIED)
        assert edit_file(path, Stamper(make_tail("one")), hdu=index) == UNCHANGED
        assert stamp_span(read_unit(path, index))
        assert data_bytes(path) == data
        assert edit_file(path, Stamper(make_tail("two")), hdu=index) == FLIPPED
        assert edit_file(path, strip, hdu=index) == FLIPPED
        assert edit_file(path, strip, hdu=index) == UNCHANGED
        if len(path.read_bytes()) == len(before):
            assert path.read_bytes() == before
    assert data_bytes(path) == data
    assert len(path.read_bytes()) >= len(old)


@pytest.mark.parametrize("cards", [12, 30, 35, 36, 60, 71])
@pytest.mark.parametrize("hdu", [0, "SCI,2", "CAT"])
def test_right_checksums_stay_right_and_wrong_ones_wrong(cards: int, hdu: int | str, tmp_path: Path) -> None:
    path = make_file(tmp_path / "a.fits", cards, checksum=True)
    damaged = tmp_path / "b.fits"
    damaged.write_bytes(path.read_bytes().replace(b"KEY0", b"KEX0"))
    foreign = format_card("PROV1", "raw.fits")
    for edit in (
        Stamper(make_tail("one")),
        Stamper(make_tail("two", 30)),
        Stamper(make_tail("two", 30), foreign),
        strip,
    ):
        for file in (path, damaged):
            edit_file(file, edit, hdu=hdu)
        assert checksums_hold(path) == [True] * 4
        with fits.open(damaged) as hdus:
            assert hdus[0].verify_checksum() == 0
        with fitsio.FITS(str(path)) as file:
            assert [header.verify_checksum() for header in file] == [None] * 4


@pytest.mark.parametrize("cards", [12, 35])
def test_fitsverify_finds_nothing_wrong(cards: int, tmp_path: Path, needs_tool: Callable[..., str]) -> None:
    path = make_file(tmp_path / "a.fits", cards, checksum=True)
    for edit in (Stamper(make_tail("one")), Stamper(make_tail("two")), strip):
        edit_file(path, edit)
        report = subprocess.run([needs_tool("fitsverify"), "-q", path], capture_output=True, text=True, check=False)
        assert report.stdout.startswith("verification OK")


def test_a_stamp_among_blank_cards_before_end_leaves_end_where_it_was(tmp_path: Path) -> None:
    path = make_file(tmp_path / "a.fits", 36 + 35, checksum=False, blanks=20)
    old, unit = path.read_bytes(), read_unit(path)
    for tail in (make_tail("one"), make_tail("two"), make_tail("three", 18)):
        assert edit_file(path, Stamper(tail)) == FLIPPED
        assert read_unit(path).end == unit.end
    assert edit_file(path, strip) == FLIPPED
    assert path.read_bytes() == old


@pytest.mark.parametrize("writer", ["astropy", "fitsio"])
def test_cards_that_others_write_behind_the_stamp_stay(path: Path, writer: str) -> None:
    edit_file(path, Stamper(make_tail("one")))
    if writer == "astropy":
        fits.setval(path, "LATER", value="yes")
    else:
        with fitsio.FITS(str(path), "rw") as file:
            file[0].write_key("LATER", "yes")
    assert edit_file(path, Stamper(make_tail("two"))) == COPIED
    header = fits.getheader(path)
    assert header["LATER"] == "yes"
    assert list(header).index("LATER") < list(header).index("FPV_VER")
    assert header["FPV_RUN"] == "two"
    edit_file(path, strip)
    assert fits.getheader(path)["LATER"] == "yes"
    assert "FPV_RUN" not in fits.getheader(path)


def test_a_table_comes_last_replaces_the_old_one_and_goes(path: Path) -> None:
    def table(rows: int) -> bytes:
        hdu = fits.BinTableHDU.from_columns([fits.Column("ID", "36A", array=["x" * 36] * rows)], name="FITSPROV")
        hdu.add_checksum()
        other = path.with_name("table.fits")
        hdu.writeto(other)
        content = other.read_bytes()[2880:]
        other.unlink()
        return content

    old = path.read_bytes()
    for rows in (3, 300):
        new = table(rows)
        assert edit_file(path, lambda _, new=new: Edit(table=new)) == COPIED
        assert path.read_bytes() == old + new
        assert len(fits.getdata(path, "FITSPROV")) == rows
        assert checksums_hold(path) == [True] * 5
        assert edit_file(path, lambda _, new=new: Edit(table=new)) == UNCHANGED
    with fits.open(path, "append") as hdus:
        hdus.append(fits.ImageHDU(np.zeros(9), name="LATER"))
    assert edit_file(path, lambda _: Edit(table=table(4))) == COPIED
    with fits.open(path) as hdus:
        assert [hdu.name for hdu in hdus] == ["PRIMARY", "SCI", "SCI", "CAT", "LATER", "FITSPROV"]
    assert edit_file(path, lambda _: Edit(table=b"")) == COPIED
    assert edit_file(path, lambda _: Edit(table=b"")) == UNCHANGED
    assert path.read_bytes().startswith(old)
    assert "FITSPROV" not in [unit.name for unit in walk(os.open(path, os.O_RDONLY), "file")]


def test_a_table_stands_before_what_follows_the_last_hdu(path: Path) -> None:
    old = path.read_bytes()
    path.write_bytes(old + b"special record")
    table = b"XTENSION= 'BINTABLE'".ljust(80) + b"END".ljust(2800)
    edit_file(path, lambda _: Edit(table=table))
    assert path.read_bytes() == old + table + b"special record"


def test_a_file_beyond_2_gib_is_stamped_and_grows_with_its_holes(tmp_path: Path) -> None:
    path = make_file(tmp_path / "big.fits", 33, extension=False)
    size = 3 * 2**30 // 2880 * 2880
    content = bytearray(path.read_bytes())
    for keyword, value in (("BITPIX", 8), ("NAXIS1", size // 2880), ("NAXIS2", 2880)):
        at = content.index(keyword.ljust(8).encode())
        content[at : at + 80] = format_card(keyword, value)
    path.write_bytes(content)
    os.truncate(path, 2880 + size)
    with path.open("r+b") as file:
        file.seek(2 * 2**30 + 5)
        file.write(b"here")
    assert edit_file(path, Stamper(make_tail("one"))) == COPIED
    assert path.stat().st_size - size in (2 * 2880, 2880 + 184_320)
    assert path.stat().st_blocks * 512 < 2**24
    with path.open("rb") as file:
        file.seek(2 * 2**30 + 5 + path.stat().st_size - 2880 - size)
        assert file.read(5) == b"here\0"
    assert edit_file(path, strip) == FLIPPED


def test_symbolic_links_are_followed_and_stay(path: Path, full: Path, tmp_path: Path) -> None:
    folder = tmp_path / "links"
    folder.mkdir()
    for target, outcome in ((path, FLIPPED), (full, COPIED)):
        link = folder / target.name
        link.symlink_to(Path("..") / target.name)
        assert edit_file(link, Stamper(make_tail("one"))) == outcome
        assert link.is_symlink()
        assert stamp_span(read_unit(target))
    assert not strays(folder)


@pytest.mark.parametrize("cards", [12, 35])
def test_hard_links_are_refused_unless_they_may_break(cards: int, tmp_path: Path) -> None:
    path, other = make_file(tmp_path / "a.fits", cards), tmp_path / "b.fits"
    other.hardlink_to(path)
    old = path.read_bytes()
    with pytest.raises(FileRefused, match=r"a\.fits: has 2 names .*; expected one"):
        edit_file(path, Stamper(make_tail("one")))
    assert path.read_bytes() == old
    assert edit_file(path, Stamper(make_tail("one")), break_hardlinks=True) == COPIED
    assert other.read_bytes() == old
    assert stamp_span(read_unit(path))


@pytest.mark.parametrize("atomic", [False, True])
def test_mode_owner_and_attributes_are_kept(path: Path, full: Path, atomic: bool) -> None:
    for file in (path, full):
        file.chmod(0o2640)
        os.setxattr(file, "user.origin", b"telescope")
        if os.geteuid() == 0:
            os.chown(file, 1234, 4321)
            file.chmod(0o2640)
        before = file.stat()
        edit_file(file, Stamper(make_tail("one")), atomic=atomic)
        after = file.stat()
        assert (after.st_mode, after.st_uid, after.st_gid) == (before.st_mode, before.st_uid, before.st_gid)
        assert os.getxattr(file, "user.origin") == b"telescope"


def test_access_control_lists_are_kept(full: Path) -> None:
    entries = [(1, 6, 2**32 - 1), (2, 4, 4711), (4, 4, 2**32 - 1), (16, 6, 2**32 - 1), (32, 0, 2**32 - 1)]
    acl = (2).to_bytes(4, "little") + b"".join(
        tag.to_bytes(2, "little") + access.to_bytes(2, "little") + who.to_bytes(4, "little")
        for tag, access, who in entries
    )
    try:
        os.setxattr(full, "system.posix_acl_access", acl)
    except OSError as error:
        pytest.skip(f"no ACLs here: {error}")
    edit_file(full, Stamper(make_tail("one")))
    assert os.getxattr(full, "system.posix_acl_access") == acl


def test_atomic_replaces_the_file_even_where_a_flip_would_do(path: Path) -> None:
    inode = path.stat().st_ino
    assert edit_file(path, Stamper(make_tail("one")), atomic=True) == COPIED
    assert path.stat().st_ino != inode


@pytest.mark.parametrize("fsync", [False, True])
def test_nothing_to_do_writes_nothing(path: Path, fsync: bool) -> None:
    edit_file(path, Stamper(make_tail("one")), fsync=fsync)
    path.chmod(0o600)
    os.utime(path, (1, 1))
    assert edit_file(path, Stamper(make_tail("one")), fsync=fsync) == UNCHANGED
    assert path.stat().st_mtime == 1


def refused(path: Path) -> str:
    """Stamp what must be refused; return the one line that says why."""
    with pytest.raises(FitsprovError) as caught:
        edit_file(path, Stamper(make_tail("one")))
    text = str(caught.value)
    assert text.startswith(str(path))
    assert "; expected " in text
    assert "\n" not in text
    return text


def test_what_is_no_fits_file_is_refused(tmp_path: Path) -> None:
    fifo, text, empty = tmp_path / "fifo", tmp_path / "text", tmp_path / "empty"
    os.mkfifo(fifo)
    text.write_text("no FITS file at all")
    empty.touch()
    assert "is no regular file" in refused(fifo)
    assert "Is a directory" in refused(tmp_path)
    assert "No such file" in refused(tmp_path / "none.fits")
    assert "begins with 'no FITS '" in refused(text)
    assert "begins with nothing" in refused(empty)
    assert "is no regular file" in refused(Path("/dev/null"))
    assert text.read_text() == "no FITS file at all"


@pytest.mark.parametrize("name", ["a\0b.fits", "\ud800.fits", "x" * 5000, ""])
def test_what_can_be_no_path_is_refused(name: str) -> None:
    for act in (lambda: edit_file(name, strip), lambda: read_unit(name), lambda: export_file(name, "copy.fits", strip)):
        with pytest.raises(FileRefused):
            act()


def test_read_only_files_are_refused_also_to_root(path: Path) -> None:
    path.chmod(0o444)
    old = path.read_bytes()
    assert ("is read-only" in refused(path)) or os.geteuid()
    assert path.read_bytes() == old


@pytest.mark.parametrize("size", [1000, 2879, 3500])
def test_truncated_files_are_refused_unchanged(path: Path, size: int) -> None:
    os.truncate(path, size)
    old = path.read_bytes()
    with pytest.raises(TruncatedFits):
        edit_file(path, Stamper(make_tail("one")), hdu=0 if size % 2 else "SCI,2")
    assert path.read_bytes() == old


def test_an_absent_hdu_is_refused(path: Path) -> None:
    with pytest.raises(UsageError, match="no HDU 'ERR'"):
        edit_file(path, Stamper(make_tail("one")), hdu="ERR")


def test_what_decide_raises_reaches_the_caller_and_nothing_is_written(full: Path) -> None:
    old = full.read_bytes()

    def decide(_: object) -> Edit:
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        edit_file(full, decide)
    assert full.read_bytes() == old
    assert not strays(full.parent)


def in_limited_child(limit: int, work: Callable[[], object]) -> str:
    """Run in a child whose files may not grow beyond a limit; return what it raised."""
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
        try:
            work()
        except Exception as error:
            os.write(writing, f"{type(error).__name__}: {error}".encode())
        finally:
            os._exit(0)
    os.waitpid(child, 0)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        return pipe.read().decode()


@pytest.mark.parametrize("limit", range(900, 2880, 99))
def test_where_no_more_can_be_written_a_flip_leaves_the_original(path: Path, limit: int) -> None:
    for edit in (Stamper(make_tail("one")), Stamper(make_tail("two", 14)), strip):
        old = path.read_bytes()
        said = in_limited_child(limit, lambda edit=edit: edit_file(path, edit))
        if said:
            assert said.startswith(f"FileRefused: {path}: File too large; expected ")
            assert path.read_bytes() == old
        assert not strays(path.parent)
        edit_file(path, edit)


@pytest.mark.parametrize("kind", ["growth", "table", "gz"])
def test_on_a_full_disk_the_original_stays_and_nothing_else(full: Path, kind: str) -> None:
    edit = Stamper(make_tail("one"), table=b"XTENSION".ljust(2**16) if kind == "table" else None)
    if kind == "gz":
        packed = full.with_suffix(".fits.gz")
        subprocess.run(["gzip", "-k", full], check=True)
        full = packed
    old = full.read_bytes()
    for limit in (0, 1, 1000, len(old) // 2):
        said = in_limited_child(limit, lambda: edit_file(full, edit))
        assert said.startswith(f"FileRefused: {full}: File too large; expected room and leave to write")
        assert full.read_bytes() == old
        assert not strays(full.parent)


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to mount a small tmpfs")
def test_on_a_really_full_filesystem_the_original_stays(full: Path, tmp_path: Path) -> None:
    mount = tmp_path / "small"
    mount.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", mount], check=False).returncode:
        pytest.skip("no tmpfs can be mounted here")
    try:
        path = Path(shutil.copy(full, mount))
        (mount / "filler").write_bytes(bytes(2**16 - 4096 * -(-path.stat().st_size // 4096)))
        old = path.read_bytes()
        with pytest.raises(FileRefused, match="No space left on device"):
            edit_file(path, Stamper(make_tail("one")))
        assert path.read_bytes() == old
        assert not strays(mount)
    finally:
        subprocess.run(["umount", mount], check=True)


def test_a_write_that_fails_midway_is_put_back(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flip, "flip_alone", lambda *step: None)
    real, left = clone.pwrite, 0

    def failing(descriptor: int, data: bytes, at: int) -> int:
        nonlocal left
        left -= 1
        if left == 0:
            real(descriptor, data[: len(data) // 2], at)
            raise OSError(errno.EIO, "Input/output error")
        return real(descriptor, data, at)

    monkeypatch.setattr(clone, "pwrite", failing)
    for edit, writes in ((Stamper(make_tail("one")), 2), (Stamper(make_tail("two")), 3), (strip, 2)):
        old = path.read_bytes()
        for step in range(1, writes + 1):
            left = step
            with pytest.raises(FileRefused, match="Input/output error"):
                edit_file(path, edit)
            assert path.read_bytes() == old
        left = 0
        edit_file(path, edit)


def test_a_short_write_is_continued(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.pwrite
    monkeypatch.setattr(clone, "pwrite", lambda descriptor, data, at: real(descriptor, data[:100], at))
    assert edit_file(path, Stamper(make_tail("one"))) == FLIPPED
    assert checksums_hold(path) == [True] * 4


def test_with_fsync_each_step_is_on_the_disk_before_the_next(
    path: Path, full: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[str] = []

    def spy(module: Any, name: str) -> None:
        real = getattr(module, name)
        monkeypatch.setattr(module, name, lambda *args: (calls.append(name), real(*args))[1])

    spy(clone, "pwrite")
    for name in ("fsync", "fdatasync", "replace"):
        spy(os, name)
    edit_file(path, Stamper(make_tail("one")), fsync=True)
    assert calls == ["pwrite", "pwrite", "fdatasync"]
    calls.clear()
    edit_file(full, Stamper(make_tail("one")), fsync=True)
    assert calls[-3:] == ["fsync", "replace", "fsync"]
    calls.clear()
    make_long = make_file(path.with_name("long.fits"), 36 + 12)
    edit_file(make_long, Stamper(make_tail("one")), fsync=True)
    assert calls == ["pwrite", "fdatasync", "pwrite", "fdatasync"]
    calls.clear()
    edit_file(make_long, Stamper(make_tail("two")), fsync=True)
    assert calls == ["pwrite", "fdatasync"] * 3


def test_a_copy_is_not_readable_by_more_than_the_original(full: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    full.chmod(0o600)
    modes = []
    real = os.replace
    monkeypatch.setattr(os, "replace", lambda a, b: (modes.append(stat.S_IMODE(Path(a).stat().st_mode)), real(a, b)))
    edit_file(full, Stamper(make_tail("one")))
    assert modes == [0o600]


def test_a_header_is_read_from_any_place(path: Path, tmp_path: Path) -> None:
    assert read_unit(path).header == path.read_bytes()[: len(read_unit(path).header)]
    assert read_unit(str(path), "SCI,2").version == 2
    assert read_unit(astropy_file("test0.fits"), 4).name == "SCI"
    for bad in (tmp_path, tmp_path / "none"):
        with pytest.raises(FileRefused, match="; expected a FITS file that can be read"):
            read_unit(bad)
    with pytest.raises(NotFits, match="begins with"):
        read_unit(Path(__file__))
