"""What a client gets."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from hashlib import blake2b
from itertools import chain

from fitsprov.service.call import Call, accepts_gzip

__all__ = ["Answer", "document", "text", "unchanged"]

HELD = 2**18
"""Bytes of a document that are made before its head is sent: it then has a length and an ETag."""
FAILED = b'"ERROR"'
"""In links that something went wrong with on the way."""
WORTH = 1_400
"""Bytes below which a packet is one packet, compressed or not."""
Headers = tuple[tuple[bytes, bytes], ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """A response; a body in pieces is made while it is sent."""

    body: bytes | Iterator[bytes]
    media_type: str
    status: int = 200
    headers: Headers = ()


def text(message: str, status: int = 200, headers: Headers = ()) -> Answer:
    """Answer with lines of text."""
    return Answer(f"{message}\n".encode(errors="replace"), "text/plain;charset=utf-8", status, headers)


def document(
    call: Call, pieces: Iterable[bytes], media_type: str, headers: Headers = (), *, may_fail: bool = False
) -> Answer:
    """Answer with a document, compressed and not sent again where the client has it (RFC 9110, 8.8.3 and 13.1.2).

    One that `may_fail` says so inside where it did, and is not kept then.
    """
    stream, held, size = iter(pieces), list[bytes](), 0
    for piece in stream:
        held.append(piece)
        size += len(piece)
        if size > HELD and (more := next(stream, None)) is not None:
            return stream_on(call, chain(held, [more], stream), media_type, headers)
    body = b"".join(held)
    headers = (*headers, (b"vary", b"accept-encoding"))
    if may_fail and FAILED in body:
        return Answer(body, media_type, 200, (*headers, (b"cache-control", b"no-store")))
    tag = call.tag or b'W/"%s"' % blake2b(body, digest_size=12).hexdigest().encode()
    headers = (*headers, (b"etag", tag), (b"cache-control", b"no-cache"))
    if call.method != "POST" and unchanged(tag, call.headers):
        return Answer(b"", media_type, 304, headers)
    if size >= WORTH and accepts_gzip(call.headers):
        return Answer(b"".join(gzipped((body,))), media_type, 200, (*headers, (b"content-encoding", b"gzip")))
    return Answer(body, media_type, 200, headers)


def unchanged(tag: bytes, headers: Mapping[bytes, bytes], *, found: bool = True) -> bool:
    """Whether the client has what bears this weak tag (RFC 9110, 13.1.2); ``*`` is only what was `found`."""
    asked = headers.get(b"if-none-match")
    return asked is not None and ((found and asked.strip() == b"*") or tag in map(bytes.strip, asked.split(b",")))


def stream_on(call: Call, pieces: Iterator[bytes], media_type: str, headers: Headers) -> Answer:
    """Answer with a document that is too long to be held."""
    headers, pieces = (*headers, (b"vary", b"accept-encoding")), gathered(pieces)
    if accepts_gzip(call.headers):
        return Answer(gzipped(pieces), media_type, 200, (*headers, (b"content-encoding", b"gzip")))
    return Answer(pieces, media_type, 200, headers)


def gathered(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Put small pieces together: to hand one from thread to thread takes as long as to make it."""
    held, size = list[bytes](), 0
    for piece in pieces:
        held.append(piece)
        size += len(piece)
        if size >= HELD:
            yield b"".join(held)
            held, size = [], 0
    yield b"".join(held)


def gzipped(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Compress a stream."""
    packer = zlib.compressobj(1, wbits=31)
    for piece in pieces:
        packed = packer.compress(piece)
        if packed:
            yield packed
    yield packer.flush()
