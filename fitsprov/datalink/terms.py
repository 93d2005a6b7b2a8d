"""The IVOA vocabulary of link semantics (datalink/core), in a dated copy of our own that needs no network.

`core.json` beside this module has the terms and the hierarchy of the release that its ``version`` names, in the
*desise* form that pyvo reads (Vocabularies in the VO 2.1, 3.2.3); labels and descriptions are worded by us.
"""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from typing import Any

__all__ = ["VOCABULARY", "core_terms", "is_term", "parent_terms"]

VOCABULARY = "http://www.ivoa.net/rdf/datalink/core"


@cache
def core_terms() -> dict[str, Any]:
    """Read the vocabulary; ``["terms"]`` maps a term without its ``#`` to ``label``, ``wider``, ``narrower`` …"""
    content: dict[str, Any] = json.loads(files("fitsprov.datalink").joinpath("core.json").read_bytes())
    return content


def is_term(semantics: str) -> bool:
    """Whether this is a core term as links spell it, ``#progenitor`` (DataLink 1.1, 3.2.6)."""
    return semantics.startswith("#") and semantics[1:] in core_terms()["terms"]


def parent_terms(semantics: str) -> tuple[str, ...]:
    """Give the wider terms of a core term, nearest first: ``#documentation`` for ``#detached-header``."""
    wider: list[str] = core_terms()["terms"][semantics[1:]]["wider"] if is_term(semantics) else []
    return tuple(above for term in wider for above in (f"#{term}", *parent_terms(f"#{term}")))
