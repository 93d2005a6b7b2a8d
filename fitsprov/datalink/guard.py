"""A ``requests`` session for URLs that anyone may have written; pyvo takes it for all that it asks.

Every connection of it is made here: to a host that the user agreed to, at an address that was checked. Redirects are
few, each is checked like the first request, and what comes with one is not read. No cookie, proxy or password of the
user's goes along. Answers are held to a size and to a time, however slowly they drip.
"""

from __future__ import annotations

import math
import os
import socket
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from http.cookiejar import DefaultCookiePolicy
from io import BytesIO
from time import monotonic
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPResponse, HTTPSConnectionPool
from urllib3.exceptions import HTTPError

from fitsprov.datalink.addresses import host_of, resolve_host
from fitsprov.errors import ServiceError

__all__ = ["MOST", "SECONDS", "Consent", "GuardedSession"]

SECONDS = 10.0
"""How long all that is asked in one session may take."""
MOST = 16 * 2**20
"""Bytes of one document."""
REDIRECTS = 5
CHUNK = 2**16
WATCHED = 16
"""Connections that are watched at once; a session is used by one thread, which waits for the last."""
REDIRECTED = (301, 302, 303, 307, 308)

NO_COOKIES = DefaultCookiePolicy(allowed_domains=())

Consent = Callable[[str], bool]
"""Asked once for each host before anything is sent to it."""


class Stop(Exception):
    """Carries an error through urllib3 and requests, which wrap those that they know."""

    def __init__(self, error: ServiceError) -> None:
        super().__init__(str(error))
        self.error = error


