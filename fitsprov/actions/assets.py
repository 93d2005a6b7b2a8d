"""What pages are made of beside their text: style sheets, scripts and the icon, out of ``templates/pages/``."""

from __future__ import annotations

from functools import cache
from hashlib import sha256
from typing import NamedTuple

from fitsprov.exchange.drawings.svg_style import drawing_style
from fitsprov.templates import read_template

__all__ = ["POLICY", "Asset", "asset_path", "find_asset"]

TYPES = {"css": "text/css;charset=utf-8", "js": "text/javascript;charset=utf-8", "svg": "image/svg+xml"}
NAMES = ("page.css", "search.js", "dataset.js", "icon.svg")
POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
"""Content-Security-Policy of pages: they use what this service gives, and nothing that stands in them acts."""


class Asset(NamedTuple):
    """One file that pages need."""

    body: bytes
    media_type: str
    version: str
    """Of this content alone: what is known by it never changes."""


@cache
def assets() -> dict[str, Asset]:
    """Read them all; the style sheet of drawings follows that of the page."""
    found = {}
    for name in NAMES:
        text = read_template(f"pages/{name}") + (drawing_style() if name == "page.css" else "")
        body = text.encode()
        found[name] = Asset(body, TYPES[name.rpartition(".")[2]], sha256(body).hexdigest()[:16])
    return found


def find_asset(name: str) -> Asset | None:
    """Find a file by its name; None where there is none."""
    return assets().get(name)


def asset_path(name: str) -> str:
    """Where a page finds a file, below the root of the service."""
    return f"static/{name}?v={assets()[name].version}"
