"""Validate DataLink documents against 1.1."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

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
    """Validate an answer, with its status and media type; whoever names a host lets it be asked, wherever it is."""
    from fitsprov.datalink.guard import GuardedSession
    from fitsprov.datalink.lint import lint, lint_answer

    with GuardedSession(lambda host: True, [urlsplit(url).hostname or ""]) as session:
        answer = session.get(url)
    kind = answer.headers.get("content-type", "")
    return [*lint_answer(answer.status_code, kind, requested_type(url), answer.content), *lint(answer.content)]


def requested_type(url: str) -> str:
    """The media type that a URL asks for; empty where it leaves that to the service (DALI 1.1, 3.4.3)."""
    asked = [value for name, value in parse_qsl(urlsplit(url).query) if name.upper() == "RESPONSEFORMAT"]
    return asked[0].partition(";")[0].strip().lower() if asked and "/" in asked[0] else ""
