"""A function that answers calls, as an ASGI application: what is the same for all endpoints."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass

from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from fitsprov.actions.delivering import NoCopy
from fitsprov.actions.serving import TooSlow
from fitsprov.errors import DatasetNotFound, FitsprovError, RegistryError, UsageError
from fitsprov.service.answer import Answer, text
from fitsprov.service.call import Call
from fitsprov.settings import Settings

__all__ = ["Endpoint", "Failure", "fail_in_text"]

log = logging.getLogger(__name__)

SAFE = (
    (b"access-control-allow-origin", b"*"),
    (b"access-control-expose-headers", b"Content-Length, Content-Range, Content-Disposition, ETag, Link"),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
)
"""On every answer: anybody's page may read it, and none takes it for something else."""
INERT = (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'; sandbox")
"""On answers that are no pages."""

Failure = Callable[[int, str, str], Answer]
"""``fail(status, fault, message)``."""


class TooLarge(UsageError):
    """A body beyond the limit."""


def fail_in_text(status: int, fault: str, message: str) -> Answer:
    """Say in a line of text what went wrong (DALI 1.1, 4.2)."""
    return text(f"{fault}: {message}", status)


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One path of the service."""

    answer: Callable[[Call], Answer]
    settings: Settings
    methods: tuple[str, ...] = ("GET", "HEAD")
    fail: Failure = fail_in_text
    takes_form: bool = True
    """Whether the body of a request is a form; else it is data."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        method = scope["method"]
        if method == "OPTIONS":
            found = self.options()
        elif method not in self.methods:
            allow = ((b"allow", self.allow()),)
            found = text(
                f"UsageFault: {method} is not for {scope['path']}; expected {self.allow().decode()}", 405, allow
            )
        else:
            found = await self.work(scope, receive)
        await self.reply(found, scope, receive, send)

    async def work(self, scope: Scope, receive: Receive) -> Answer:
        """Run the function in a thread, for no longer than it may."""
        try:
            async with asyncio.timeout(self.settings.max_seconds):
                body = await self.read_body(receive) if scope["method"] == "POST" else b""
                return await asyncio.get_running_loop().run_in_executor(None, self.run, scope, body)
        except TooLarge as error:
            return self.fail(413, "UsageFault", str(error))
        except TimeoutError:
            return self.fail(503, "TransientFault", str(TooSlow(self.settings.max_seconds)))

    async def read_body(self, receive: Receive) -> bytes:
        """Read the body of a request, up to the limit."""
        body, more = bytearray(), True
        while more:
            message = await receive()
            body += message.get("body", b"")
            more = message.get("more_body", False)
            if len(body) > self.settings.max_body:
                raise TooLarge(f"the request has more than {self.settings.max_body} bytes; expected no more")
        return bytes(body)

    def run(self, scope: Scope, body: bytes) -> Answer:
        """Answer a call; an error becomes an answer, and says nothing about this machine."""
        headers = dict(scope["headers"])
        if not self.takes_form:
            headers[b"content-type"] = b""
        try:
            call = Call.of(scope["method"], scope.get("path_params", {}), scope["query_string"], headers, body)
            return self.answer(call)
        except (DatasetNotFound, NoCopy) as error:
            return self.fail(404, "NotFoundFault", str(error))
        except UsageError as error:
            return self.fail(400, "UsageFault", str(error))
        except TooSlow as error:
            return self.fail(503, "TransientFault", str(error))
        except RegistryError as error:
            log.warning("%s: %s", scope["path"], error.__cause__ or error)
            return self.fail(503, "TransientFault", "the registry cannot answer now; try again later")
        except FitsprovError as error:
            log.warning("%s: %s", scope["path"], error)
            return self.fail(500, "FatalFault", "the file or record behind this cannot be read; its keeper was told")
        except Exception:
            log.exception("%s", scope["path"])
            return self.fail(500, "FatalFault", "internal error; the keeper of the service was told")

    async def reply(self, answer: Answer, scope: Scope, receive: Receive, send: Send) -> None:
        """Send an answer; of one to HEAD the body stays here."""
        headers = [*SAFE, (b"content-type", answer.media_type.encode("latin-1")), *answer.headers]
        if not any(name == b"content-security-policy" for name, _ in answer.headers):
            headers.append(INERT)
        if scope["method"] == "HEAD" or isinstance(answer.body, bytes):
            body = answer.body if isinstance(answer.body, bytes) else b""
            if isinstance(answer.body, bytes) and answer.status != 304:
                headers.append((b"content-length", b"%d" % len(body)))
            await send({"type": "http.response.start", "status": answer.status, "headers": headers})
            await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})
            return
        response = StreamingResponse(answer.body, answer.status)
        response.raw_headers = headers
        await response(scope, receive, send)

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
                (b"access-control-allow-headers", b"*"),
                (b"access-control-max-age", b"86400"),
            ),
        )
