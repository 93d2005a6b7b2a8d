"""What stands behind END in its block: blank, as the standard sets it, or else lost, and said so."""

from __future__ import annotations

import logging
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from fitsprov.cards.grammar import CARD
from fitsprov.files import edit_file, read_unit
from tests.files.conftest import Stamper, make_file, make_tail, strip


def fill(path: Path, junk: bytes) -> bytes:
    """Write something behind END, up to the end of its block."""
    unit, bare = read_unit(path), path.read_bytes()
    at, size = unit.end + CARD, len(unit.header)
    path.write_bytes(bare[:at] + (junk * size)[: size - at] + bare[size:])
    return bare


@pytest.mark.parametrize("junk", [b"\0", b"JUNK", b" " * 79 + b"."])
@pytest.mark.parametrize("cards", [12, 30])
def test_a_fill_that_is_not_blank_becomes_blank_and_the_log_says_so(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, junk: bytes, cards: int, needs_tool: Callable[..., str]
) -> None:
    path = make_file(tmp_path / "a.fits", cards)
    blank = fill(path, junk)
    with caplog.at_level(logging.WARNING):
        edit_file(path, Stamper(make_tail()))
    assert [record.getMessage() for record in caplog.records] == [
        f"{path}: what stands behind END of HDU 0 and is not blank is lost"
    ]
    caplog.clear()
    verified = subprocess.run([needs_tool("fitsverify"), "-l", path], capture_output=True, text=True, check=False)
    assert "0 warning(s) and 0 error(s)" in verified.stdout
    edit_file(path, strip)
    if len(blank) == path.stat().st_size:
        assert path.read_bytes() == blank
    assert not caplog.records


def test_nothing_is_said_of_what_an_interrupted_flip_left(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = make_file(tmp_path / "a.fits", 12)
    unit, bare = read_unit(path), path.read_bytes()
    tail = make_tail()
    path.write_bytes(bare[: unit.end + CARD] + tail + bare[unit.end + CARD + len(tail) :])
    edit_file(path, Stamper(make_tail("two")))
    edit_file(path, strip)
    assert path.read_bytes() == bare
    assert not caplog.records
