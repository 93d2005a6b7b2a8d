"""What the calls of the library cost as a whole: `fitsprov.stamp` with its `Stamp`, and `fitsprov.read`."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import fitsio
from astropy.io import fits
from bench_files import CARDS, make, one_block
from harness import Row, paired

import fitsprov

MANY, SOME = 1001, 101
RUN = "LSSTCam/runs/DRP/v30/DM-53697/20251229T044807Z"
DIGESTS = f"{'0' * 32}:{'1' * 32}"


def core(dataset: UUID) -> dict[str, Any]:
    """What makes a stamp of 13 keywords; its lists are elsewhere."""
    return {
        "id": dataset,
        "run": RUN,
        "type": "visit_image",
        "data_id": {"instrument": "LSSTCam", "detector": 42, "visit": 2025052000177},
        "activity_id": uuid4(),
        "n_parents": 12,
        "n_raws": 85,
        "digests": DIGESTS,
        "publisher_did": f"ivo://example.org/simcam?{dataset}",
        "datalink": f"https://example.org/links?ID={dataset}",
    }


class Fresh:
    """A file, and what to write into it, anew for each round."""

    def __init__(self, path: Path, restore: Callable[[Path], object]) -> None:
        self.path, self.name, self.restore = path, str(path), restore
        self.values: dict[str, Any] = {}

    def __call__(self) -> None:
        self.restore(self.path)
        self.values = core(uuid4())

    def stamp(self) -> None:
        """Stamp it."""
        fitsprov.stamp(self.name, fitsprov.Stamp(**self.values))

    def stamp_again(self) -> None:
        """Stamp it as another dataset than it says."""
        fitsprov.stamp(self.name, fitsprov.Stamp(**self.values), replace=True)

    def cards(self) -> list[tuple[str, str | int, str]]:
        """The same as 13 cards, for others to write."""
        said = {**self.values, "data_id": json.dumps(self.values["data_id"], separators=(",", ":"))}
        texts = [value if isinstance(value, int) else str(value) for value in said.values()]
        texts += ["fitsprov 1", "2026-01-01T00:00:00", "0123456789abcdef"]
        return [(f"FPX_{n}", text, "a comment" if len(str(text)) < 50 else "") for n, text in enumerate(texts)]

    def by_astropy(self) -> None:
        """Write it with astropy."""
        with fits.open(self.path, mode="update") as hdus:
            for keyword, value, comment in self.cards():
                hdus[0].header[keyword] = (value, comment)

    def by_fitsio(self) -> None:
        """Write it with fitsio."""
        with fitsio.FITS(str(self.path), "rw") as file:
            for card in self.cards():
                file[0].write_key(*card)


def measure() -> Iterator[Row]:
    """First stamps, renewed stamps, and readings, in a file of 100 KiB behind 200 other cards."""
    with tempfile.TemporaryDirectory() as folder:
        path = make(Path(folder) / "small.fits", 100 * 1024, CARDS)
        bare = path.read_bytes()

        def unstamp(path: Path) -> None:
            with path.open("r+b") as file:  # a truncated file would be flushed when it is closed, beside what is timed
                file.write(bare)

        first = Fresh(path, unstamp)
        yield Row(
            "`stamp` of 13 keywords", paired(first.stamp, one_block(path), rounds=MANY, before=first), 5, notes=BLOCK
        )
        for name, job, bar in (("astropy", first.by_astropy, 100), ("fitsio", first.by_fitsio, 10)):
            ratio = paired(first.stamp, job, rounds=SOME, before=first)
            yield Row("`stamp` of 13 keywords", ratio, 1 / bar, notes=f"the same cards by {name}")
        again = Fresh(path, lambda path: None)
        again()
        again.stamp()
        ratio = paired(again.stamp_again, one_block(path), rounds=MANY, before=again)
        yield Row("`stamp` in the place of another", ratio, 10, notes=BLOCK)
        for lists in ({}, {"parents": [uuid4(), uuid4()], "raws": [uuid4()], "n_parents": None, "n_raws": None}):
            again.values = {**core(uuid4()), "digests": None, **lists} if lists else again.values
            again.stamp_again()
            what = "`read` of a stamp with its lists" if lists else "`read` of a stamp whose lists are elsewhere"
            ratio = paired(lambda: fitsprov.read(str(path)), lambda: dict(fits.getheader(path)), rounds=SOME)
            yield Row(what, ratio, 1 / 30, notes="astropy `getheader` into a dict")
            ratio = paired(lambda: fitsprov.read(str(path)), lambda: fitsio.read_header(str(path)), rounds=SOME)
            yield Row(what, ratio, 1 / 10, notes="fitsio `read_header`")


BLOCK = "open, read and write of one block"