class Watch:
    """Ends connections when time is over, whatever they are waiting for."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.until = monotonic() + seconds
        self.over = False
        self.sockets: deque[socket.socket] = deque()
        self.closed = threading.Event()
        self.thread = threading.Thread(target=self.wait, daemon=True)

    def left(self) -> float:
        """Seconds that are left."""
        return max(self.until - monotonic(), 0.001)

    def start_again(self) -> None:
        """Count from now."""
        self.until = monotonic() + self.seconds

    def pause(self) -> None:
        """Count no further, until the next start."""
        self.until = math.inf

    def add(self, connection: socket.socket) -> None:
        """Watch a connection too; by a descriptor of its own, because TLS takes the first one over."""
        self.sockets.append(connection.dup())
        if len(self.sockets) > WATCHED:
            self.sockets.popleft().close()
        if self.thread.ident is None:
            self.thread.start()

    def wait(self) -> None:
        """Wait for the end."""
        while not self.closed.wait(min(self.left(), 1)):
            if monotonic() >= self.until:
                self.over = True
                for connection in self.sockets:
                    with suppress(OSError):  # has ended by itself
                        connection.shutdown(socket.SHUT_RDWR)
                return

    def close(self) -> None:
        """Watch no longer."""
        self.closed.set()
        if self.thread.ident is not None:
            self.thread.join()
        while self.sockets:
            self.sockets.pop().close()


class GuardedSession(requests.Session):
    """A session that goes only where it may, and takes only what it can bear.

    Parameters
    ----------
    consent : callable
        Called with each host before a connection is made to it; the time that it takes does not count.
    allow_hosts : iterable of str
        Hosts that may have private addresses.
    seconds : float
        How long all may take; of a stream, how long it may take until another piece of it has come.
    most : int, optional
        Bytes that an answer may have, which then is read at once; None for answers that are read as streams.
    """

    def __init__(
        self,
        consent: Consent,
        allow_hosts: Iterable[str] = (),
        *,
        seconds: float = SECONDS,
        most: int | None = MOST,
    ) -> None:
        super().__init__()
        self.consent = consent
        self.allowed = {host.lower().strip("[]") for host in allow_hosts}
        self.agreed: set[str] = set()
        self.answered = False
        """Whether anything has come back."""
        self.most = most
        self.watch = Watch(seconds)
        self.trust_env = False
        self.verify = os.environ.get("REQUESTS_CA_BUNDLE") or True
        self.max_redirects = REDIRECTS
        self.headers.update({"User-Agent": "fitsprov (IVOA-science)", "Accept-Encoding": "identity"})
        self.cookies.set_policy(NO_COOKIES)
        for scheme in ("http://", "https://"):
            self.mount(scheme, GuardedAdapter(self))

    def request(self, method: Any, url: Any, *arguments: Any, **options: Any) -> requests.Response:
        """Make a request."""
        host = host_of(str(url))
        try:
            return super().request(method, url, *arguments, **options)
        except requests.RequestException as error:  # of a URL that cannot be sent
            raise ServiceError(self.problem(host, error), code="service-refused") from None

    def send(self, request: requests.PreparedRequest, **options: Any) -> requests.Response:
        """Send a request; requests calls this for each redirect, too."""
        host = host_of(request.url or "")
        if self.most is None:
            self.watch.start_again()
        options |= {"timeout": self.watch.left(), "stream": True}
        try:
            return super().send(request, **options)
        except Stop as stop:
            raise stop.error from None
        except requests.TooManyRedirects:
            raise ServiceError(f"{host} redirects more than {REDIRECTS} times; expected an answer") from None
        except ServiceError:
            raise
        except (requests.RequestException, HTTPError, OSError, ValueError) as error:
            raise ServiceError(self.problem(host, error)) from None

    def problem(self, host: str, error: Exception) -> str:
        """Say in few words why there is no answer."""
        if self.watch.over or isinstance(error, requests.Timeout):
            return self.too_slow(host)
        reason = "speaks no proper TLS" if isinstance(error, requests.exceptions.SSLError) else "does not answer"
        cause = error.args[0] if error.args else error
        detail = getattr(cause, "reason", cause)
        return f"{host} {reason}: {' '.join(str(detail).split())[:160]}"

    def connect(self, host: str, port: int) -> socket.socket:
        """Make a connection; every one of this session is made here."""
        try:
            if self.watch.over:
                raise ServiceError(self.too_slow(host))
            self.need_consent(host)
            allowed = host.lower() in self.allowed
            places = resolve_host(host, port, seconds=self.watch.left(), allowed=allowed)
        except ServiceError as error:
            raise Stop(error) from None
        problem = "no address"
        for family, address in places:
            connection = socket.socket(family, socket.SOCK_STREAM)
            try:
                connection.settimeout(self.watch.left())
                connection.connect(address)
            except OSError as error:
                connection.close()
                problem = error.strerror or str(error)
                continue
            self.watch.add(connection)
            return connection
        raise Stop(ServiceError(f"{host} port {port}: {problem}; expected a service that answers"))

    def need_consent(self, host: str) -> None:
        """Ask whether a host may be asked, once; whoever thinks about it does not lose time."""
        if host in self.agreed:
            return
        asked = monotonic()
        agreed = self.consent(host)
        self.watch.until += monotonic() - asked
        if not agreed:
            raise ServiceError(f"{host} was not asked, because nobody agreed to", code="service-refused")
        self.agreed.add(host)

    def pieces(self, response: requests.Response) -> Iterator[bytes]:
        """Read an answer in pieces, as the bytes that were sent; each piece must come in time."""
        host = host_of(response.url)
        while True:
            try:
                piece = response.raw.read(CHUNK, decode_content=False)
            except (HTTPError, OSError) as error:
                reason = error.args[0] if error.args else error
                problem = f"{host} breaks off: {str(reason)[:160]}; expected the whole answer"
                raise ServiceError(self.too_slow(host) if self.watch.over else problem) from None
            if self.watch.over:
                raise ServiceError(self.too_slow(host))
            if self.most is None:
                self.watch.start_again()
            if not piece:
                return
            yield piece

    def rest(self) -> bool:
        """Count no time until the next request; whether there can be one."""
        self.watch.pause()
        return not self.watch.over

    def stop(self) -> None:
        """End what is being read, from another thread."""
        self.watch.until = 0

    def too_slow(self, host: str) -> str:
        """Say that time was over."""
        return f"{host} takes more than {self.watch.seconds:g} s; expected an answer"

    def close(self) -> None:
        """Close all connections."""
        super().close()
        self.watch.close()


class GuardedAdapter(HTTPAdapter):
    """Gives requests the connections of a session."""

    def __init__(self, session: GuardedSession) -> None:
        self.session = session
        super().__init__()

    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        """Make connections as the session does, whoever asks for one."""
        super().init_poolmanager(*args, **options)
        kinds = {"http": HTTPConnectionPool, "https": HTTPSConnectionPool}
        self.poolmanager.pool_classes_by_scheme = {
            scheme: guarded_pool(kind, self.session.connect) for scheme, kind in kinds.items()
        }

    def send(self, request: requests.PreparedRequest, *args: Any, **options: Any) -> requests.Response:
        """Send a request, and read its answer at once where it is bounded; what comes with a redirect is not read."""
        response = super().send(request, *args, **options)
        self.session.answered = True
        if response.status_code in REDIRECTED and "location" in response.headers:
            response.raw.close()
            replace_body(response, b"")
        elif self.session.most is not None:
            replace_body(response, self.read(response, self.session.most))
        return response

    def read(self, response: requests.Response, most: int) -> bytes:
        """Read a whole answer."""
        host = host_of(response.url)
        try:
            if (coding := response.headers.get("content-encoding", "identity").lower()) != "identity":
                raise invalid(f"{host} answers in {coding[:40]}; expected it as it is, as was asked for")
            told = response.headers.get("content-length", "")
            if told.isdigit() and int(told) > most:
                raise invalid(f"{host} answers with {told[:20]} bytes; expected {most} or fewer")
            pieces, size = [], 0
            for piece in self.session.pieces(response):
                pieces.append(piece)
                size += len(piece)
                if size > most:
                    raise invalid(f"{host} answers with more than {most} bytes; expected fewer")
        except ServiceError as error:
            raise Stop(error) from None
        finally:
            response.raw.close()
        return b"".join(pieces)


def guarded_pool(kind: Any, connect: Callable[[str, int], socket.socket]) -> Any:
    """A kind of connection pool whose connections are made by a function."""

    class Connection(kind.ConnectionCls):  # type: ignore[misc]  # a class that urllib3 chooses
        def _new_conn(self) -> socket.socket:
            return connect(self._dns_host.strip("[]"), self.port)

    return type(kind.__name__, (kind,), {"ConnectionCls": Connection})


def replace_body(response: requests.Response, body: bytes) -> None:
    """Put bytes in the place of what a response would read."""
    response.raw = HTTPResponse(BytesIO(body), status=response.status_code, preload_content=False)


def invalid(message: str) -> ServiceError:
    """An answer that is none."""
    return ServiceError(message, code="service-answer-invalid")
