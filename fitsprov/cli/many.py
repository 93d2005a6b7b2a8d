"""Many inputs: all are done, whatever happens to one; errors stand on stderr, the highest exit code counts."""

from __future__ import annotations

import json
import signal
import sys
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn

import click

from fitsprov.cli import INTERRUPTED
from fitsprov.cli.common import message_of
from fitsprov.errors import FitsprovError

if TYPE_CHECKING:
    from concurrent.futures import Future

__all__ = ["Answer", "Outputs", "each", "jobs_option"]

CHUNK = 64
"""Inputs, at most, that a worker gets at once."""
FEW = 20
"""Inputs beyond which a terminal shows a progress bar instead of a line each."""

jobs_option = click.option(
    "--jobs", type=click.IntRange(min=1), default=1, show_default=True, metavar="N", help="Work with N processes."
)


class Answer(NamedTuple):
    """What one input came to."""

    item: dict[str, Any]
    """What ``--json`` prints."""
    text: str = ""
    """What people read."""
    code: int = 0
    error: str = ""
    """The line for stderr, where it failed."""


Prepare = Callable[[Sequence[str]], Iterable[Any]]
"""Gives for each of some names what its job needs, or the error of ours that it came to."""


def each(prepare: Callable[[str], Any]) -> Prepare:
    """Prepare names one by one; an error of ours is that of one name alone."""

    def prepared(names: Sequence[str]) -> Iterator[Any]:
        for name in names:
            try:
                yield prepare(name)
            except FitsprovError as error:
                yield error

    return prepared


def refused(name: str, error: FitsprovError) -> Answer:
    """The answer of an input that failed."""
    item = {"file": name, "status": "refused", "message": str(error)}
    return Answer(item, "", error.exit_code, message_of(error))


def attempt(job: Callable[[str, Any], Answer], task: tuple[str, Any]) -> Answer:
    """Do a job; an error of ours becomes an answer."""
    name, prepared = task
    if isinstance(prepared, Answer):
        return prepared
    try:
        return job(name, prepared)
    except FitsprovError as error:
        return refused(name, error)


def attempt_all(job: Callable[[str, Any], Answer], tasks: Sequence[tuple[str, Any]]) -> list[Answer]:
    """Do what a worker was given; an interrupt stops it, but for one that waits there is nothing to stop."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        return [attempt(job, task) for task in tasks]
    finally:
        signal.signal(signal.SIGINT, signal.SIG_IGN)


class Outputs:
    """The answers to many inputs, as they come.

    Parameters
    ----------
    as_json : bool
        Whether they are printed as JSON, all at the end.
    err : bool
        Whether they are printed on stderr, because data go to stdout.
    """

    def __init__(self, *, as_json: bool, err: bool = False) -> None:
        self.as_json = as_json
        self.err = err
        self.objects: list[dict[str, Any]] = []
        self.written: list[str] = []
        """Files that are as they were wanted."""
        self.exit_code = 0
        self.counts: Counter[str] = Counter()
        self.lines: list[str] = []
        self.errors: list[str] = []

    def run(
        self,
        names: Sequence[str],
        job: Callable[[str, Any], Answer],
        *,
        prepare: Prepare = lambda names: [None] * len(names),
        jobs: int = 1,
    ) -> None:
        """Do a job for each input.

        Parameters
        ----------
        names : sequence of str
        job : callable
            Called with a name and what was prepared for it; where ``jobs > 1``, in another process.
        prepare : callable
            Called with some of the names in this process, as by asking a registry.
        """
        tasks = self.prepared(names, prepare)
        answers = self.in_processes(tasks, job, jobs, len(names)) if jobs > 1 else map(partial(attempt, job), tasks)
        many = len(names) > FEW
        bar = many and not self.as_json and sys.stderr.isatty()
        try:
            with progress(len(names)) if bar else nullcontext() as shown:
                for answer in answers:
                    self.add(answer, quiet=bar)
                    if shown is not None:
                        shown.update(1)
                    elif not many or answer.error or len(self.lines) == CHUNK:
                        self.flush()
        except KeyboardInterrupt:
            self.flush()
            click.echo(f"fitsprov: interrupted; {self.counts.total()} of {len(names)} were done", err=True)
            raise SystemExit(INTERRUPTED) from None
        self.flush()
        if many and not self.as_json:
            click.echo(", ".join(f"{count} {status}" for status, count in self.counts.items()), err=bar or self.err)

    def prepared(self, names: Sequence[str], prepare: Prepare) -> Iterator[tuple[str, Any]]:
        """Prepare inputs, some at once; one that fails carries its answer."""
        for start in range(0, len(names), CHUNK):
            chunk = names[start : start + CHUNK]
            for name, found in zip(chunk, prepare(chunk), strict=True):
                yield name, refused(name, found) if isinstance(found, FitsprovError) else found

    def in_processes(
        self, tasks: Iterator[tuple[str, Any]], job: Callable[[str, Any], Answer], jobs: int, total: int
    ) -> Iterator[Answer]:
        """Do the tasks in other processes; their answers come in order, while more is prepared."""
        from fitsprov.actions.crew import Crew

        size = max(1, min(CHUNK, total // (4 * jobs)))
        with Crew(partial(attempt_all, job), jobs) as crew:
            waiting: deque[Future[list[Answer]]] = deque()
            while chunk := list(islice(tasks, size)):
                waiting.append(crew.submit(chunk))
                if len(waiting) > 4 * jobs:
                    yield from waiting.popleft().result()
            while waiting:
                yield from waiting.popleft().result()

    def add(self, answer: Answer, *, quiet: bool = False) -> None:
        """Take one answer in."""
        self.exit_code = max(self.exit_code, answer.code)
        self.counts[str(answer.item.get("status", "done"))] += 1
        if answer.item.get("status") in ("done", "unchanged"):
            self.written.append(answer.item["file"])
        if answer.error:
            self.errors.append(answer.error)
        if self.as_json:
            self.objects.append(answer.item)
        elif answer.text and not quiet:
            self.lines.append(answer.text)

    def warn(self, error: FitsprovError, what: str) -> None:
        """Say on stderr what did not come about, though all inputs were done."""
        self.exit_code = max(self.exit_code, 1)
        self.errors.append(f"{message_of(error)}; {what}")
        self.flush()

    def flush(self) -> None:
        """Print what has come."""
        for lines, err in ((self.lines, self.err), (self.errors, True)):
            if lines:
                click.echo("\n".join(lines), err=err)
                lines.clear()

    def finish(self) -> NoReturn:
        """Print the JSON, and exit with the highest code."""
        if self.as_json:
            click.echo(json.dumps(self.objects, indent=2, ensure_ascii=False), err=self.err)
        raise SystemExit(self.exit_code)


def progress(length: int) -> AbstractContextManager[Any]:
    """A progress bar on stderr."""
    return click.progressbar(
        length=length, file=sys.stderr, show_pos=True, width=24, update_min_steps=max(1, length // 200)
    )
