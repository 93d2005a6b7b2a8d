"""What was downloaded into a folder, from where: so that names stay, and what was begun can be gone on with."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from hashlib import sha256
from pathlib import Path, PurePath
from threading import Lock

__all__ = ["Journal", "Note"]

FILE = ".fitsprov-fetch.jsonl"


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """One file of the folder."""

    url: str
    name: str
    validator: str = ""
    """The ETag with which it was sent, where there was one."""
    size: int | None = None
    """In bytes, when whole; None where nobody said."""
    whole: bool = False


class Journal:
    """The notes of one folder, one a line; the last about a URL counts."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / FILE
        self.lock = Lock()
        self.notes: dict[str, Note] = {}
        text = self.path.read_text(encoding="utf-8", errors="replace") if self.path.is_file() else ""
        self.cut = bool(text) and not text.endswith("\n")
        """Whether a program died over the last line."""
        for line in text.splitlines():
            note = read_note(line)
            if note is not None:
                self.notes[note.url] = note

    def get(self, url: str) -> Note | None:
        """What is known of a URL."""
        return self.notes.get(url)

    def add(self, note: Note) -> None:
        """Write a note down."""
        with self.lock:
            self.notes[note.url] = note
            with self.path.open("a", encoding="utf-8") as file:
                file.write("\n" * self.cut + json.dumps(asdict(note)) + "\n")
            self.cut = False

    def name(self, url: str, wanted: Callable[[], str]) -> Note:
        """Give a URL its name in the folder: the one that it had, else the wanted one, else one of its own."""
        with self.lock:
            known = self.notes.get(url)
            if known is None:
                name = wanted()
                if any(name.lower() == note.name.lower() for note in self.notes.values()):
                    stem, dot, suffix = PurePath(name).name.partition(".")
                    name = f"{stem}-{sha256(url.encode()).hexdigest()[:8]}{dot}{suffix}"
                known = self.notes[url] = Note(url=url, name=name)
            return replace(known)


def read_note(line: str) -> Note | None:
    """Read a line; None for one that was cut, or names anything but a file of the folder."""
    try:
        note = Note(**json.loads(line))
        return note if PurePath(note.name).name == note.name not in ("", "..") and note.url else None
    except (ValueError, TypeError):
        return None
