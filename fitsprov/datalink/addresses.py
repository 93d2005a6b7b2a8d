"""Where a URL that anyone may have written is allowed to lead: to public hosts, by HTTP.

A name can be made to resolve to anything, and to something else a moment later. So it is resolved once, every address
that it has is checked, and a connection goes to one of those that were checked.
"""

from __future__ import annotations

import re
import socket
import threading
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Any
from urllib.parse import urlsplit

from fitsprov.errors import ServiceError

__all__ = ["Place", "host_of", "is_public", "resolve_host"]

Place = tuple[int, tuple[Any, ...]]
"""An address family, and an address as sockets take it."""

PLAIN = re.compile(r"[!#-;=?-\[\]_a-z~]{1,8000}")
"""Printable ASCII without what readers of URLs read differently: quotes, backslashes, angles, braces."""
HOST = re.compile(r"[a-z0-9_](?:[a-z0-9._-]*[a-z0-9_])?\.?|[0-9a-f:.]+")
CLOSED = tuple(map(ip_network, ("192.0.0.0/24", "192.88.99.0/24", "3fff::/20")))
"""Of special use (RFC 6890, 7526, 9637), which not every Python knows."""
TRANSLATED = IPv6Network("64:ff9b::/96")  # RFC 6052, 2.1


def host_of(url: str) -> str:
    """The host to which a URL leads, in lower case.

    Raises
    ------
    ServiceError
        Where it is none that fitsprov follows.
    """
    try:
        parts = urlsplit(url) if PLAIN.fullmatch(url) else None
        host = parts.hostname if parts is not None and parts.port != 0 else None
    except ValueError:
        host = None
    if host is None or parts is None or parts.scheme not in ("http", "https"):
        raise ServiceError(f"{url[:200]!r}: is not followed; expected http(s)://host/…", code="service-refused")
    if "@" in parts.netloc or not HOST.fullmatch(host) or ("[" in parts.netloc) != (":" in host):
        raise ServiceError(f"{url[:200]!r}: has no plain host; expected http(s)://host/…", code="service-refused")
    return host


def is_public(address: str) -> bool:
    """Whether an address is one of the open network; of an IPv4 address within an IPv6 one, that counts."""
    found = ip_address(address.partition("%")[0])
    if isinstance(found, IPv6Address):
        inner = found.ipv4_mapped or found.sixtofour
        if found in TRANSLATED:
            inner = IPv4Address(int(found) & 0xFFFFFFFF)
        if inner is not None:
            return is_public(str(inner))
        if found.is_site_local:
            return False
    if any(found in network for network in CLOSED):
        return False
    return found.is_global and not (found.is_reserved or found.is_multicast or found.is_link_local)


def resolve_host(host: str, port: int, *, seconds: float, allowed: bool) -> list[Place]:
    """Resolve a name once, and check every address that it has.

    Parameters
    ----------
    seconds : float
        How long that may take.
    allowed : bool
        Whether the user named this host: then it may have any address.

    Raises
    ------
    ServiceError
        Where there is no such host, or any of its addresses is not public.
    """
    found: list[Any] = []

    def look_up() -> None:
        try:
            found.append(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
        except (OSError, UnicodeError) as error:
            found.append(error)

    # a thread, because nothing ends a look-up that hangs
    thread = threading.Thread(target=look_up, daemon=True)
    thread.start()
    thread.join(seconds)
    if not found:
        raise ServiceError(f"{host}: no address found in time; expected a host that is known")
    if isinstance(found[0], Exception):
        raise ServiceError(f"{host}: no such host; expected one that has an address")
    for *_, address in found[0]:
        if not allowed and not is_public(address[0]):
            message = f"{host} has the address {address[0]}, which is not public; --allow-host {host} goes there"
            raise ServiceError(message, code="service-refused")
    return [(family, address) for family, _, _, _, address in found[0]]
