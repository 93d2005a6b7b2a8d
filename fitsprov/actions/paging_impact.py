"""The page that asks what a flaw touched."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fitsprov.actions.paging import render
from fitsprov.actions.paging_search import PAGE
from fitsprov.actions.serving import Archive
from fitsprov.actions.touching import CAUSES, touched
from fitsprov.errors import DatasetNotFound, UsageError

__all__ = ["CAUSES", "impact_page"]


def impact_page(archive: Archive, given: Mapping[str, str]) -> str:
    """Offer to ask what a flaw touched, and show what it did.

    Parameters
    ----------
    given : mapping
        `CAUSES` with their values, empty where they are not given.

    Raises
    ------
    Forbidden
        Where something is hidden from the caller that might be counted.
    """
    asked = any(value.strip() for value in given.values())
    found: dict[str, Any] | None = None
    problem = ""
    if asked:
        try:
            found = touched(archive, given, maxrec=PAGE)
        except (DatasetNotFound, UsageError) as error:
            problem = str(error)
    return render("impact.html", root=".", asked=given, found=found, problem=problem)
