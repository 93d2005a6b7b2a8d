"""What Linux alone has is taken away before fitsprov is imported: everything still works, by slower ways."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from fitsprov.files import Outcome, copy, edit_file, export_file, sync, temporary
from tests.files.conftest import Stamper, make_file, make_tail, strays

ROOT = Path(__file__).parent.parent.parent

LINUX = (
    "copy_file_range",
    "sendfile",
    "splice",
    "fdatasync",
    "posix_fallocate",
    "posix_fadvise",
    "listxattr",
    "getxattr",
    "setxattr",
    "SEEK_DATA",
    "SEEK_HOLE",
)
"""What macOS has not."""
POSIX = (
    "pread",
    "preadv",
    "pwrite",
    "pwritev",
    "fchown",
    "fchmod",
    "fstatvfs",
    "statvfs",
    "geteuid",
    "getuid",
    "fork",
    "O_NOFOLLOW",
    "O_NONBLOCK",
    "O_DIRECTORY",
)
"""What Windows has not either."""

STORY = """
import importlib, os, pkgutil, sys
import concurrent.futures, ctypes, multiprocessing, pathlib, shutil, subprocess, tempfile
import click, numpy, pyvo, sqlalchemy, yaml
from astropy.io import fits

for name in sys.argv[3:]:
    if hasattr(os, name):
        delattr(os, name)
if sys.argv[2] == "windows":
    sys.modules["fcntl"] = None
else:
    import fcntl
    for name in ("F_SETLEASE", "F_SETSIG"):
        if hasattr(fcntl, name):
            delattr(fcntl, name)
sys.platform = "darwin"  # no fallocate in the C library

import fitsprov
for module in pkgutil.walk_packages(fitsprov.__path__, "fitsprov."):
    if ".migrations" not in module.name and not module.name.endswith("__main__"):
        try:
            importlib.import_module(module.name)
        except ModuleNotFoundError as error:
            assert not (error.name or "").startswith(("fitsprov", "fcntl")), error  # an optional part is not installed

def whole(path):
    with fits.open(path) as hdus:
        assert all(hdu.verify_checksum() == 1 and hdu.verify_datasum() == 1 for hdu in hdus)
    return path.read_bytes()

folder = pathlib.Path(sys.argv[1])
for cards in (6, 34):
    path = folder / f"{cards}.fits"
    primary = fits.PrimaryHDU(numpy.arange(90000, dtype="i2").reshape(300, 300))
    for n in range(cards - len(primary.header) - 2):
        primary.header[f"KEY{n}"] = n
    fits.HDUList([primary, fits.ImageHDU(numpy.eye(3), name="SCI")]).writeto(path, checksum=True)
    bare = whole(path)
    for run in ("one", "two", "two" * 99):
        for fsync in (False, True):
            fitsprov.stamp(path, fitsprov.Stamp(run=run), fsync=fsync)
            assert fitsprov.read(path).run == run
            whole(path)
    fitsprov.strip(path, fsync=True)
    if cards == 6:
        assert whole(path) == bare
    many = [f"IMG {n}" for n in range(200)]
    fitsprov.stamp(path, fitsprov.Stamp(run="r", raws=many), atomic=True)
    assert len(fitsprov.read(path).raws) == 200
    copy = fitsprov.export(path, folder / "copy.fits.gz", fitsprov.Stamp(run="c"), overwrite=True, fsync=True)
    assert fitsprov.read(copy).run == "c"
    os.link(path, folder / f"{cards}.link")
    try:
        fitsprov.stamp(path, fitsprov.Stamp(run="x"))
    except fitsprov.FitsprovError as error:
        assert "names (hard links)" in str(error)
    else:
        raise AssertionError("a hard link was broken")
assert not [name for name in os.listdir(folder) if name.startswith(".")]
print("done")
"""


@pytest.mark.parametrize(("system", "absent"), [("macos", LINUX), ("windows", LINUX + POSIX)])
def test_the_whole_story_without_what_a_system_lacks(tmp_path: Path, system: str, absent: tuple[str, ...]) -> None:
    command = [sys.executable, "-W", "error", "-c", STORY, str(tmp_path), system, *absent]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    assert (done.returncode, done.stdout) == (0, "done\n"), done.stderr


class Elsewhere:
    """The module ``os`` of a system of another name."""

    name = "nt"

    def __getattr__(self, name: str) -> object:
        if name in ("O_DIRECTORY", *POSIX):
            raise AttributeError(name)
        return getattr(os, name)


def test_a_folder_that_cannot_be_opened_is_not_synced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = make_file(tmp_path / "a.fits", 35)
    monkeypatch.setattr(sync, "os", Elsewhere())
    assert edit_file(path, Stamper(make_tail()), fsync=True) is Outcome.COPIED
    assert not strays(tmp_path)


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="needs a list of what is open")
@pytest.mark.parametrize("fsync", [False, True])
def test_where_open_files_stay_where_they_are_nothing_is_renamed_or_removed_open(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fsync: bool
) -> None:
    """As on Windows."""

    def refusing(call: Callable[..., None]) -> Callable[..., None]:
        def moved(*names: str, **options: object) -> None:
            moving = [Path(name) for name in names if Path(name).exists()]
            for held in Path("/proc/self/fd").iterdir():
                if held.exists() and any(held.samefile(one) for one in moving):
                    raise PermissionError(13, "The process cannot access the file because it is being used")
            call(*names, **options)

        return moved

    for module in (temporary, copy):
        monkeypatch.setattr(module, "MOVES_OPEN", False)
    for name in ("replace", "unlink"):
        monkeypatch.setattr(os, name, refusing(getattr(os, name)))
    path = make_file(tmp_path / "a.fits", 35)
    assert edit_file(path, Stamper(make_tail()), fsync=fsync) is Outcome.COPIED
    export_file(path, tmp_path / "b.fits", Stamper(make_tail("two")), fsync=fsync)
    export_file(path, tmp_path / "b.fits.gz", Stamper(make_tail("two")), fsync=fsync)
    with pytest.raises(ZeroDivisionError):
        export_file(path, tmp_path / "c.fits", lambda unit: 1 / 0)
    assert sorted(one.name for one in tmp_path.iterdir()) == ["a.fits", "b.fits", "b.fits.gz"]


@pytest.mark.parametrize("able", [True, False])
def test_where_fsync_is_not_enough_the_drive_is_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, able: bool
) -> None:
    """As on macOS, whose fsync ends before the drive has written."""
    asked: list[str] = []

    class Fcntl:
        F_FULLFSYNC = 51

        @staticmethod
        def fcntl(descriptor: int, command: int) -> int:
            assert command == 51
            asked.append("drive")
            if not able:
                raise OSError(45, "Operation not supported")
            return 0

    monkeypatch.setattr(sync, "fcntl", Fcntl())
    for name in ("fsync", "fdatasync"):
        call = getattr(os, name)
        monkeypatch.setattr(os, name, lambda descriptor, call=call: (asked.append("system"), call(descriptor))[1])
    path = make_file(tmp_path / "a.fits", 35)
    for text, expected in (("one", Outcome.COPIED), ("two", Outcome.FLIPPED)):
        asked.clear()
        assert edit_file(path, Stamper(make_tail(text)), fsync=True) is expected
        assert "drive" in asked
        assert ("system" in asked) is not able
