"""A little server on loopback that answers with whatever bytes a test wants, as slowly as it wants."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress

__all__ = ["Answer", "Little", "drip", "http", "little"]

Answer = bytes | Iterable[bytes]


class Little:
    """What the server was asked."""

    def __init__(self, host: str, port: int) -> None:
        self.host = host
        self.port = port
        self.requests: list[bytes] = []
        """Heads of requests, as they came."""

    @property
    def base(self) -> str:
        return f"http://{self.host}:{self.port}"

    @property
    def paths(self) -> list[str]:
        return [request.split(b" ")[1].decode() for request in self.requests]


def http(body: bytes = b"", status: str = "200 OK", **headers: str) -> bytes:
    """An answer with its length; `Content_Type` stands for Content-Type."""
    told = {"Content-Length": str(len(body)), "Connection": "close"} | {
        name.replace("_", "-"): value for name, value in headers.items()
    }
    lines = "".join(f"{name}: {value}\r\n" for name, value in told.items() if value)
    return f"HTTP/1.1 {status}\r\n{lines}\r\n".encode() + body


def drip(data: bytes, seconds: float = 0.05) -> Iterator[bytes]:
    """Bytes one by one."""
    for at in range(len(data)):
        yield data[at : at + 1]
        time.sleep(seconds)


@contextmanager
def little(answer: Callable[[str], Answer], host: str = "127.0.0.1") -> Iterator[Little]:
    """Serve on a free port; `answer` gets the path of a request."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.create_server((host, 0), family=family)
    server = Little(f"[{host}]" if ":" in host else host, listening.getsockname()[1])
    closed = threading.Event()

    def serve(connection: socket.socket) -> None:
        with connection, suppress(OSError):
            head = b""
            while b"\r\n\r\n" not in head:
                piece = connection.recv(65536)
                if not piece:
                    return
                head += piece
            server.requests.append(head)
            found = answer(server.paths[-1])
            for piece in [found] if isinstance(found, bytes) else found:
                if closed.is_set():
                    return
                connection.sendall(piece)

    def listen() -> None:
        with suppress(OSError):
            while True:
                threads.append(threading.Thread(target=serve, args=(listening.accept()[0],), daemon=True))
                threads[-1].start()

    threads = [threading.Thread(target=listen, daemon=True)]
    threads[0].start()
    try:
        yield server
    finally:
        closed.set()
        with suppress(OSError):
            listening.shutdown(socket.SHUT_RDWR)
        listening.close()
        for thread in threads:
            thread.join(2)
