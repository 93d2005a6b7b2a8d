"""Answers that are given again as long as the registry stays as it was."""

from __future__ import annotations

from collections import OrderedDict
from threading import Lock

from fitsprov.service.answer import Answer

__all__ = ["Kept"]

MOST = 16 * 2**20
"""Bytes that one worker keeps."""
LARGEST = 2**22
"""Bytes of an answer that is kept."""

Key = tuple[bytes, bool]
"""The ETag, which follows from request and registry, and whether the client unpacks gzip."""


class Kept:
    """The answers that were asked for last; threads may share them."""

    def __init__(self) -> None:
        self.answers: OrderedDict[Key, Answer] = OrderedDict()
        self.size = 0
        self.lock = Lock()

    def get(self, key: Key) -> Answer | None:
        """Find an answer."""
        with self.lock:
            found = self.answers.get(key)
            if found is not None:
                self.answers.move_to_end(key)
            return found

    def put(self, key: Key, answer: Answer) -> None:
        """Keep an answer that is whole and not too large, in place of those that nobody has asked for since long."""
        body = answer.body
        if answer.status != 200 or not isinstance(body, bytes) or len(body) > LARGEST:
            return
        with self.lock:
            if key in self.answers:
                return
            self.answers[key] = answer
            self.size += len(body)
            while self.size > MOST:
                _, gone = self.answers.popitem(last=False)
                self.size -= len(gone.body) if isinstance(gone.body, bytes) else 0
