"""Where a URL from a header may lead."""

from __future__ import annotations

import socket
import threading
from typing import Any

import pytest

from fitsprov.datalink.addresses import host_of, is_public, resolve_host
from fitsprov.errors import ServiceError


@pytest.mark.parametrize(
    "address", ["8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808", "2002:808:808::1"]
)
def test_addresses_of_the_open_network_are_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "address",
    [
        "0.0.0.0",
        "10.0.0.1",
        "100.64.0.1",
        "127.0.0.1",
        "169.254.169.254",
        "172.16.0.1",
        "192.168.1.1",
        "192.0.0.8",
        "192.0.2.1",
        "192.88.99.1",
        "3fff::1",
        "224.0.0.1",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::127.0.0.1",
        "::ffff:127.0.0.1",
        "::ffff:a9fe:a9fe",
        "64:ff9b::7f00:1",
        "64:ff9b:1::1",
        "2002:7f00:1::1",
        "2001:0:7f00:1::1",
        "fc00::1",
        "fe80::1",
        "fe80::1%eth0",
        "fec0::1",
        "ff02::1",
    ],
)
def test_private_loopback_link_local_and_reserved_addresses_are_not(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://Archive.Example.org/links?ID=ivo%3A%2F%2Fa%3Fb", "archive.example.org"),
        ("http://[::1]:8080/", "::1"),
        ("http://2130706433/", "2130706433"),
        ("http://a-b.example.org.:80", "a-b.example.org."),
    ],
)
def test_the_host_of_a_plain_url_is_found(url: str, host: str) -> None:
    assert host_of(url) == host


@pytest.mark.parametrize(
    "url",
    [
        "",
        "links?ID=1",
        "//host/path",
        "file:///etc/passwd",
        "ftp://host/x",
        "gopher://host/",
        "javascript:alert(1)",
        "http://",
        "http://user:word@host/",
        "http://trusted.example.org@evil.example.org/",
        "http://evil.example.org\\@trusted.example.org/",
        "http://a b/",
        "http://a\n.example.org/",
        "http://a.example.org/\x1b[31m",
        "http://%65vil.example.org/",
        "http://ａ.example.org/",
        "http://host:99999/",
        "http://host:0/",
        "http://[::1/",
        "http://[v1.a]/",
        "http://host/" + "x" * 9000,
    ],
)
def test_any_other_url_is_refused_in_one_line(url: str) -> None:
    with pytest.raises(ServiceError, match=r"expected http\(s\)://host") as caught:
        host_of(url)
    assert caught.value.code == "service-refused"
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 400


def answers(monkeypatch: pytest.MonkeyPatch, *addresses: str) -> list[Any]:
    """Let names have some addresses; give the list of those that were looked up."""
    asked = []

    def getaddrinfo(host: str, port: int, **options: Any) -> list[Any]:
        asked.append(host)
        families = {True: socket.AF_INET6, False: socket.AF_INET}
        return [(families[":" in a], socket.SOCK_STREAM, 6, "", (a, port)) for a in addresses]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    return asked


def test_one_private_address_among_public_ones_is_enough_to_refuse(monkeypatch: pytest.MonkeyPatch) -> None:
    answers(monkeypatch, "8.8.8.8", "10.0.0.1")
    with pytest.raises(ServiceError, match=r"10\.0\.0\.1, which is not public; --allow-host odd"):
        resolve_host("odd", 80, seconds=1, allowed=False)


def test_an_allowed_host_may_have_any_address(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = answers(monkeypatch, "10.0.0.1", "::1")
    found = resolve_host("mine", 81, seconds=1, allowed=True)
    assert found == [(socket.AF_INET, ("10.0.0.1", 81)), (socket.AF_INET6, ("::1", 81))]
    assert asked == ["mine"]


def test_a_look_up_that_hangs_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    ended = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *args, **options: ended.wait(5) and [])
    with pytest.raises(ServiceError, match="no address found in time"):
        resolve_host("slow", 80, seconds=0.05, allowed=False)
    ended.set()


@pytest.mark.parametrize("error", [socket.gaierror(-2, "Name or service not known"), UnicodeError("label too long")])
def test_a_name_that_is_none_is_said_so(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    def getaddrinfo(*args: Any, **options: Any) -> Any:
        raise error

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    with pytest.raises(ServiceError, match="no such host"):
        resolve_host("nowhere", 80, seconds=1, allowed=False)
