"""What a harvest costs: headers a second, against a loop of astropy's, and its memory."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from random import Random
from statistics import median
from uuid import UUID

from harness import Row, once

FEW, MANY = 2_000, 20_000
FOLDERS = 20
JOBS = 2
SHOTS = 5
CHUNK = 64
"""Files that a command prepares at once."""
CARDS = 150
"""Of other things in each header: the median of 277 real primary headers has more."""


def measure() -> Iterator[Row]:
    """A harvest against the clock, against astropy's loop, and against ten times as many files."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        write_files(root / "few", FEW)
        files = sorted(map(str, (root / "few").rglob("*.fits")))
        ours, theirs = partial(harvest_all, root / "few", root), partial(astropy_loop, files, root)
        before = partial(make_registry, root)
        ratios = [once(ours, before) / once(theirs) for _ in range(SHOTS + 1)][1:]
        loop = "`astropy.io.fits.getheader` into dictionaries, and inserts"
        yield Row(f"`harvest --jobs {JOBS}` of {FEW:,} files", median(ratios), 0.05, notes=loop)
        yield Row("reading one header into a claim, CPU", reading_time(files) * 1e6, 60, "µs", "a time")
        for what, job, bar in lookups(files, root / "fitsprov.db"):
            yield Row(what, spent(job) / FEW * 1e6, bar, "µs", "a file of many, CPU")
        write_files(root / "many", MANY)
        yield rate(partial(harvest_all, root / "many", root), before)
        peaks = [peak_memory(root / name, root) for name in ("few", "many")]
        yield Row(
            f"peak memory of a harvest of {MANY:,} files",
            peaks[1] / peaks[0],
            1.1,
            notes=f"of {FEW:,} files: {peaks[0] / 2**20:.0f} MiB",
        )


def rate(harvest: Callable[[], object], before: Callable[[], object]) -> Row:
    """A time for each header, of so many that the start of the processes hardly counts."""
    seconds = median(once(harvest, before) for _ in range(SHOTS))
    notes = f"a time: {MANY / seconds:,.0f} headers/s into SQLite"
    return Row(f"`harvest --jobs {JOBS}` of {MANY:,} files, a header", seconds / MANY * 1e6, 125, "µs", notes)


def write_files(root: Path, number: int) -> None:
    """Write small files with realistic headers: half stamped in our convention, half in Rubin's."""
    from fitsprov.actions.conventions import find_convention, native
    from fitsprov.cards.card import format_card
    from fitsprov.conventions.writing import spell, spell_native
    from fitsprov.model.stamp import Input, Stamp

    random = Random(1)
    other = [format_card(f"KEY{n:05}", n * 1.5, "what some instrument says") for n in range(CARDS)]
    head = b"".join([format_card("SIMPLE", True), format_card("BITPIX", 8), format_card("NAXIS", 0), *other])
    for n in range(number):
        folder = root / f"{n % FOLDERS:03}"
        folder.mkdir(parents=True, exist_ok=True)
        ids = [UUID(int=random.getrandbits(128), version=4) for _ in range(3)]
        run = "LSSTCam/runs/DRP/v30/DM-53697/20251229T044807Z"
        stamp = Stamp(
            id=ids[0],
            run=run,
            type="visit_image",
            data_id={"instrument": "LSSTCam", "detector": n % 189, "visit": 2025052000000 + n},
            activity_id=ids[1],
            parents=(Input(ids[2], type="post_isr_image", run=run), Input(UUID(int=n % 189), type="flat", run="calib")),
        )
        cards = spell(stamp, find_convention("rubin")) if n % 2 else spell_native(stamp, native())
        header = head + cards + b"END".ljust(80)
        (folder / f"{n:06}.fits").write_bytes(header.ljust(-(-len(header) // 2880) * 2880))


def make_registry(folder: Path) -> None:
    """Make a registry with nothing in it."""
    from fitsprov import Registry

    Registry.create(new(folder / "fitsprov.db")).close()


def harvest_all(files: Path, folder: Path) -> None:
    """Harvest into the registry that was made."""
    from fitsprov import Registry
    from fitsprov.actions.harvesting import harvest

    with Registry(folder / "fitsprov.db") as registry:
        done = harvest([files], registry, jobs=JOBS)
    assert done.counts.datasets == done.files


def astropy_loop(files: list[str], folder: Path) -> None:
    """What one writes without us: the same rows, one header after the other."""
    from astropy.io import fits

    with sqlite3.connect(new(folder / "loop.db")) as connection:
        connection.execute("CREATE TABLE dataset (id TEXT PRIMARY KEY, run TEXT, type TEXT, path TEXT)")
        connection.execute("CREATE TABLE input (dataset TEXT, input TEXT)")
        for file in files:
            header = dict(fits.getheader(file))
            own = "FPV_ID" in header
            keys = ("FPV_ID", "FPV_RUN", "FPV_TYPE") if own else RUBIN
            connection.execute("INSERT INTO dataset VALUES (?, ?, ?, ?)", (*(header[key] for key in keys), file))
            inputs = [header[key] for key in (("FPV_P1", "FPV_P2") if own else INPUTS)]
            connection.executemany("INSERT INTO input VALUES (?, ?)", [(header[keys[0]], one) for one in inputs])
    connection.close()


RUBIN = ("LSST BUTLER ID", "LSST BUTLER RUN", "LSST BUTLER DATASETTYPE")
INPUTS = ("LSST BUTLER INPUT 0 ID", "LSST BUTLER INPUT 1 ID")


def reading_time(files: list[str]) -> float:
    """CPU seconds for one header."""
    from fitsprov.actions.claiming import File, read_claims

    given = [File(path, path, 0, 0) for path in files]
    return spent(lambda: read_claims(given)) / len(files)


def lookups(files: list[str], registry: Path) -> Iterator[tuple[str, Callable[[], object], float]]:
    """What commands on many files ask of a registry that was harvested from them."""
    from fitsprov import Registry
    from fitsprov.actions.registering import stamps_of_files
    from fitsprov.actions.verifying import verify_all

    chunks = [files[start : start + CHUNK] for start in range(0, len(files), CHUNK)]
    with Registry(registry) as opened:
        yield "the stamp by a file's path", lambda: [list(stamps_of_files(opened, chunk)) for chunk in chunks], 150
        yield "`verify` with a registry", lambda: [list(verify_all(chunk, opened)) for chunk in chunks], 400


def spent(job: Callable[[], object]) -> float:
    """CPU seconds, the least of several rounds."""
    from time import process_time

    def once_more() -> float:
        start = process_time()
        job()
        return process_time() - start

    return min(once_more() for _ in range(SHOTS))


def peak_memory(files: Path, folder: Path) -> int:
    """Bytes that a process needs at most to harvest, its readers apart."""
    code = (
        f"import re, sys; sys.path[:0] = {sys.path!r}; from pathlib import Path; import bench_harvest as b\n"
        f"b.make_registry(Path({str(folder)!r})); b.harvest_all(Path({str(files)!r}), Path({str(folder)!r}))\n"
        # of resource.getrusage, the process that started this one would have its part
        "print(int(re.search(r'VmHWM:\\s*(\\d+) kB', Path('/proc/self/status').read_text())[1]) * 1024)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return int(done.stdout)


def new(path: Path) -> Path:
    """A path at which there is nothing."""
    for name in (path, path.with_name(f"{path.name}-wal"), path.with_name(f"{path.name}-shm")):
        name.unlink(missing_ok=True)
    return path
