"""A function that answers calls, as an ASGI application: what is the same for all endpoints."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from dataclasses import dataclass
from hashlib import blake2b
from time import perf_counter
from typing import NamedTuple

from starlette.responses import StreamingResponse
from starlette.types import Message, Receive, Scope, Send

from fitsprov.actions.access import Forbidden, UnknownToken
from fitsprov.actions.delivering import NoCopy
from fitsprov.actions.serving import Archive, Deadline, TooSlow
from fitsprov.errors import DatasetNotFound, FitsprovError, RegistryError, UsageError
from fitsprov.service.answer import Answer, Headers, text, unchanged
from fitsprov.service.call import Call, accepts_gzip
from fitsprov.service.keeping import Kept
from fitsprov.service.watching import Watch

__all__ = ["Endpoint", "Failure", "House", "fail_in_text"]

log = logging.getLogger(__name__)

SAFE = (
    (b"access-control-allow-origin", b"*"),
    (b"access-control-expose-headers", b"Content-Length, Content-Range, Content-Disposition, ETag, Link, Repr-Digest"),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
)
"""On every answer: anybody's page may read it, and none takes it for something else."""
INERT = (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'; sandbox")
"""On answers that are no pages."""
WHO = (b"www-authenticate", b'Bearer realm="fitsprov"')

PRIVATE = ((b"vary", b"authorization"), (b"cache-control", b"private"))
"""Where not everybody gets the same."""

Failure = Callable[[int, str, str], Answer]
"""``fail(status, fault, message)``."""


def peer_of(scope: Scope, header: bytes | None) -> str | None:
    """The address that a request came from; None where the header of a proxy is there twice: one may be a client's."""
    twice = sum(name == header for name, _ in scope["headers"]) > 1
    return None if twice or not scope.get("client") else scope["client"][0]


class TooLarge(UsageError):
    """A body beyond the limit."""


def fail_in_text(status: int, fault: str, message: str) -> Answer:
    """Say in a line of text what went wrong (DALI 1.1, 4.2)."""
    return text(f"{fault}: {message}", status)


@dataclass(frozen=True, slots=True)
class House:
    """What all endpoints share."""

    archive: Archive
    watch: Watch
    kept: Kept
    edition: str
    """Another one whenever the service may answer otherwise although the registry is as it was."""
    walkers: Executor
    """Threads that follow lineages, which may take long: whoever asks for less does not wait for them."""


class Begun(NamedTuple):
    """A call that is about to be answered."""

    archive: Archive
    """As the caller sees it."""
    tag: bytes | None = None
    """The ETag of the answer, where it is known beforehand."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One path of the service."""

    house: House
    name: str
    """What it is called where requests are counted."""
    answer: Callable[[Archive, Call], Answer]
    methods: tuple[str, ...] = ("GET", "HEAD")
    fail: Failure = fail_in_text
    takes_form: bool = True
    """Whether the body of a request is a form; else it is data."""
    follows: bool = False
    """Whether the answer follows from the request and the registry alone, so that their state is its ETag."""
    walks: bool = False
    """Whether lineages are followed for the answer."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        start, sent, status = perf_counter(), 0, 0

        async def count(message: Message) -> None:
            nonlocal sent, status
            if message["type"] == "http.response.start":
                status = message["status"]
                self.house.watch.count(self.name, status)
            sent += len(message.get("body", b""))
            await send(message)

        try:
            await self.reply(await self.find(scope, receive), scope, receive, count)
        finally:
            if status:
                self.house.watch.note(scope, self.name, status, sent, perf_counter() - start)

    async def find(self, scope: Scope, receive: Receive) -> Answer:
        """Find what to answer; what is known is found at once, all else in a thread and within its time."""
        method = scope["method"]
        if method == "OPTIONS":
            return self.options()
        if method not in self.methods:
            allow = ((b"allow", self.allow()),)
            told = f"UsageFault: {method} is not for {scope['path']}; expected {self.allow().decode()}"
            return text(told, 405, allow)
        headers = dict(scope["headers"])
        begun = self.begin(scope, headers) if self.follows and method != "POST" and self.house.archive.near else None
        if isinstance(begun, Answer):
            return begun
        seconds, deadline = self.house.archive.settings.max_seconds, Deadline()
        threads, loop = self.house.walkers if self.walks else None, asyncio.get_running_loop()
        try:
            async with asyncio.timeout(seconds):
                body = await self.read_body(receive) if method == "POST" else b""
                return await loop.run_in_executor(threads, deadline.bound, self.run, scope, headers, body, begun)
        except TooLarge as error:
            return self.fail(413, "UsageFault", str(error))
        except TimeoutError:
            return self.fail(503, "TransientFault", str(TooSlow(seconds)))
        finally:
            deadline.end()  # nobody waits any more

    async def read_body(self, receive: Receive) -> bytes:
        """Read the body of a request, up to the limit."""
        body, more, most = bytearray(), True, self.house.archive.settings.max_body
        while more:
            message = await receive()
            body += message.get("body", b"")
            more = message.get("more_body", False)
            if len(body) > most:
                raise TooLarge(f"the request has more than {most} bytes; expected no more")
        return bytes(body)

    def begin(self, scope: Scope, headers: dict[bytes, bytes]) -> Begun | Answer:
        """Tell who asks and what the answer will be tagged with; or give it, if it is known."""
        archive = self.house.archive
        try:
            if archive.access is not None:
                archive = archive.seen_by(archive.access.caller(headers, peer_of(scope, archive.access.header)))
            if not self.follows or scope["method"] == "POST":
                return Begun(archive)
            tag = self.tag(scope, archive)
        except Exception as error:
            return self.explain(error, scope["path"])
        known = self.house.kept.get((tag, accepts_gzip(headers)))
        if unchanged(tag, headers, found=known is not None):
            return Answer(b"", "text/plain", 304, ((b"etag", tag), (b"cache-control", b"no-cache")))
        return known or Begun(archive, tag)

    def run(self, scope: Scope, headers: dict[bytes, bytes], body: bytes, begun: Begun | None) -> Answer:
        """Answer a call; an error becomes an answer, and says nothing about this machine."""
        found = begun or self.begin(scope, headers)
        if isinstance(found, Answer):
            return found
        archive, tag = found
        try:
            form = headers if self.takes_form else {**headers, b"content-type": b""}
            path, most = scope.get("path_params", {}), archive.settings.max_ids
            call = Call.of(scope["method"], path, scope["query_string"], form, body, tag, most=most)
            answer = self.answer(archive, call)
        except Exception as error:
            return self.explain(error, scope["path"])
        if tag is not None and any(name == b"etag" for name, _ in answer.headers):
            self.house.kept.put((tag, accepts_gzip(headers)), answer)
        return answer

    def tag(self, scope: Scope, archive: Archive) -> bytes:
        """The ETag of an answer, known before there is one."""
        groups = sorted(archive.caller.groups) if archive.caller else ()
        state = (self.house.edition, self.house.archive.version(), scope["path"], scope["query_string"], groups)
        return b'W/"%s"' % blake2b(repr(state).encode(), digest_size=12).hexdigest().encode()

    def explain(self, error: Exception, path: str) -> Answer:
        """Say what went wrong, as far as it is a client's business."""
        match error:
            case DatasetNotFound() | NoCopy():
                return self.fail(404, "NotFoundFault", str(error))
            case UnknownToken():
                return self.refuse(401, error, WHO[1] + b', error="invalid_token"')
            case Forbidden():
                return self.refuse(403, error) if error.known else self.refuse(401, error, WHO[1])
            case UsageError():
                return self.fail(400, "UsageFault", str(error))
            case TooSlow():
                return self.fail(503, "TransientFault", str(error))
            case RegistryError():
                log.warning("%s: %s", path, error.__cause__ or error)
                return self.fail(503, "TransientFault", "the registry cannot answer now; try again later")
            case FitsprovError():
                log.warning("%s: %s", path, error)
                told = "the file or record behind this cannot be read; its keeper was told"
                return self.fail(500, "FatalFault", told)
            case _:
                log.error("%s", path, exc_info=error)
                return self.fail(500, "FatalFault", "internal error; the keeper of the service was told")

    def refuse(self, status: int, error: Exception, challenge: bytes | None = None) -> Answer:
        """Say that something is not for who asks (RFC 6750, 3)."""
        told = self.fail(status, "DefaultFault", str(error))
        more: Headers = () if challenge is None else ((WHO[0], challenge),)
        return Answer(told.body, told.media_type, told.status, (*told.headers, *more))

    async def reply(self, answer: Answer, scope: Scope, receive: Receive, send: Send) -> None:
        """Send an answer; of one to HEAD the body stays here."""
        headers = [*SAFE, *answer.headers]
        if answer.status != 304:  # it takes the place of what it says anew (RFC 9111, 4.3.4)
            headers.append((b"content-type", answer.media_type.encode("latin-1")))
            if not any(name == b"content-security-policy" for name, _ in answer.headers):
                headers.append(INERT)
        if self.house.archive.access is not None:
            headers += PRIVATE
        if isinstance(answer.body, Iterator) and scope["method"] != "HEAD":
            response = StreamingResponse(answer.body, answer.status)
            response.raw_headers = headers
            await response(scope, receive, send)
            return
        body = answer.body if isinstance(answer.body, bytes) else b""
        if isinstance(answer.body, bytes) and answer.status != 304:
            headers.append((b"content-length", b"%d" % len(body)))
        await send({"type": "http.response.start", "status": answer.status, "headers": headers})
        await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})

    def allow(self) -> bytes:
        """The methods that there are."""
        return ", ".join((*self.methods, "OPTIONS")).encode()

    def options(self) -> Answer:
        """Answer a browser that asks before it asks (Fetch, CORS preflight)."""
        return Answer(
            b"",
            "text/plain",
            204,
            (
                (b"allow", self.allow()),
                (b"access-control-allow-methods", self.allow()),
                (b"access-control-allow-headers", b"*, Authorization"),
                (b"access-control-max-age", b"86400"),
            ),
        )
