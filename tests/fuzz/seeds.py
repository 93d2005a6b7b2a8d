"""Inputs to begin with: headers that astropy ships to test itself, bare and with stamps of ours; a table of lists."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from astropy.io import fits

from fitsprov.cards.grammar import CARD, END
from fitsprov.files.table import table_bytes
from fitsprov.model.stamp import Input, Stamp
from tests.fuzz.targets import STAMP_SIZE, WANTED

__all__ = ["seeds", "write_seeds"]

LONGEST = 4 * 2880
"""Bytes of a seed: short ones are changed faster."""


def seeds(target: str) -> Iterator[bytes]:
    """Give the inputs of a target."""
    if target == "table":
        inputs = [*(Input(item) for item in (WANTED[0].id, WANTED[0].id)), Input(name="a name")]
        yield table_bytes(inputs[:1], inputs)
        yield table_bytes((), ())
        yield table_bytes(inputs, (), names=True, data_ids=True)
        return
    for header in headers():
        if target == "edit":
            yield from (bytes([which]) + header for which in range(len(WANTED) + 2))
        elif target == "whole":
            said = b"\x03some-text".ljust(STAMP_SIZE - 1, b"x")
            yield from (bytes([which]) + said + header for which in (7, 61, 195, 255))
        else:
            yield header


def headers() -> Iterator[bytes]:
    """Headers by astropy; headers with stamps of ours, whole and as an interrupted flip leaves them."""
    import fitsprov

    yield fits.PrimaryHDU(np.zeros((3, 7), np.int16)).header.tostring().encode("ascii")
    for path in sorted((Path(fits.__file__).parent / "tests" / "data").glob("*.fits")):
        content = path.read_bytes()[:LONGEST]
        if content.startswith(b"SIMPLE"):
            yield content
    for conventions in (("native",), ("native", "rubin")):
        for stamp in (*WANTED, Stamp(run="r", raws=("IMG 1", "IMG 2"), data_id={"a": "b'c"})):
            header = fits.PrimaryHDU().header
            header["CHECKSUM"] = "hcHjjc9ghcEghc9g"
            try:
                fitsprov.stamp(header, stamp, conventions=conventions)
            except fitsprov.FitsprovError:
                continue
            stamped = header.tostring().encode("ascii")
            at = stamped.index(b"FPV_VER") - CARD
            yield stamped
            yield stamped[:at] + END + stamped[at + CARD :]


def write_seeds(folder: Path, target: str) -> None:
    """Write the inputs of a target into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for n, seed in enumerate(seeds(target)):
        (folder / f"seed-{n:03d}").write_bytes(seed)
