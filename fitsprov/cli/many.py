"""Many inputs: all are done, whatever happens to one; errors stand on stderr, the highest exit code counts."""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from itertools import islice
from typing import Any, NamedTuple, NoReturn

import click

from fitsprov.cli.common import message_of
from fitsprov.errors import FitsprovError

__all__ = ["Answer", "Outputs", "jobs_option"]

BATCH = 4096
"""Inputs that are prepared before they are handed to the workers; bounds the memory."""
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
        self.exit_code = 0
        self.counts: Counter[str] = Counter()

    def run(
        self,
        names: Sequence[str],
        job: Callable[[str, Any], Answer],
        *,
        prepare: Callable[[str], Any] = lambda name: None,
        jobs: int = 1,
    ) -> None:
        """Do a job for each input.

        Parameters
        ----------
        names : sequence of str
        job : callable
            Called with a name and what was prepared for it; where ``jobs > 1``, in another process.
        prepare : callable
            Called with a name in this process, as by asking a registry.
        """
        tasks = self.prepared(names, prepare)
        bar = len(names) > FEW and not self.as_json and sys.stderr.isatty()
        with progress(len(names)) if bar else nullcontext() as advance:
            for answer in self.answers(tasks, job, jobs):
                self.add(answer, quiet=bar)
                if advance is not None:
                    advance.update(1)
        if len(names) > FEW and not self.as_json:
            click.echo(", ".join(f"{count} {status}" for status, count in self.counts.items()), err=bar or self.err)

    def prepared(self, names: Iterable[str], prepare: Callable[[str], Any]) -> Iterator[tuple[str, Any]]:
        """Prepare each input; one that fails carries its answer."""
        for name in names:
            try:
                yield name, prepare(name)
            except FitsprovError as error:
                yield name, refused(name, error)

    def answers(
        self, tasks: Iterator[tuple[str, Any]], job: Callable[[str, Any], Answer], jobs: int
    ) -> Iterator[Answer]:
        """Do the tasks in order, here or in other processes."""
        if jobs == 1:
            yield from map(partial(attempt, job), tasks)
            return
        from concurrent.futures import ProcessPoolExecutor

        with ProcessPoolExecutor(jobs) as pool:
            while batch := list(islice(tasks, BATCH)):
                chunk = max(1, min(64, len(batch) // (4 * jobs)))
                yield from pool.map(partial(attempt, job), batch, chunksize=chunk)

    def add(self, answer: Answer, *, quiet: bool = False) -> None:
        """Take one answer in, and print it."""
        self.exit_code = max(self.exit_code, answer.code)
        self.counts[str(answer.item.get("status", "done"))] += 1
        if answer.error:
            click.echo(answer.error, err=True)
        if self.as_json:
            self.objects.append(answer.item)
        elif answer.text and not quiet:
            click.echo(answer.text, err=self.err)

    def finish(self) -> NoReturn:
        """Print the JSON, and exit with the highest code."""
        if self.as_json:
            click.echo(json.dumps(self.objects, indent=2, ensure_ascii=False), err=self.err)
        raise SystemExit(self.exit_code)


def progress(length: int) -> AbstractContextManager[Any]:
    """A progress bar on stderr."""
    return click.progressbar(length=length, file=sys.stderr, show_pos=True, width=24)
