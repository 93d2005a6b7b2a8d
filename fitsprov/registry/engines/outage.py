"""What was not taken in because no space was left: noted where a note takes none, and told once there is space again.

An empty file takes no block of a disk. One beside the registry's own, or for a server among what this user's programs
keep (``$XDG_STATE_HOME``), says by its time since when there is no space. Whoever writes next, this process or another,
makes an event of it within the same transaction, and then removes it.
"""

from __future__ import annotations

import os
from contextlib import suppress
from datetime import UTC, datetime
from functools import lru_cache
from hashlib import sha256
from pathlib import Path

from sqlalchemy import URL, Connection, insert, select

from fitsprov.model.facts import Event
from fitsprov.registry.schema import event

__all__ = ["forget_outage", "note_outage", "tell_outage"]

KIND = "disk full"
TEXT = "no space was left; what was being written was not taken in"

unsaid: dict[Path, datetime] = {}
"""Since when there was no space, where no file could be made either."""


@lru_cache(maxsize=16)
def place_of(url: URL) -> Path:
    """Where the note on a registry is."""
    if url.get_backend_name() == "sqlite":
        own = Path(url.database or "").absolute()
        return own.with_name(f"{own.name}.full")
    home = os.environ.get("XDG_STATE_HOME") or os.path.expanduser("~/.local/state")  # noqa: PTH111 (never fails)
    name = sha256(url.render_as_string(hide_password=True).encode()).hexdigest()[:16]
    return Path(home, "fitsprov", f"{name}.full")


def note_outage(url: URL) -> None:
    """Note that something was not taken in, unless it is noted already."""
    path = place_of(url)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with suppress(FileExistsError):
            path.touch(exist_ok=False)
    except OSError:
        unsaid.setdefault(path, datetime.now(UTC))


def tell_outage(connection: Connection, url: URL) -> bool:
    """Make an event of what is noted, in a transaction that writes; say whether anything was."""
    path = place_of(url)
    try:
        since = datetime.fromtimestamp(os.stat(path).st_mtime, UTC)  # noqa: PTH116 (each transaction pays for it)
    except OSError:
        if path not in unsaid:
            return False
        since = unsaid[path]
    told = Event(component="registry", kind=KIND, time=since, until=datetime.now(UTC), after=TEXT)
    uuid = told.identify()
    if connection.scalar(select(event.c.id).where(event.c.uuid == uuid)) is None:
        # an event of a record would open an epoch; nothing that results depend on has changed here
        row = {"component": told.component, "kind": told.kind, "time": since, "until": told.until, "after": told.after}
        connection.execute(insert(event).values(uuid=uuid, **row))
    return True


def forget_outage(url: URL) -> None:
    """Remove the note, once what it says was committed."""
    path = place_of(url)
    unsaid.pop(path, None)
    with suppress(OSError):
        path.unlink()
