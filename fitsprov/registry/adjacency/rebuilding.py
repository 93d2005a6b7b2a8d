"""Making the adjacency file anew whenever too much is newer, beside a program that runs for long.

A thread looks now and then; what it starts is a process of its own and of the lowest priority, so that no answer waits
for it. One at a time works on a file, whoever starts it: it holds a lock beside the file. It ends with the program that
started it, and leaves the older file where it does not come to its end. A file that never was is not made.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from logging import getLogger
from pathlib import Path
from signal import SIGTERM, signal
from threading import Event, Thread
from typing import Self

from sqlalchemy import Connection

from fitsprov.errors import FitsprovError
from fitsprov.registry.adjacency.changes import behind, state_of
from fitsprov.registry.adjacency.graph import Graph
from fitsprov.registry.engines.engine import is_file
from fitsprov.registry.engines.sqlite import file_of, may_write
from fitsprov.registry.registry import Registry

try:
    import fcntl
except ImportError:
    fcntl = None  # type: ignore[assignment]  # Windows has none

__all__ = ["Rebuilder"]

logger = getLogger(__name__)

EVERY = 60.0
"""Seconds from one look to the next."""
AFTER_FAILURE = 3600.0
"""Seconds until it is tried again."""
FEW = 2_000
"""Activities that may be newer in any case."""
SHARE = 0.01
"""Of the activities of a file: as many may be newer."""
OLD = 86_400.0
"""Seconds after which a half-written file is nobody's any more."""
GRACE = 10.0
"""Seconds that a process is given to end."""


class Rebuilder:
    """Keeps the adjacency file of a registry from falling behind, from `start` to `stop`, or as long as a ``with``.

    Parameters
    ----------
    url : str or Path
        Of the registry.
    every : float
        Seconds from one look to the next.
    """

    def __init__(self, url: str | Path, *, every: float = EVERY) -> None:
        self.url = os.fspath(url)
        self.every = every
        self.stopped = Event()
        self.thread: Thread | None = None

    def start(self) -> None:
        """Begin to look."""
        self.stopped.clear()
        self.thread = Thread(target=self.run, name="fitsprov index", daemon=True)
        self.thread.start()

    def stop(self) -> None:
        """End, with all that was started; a file that is being made is not finished."""
        self.stopped.set()
        if self.thread is not None:
            self.thread.join()
            self.thread = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def run(self) -> None:
        """Look again and again."""
        pause = self.every
        while not self.stopped.wait(pause):
            try:
                failure = self.rebuild() if is_due(self.url) else None
            except (FitsprovError, OSError) as error:  # whoever asks will hear of it, too
                failure = str(error)
            if failure is not None:
                logger.warning("the adjacency file is not made anew: %s", failure)
            pause = self.every if failure is None else max(self.every, AFTER_FAILURE)

    def rebuild(self) -> str | None:
        """Have another process make the file, and wait for it; say what went wrong."""
        command = [sys.executable, "-m", __name__]
        paths = os.pathsep.join(filter(None, sys.path))
        with subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            bufsize=0,
            start_new_session=True,  # what is typed for this program is not for that
            env={**os.environ, "PYTHONPATH": paths},
        ) as process:
            assert process.stdin is not None
            assert process.stderr is not None
            with suppress(BrokenPipeError):
                process.stdin.write(f"{self.url}\n".encode())
            while process.poll() is None:
                if self.stopped.wait(0.05):
                    process.stdin.close()  # whoever sees this, ends
                    with suppress(subprocess.TimeoutExpired):
                        process.wait(GRACE)
                    process.kill()
                    return None
            told = process.stderr.read().decode(errors="replace").strip().splitlines()
        return None if process.returncode == 0 else (told or [f"exit code {process.returncode}"])[-1]


def is_due(url: str) -> bool:
    """Whether a file was made once, is too old, damaged or missing here, and whoever asks may have it made."""
    with Registry(url) as registry:
        graph = registry._graph
        return registry._reader.snapshot(lambda connection: is_stale(graph, connection) and may_mark(graph, connection))


def is_stale(graph: Graph, connection: Connection) -> bool:
    """Whether a file is too old, damaged or missing; one that never was is not missed."""
    state = state_of(connection)
    if not state.builds:
        return False
    with graph.lock:
        file = graph.open(graph.path(state), state)
    return file is None or behind(connection, file.about) > max(FEW, SHARE * file.about.activities)


def may_mark(graph: Graph, connection: Connection) -> bool:
    """Whether one may write into the registry what a file has: a reader of a server, or of a copy, may not."""
    if is_file(graph.url):
        return may_write(file_of(graph.url))
    privilege = "SELECT has_table_privilege('meta', 'INSERT') AND NOT pg_is_in_recovery()"
    return bool(connection.exec_driver_sql(privilege).scalar())


def work(url: str) -> None:
    """Make the file, unless another process does or has just done."""
    with Registry(url) as registry:
        path = registry._graph.path(registry._reader.snapshot(state_of))
        with locked(path) as mine:
            if mine and is_due(url):
                remove_strays(path)
                registry.index()


@contextmanager
def locked(path: Path) -> Iterator[bool]:
    """Hold the lock beside a file, if nobody else does."""
    if fcntl is None:
        yield True
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.with_name(f"{path.name}.lock").open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            yield False
        else:
            yield True


def remove_strays(path: Path) -> None:
    """Remove what killed processes have left half-written."""
    for stray in path.parent.glob(f".{path.name}.*"):
        with suppress(OSError):
            if time.time() - stray.stat().st_mtime > OLD:
                stray.unlink()


def end_with(parent: int) -> None:
    """End when the program that started this one closes the pipe, or has ended."""
    os.read(parent, 1)
    os.kill(os.getpid(), SIGTERM)


def main() -> None:
    """Work on the registry that stdin names."""
    signal(SIGTERM, lambda *_: sys.exit(0))
    with suppress(OSError):
        os.nice(19)
    url = sys.stdin.readline().rstrip("\n")
    Thread(target=end_with, args=(sys.stdin.fileno(),), daemon=True).start()
    try:
        work(url)
    except FitsprovError as error:
        raise SystemExit(str(error)) from None


if __name__ == "__main__":
    main()
