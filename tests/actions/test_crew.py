"""Processes that do a job: in order, with their errors, and never waited for in vain."""

from __future__ import annotations

import os
import signal
import time
from collections import deque
from multiprocessing import active_children
from typing import Any

import pytest

from fitsprov.actions.crew import Crew
from fitsprov.errors import UsageError, WorkerLost
from fitsprov.files.locks import has_threads

LONG = 2**22
"""Bytes that no pipe takes at once."""


def work(task: int | str) -> Any:
    """Do what a task says."""
    match task:
        case int():
            return task * task, os.getpid()
        case "threads":
            return has_threads()
        case "long":
            return b"x" * LONG
        case "wrong":
            raise UsageError("wrong; expected right")
        case _:
            os.kill(os.getpid(), signal.SIGKILL)
    return None


def test_tasks_are_done_in_order_by_several_processes() -> None:
    with Crew(work, 2) as crew:
        done = [one.result() for one in deque(map(crew.submit, range(200)))]
    assert [square for square, _ in done] == [n * n for n in range(200)]
    assert 1 <= len({process for _, process in done} - {os.getpid()}) <= 2
    assert active_children() == []


def test_an_error_is_that_of_its_task_alone() -> None:
    with Crew(work, 2) as crew:
        wrong, right = crew.submit("wrong"), crew.submit(3)
        with pytest.raises(UsageError, match="wrong; expected right"):
            wrong.result()
        assert right.result()[0] == 9


def test_a_process_may_have_a_file_for_itself_alone() -> None:
    with Crew(work, 2) as crew:
        assert [crew.submit("threads").result() for _ in range(4)] == [False] * 4


@pytest.mark.parametrize("size", [1, 3])
def test_a_process_that_died_is_told_of_and_waited_for_by_nobody(size: int) -> None:
    with Crew(work, size) as crew:
        tasks = [crew.submit("die") for _ in range(2 * size)]
        for one in tasks:
            with pytest.raises(WorkerLost, match="was ended from outside"):
                one.result(20)
        with pytest.raises(WorkerLost):
            crew.submit(1).result(20)
    assert active_children() == []


def test_a_process_may_die_while_it_sends() -> None:
    with Crew(work, 1) as crew:
        (process,) = crew.processes
        # nobody takes what it sends, so it stands in the middle of that when it is killed
        crew.free.get()
        (pipe,) = crew.pipes
        pipe.send("long")
        time.sleep(0.3)
        process.kill()
        process.join()
        crew.free.put(pipe)
        with pytest.raises(WorkerLost):
            crew.submit(1).result(20)
