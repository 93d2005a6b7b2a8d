"""Validate DataLink documents against 1.1."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

from fitsprov.errors import FileRefused
from fitsprov.model.finding import Finding

__all__ = ["lint_any"]


def lint_any(name: str) -> list[Finding]:
    """Validate a {links} document in a file, or what a service answers at a URL.

    Raises
    ------
    FileRefused
        Where it cannot be read.
    ServiceError
        Where there is no answer.
    """
    return lint_url(name) if name.startswith(("http://", "https://")) else lint_file(Path(name))


def lint_file(path: Path) -> list[Finding]:
    """Validate a document in a file."""
    from fitsprov.datalink.lint import lint

    try:
        data = path.read_bytes()
    except OSError as error:
        raise FileRefused(f"{path}: {error.strerror}; expected a DataLink document") from None
    return lint(data)


def lint_url(url: str) -> list[Finding]:
    """Validate an answer, its media type too; whoever names a host lets it be asked, wherever it is."""
    from fitsprov.datalink.descriptors import MEDIA_TYPE
    from fitsprov.datalink.guard import GuardedSession
    from fitsprov.datalink.lint import lint

    with GuardedSession(lambda host: True, [urlsplit(url).hostname or ""]) as session:
        answer = session.get(url)
    found = answer.headers.get("content-type", "")
    wrong = Finding("datalink-media-type", f"the answer is of type '{found}'; expected '{MEDIA_TYPE}'")
    return [*([wrong] if found != MEDIA_TYPE else []), *lint(answer.content)]
