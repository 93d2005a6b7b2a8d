"""A connection on which nothing waits that need not, and that no client holds for ever.

Neither does one by half a request, nor by an answer that it does not take.
"""

from __future__ import annotations

import socket
from asyncio import TimerHandle, Transport
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol

__all__ = ["Connection"]

TOO_SLOW = b"HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
"""For who has sent half a head (RFC 9110, 15.5.9)."""
UNTAKEN: int | None = getattr(socket, "TCP_USER_TIMEOUT", None)
"""How long what is on its way may not be taken (RFC 5482): Linux alone looks at that."""


class Connection(H11Protocol):
    """HTTP/1.1 as uvicorn speaks it, which waits for the rest of a head, and of an answer to be taken, without end.

    Parameters
    ----------
    seconds : float
        How long the next request may take to come, from the first byte of it on; and how long a client may take
        nothing of an answer that waits for it.
    """

    def __init__(self, *given: Any, seconds: float, **named: Any) -> None:
        super().__init__(*given, **named)
        self.seconds = seconds
        self.coming: TimerHandle | None = None

    def connection_made(self, transport: Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """Begin to wait for the first request."""
        super().connection_made(transport)
        own = transport.get_extra_info("socket")
        # head and body are sent one after the other; of sockets that workers share asyncio lets the second wait 40 ms
        own.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, True)
        if UNTAKEN is not None:
            own.setsockopt(socket.IPPROTO_TCP, UNTAKEN, max(1, round(self.seconds * 1000)))
        self.watch()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait for nothing any more."""
        super().connection_lost(exc)
        if self.coming is not None:
            self.coming.cancel()

    def data_received(self, data: bytes) -> None:
        """Begin to wait for the rest of a request, or end to, if this was it."""
        super().data_received(data)
        self.watch()

    def watch(self) -> None:
        """Wait while no request is being answered; what comes meanwhile does not begin it anew."""
        idle = self.cycle is None or self.cycle.response_complete
        if idle and self.coming is None:
            self.coming = self.loop.call_later(self.seconds, self.give_up)
        elif not idle and self.coming is not None:
            self.coming.cancel()
            self.coming = None

    def give_up(self) -> None:
        """Close a connection on which no request came in time."""
        if self.cycle is None and self.conn.trailing_data[0]:
            self.transport.write(TOO_SLOW)
        self.transport.close()
