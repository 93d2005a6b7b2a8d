"""The guarded session: where it goes, what it takes along, what it bears."""

from __future__ import annotations

import gzip
import itertools
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from fitsprov.datalink.guard import REDIRECTS, GuardedSession
from fitsprov.errors import ServiceError
from tests.little import Answer, Little, drip, http, little

LOOPBACK = ("127.0.0.1",)


class Consent:
    """Agrees to all hosts but some, and remembers which were asked."""

    def __init__(self, *refused: str) -> None:
        self.refused = refused
        self.asked: list[str] = []

    def __call__(self, host: str) -> bool:
        self.asked.append(host)
        return host not in self.refused


def get(url: str, *, allow: tuple[str, ...] = LOOPBACK, seconds: float = 5, **more: Any) -> Any:
    consent = more.pop("consent", Consent())
    with GuardedSession(consent, allow, seconds=seconds, **more) as session:
        return session.get(url)


def refusal(answer: Callable[[str], Answer], path: str = "/", **more: Any) -> ServiceError:
    """How a request fails, in time."""
    with little(answer) as server:
        began = time.monotonic()
        with pytest.raises(ServiceError) as caught:
            get(f"{server.base}{path}", **more)
        assert time.monotonic() - began < more.get("seconds", 5) + 1
    assert str(caught.value).isprintable()
    return caught.value


@pytest.fixture
def hello() -> Iterator[Little]:
    with little(lambda path: http(b"hello")) as server:
        yield server


def test_an_allowed_host_is_asked(hello: Little) -> None:
    consent = Consent()
    assert get(f"{hello.base}/x", consent=consent).content == b"hello"
    assert consent.asked == ["127.0.0.1"]


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "2130706433", "0x7f.1", "127.1", "[::1]", "[::ffff:127.0.0.1]"]
)
def test_loopback_is_refused_however_it_is_spelled(hello: Little, host: str) -> None:
    with pytest.raises(ServiceError) as caught:
        get(f"http://{host}:{hello.port}/", allow=("elsewhere",))
    assert caught.value.code == "service-refused" or host == "0x7f.1"  # what not every resolver reads
    assert hello.requests == []


def test_an_ipv6_host_is_allowed_without_its_brackets() -> None:
    try:
        with little(lambda path: http(b"six"), "::1") as server:
            assert get(f"{server.base}/", allow=("::1",)).content == b"six"
    except OSError:
        pytest.skip("no IPv6 here")


def test_a_name_is_resolved_once_and_connected_to_at_the_address_that_was_checked(
    hello: Little, monkeypatch: pytest.MonkeyPatch
) -> None:
    places = iter(["127.0.0.1"])
    look_up = socket.getaddrinfo
    monkeypatch.setattr(socket, "getaddrinfo", lambda host, port, **more: look_up(next(places), port, **more))
    found = get(f"http://rebinding.example:{hello.port}/", allow=("rebinding.example",))
    assert found.content == b"hello"
    assert b"Host: rebinding.example" in hello.requests[0]


def test_a_host_that_nobody_agreed_to_is_not_connected_to(hello: Little) -> None:
    with pytest.raises(ServiceError, match="nobody agreed") as caught:
        get(hello.base, consent=Consent("127.0.0.1"))
    assert caught.value.code == "service-refused"
    assert hello.requests == []


def test_time_to_think_does_not_count(hello: Little) -> None:
    assert get(hello.base, consent=lambda host: time.sleep(0.6) is None, seconds=0.4).content == b"hello"


@pytest.mark.parametrize(
    "target", ["http://localhost:{port}/", "http://[::1]:{port}/", "file:///etc/passwd", "ftp://127.0.0.1/x"]
)
def test_a_redirect_is_checked_like_the_first_request(target: str) -> None:
    with little(lambda path: http(b"secret")) as inner:

        def answer(path: str) -> bytes:
            return http(b"", "302 Found", Location=target.format(port=inner.port))

        assert refusal(answer).code == "service-refused"
        assert inner.requests == []


