"""One download: resumed where it was cut, checked against all that is said about it, renamed when it is whole.

Bytes are kept as they were sent.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Event

import requests

from fitsprov.datalink.addresses import host_of
from fitsprov.datalink.guard import GuardedSession
from fitsprov.datalink.journal import Journal, Note
from fitsprov.datalink.naming import plain_name
from fitsprov.errors import FileRefused, ServiceError

__all__ = ["Got", "Transfer"]

RANGE = re.compile(r"bytes (\d{1,18})-(\d{1,18})/(\d{1,18})")
ALGORITHMS = {"sha-512": "sha512", "sha-256": "sha256", "sha": "sha1", "md5": "md5"}
"""As RFC 9530, 5 and RFC 3230, 4.1.1 name them → as hashlib does; the strongest first."""
WANTED = {"Want-Repr-Digest": "sha-256=1"}
"""Sent with each request (RFC 9530, 4)."""

Progress = Callable[[int, int], None]
"""Told of bytes that came, and of bytes that are expected beside those that it was told of."""


@dataclass(frozen=True, slots=True)
class Got:
    """A file in the folder."""

    path: Path
    size: int
    fresh: bool
    """False where it was there already."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Transfer:
    """Downloads into one folder."""

    folder: Path
    journal: Journal
    overwrite: bool = False
    progress: Progress = lambda came, expected: None
    stopping: Event

    def get(self, session: GuardedSession, url: str, size: int | None = None) -> Got:
        """Download a file, or find it there.

        Parameters
        ----------
        size : int, optional
            Bytes that the link announces; counts where the answer announces none.

        Raises
        ------
        ServiceError
            Where it does not come, or is not what was announced.
        FileRefused
            Where another file is in its place, or none can be written.
        """
        try:
            with self.ask(session, url) as response:
                return self.take(session, response, url, size)
        except (ServiceError, FileRefused):
            raise
        except OSError as error:
            raise FileRefused(f"{self.folder}: {error.strerror or error}; expected a folder to write in") from None

    def ask(self, session: GuardedSession, url: str) -> requests.Response:
        """Ask for all of a file, for what is missing of it, or whether it is still the same."""
        note, headers = self.journal.get(url), dict(WANTED)
        if note is not None and note.validator and not self.overwrite:
            have = size_of(self.folder / note.name)
            begun = self.begun(note)
            if note.whole and have is not None and have == note.size:
                headers["If-None-Match"] = note.validator
            elif not note.whole and begun and not note.validator.startswith("W/"):
                headers |= {"Range": f"bytes={begun}-", "If-Range": note.validator}
        response = session.get(url, headers=headers)
        if response.status_code == 416 and note is not None:
            response.close()
            self.part(note).unlink(missing_ok=True)
            response = session.get(url, headers=WANTED)
        if response.status_code not in (200, 206, 304):
            raise ServiceError(f"{url[:200]}: HTTP {response.status_code}; expected a file")
        return response

    def begun(self, note: Note) -> int:
        """How much of a file is there; of one that is all there, and was not checked, the last byte is asked for."""
        part = self.part(note)
        have = size_of(part) or 0
        if have and have == note.size:
            have -= 1
            os.truncate(part, have)
        return have

    def take(self, session: GuardedSession, response: requests.Response, url: str, size: int | None) -> Got:
        """Write down what an answer brings."""
        before = self.journal.get(url)
        note = self.journal.name(url, lambda: plain_name(response))
        path, there = self.folder / note.name, size_of(self.folder / note.name)
        if response.status_code == 304:
            return Got(path, there or 0, fresh=False)
        start = self.start(response, url, note)
        total = length(response, start)
        note = replace(
            note, validator=response.headers.get("etag", ""), size=size if total is None else total, whole=False
        )
        if there is not None and not self.overwrite:
            if not self.is_there(session, response, path, before, note, start):
                told = "" if note.size is None else f" ({note.size} bytes)"
                raise FileRefused(f"{path}: is not what the service has{told}; expected none or --overwrite")
            self.journal.add(replace(note, size=there, whole=True))
            return Got(path, there, fresh=False)
        self.journal.add(note)
        self.progress(0, (note.size or 0) - start)
        came = self.write(session, response, self.part(note), start)
        self.check(note, response, came)
        self.part(note).replace(path)
        self.journal.add(replace(note, size=came, whole=True))
        return Got(path, came, fresh=True)

    def is_there(
        self,
        session: GuardedSession,
        response: requests.Response,
        path: Path,
        before: Note | None,
        note: Note,
        start: int,
    ) -> bool:
        """Whether the file in its place is what the service has; where nothing else says so, its bytes do."""
        if note.size not in (None, path.stat().st_size) or changed(before, note):
            return False
        if (told := told_digest(response)) is not None:
            return agrees(path, told)
        if before is not None and before.whole and (note.size is not None or before.validator):
            return True
        return not start and same_bytes(path, session.pieces(response))

    def part(self, note: Note) -> Path:
        """Where a file grows."""
        return self.folder / f"{note.name}.part"

    def start(self, response: requests.Response, url: str, note: Note) -> int:
        """Where in the file an answer begins.

        Raises
        ------
        ServiceError
            Where it is not what was asked for.
        """
        if response.status_code == 200:
            return 0
        told = response.headers.get("content-range", "")
        match, begun = RANGE.fullmatch(told), size_of(self.part(note))
        if match is None or int(match[1]) != begun or response.headers.get("etag", note.validator) != note.validator:
            self.part(note).unlink(missing_ok=True)
            message = f"{url[:200]}: '{told[:60]}' was sent for the bytes from {begun} on; begins anew next time"
            raise ServiceError(message, code="service-answer-invalid")
        return int(match[1])

    def write(self, session: GuardedSession, response: requests.Response, part: Path, start: int) -> int:
        """Write an answer behind what is there; give the size of all."""
        with part.open("ab" if start else "wb") as file:
            for piece in session.pieces(response):
                file.write(piece)
                self.progress(len(piece), 0)
                if self.stopping.is_set():
                    raise ServiceError(f"{host_of(response.url)}: interrupted; goes on next time")
            file.flush()
            os.fsync(file.fileno())
            return file.tell()

    def check(self, note: Note, response: requests.Response, came: int) -> None:
        """Hold a file that came against its length and its digest; one that is not right goes."""
        part = self.part(note)
        if note.size is not None and came != note.size:
            problem = f"{came} bytes came; expected {note.size}"
        elif not agrees(part, told_digest(response)):
            problem = "its digest is not the one that came with it; expected the bytes that were sent"
        else:
            return
        part.unlink()
        raise ServiceError(f"{note.url[:200]}: {problem}", code="service-answer-invalid")


