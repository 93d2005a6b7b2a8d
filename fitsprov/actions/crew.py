"""Processes that do one job for this one, again and again; the death of one is noticed.

A pool of the standard library waits for ever where a process is ended from outside, as for want of memory, while it
sends what it found. So each process has a pipe of its own here, whose other end nobody else holds.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from multiprocessing import Pipe, Process
from queue import SimpleQueue
from types import TracebackType
from typing import TYPE_CHECKING, Generic, Self, TypeVar, cast

from fitsprov.actions.attending import attend
from fitsprov.errors import WorkerLost

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

__all__ = ["Crew"]

Task = TypeVar("Task")
Done = TypeVar("Done")


class Crew(Generic[Task, Done]):
    """Some processes; a context manager that ends them.

    Parameters
    ----------
    job : callable
        Called with each task in one of the processes.
    size : int
        How many processes.
    """

    def __init__(self, job: Callable[[Task], Done], size: int) -> None:
        self.processes: list[Process] = []
        self.pipes: list[Connection] = []
        for _ in range(size):
            ours, theirs = Pipe()
            self.pipes.append(ours)
            self.processes.append(Process(target=serve, args=(theirs, job, self.pipes), daemon=True))
            self.processes[-1].start()
            theirs.close()
        self.free: SimpleQueue[Connection] = SimpleQueue()
        for pipe in self.pipes:
            self.free.put(pipe)
        self.askers = ThreadPoolExecutor(size)

    def submit(self, task: Task) -> Future[Done]:
        """Have a task done; what comes of it, or the error that it raised, is in the future.

        A process that is not there any more is the error `WorkerLost`.
        """
        return self.askers.submit(self.ask, task)

    def ask(self, task: Task) -> Done:
        """Give a task to a free process, and wait for what comes of it."""
        pipe = self.free.get()
        try:
            pipe.send(task)
            done, error = pipe.recv()
        except (EOFError, OSError):
            raise WorkerLost(
                "a process that worked for this one was ended from outside; expected memory for all of them"
            ) from None
        finally:
            self.free.put(pipe)
        if error is not None:
            raise error
        return cast(Done, done)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.askers.shutdown(cancel_futures=True)
        for pipe in self.pipes:
            pipe.close()
        for process in self.processes:
            process.join()


def serve(pipe: Connection, job: Callable[[Task], Done], others: list[Connection]) -> None:
    """Do tasks until there are no more; the other ends of pipes came along when the process was made."""
    attend()
    for other in others:
        other.close()
    while True:
        try:
            task = pipe.recv()
        except EOFError:
            return
        try:
            pipe.send((job(task), None))
        except BaseException as error:  # an interrupt ends a task, and is told of like any error
            pipe.send((None, error))
