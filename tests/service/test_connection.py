"""Clients that hold a connection without asking, or without taking the answer, are let go; slow ones are not."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from urllib.parse import urlsplit

import pytest
from uvicorn import Config
from uvicorn.server import ServerState

from fitsprov.service.connection import UNTAKEN, Connection
from fitsprov.settings import Settings
from tests.service.conftest import COADD, serving

GET = f"GET /links?ID={COADD} HTTP/1.1\r\nHost: x\r\n".encode()
SECONDS = 0.6


@pytest.fixture(scope="module")
def port(settings: Settings) -> Iterator[int]:
    """The port of a service that waits for a short time."""
    with serving(replace(settings, max_seconds=SECONDS)) as base:
        yield urlsplit(base).port or 0


def connect(port: int, received: int | None = None) -> socket.socket:
    """Connect; `received` is how much this machine keeps for who does not read it."""
    client = socket.socket()
    if received is not None:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, received)
    client.settimeout(20)
    client.connect(("127.0.0.1", port))
    return client


def ask(client: socket.socket) -> None:
    """Ask, and read the answer."""
    client.sendall(GET + b"\r\n")
    received = b""
    while not received.endswith(b"</VOTABLE>\n"):
        received += client.recv(2**20)
    assert received.startswith(b"HTTP/1.1 200 ")


def rest(client: socket.socket) -> bytes:
    """All that comes until the other side closes."""
    received = b""
    try:
        while more := client.recv(2**20):
            received += more
    except ConnectionResetError:
        pass
    return received


def drip(client: socket.socket, data: bytes) -> bytes:
    """Send byte after byte until the other side closes; give what it said."""
    give_up = time.monotonic() + 20
    try:
        while time.monotonic() < give_up:
            client.sendall(data)
            time.sleep(0.05)
    except OSError:
        return b"closed"
    return b"still open"


def test_half_a_head_is_waited_for_as_long_as_a_request_and_no_longer(port: int) -> None:
    with connect(port) as client:
        client.sendall(GET)
        assert rest(client).startswith(b"HTTP/1.1 408 ")


def test_who_sends_nothing_is_let_go_without_a_word(port: int) -> None:
    with connect(port) as client:
        assert rest(client) == b""


def test_bytes_that_come_one_by_one_do_not_keep_a_connection(port: int) -> None:
    with connect(port) as client:
        client.sendall(GET + b"X-Slow: ")
        assert drip(client, b"a") == b"closed"


def test_bytes_of_a_body_that_nobody_reads_do_not_keep_a_connection(port: int) -> None:
    with connect(port) as client:
        client.sendall(GET + b"Content-Length: 1000000\r\n\r\n")
        assert drip(client, b"a") == b"closed"


def test_half_of_a_second_request_is_not_waited_for_either(port: int) -> None:
    with connect(port) as client:
        ask(client)
        client.sendall(GET)
        assert rest(client) == b""


def test_head_that_comes_in_pieces_is_answered(port: int) -> None:
    with connect(port) as client:
        for piece in (GET[:20], GET[20:], b"Connection: close\r\n", b"\r\n"):
            client.sendall(piece)
            time.sleep(SECONDS / 10)
        assert rest(client).endswith(b"</VOTABLE>\n")


def test_requests_one_after_another_are_answered_for_longer_than_one_may_take(port: int) -> None:
    with connect(port) as client:
        for _ in range(4):
            ask(client)
            time.sleep(SECONDS / 2)


@pytest.fixture
def long_request() -> bytes:
    """A request for an answer that does not fit between the two."""
    body = "&".join(f"ID=ivo://a.b/c{n}%3Fid={COADD}" for n in range(2_000)).encode()
    head = f"POST /links HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: {len(body)}\r\n"
    return f"{head}Content-Type: application/x-www-form-urlencoded\r\n\r\n".encode() + body


def test_no_part_of_an_answer_waits_for_the_one_before() -> None:
    """Also of a socket as uvicorn makes it for several workers: asyncio does not take that for TCP."""

    async def accepted(listening: socket.socket) -> int:
        config, state = Config(str, log_config=None), ServerState()
        config.load()
        made = partial(Connection, config=config, server_state=state, app_state={}, seconds=SECONDS)
        async with await asyncio.get_running_loop().create_server(made, sock=listening):
            _, writer = await asyncio.open_connection(*listening.getsockname())
            while not state.connections:
                await asyncio.sleep(0.01)
            (one,) = state.connections
            option = one.transport.get_extra_info("socket").getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
            writer.close()
            one.transport.close()
        return int(option)

    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        with ThreadPoolExecutor(1) as other:  # in this thread a browser's loop may run
            assert other.submit(asyncio.run, accepted(listening)).result()


@pytest.mark.skipif(UNTAKEN is None, reason="this system does not look at what is taken")
def test_answer_that_nobody_takes_is_given_up(port: int, long_request: bytes) -> None:
    with connect(port, received=4096) as client:
        client.sendall(long_request)
        time.sleep(6 * SECONDS)
        assert not rest(client).endswith(b"0\r\n\r\n")


def test_answer_that_is_taken_slowly_comes_whole(port: int, long_request: bytes) -> None:
    with connect(port, received=4096) as client:
        client.sendall(long_request)
        received, start = b"", time.monotonic()
        while time.monotonic() < start + 4 * SECONDS:
            received += client.recv(2**15)
            time.sleep(SECONDS / 10)
        received += rest(client)
    assert received.endswith(b"</VOTABLE>\n\r\n0\r\n\r\n")
