"""Run the benchmarks, print a table, and write it into the documentation.

    python tests/benchmarks/run.py [--check] [NAME…]

Each ``bench_NAME.py`` in this folder has ``measure()``, which gives rows. Without names all are run, and the table of
the documentation is replaced. ``--check`` exits with 1 where a bar is not kept.
"""

from __future__ import annotations

import argparse
import importlib
import os
import platform
import sys
from collections.abc import Iterable
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from harness import ROOT, Row

HERE = Path(__file__).parent
PAGE = ROOT / "docs" / "benchmarks.md"
BEGIN, END = "<!-- begin measured -->", "<!-- end measured -->"
PACKAGES = ("astropy", "fitsio", "numpy", "pyvo", "sqlalchemy")


def main() -> int:
    """Measure and report."""
    parser = argparse.ArgumentParser(description="Run the benchmarks.")
    names = sorted(path.stem.removeprefix("bench_") for path in HERE.glob("bench_*.py"))
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"one of {', '.join(names)}")
    parser.add_argument("--check", action="store_true", help="exit with 1 where a bar is not kept")
    arguments = parser.parse_args()
    sys.path.insert(0, str(ROOT))

    rows: list[Row] = []
    for name in arguments.names or names:
        for row in importlib.import_module(f"bench_{name}").measure():
            rows.append(row)
            print(line(row), flush=True)
    if not arguments.names:
        write_page(rows)
    missed = [row for row in rows if not row.holds]
    print("\nall bars hold" if not missed else f"\n{len(missed)} of {len(rows)} bars do not hold:")
    for row in missed:
        print(line(row))
    return int(bool(missed) and arguments.check)


def line(row: Row) -> str:
    """A row for the terminal."""
    verdict = "ok" if row.holds else "MISSED"
    return f"{verdict:<6}  {amount(row.value, row):>9}  ≤ {amount(row.bar, row):<8}  {row.what}  ({row.notes})"


def amount(value: float, row: Row) -> str:
    """A number with its unit, in three digits."""
    return f"{value:.3g} {row.unit}"


def write_page(rows: Iterable[Row]) -> None:
    """Replace what stands between the markers of the page."""
    head, _, rest = PAGE.read_text(encoding="utf-8").partition(BEGIN)
    _, _, tail = rest.partition(END)
    table = ["| what | measured | bar | holds | against |", "|---|---|---|---|---|"]
    table += [
        f"| {row.what} | {amount(row.value, row)} | ≤ {amount(row.bar, row)} | {'yes' if row.holds else '**no**'} |"
        f" {row.notes} |"
        for row in rows
    ]
    body = "\n".join([machine(), "", *table])
    PAGE.write_text(f"{head}{BEGIN}\n{body}\n{END}{tail}", encoding="utf-8")


def machine() -> str:
    """On what and when it was measured."""
    packages = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    return (
        f"Measured on {datetime.now(UTC):%Y-%m-%d} with Python {platform.python_version()}, {packages};"
        f" {processor()}, {os.cpu_count()} cores, {platform.system()} {platform.release()}."
    )


def processor() -> str:
    """What the system calls its processor."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.machine()
    return next((text.split(":")[1].strip() for text in lines if text.startswith("model name")), platform.machine())


if __name__ == "__main__":
    raise SystemExit(main())
