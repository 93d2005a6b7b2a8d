"""What an interrupted flip left says nothing, and the next call completes."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID

import pytest
from astropy.io import fits

import fitsprov
from fitsprov.actions.stamping import Outcome
from fitsprov.files import flip as flipping
from fitsprov.files.edit import edit_file

ONE, TWO = (fitsprov.Stamp(id=UUID(int=7), run=run) for run in ("one", "two"))


def make(path: Path) -> bytes:
    """Write a bare file."""
    fits.PrimaryHDU().writeto(path, checksum=True)
    return path.read_bytes()


def hide(path: Path) -> None:
    """Leave a stamped file as a writer does that dies after its first write: END on the separator."""
    content = path.read_bytes()
    at = content.index(b"FPV_VER") - 80
    path.write_bytes(content[:at] + b"END     " + content[at + 8 :])


@pytest.fixture
def hidden(tmp_path: Path) -> tuple[Path, bytes]:
    """A file whose stamp is hidden, and the file without a stamp."""
    path = tmp_path / "a.fits"
    bare = make(path)
    fitsprov.stamp(path, ONE)
    hide(path)
    return path, bare


def test_a_hidden_stamp_is_not_read(hidden: tuple[Path, bytes]) -> None:
    path, _ = hidden
    assert fitsprov.read(path) is None
    assert [finding.code for finding in fitsprov.verify(path)] == ["stamp-missing"]
    with pytest.raises(fitsprov.FitsprovError, match="no stamp"):
        fitsprov.repoint(path, base_url="https://a.org")


@pytest.mark.parametrize("stamp", [ONE, TWO])
def test_the_next_stamp_takes_its_place(hidden: tuple[Path, bytes], stamp: fitsprov.Stamp) -> None:
    path, bare = hidden
    assert fitsprov.stamp(path, stamp) is Outcome.FLIPPED
    found = fitsprov.read(path)
    assert found is not None
    assert found.run == stamp.run
    assert not [f for f in fitsprov.verify(path) if f.code not in ("data-not-compared",)]
    fitsprov.strip(path)
    assert path.read_bytes() == bare


def test_strip_cleans_up(hidden: tuple[Path, bytes]) -> None:
    path, bare = hidden
    fitsprov.strip(path)
    assert path.read_bytes() == bare


def test_an_export_carries_nothing_that_is_hidden(hidden: tuple[Path, bytes], tmp_path: Path) -> None:
    path, bare = hidden
    fitsprov.export(path, tmp_path / "b.fits", TWO)
    fitsprov.strip(tmp_path / "b.fits")
    assert (tmp_path / "b.fits").read_bytes() == bare


@pytest.mark.parametrize("step", [1, 2, 3])
@pytest.mark.parametrize("action", ["first", "again", "strip"])
def test_an_interrupt_puts_back_what_was_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, action: str, step: int
) -> None:
    path = tmp_path / "a.fits"
    make(path)
    if action != "first":
        fitsprov.stamp(path, ONE)
    before, steps, write_at = path.read_bytes(), 0, flipping.write_at

    def write(descriptor: int, data: bytes, at: int) -> None:
        nonlocal steps
        steps += 1
        if steps == step:
            raise KeyboardInterrupt
        write_at(descriptor, data, at)

    monkeypatch.setattr(flipping, "write_at", write)
    try:
        fitsprov.strip(path) if action == "strip" else fitsprov.stamp(path, TWO, fsync=True)  # not by C alone
    except KeyboardInterrupt:
        assert path.read_bytes() == before
    else:
        assert steps < step
    monkeypatch.undo()
    assert edit_file(path, lambda _: None) is Outcome.UNCHANGED
