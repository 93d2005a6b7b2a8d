"""``/files/ID`` and ``/headers/ID``: datasets, stamped when they leave."""

from __future__ import annotations

import re
from base64 import b64encode
from urllib.parse import quote

from fitsprov.actions.delivering import Delivery, deliver, header_text
from fitsprov.actions.digesting import digest_of
from fitsprov.actions.serving import Archive
from fitsprov.actions.signing import signed_url
from fitsprov.service.answer import Answer, Headers, document, text
from fitsprov.service.call import Call

__all__ = ["answer_file", "answer_header"]

RANGE = re.compile(rb"bytes=(?:(\d{1,18})-(\d{1,18})?|-(\d{1,18}))", re.IGNORECASE)
"""One range (RFC 9110, 14.1.2); a client that asks for several gets the whole, as it may (14.2)."""
DIGEST = re.compile(rb"(?:^|,)\s*sha-256\s*=\s*(?:[1-9]|10)\s*(?:$|[,;])", re.IGNORECASE)
"""What asks for the digest that there is (RFC 9530, 4); nobody else waits until one is known."""


def answer_file(archive: Archive, call: Call) -> Answer:
    """Give a dataset, or a part of it; or say where it is to be had."""
    dataset = archive.find(call.path["id"])
    archive.admit(dataset)
    link = (b"link", archive.provenance_link(dataset))
    elsewhere = signed_url(archive, dataset)
    if elsewhere is not None:
        return Answer(
            b"", "text/plain", 302, (link, (b"location", elsewhere.encode()), (b"cache-control", b"no-store"))
        )
    found = deliver(archive, dataset)
    tag = f'{"" if found.exact else "W/"}"{found.tag}"'.encode()
    headers: Headers = (
        (b"etag", tag),
        (b"accept-ranges", b"bytes" if found.exact else b"none"),
        (b"cache-control", b"no-cache"),
        (b"content-disposition", disposition(found.name)),
        link,
    )
    wanted, known = (call.headers.get(name) for name in (b"if-match", b"if-none-match"))
    if wanted is not None and not is_among(tag, wanted):
        found.file.close()
        return text("UsageFault: the file is not the one of If-Match; expected its ETag", 412, headers)
    if known is not None and is_among(tag.removeprefix(b"W/"), known):
        found.file.close()
        return Answer(b"", found.media_type, 304, headers)
    if call.method == "HEAD" and found.pack is not None:
        found.file.close()
        return Answer(iter(()), found.media_type, 200, headers)  # its length would take as long as the whole
    found = found.packed()
    span = span_of(call, tag, found) if found.exact else (0, found.size)
    if span is None:
        found.file.close()
        return Answer(b"", found.media_type, 416, (*headers, (b"content-range", b"bytes */%d" % found.size)))
    start, stop = span
    headers = (*headers, (b"content-length", b"%d" % (stop - start)))
    if (start, stop) != (0, found.size):
        headers = (*headers, (b"content-range", b"bytes %d-%d/%d" % (start, stop - 1, found.size)))
    if DIGEST.search(call.headers.get(b"want-repr-digest", b"")) and (digest := digest_of(found)) is not None:
        headers = (*headers, (b"repr-digest", b"sha-256=:%s:" % b64encode(digest)))
    body = found.read(start, stop)
    if call.method == "HEAD":
        found.file.close()
    return Answer(body, found.media_type, 200 if stop - start == found.size else 206, headers)


def is_among(tag: bytes, asked: bytes) -> bool:
    """Whether one of the tags that are asked for is this one, or stands for any (RFC 9110, 13.1.1 and 13.1.2)."""
    return asked.strip() == b"*" or tag in re.findall(rb'"[^"]*"', asked)


def span_of(call: Call, tag: bytes, found: Delivery) -> tuple[int, int] | None:
    """The range that is asked for, the whole where none is; None where there is nothing in it."""
    match = RANGE.fullmatch(call.headers.get(b"range", b"").strip())
    size = found.size
    if match is None or call.headers.get(b"if-range", tag) != tag:
        return 0, size
    first, last, tail = (None if digits is None else int(digits) for digits in match.groups())
    if first is None:
        return (max(size - (tail or 0), 0), size) if tail and size else None
    if last is not None and last < first:
        return 0, size
    return (first, min(size if last is None else last + 1, size)) if first < size else None


def disposition(name: str) -> bytes:
    """Name a file for who keeps it (RFC 6266)."""
    plain = re.sub(r"[^ !#-\[\]-~]", "_", name)
    extended = f"; filename*=UTF-8''{quote(name, safe='', errors='surrogateescape')}" if plain != name else ""
    return f'attachment; filename="{plain}"{extended}'.encode()


def answer_header(archive: Archive, call: Call) -> Answer:
    """Give the header with which a dataset would leave."""
    header = header_text(archive, archive.find(call.path["id"]))
    return document(call, [f"{header}\n".encode()], "text/plain;charset=utf-8")
