"""One download: resumed where it was cut, checked against all that is said about it, renamed when it is whole.

Bytes are kept as they were sent.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Event
from typing import BinaryIO

import requests

from fitsprov.datalink.addresses import host_of
from fitsprov.datalink.guard import GuardedSession
from fitsprov.datalink.journal import Journal, Note
from fitsprov.datalink.naming import plain_name
from fitsprov.errors import FileRefused, ServiceError

try:
    import fcntl
except ImportError:
    fcntl = None  # type: ignore[assignment]  # Windows has none

__all__ = ["Got", "Transfer", "alone", "hold"]

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
            response, begun = self.ask(session, url)
            with response:
                return self.take(session, response, url, size, begun)
        except (ServiceError, FileRefused):
            raise
        except OSError as error:
            raise FileRefused(f"{self.folder}: {error.strerror or error}; expected a folder to write in") from None

    def ask(self, session: GuardedSession, url: str) -> tuple[requests.Response, int]:
        """Ask for all of a file, for what is missing of it, or whether it is still the same; and from where on."""
        note, headers, begun = self.journal.get(url), dict(WANTED), 0
        if note is not None and note.validator and not self.overwrite:
            have = size_of(self.folder / note.name)
            if note.whole and have is not None and have == note.size:
                headers["If-None-Match"] = note.validator
            elif not note.whole and not note.validator.startswith("W/"):
                begun = self.begun(note)
                headers |= {"Range": f"bytes={begun}-", "If-Range": note.validator} if begun else {}
        response = session.get(url, headers=headers)
        if response.status_code == 416:
            response.close()
            response = session.get(url, headers=WANTED)
        if response.status_code not in (200, 206, 304):
            raise ServiceError(f"{url[:200]}: HTTP {response.status_code}; expected a file")
        return response, begun

    def begun(self, note: Note) -> int:
        """How much of a file is there; of one that is all there, and was not checked, the last byte is asked for."""
        have = size_of(self.part(note)) or 0
        return have - 1 if have and have == note.size else have

    def take(self, session: GuardedSession, response: requests.Response, url: str, size: int | None, begun: int) -> Got:
        """Write down what an answer brings."""
        before = self.journal.get(url)
        note = self.journal.name(url, lambda: plain_name(response))
        path, there = self.folder / note.name, size_of(self.folder / note.name)
        if response.status_code == 304:
            return Got(path, there or 0, fresh=False)
        start = self.start(response, url, note, begun)
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
        with hold(self.part(note), start) as file:
            self.journal.add(note)
            self.progress(0, (note.size or 0) - start)
            came = self.write(session, response, file)
            self.check(note, response, came)
            if there is None and path.exists() and not self.overwrite:
                raise FileRefused(f"{path}: has come from elsewhere meanwhile; expected none or --overwrite")
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
        if before is not None and before.whole and (note.size is not None or before.validator == note.validator != ""):
            return True
        return not start and same_bytes(path, session.pieces(response))

    def part(self, note: Note) -> Path:
        """Where a file grows."""
        return self.folder / f"{note.name}.part"

    def start(self, response: requests.Response, url: str, note: Note, begun: int) -> int:
        """Where in the file an answer begins.

        Raises
        ------
        ServiceError
            Where it is not what was asked for.
        """
        if response.status_code == 200:
            return 0
        told = response.headers.get("content-range", "")
        match = RANGE.fullmatch(told)
        if match is None or int(match[1]) != begun or response.headers.get("etag", note.validator) != note.validator:
            with hold(self.part(note), 0):
                self.part(note).unlink()
            message = f"{url[:200]}: '{told[:60]}' was sent for the bytes from {begun} on; begins anew next time"
            raise ServiceError(message, code="service-answer-invalid")
        return begun

    def write(self, session: GuardedSession, response: requests.Response, file: BinaryIO) -> int:
        """Write an answer behind what is there; give the size of all."""
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


@contextmanager
def hold(part: Path, start: int) -> Iterator[BinaryIO]:
    """Open a file that grows, for this download alone, and cut it to where an answer begins.

    Raises
    ------
    FileRefused
        Where another program is at it.
    """
    with part.open("ab") as file:
        if not alone(file, part) or os.fstat(file.fileno()).st_size < start:
            raise FileRefused(f"{part}: another download writes it; expected to be the only one")
        file.truncate(start)
        yield file


def alone(file: BinaryIO, path: Path) -> bool:
    """Lock a file, where there are locks; whether that went well, and it still is the one at the path."""
    if fcntl is not None:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        except OSError:
            pass  # a file system without locks
    return path.exists() and os.path.samestat(os.fstat(file.fileno()), path.stat())


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