def test_a_redirect_to_an_allowed_host_is_followed_with_consent(hello: Little) -> None:
    consent = Consent()
    with little(lambda path: http(b"", "307 Temporary", Location=f"http://localhost:{hello.port}/there")) as server:
        found = get(f"{server.base}/", allow=("127.0.0.1", "localhost"), consent=consent)
    assert found.content == b"hello"
    assert consent.asked == ["127.0.0.1", "localhost"]


def test_redirects_end() -> None:
    asked = []

    def answer(path: str) -> bytes:
        asked.append(path)
        return http(b"", "302 Found", Location=f"{path}x")

    assert f"more than {REDIRECTS} times" in str(refusal(answer))
    assert len(asked) == REDIRECTS + 1


def test_what_comes_with_a_redirect_is_not_read() -> None:
    endless = itertools.chain([b"HTTP/1.1 302 Found\r\nLocation: /end\r\n\r\n"], itertools.repeat(b"x" * 65536))
    with little(lambda path: http(b"end") if path == "/end" else endless) as server:
        assert get(f"{server.base}/").content == b"end"


@pytest.mark.parametrize(
    "answer",
    [
        lambda: drip(http(b"x" * 200)),
        lambda: itertools.chain([http(b"", Content_Length="200")], drip(b"x" * 200)),
        lambda: itertools.chain([b"HTTP/1.1 200 OK\r\n\r\n"], drip(b"x" * 200)),
        lambda: itertools.chain([b""], (time.sleep(0.1) or b"" for _ in range(100))),
        lambda: itertools.repeat(b"HTTP/1.1 100 Continue\r\n\r\n"),
    ],
    ids=["head", "body", "body-without-length", "silence", "continue"],
)
def test_a_slow_answer_is_not_waited_for(answer: Callable[[], Iterator[bytes]]) -> None:
    found = refusal(lambda path: answer(), seconds=0.5)
    assert "takes more than 0.5 s" in str(found)
    assert found.code == "service-unreachable"


def test_time_counts_for_all_that_is_asked() -> None:
    with (
        little(lambda path: drip(http(b""), 0.005)) as server,
        GuardedSession(Consent(), LOOPBACK, seconds=1.5) as session,
    ):
        session.get(server.base)
        with pytest.raises(ServiceError, match="takes more than"):
            [session.get(server.base) for _ in range(60)]


@pytest.mark.parametrize(
    "answer",
    [
        lambda: http(b"", Content_Length="99999999999"),
        lambda: itertools.chain([b"HTTP/1.1 200 OK\r\n\r\n"], itertools.repeat(b"x" * 65536)),
        lambda: http(gzip.compress(bytes(10**6)), Content_Encoding="gzip"),
    ],
    ids=["announced", "endless", "packed"],
)
def test_a_large_answer_is_not_taken(answer: Callable[[], Answer]) -> None:
    assert refusal(lambda path: answer(), most=10_000).code == "service-answer-invalid"


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"SSH-2.0-OpenSSH_9.2\r\n",
        http(b"short", Content_Length="500"),
        b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 1000 + b"\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"y" * 100_000 + b"\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        http(b"", "302 Found", Location="http://[bad/"),
    ],
    ids=["nothing", "not-http", "short", "many-headers", "long-header", "bad-chunk", "bad-location"],
)
def test_an_answer_that_is_none_is_an_error_in_one_line(answer: bytes) -> None:
    assert refusal(lambda path: answer).code in ("service-unreachable", "service-refused")


def test_a_port_where_nobody_listens_is_said_so() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(ServiceError, match=f"127.0.0.1 port {port}: Connection refused"):
        get(f"http://127.0.0.1:{port}/")


def test_tls_that_is_none_is_an_error_in_one_line() -> None:
    def answer(listening: socket.socket) -> None:
        with listening.accept()[0] as connection:
            connection.sendall(b"no TLS is spoken here\r\n")

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=answer, args=(listening,))
        thread.start()
        with pytest.raises(ServiceError, match="no proper TLS"):
            get(f"https://127.0.0.1:{listening.getsockname()[1]}/")
        thread.join()


