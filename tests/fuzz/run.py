"""Fuzz, guided by coverage, for a bounded time.

    python tests/fuzz/run.py [--seconds N] [--seed N] [--corpus FOLDER] [TARGET…]

Each target of ``targets.py`` runs in a process of its own for its share of the time. One seed gives one course, so
that a run that passed passes again; ``--seed 0`` takes a new one. A crash, an input that takes more than 5 seconds, or
more memory than the interpreter and a few MiB need ends with exit code 1; the input that did it is written to
``crash-…`` or ``timeout-…`` in the current folder. With ``--corpus`` the next run begins where this ended.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
LONGEST = 20_000
"""Bytes of an input: some blocks."""
SLOWEST = 5
"""Seconds that an input may take; a busy machine may be away for some of them."""
MEMORY = 150
"""MiB that a whole process may take; interpreter, libraries and the fuzzer's own corpus take about 75."""


def main() -> int:
    """Fuzz each target in turn."""
    sys.path.insert(0, str(ROOT))
    from tests.fuzz.seeds import write_seeds
    from tests.fuzz.targets import TARGETS

    parser = argparse.ArgumentParser(description="Fuzz readers and editors of headers.")
    parser.add_argument("targets", nargs="*", metavar="TARGET", help=f"one of {', '.join(TARGETS)}; else all")
    parser.add_argument("--seconds", type=int, default=120, help="for all together")
    parser.add_argument("--seed", type=int, default=1, help="0 for a new one")
    parser.add_argument("--corpus", type=Path, help="a folder that keeps what was found")
    arguments = parser.parse_args()
    names = arguments.targets or list(TARGETS)
    failed = []
    with tempfile.TemporaryDirectory() as folder:
        for name in names:
            corpus = (arguments.corpus or Path(folder)) / name
            write_seeds(corpus, name)
            share = max(1, arguments.seconds // len(names))
            command = [sys.executable, __file__, "--worker", name, str(corpus), f"-max_total_time={share}"]
            limits = [
                f"-seed={arguments.seed}",
                f"-max_len={LONGEST}",
                f"-timeout={SLOWEST}",
                f"-rss_limit_mb={MEMORY}",
                "-verbosity=0",
            ]
            print(f"{name}: {share} s", flush=True)
            environment = os.environ | {"PYTHONHASHSEED": str(arguments.seed)}
            if subprocess.run([*command, *limits, "-print_final_stats=1"], env=environment, check=False).returncode:
                failed.append(name)
    print("no failure" if not failed else f"failed: {', '.join(failed)}")
    return int(bool(failed))


def work(name: str, *arguments: str) -> None:
    """Fuzz one target in this process, until the fuzzer ends it."""
    import atheris

    sys.path.insert(0, str(ROOT))
    with atheris.instrument_imports(include=["fitsprov"]):
        from tests.fuzz.targets import TARGETS

    atheris.Setup([sys.argv[0], *arguments], TARGETS[name])
    atheris.Fuzz()


if __name__ == "__main__":
    if sys.argv[1:2] == ["--worker"]:
        work(*sys.argv[2:])
    else:
        raise SystemExit(main())
