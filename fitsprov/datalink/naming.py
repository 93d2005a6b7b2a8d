"""Names of files that come from a service.

Nothing that a service says is a path: its names lose what is not of a plain file name.
"""

from __future__ import annotations

import re
from urllib.parse import unquote, urlsplit

import requests

__all__ = ["plain_name"]

UNSAFE = re.compile(r'[\x00-\x1f\x7f-\x9f<>:"|?*\\/]|[^\S ]|[\u202a-\u202e\u2066-\u2069\ud800-\udfff]')
LONGEST = 200
"""Bytes of a name."""
EXTENDED = re.compile(r";\s*filename\*\s*=\s*([\w-]+)'[^']*'([^;\s]+)", re.IGNORECASE)  # RFC 8187, 3.2
QUOTED = re.compile(r';\s*filename\s*=\s*(?:"([^"]*)"|([^;\s"]+))', re.IGNORECASE)
SUFFIXES = {
    "application/json": ".json",
    "application/x-votable+xml": ".vot",
    "application/xml": ".xml",
    "application/pdf": ".pdf",
    "application/fits": ".fits",
    "image/fits": ".fits",
    "image/jpeg": ".jpg",
    "image/png": ".png",
    "image/svg+xml": ".svg",
    "text/csv": ".csv",
    "text/html": ".html",
    "text/plain": ".txt",
    "text/provenance-notation": ".provn",
    "text/xml": ".xml",
}
"""Media type → suffix."""


def plain_name(response: requests.Response) -> str:
    """Name a file as its sender does (RFC 6266), else by the end of its URL; never anywhere but in its folder.

    A name without a suffix gets that of its media type.
    """
    for name in (
        disposition_name(response.headers.get("content-disposition", "")),
        unquote(urlsplit(response.url).path.rpartition("/")[2]),
    ):
        plain = UNSAFE.sub("_", re.split(r"[/\\]", name)[-1]).strip(" ._-~")
        while len(plain.encode(errors="replace")) > LONGEST:
            stem, dot, suffix = plain.partition(".")
            plain = f"{stem[:-8]}{dot}{suffix}" if len(stem) > 8 else plain[:-8]
        if plain and not plain.endswith(".part"):
            if "." not in plain:
                kind = response.headers.get("content-type", "").partition(";")[0].strip().lower()
                plain += SUFFIXES.get(kind, "")
            packed = response.headers.get("content-encoding", "").lower() in ("gzip", "x-gzip")
            return f"{plain}.gz" if packed and not plain.lower().endswith((".gz", ".tgz")) else plain
    return "file"


def disposition_name(told: str) -> str:
    """The name in a Content-Disposition header (RFC 6266, 4.3); empty where there is none that can be read."""
    if match := EXTENDED.search(told):
        try:
            return unquote(match[2], encoding=match[1], errors="replace")
        except LookupError:
            return ""
    match = QUOTED.search(told)
    return "" if match is None else match[1] or match[2] or ""
