"""Files to edit, and stamps to edit them with."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits

from fitsprov.cards.card import format_card
from fitsprov.cards.grammar import BLANK, CARD
from fitsprov.cards.sums import seal_card
from fitsprov.files import locks
from fitsprov.files.layout import Edit
from fitsprov.files.units import HeaderUnit, walk


def make_tail(text: str = "one", cards: int = 12) -> bytes:
    """Make a sealed, neutral stamp of so many cards in all."""
    lines = [format_card("FPV_VER", "fitsprov 1"), format_card("FPV_RUN", text)]
    lines += [format_card(f"FPV_P{n}", f"{text} {n:02d} " + "x" * 30) for n in range(1, cards - 2)]
    stamp = b"".join(lines)
    return stamp + seal_card(stamp)


def stamp_span(unit: HeaderUnit) -> tuple[tuple[int, int], ...]:
    """Find the old stamp."""
    starts = [at for at in range(0, unit.end, CARD) if unit.header.startswith(b"FPV_", at)]
    return ((starts[0], starts[-1] + CARD),) if starts else ()


class Stamper:
    """A `Decide`: take out the old stamp, write this one."""

    def __init__(self, tail: bytes, insert: bytes = b"", table: bytes | None = None) -> None:
        self.tail, self.insert, self.table = tail, insert, table

    def __call__(self, unit: HeaderUnit) -> Edit | None:
        span = stamp_span(unit)
        if span and unit.header[slice(*span[0])] == self.tail and not self.insert and self.table is None:
            return None
        return Edit(remove=span, tail=self.tail, insert=self.insert, table=self.table)


def strip(unit: HeaderUnit) -> Edit | None:
    """A `Decide`: take out the stamp."""
    span = stamp_span(unit)
    return Edit(remove=span) if span else None


def make_file(path: Path, cards: int = 4, *, checksum: bool = False, blanks: int = 0, extension: bool = True) -> Path:
    """Write a file whose primary header has so many cards before END, `blanks` of them blank and last."""
    rng = np.random.default_rng(1)
    primary = fits.PrimaryHDU(rng.integers(0, 999, (20, 30), dtype=np.int16))
    for n in range(cards - len(primary.header) - 2 * checksum - blanks):
        primary.header[f"KEY{n}"] = (n * 1.5, "a card")
    hdus = fits.HDUList([primary])
    if extension:
        hdus.append(fits.ImageHDU(rng.normal(size=(5, 7)), name="SCI", ver=1))
        hdus.append(fits.ImageHDU(rng.normal(size=(5, 7)), name="SCI", ver=2))
        hdus.append(fits.BinTableHDU.from_columns([fits.Column("a", "PJ()", array=[[1, 2], [3]])], name="CAT"))
    hdus.writeto(path, checksum=checksum)
    if blanks:
        content = path.read_bytes()
        end = content.index(b"END".ljust(CARD))
        start = -(-(end + CARD) // 2880) * 2880
        header = content[:end] + BLANK * blanks + b"END"
        size = -(-(end + (blanks + 1) * CARD) // 2880) * 2880
        path.write_bytes(header.ljust(size) + content[start:])
    return path


def checksums_hold(path: Path) -> list[bool]:
    """Say of each HDU whether CHECKSUM and DATASUM are right, as astropy judges."""
    with fits.open(path, disable_image_compression=True) as hdus:
        return [hdu.verify_checksum() == 1 and hdu.verify_datasum() == 1 for hdu in hdus]


@pytest.fixture(autouse=True)
def no_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave out of account the threads of who runs the tests."""
    monkeypatch.setattr(locks, "has_threads", lambda: False)


@pytest.fixture
def one() -> bytes:
    """A stamp of 12 cards."""
    return make_tail()


DATA = sorted((Path(fits.__file__).parent / "tests" / "data").glob("*.fits"))
"""The FITS files that astropy ships to test itself."""


def astropy_file(name: str) -> Path:
    """Find one of them."""
    return next(path for path in DATA if path.name == name)


def data_bytes(path: Path) -> list[bytes]:
    """Read the data of all HDUs, undecoded."""
    content = path.read_bytes()
    return [content[unit.data_start : unit.next_start] for unit in walk(io.BytesIO(content), str(path), truncated=True)]


def strays(folder: Path) -> list[str]:
    """List the temporary files in a folder."""
    return [path.name for path in folder.iterdir() if path.name.startswith(".")]
