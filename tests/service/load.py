"""Many clients at once, on sockets of their own, as plain as can be: it is the service that is measured."""

from __future__ import annotations

import asyncio
import os
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

__all__ = ["Question", "Told", "is_links_of", "load", "load_while_one_dies", "workers_of"]


@dataclass(frozen=True)
class Question:
    """A request, and what its answer must be."""

    target: str
    accepts: Callable[[int, bytes], bool]
    headers: Mapping[str, str] = field(default_factory=dict)

    def spell(self) -> bytes:
        """The request as it is sent."""
        lines = [f"GET {self.target} HTTP/1.1", "Host: x", *(f"{name}: {text}" for name, text in self.headers.items())]
        return "\r\n".join([*lines, "", ""]).encode()


@dataclass
class Told:
    """What many clients met."""

    seconds: list[float] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)
    wrong: list[tuple[str, int, bytes]] = field(default_factory=list)
    broken: int = 0
    """Connections that ended in the middle, as those to a worker that is killed."""

    @property
    def spread(self) -> float:
        """How much longer the slowest but one in a hundred took than half of all."""
        return self.percentile(0.99) / self.percentile(0.5)

    def percentile(self, part: float) -> float:
        """The time that a part of the requests did not exceed, in seconds."""
        return sorted(self.seconds)[int(part * (len(self.seconds) - 1))]


def is_links_of(identifier: str) -> Callable[[int, bytes], bool]:
    """Whether an answer is a whole document about an ID."""
    return lambda status, body: (
        status == 200 and f"<TD>{identifier}</TD>".encode() in body and body.endswith(b"</VOTABLE>\n")
    )


def workers_of(process: int) -> list[int]:
    """The processes that a service has started, without the one that counts its resources."""
    children = Path(f"/proc/{process}/task/{process}/children").read_text().split()
    return [int(one) for one in children if b"spawn_main" in Path(f"/proc/{one}/cmdline").read_bytes()]


def ticks_of(process: int) -> int:
    """CPU time that a process has had so far."""
    return sum(map(int, Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[11:13]))


def load_while_one_dies(process: int, port: int, questions: list[Question], *, clients: int, seconds: float) -> Told:
    """Kill the busiest of the workers of a service after a third of the time."""
    killer = threading.Timer(seconds / 3, lambda: os.kill(max(workers_of(process), key=ticks_of), signal.SIGKILL))
    killer.start()
    told = asyncio.run(load(port, questions, clients=clients, seconds=seconds))
    killer.join()
    return told


async def load(port: int, questions: list[Question], *, clients: int, seconds: float) -> Told:
    """Let clients ask, each the next question as soon as it has an answer."""
    told, deadline = Told(), time.monotonic() + seconds
    starts = [n % len(questions) for n in range(clients)]
    await asyncio.gather(*(client(port, questions[n:] + questions[:n], told, deadline) for n in starts))
    return told


async def client(port: int, questions: list[Question], told: Told, deadline: float) -> None:
    """Ask until time is over; what breaks is asked again on a new connection."""
    number = 0
    while time.monotonic() < deadline:
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            told.broken += 1
            await asyncio.sleep(0.05)
            continue
        try:
            while time.monotonic() < deadline:
                question = questions[number % len(questions)]
                start = time.monotonic()
                writer.write(question.spell())
                status, body = await read_answer(reader)
                told.seconds.append(time.monotonic() - start)
                told.statuses[status] += 1
                if not question.accepts(status, body):
                    told.wrong.append((question.target, status, body[:200]))
                number += 1
        except (OSError, asyncio.IncompleteReadError):
            told.broken += 1
        finally:
            writer.close()


async def read_answer(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    """Read one answer."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    headers = {name.lower(): text.strip() for name, _, text in (line.partition(":") for line in head[1:])}
    status = int(head[0].split()[1])
    if headers.get("transfer-encoding") == "chunked":
        body = b""
        while size := int(await reader.readline(), 16):
            body += (await reader.readexactly(size + 2))[:-2]
        await reader.readline()
        return status, body
    return status, await reader.readexactly(int(headers.get("content-length", 0)))
