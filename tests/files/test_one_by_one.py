"""Each call that a system may lack, or refuse, is taken away alone: the files that come out are the same."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

import pytest

from fitsprov.files import clone, copy, edit, edit_file, export_file, flip, locks, space, sync
from tests.files.conftest import Stamper, make_file, make_tail, strays, strip

ABSENT = (
    "copy_file_range",
    "fchmod",
    "fchown",
    "fdatasync",
    "fstatvfs",
    "geteuid",
    "listxattr",
    "pread",
    "preadv",
    "SEEK_DATA",
)
"""Names of the module ``os`` that some system has not."""


@pytest.fixture(params=[True, False], ids=["usual", "step by step"])
def opening(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Files opened, and old stamps replaced, by one call in C each, or by those that Python makes."""
    if not request.param:
        monkeypatch.setattr(edit, "open_usual", lambda path, size: None)
        monkeypatch.setattr(flip, "flip_alone", lambda *step: None)


def story(folder: Path) -> dict[str, bytes]:
    """Stamp, stamp anew, strip, grow, add a table and export; give what the files were each time."""
    folder.mkdir()
    found: dict[str, bytes] = {}
    table = make_file(folder / "table.fits", 4).read_bytes()[-5760:]
    for cards in (12, 30, 35):
        path = make_file(folder / f"{cards}.fits", cards)
        for step, decide in enumerate(
            (
                Stamper(make_tail()),
                Stamper(make_tail("two", 14)),
                Stamper(make_tail("three", 40)),
                strip,
                Stamper(make_tail("four"), table=table),
            )
        ):
            for fsync in (False, True):
                edit_file(path, decide, fsync=fsync)
            found[f"{cards}, {step}"] = path.read_bytes()
        for suffix in ("", ".gz"):
            export_file(path, folder / f"copy.fits{suffix}", strip, overwrite=True, fsync=True)
        found[f"{cards}, exported"] = (folder / "copy.fits").read_bytes()
    assert not strays(folder)
    return found


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """What comes out where all is there."""
    return story(tmp_path_factory.mktemp("all") / "d")


@pytest.mark.usefixtures("opening")
@pytest.mark.parametrize("name", ABSENT)
def test_what_a_system_lacks_is_not_missed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, expected: dict[str, bytes], name: str
) -> None:
    monkeypatch.delattr(os, name)
    assert story(tmp_path / "d") == expected


@pytest.mark.usefixtures("opening")
@pytest.mark.parametrize("module", [locks, clone, sync], ids=["locks", "clone", "sync"])
def test_without_the_module_fcntl_the_files_are_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, expected: dict[str, bytes], module: Any
) -> None:
    monkeypatch.setattr(module, "fcntl", None)
    assert story(tmp_path / "d") == expected


@pytest.mark.usefixtures("opening")
@pytest.mark.parametrize(("name", "value"), [("NO_FOLLOW", 0), ("NO_WAIT", 0)])
def test_without_a_flag_of_open_the_files_are_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, expected: dict[str, bytes], name: str, value: int
) -> None:
    monkeypatch.setattr(locks, name, value)
    assert story(tmp_path / "d") == expected


@pytest.mark.parametrize("cards", [12, 35])
def test_links_stay_links_also_where_open_cannot_tell_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cards: int
) -> None:
    monkeypatch.setattr(edit, "open_usual", lambda path, size: None)
    monkeypatch.setattr(locks, "NO_FOLLOW", 0)
    path, link = make_file(tmp_path / "a.fits", cards), tmp_path / "link.fits"
    link.symlink_to(path)
    tail = make_tail()
    edit_file(link, Stamper(tail))
    assert link.is_symlink()
    assert tail in path.read_bytes()


@pytest.mark.usefixtures("opening")
def test_without_pwrite_the_files_are_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, expected: dict[str, bytes]
) -> None:
    monkeypatch.setattr(clone, "pwrite", clone.seek_and_write)
    assert story(tmp_path / "d") == expected


class Refusing:
    """A module one of whose calls says no."""

    def __init__(self, module: Any, name: str, code: int) -> None:
        self.module, self.name, self.code = module, name, code

    def __getattr__(self, name: str) -> Any:
        return self.refuse if name == self.name else getattr(self.module, name)

    def refuse(self, *_: object) -> NoReturn:
        raise OSError(self.code, os.strerror(self.code))


@pytest.mark.usefixtures("opening")
@pytest.mark.parametrize(
    ("where", "name", "code"),
    [
        (locks, "flock", errno.ENOLCK),
        (locks, "flock", errno.EOPNOTSUPP),
        (locks, "fcntl", errno.EINVAL),
        (locks, "fcntl", errno.EAGAIN),
        (clone, "ioctl", errno.ENOTTY),
        (clone, "ioctl", errno.EXDEV),
        (clone, "ioctl", errno.EOPNOTSUPP),
    ],
)
def test_what_a_filesystem_refuses_is_done_by_other_means(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, expected: dict[str, bytes], where: Any, name: str, code: int
) -> None:
    monkeypatch.setattr(where, "fcntl", Refusing(where.fcntl, name, code))
    monkeypatch.setattr(clone, "WORTH_SHARING", 1)
    assert story(tmp_path / "d") == expected


@pytest.mark.usefixtures("opening")
@pytest.mark.parametrize("code", [errno.ENOSYS, errno.EXDEV, errno.EOPNOTSUPP, errno.EPERM, errno.EINVAL])
def test_where_the_kernel_does_not_copy_we_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, expected: dict[str, bytes], code: int
) -> None:
    def refuse(*_: object) -> NoReturn:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(os, "copy_file_range", refuse)
    assert story(tmp_path / "d") == expected


@pytest.mark.parametrize("call", [None, lambda *_: -1])
def test_without_space_given_out_large_files_are_copied(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, expected: dict[str, bytes], call: Callable[..., int] | None
) -> None:
    monkeypatch.setattr(space, "system_call", lambda: call)
    monkeypatch.setattr("ctypes.get_errno", lambda: errno.EOPNOTSUPP)
    for module in (copy, edit):
        monkeypatch.setattr(module, "LARGE", 0)
    assert story(tmp_path / "d") == expected