def length(response: requests.Response, start: int) -> int | None:
    """How long the whole file is, as the answer says."""
    match = RANGE.fullmatch(response.headers.get("content-range", ""))
    if response.status_code == 206 and match is not None:
        return int(match[3])
    told = response.headers.get("content-length", "")
    return int(told) + start if re.fullmatch(r"\d{1,18}", told) else None


def told_digest(response: requests.Response) -> tuple[str, bytes] | None:
    """The strongest digest of the whole file that an answer states (RFC 9530, 3; RFC 3230, 4.3.2)."""
    said: dict[str, str] = {}
    for header in ("Repr-Digest", "Digest"):
        for item in response.headers.get(header, "").split(","):
            name, _, value = item.strip().partition("=")
            said.setdefault(name.strip().lower(), value.strip().strip(":"))
    for name, algorithm in ALGORITHMS.items():
        if name in said:
            try:
                return algorithm, base64.b64decode(said[name], validate=True)
            except (binascii.Error, ValueError):
                return None
    return None


def changed(before: Note | None, now: Note) -> bool:
    """Whether the service has another file than when it was downloaded."""
    return (
        before is not None
        and before.whole
        and "" not in (before.validator, now.validator)
        and before.validator != now.validator
    )


def agrees(path: Path, told: tuple[str, bytes] | None) -> bool:
    """Whether a file has a digest, where one is told."""
    if told is None:
        return True
    algorithm, digest = told
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.new(algorithm, usedforsecurity=False)).digest() == digest


def same_bytes(path: Path, pieces: Iterable[bytes]) -> bool:
    """Whether a file has these bytes and no others."""
    with path.open("rb") as file:
        return all(file.read(len(piece)) == piece for piece in pieces) and not file.read(1)


def size_of(path: Path) -> int | None:
    """How large a file is; None where there is none."""
    return path.stat().st_size if path.is_file() else None
