"""The seal of real stamps in real files, as others judge CHECKSUM."""

from __future__ import annotations

import io
import random
import subprocess
import warnings
from collections.abc import Callable
from pathlib import Path
from uuid import UUID

import fitsio
import numpy as np
import pytest
from astropy.io import fits

import fitsprov

STAMPS = 10_000
BATCH = 500
LETTERS = "abcXYZ0189 /'&%:=.,_-{}[]\"é→~"


def random_stamp(chance: random.Random) -> fitsprov.Stamp:
    """Make up a stamp: long and short texts, odd characters, lists."""

    def text(longest: int) -> str:
        return "".join(chance.choices(LETTERS, k=chance.randint(1, longest)))

    def identifier() -> UUID:
        return UUID(int=chance.getrandbits(128))

    return fitsprov.Stamp(
        id=identifier(),
        run=text(chance.choice([12, 60, 150])),
        type=text(20),
        data_id={"exposure": chance.randint(0, 2**40), "band": text(3)} if chance.random() < 0.7 else None,
        activity_id=identifier() if chance.random() < 0.5 else None,
        publisher_did=f"ivo://example.org/x?{identifier()}" if chance.random() < 0.3 else None,
        parents=[identifier() for _ in range(chance.randint(0, 6))] if chance.random() < 0.5 else None,
        raws=[text(9) for _ in range(chance.randint(0, 3))] if chance.random() < 0.5 else None,
    )


def bare_file(cards: int, *, right: bool) -> bytes:
    """Write an image with a CHECKSUM that is right or wrong."""
    image = fits.PrimaryHDU(np.arange(24, dtype=np.int16))
    for n in range(cards):
        image.header[f"KEY{n}"] = n
    content = io.BytesIO()
    image.writeto(content, checksum=True)
    whole = content.getvalue()
    return whole if right else whole.replace(b"KEY0    =                    0", b"KEY0    =                    7")


def judged(paths: list[Path], fitsverify: str) -> list[tuple[bool, bool, bool]]:
    """Say of each file whether astropy, fitsio and fitsverify find CHECKSUM right."""
    run = subprocess.run([fitsverify, "-q", *paths], capture_output=True, text=True, check=False)
    lines = [line for line in run.stdout.splitlines() if "verification" in line]
    assert len(lines) == len(paths), run.stdout[:1000]
    found = []
    for path, line in zip(paths, lines, strict=True):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            by_astropy = fits.open(path, checksum=False)
            with by_astropy:
                right = by_astropy[0].verify_checksum() == 1
        with fitsio.FITS(str(path)) as file:
            try:
                file[0].verify_checksum()
                also = True
            except ValueError:
                also = False
        found.append((right, also, "OK" in line))
    return found


@pytest.mark.slow
def test_checksum_is_as_right_or_wrong_as_before_whatever_the_stamp(
    tmp_path: Path, needs_tool: Callable[[str], str]
) -> None:
    fitsverify, chance = needs_tool("fitsverify"), random.Random(20261121)
    for batch in range(STAMPS // BATCH):
        right = batch % 5 != 0
        bare = bare_file(chance.randint(1, 60), right=right)
        paths = [tmp_path / f"{n}.fits" for n in range(BATCH)]
        for path in paths:
            path.write_bytes(bare)
        before = judged(paths[:1], fitsverify) * BATCH
        assert before[0][0] == right
        for again in (False, True):
            for path in paths:
                fitsprov.stamp(path, random_stamp(chance), replace=again)
            assert judged(paths, fitsverify) == before
        for path in paths:
            size = path.stat().st_size
            fitsprov.strip(path)
            if size == len(bare):
                assert path.read_bytes() == bare
        assert judged(paths, fitsverify) == before


@pytest.mark.parametrize("seed", range(60))
def test_an_edited_or_lost_card_is_noticed_by_verify(tmp_path: Path, seed: int) -> None:
    chance, path = random.Random(seed), tmp_path / "a.fits"
    path.write_bytes(bare_file(3, right=True))
    fitsprov.stamp(path, random_stamp(chance))
    content, before = bytearray(path.read_bytes()), fitsprov.read(path)
    ours = [at for at in range(0, len(content), 80) if content.startswith(b"FPV_", at)]
    assert "seal-broken" not in {finding.code for finding in fitsprov.verify(path)}
    at = chance.choice(ours[1:])
    if chance.random() < 0.5:
        content[at : at + 80] = b" " * 80
    else:
        column = next(n for n in range(at + 12, at + 80) if bytes([content[n]]).isalnum())
        content[column] = ord("q") if content[column] != ord("q") else ord("z")
    path.write_bytes(content)
    noticed = {"seal-broken", "value-malformed"} & {finding.code for finding in fitsprov.verify(path)}
    assert noticed or fitsprov.read(path) == before, "what is lost unnoticed follows from what is there"