def test_a_tls_handshake_that_hangs_is_not_waited_for() -> None:
    with (
        little(lambda path: b"") as server,
        pytest.raises(ServiceError, match=r"takes more than 0\.4 s"),
    ):
        get(f"https://127.0.0.1:{server.port}/", seconds=0.4)


def test_nothing_of_the_users_goes_along(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login me password secret\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    with (
        little(lambda path: http(b"by proxy")) as proxy,
        little(lambda path: http(b"direct", Set_Cookie="a=b")) as server,
    ):
        monkeypatch.setenv("http_proxy", proxy.base)
        monkeypatch.setenv("HTTP_PROXY", proxy.base)
        with GuardedSession(Consent(), LOOPBACK) as session:
            assert [session.get(server.base).content for _ in range(2)] == [b"direct", b"direct"]
        assert proxy.requests == []
    sent = b"".join(server.requests).lower()
    assert b"authorization" not in sent
    assert b"cookie" not in sent


def test_certificates_may_be_those_of_an_own_authority(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/etc/ssl/ours.pem")
    with GuardedSession(Consent()) as session:
        assert session.verify == "/etc/ssl/ours.pem"


def test_a_stream_may_take_long_while_it_goes_on() -> None:
    pieces = itertools.chain(
        [http(b"", Content_Length=str(5 * 65536))], (time.sleep(0.2) or bytes(65536) for _ in range(5))
    )
    with (
        little(lambda path: pieces) as server,
        GuardedSession(Consent(), LOOPBACK, seconds=0.6, most=None) as session,
    ):
        assert sum(map(len, session.pieces(session.get(server.base)))) == 5 * 65536


def test_a_stream_that_drips_is_not_waited_for() -> None:
    body = itertools.chain([http(b"", Content_Length="1000")], drip(bytes(1000)))
    with (
        little(lambda path: body) as server,
        GuardedSession(Consent(), LOOPBACK, seconds=0.4, most=None) as session,
        pytest.raises(ServiceError, match=r"takes more than 0\.4 s"),
    ):
        list(session.pieces(session.get(server.base)))


def test_no_thread_and_no_connection_stays(hello: Little) -> None:
    before = threading.active_count()
    with GuardedSession(Consent(), LOOPBACK) as session:
        session.get(hello.base)
    assert not session.watch.thread.is_alive()
    assert not session.watch.sockets
    assert threading.active_count() <= before + 1


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory, needs_tool: Callable[..., str]) -> Path:
    """A certificate for archive.test with its key, signed by nobody else."""
    path = tmp_path_factory.mktemp("tls") / "archive.pem"
    names = ["-subj", "/CN=archive.test", "-addext", "subjectAltName=DNS:archive.test"]
    files = ["-keyout", str(path), "-out", str(path.with_suffix(".crt"))]
    kind = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-x509", "-days", "2"]
    command = [needs_tool("openssl"), "req", *kind, *files, *names]
    subprocess.run(command, check=True, capture_output=True)
    path.write_bytes(path.read_bytes() + path.with_suffix(".crt").read_bytes())
    return path


@pytest.mark.parametrize(("host", "well"), [("archive.test", True), ("other.test", False)])
def test_tls_is_that_of_the_host_though_the_address_was_pinned(
    certificate: Path, host: str, well: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    look_up = socket.getaddrinfo
    monkeypatch.setattr(socket, "getaddrinfo", lambda host, port, **more: look_up("127.0.0.1", port, **more))
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate.with_suffix(".crt")))

    def answer(listening: socket.socket) -> None:
        connection, _ = listening.accept()
        with suppress(OSError), context.wrap_socket(connection, server_side=True) as spoken:
            spoken.recv(65536)
            spoken.sendall(http(b"by TLS"))

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=answer, args=(listening,))
        thread.start()
        url = f"https://{host}:{listening.getsockname()[1]}/"
        if well:
            assert get(url, allow=(host,)).content == b"by TLS"
        else:
            with pytest.raises(ServiceError, match=r"no proper TLS.*certificate"):
                get(url, allow=(host,))
        thread.join()
