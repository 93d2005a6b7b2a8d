"""The page to find datasets with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from fitsprov.actions.paging import described, render
from fitsprov.actions.serving import Archive, discreet
from fitsprov.errors import DatasetNotFound, UsageError
from fitsprov.model.dataid import parse_assignments
from fitsprov.model.lineage import Dataset

__all__ = ["PAGE", "search_page"]

PAGE, PAGES = 100, 100
"""Datasets of one page, and pages: who would have to turn more says more of what it is."""


def search_page(archive: Archive, asked: Mapping[str, str], page: int = 1) -> str:
    """Offer to search, and show what was found.

    Parameters
    ----------
    asked : mapping
        ``q``, an ID or a name; ``type``; ``run``; ``data``, as ``tract=9813 band=r``.
    page : int
        Which hundred of what was found, from 1 on.
    """
    given = {key: asked.get(key, "").strip() for key in ("q", "type", "run", "data")}
    page = min(max(page, 1), PAGES)
    found: list[Dataset] = []
    problem = ""
    if any(given.values()):
        try:
            found = search(archive, given, page * PAGE + 1)
        except UsageError as error:
            problem = str(error)
    shown = found[(page - 1) * PAGE : page * PAGE]
    return render(
        "search.html",
        root=".",
        asked=given,
        searched=any(given.values()),
        problem=problem,
        found=[described(one) | {"run": one.run} for one in shown],
        start=(page - 1) * PAGE,
        before=address(given, page - 1) if page > 1 else None,
        after=address(given, page + 1) if len(found) > page * PAGE and page < PAGES else None,
        more=len(found) > page * PAGE,
    )


def address(given: Mapping[str, str], page: int) -> str:
    """Where another part of what was found is, from the page to find datasets with."""
    return "?" + urlencode({key: value for key, value in given.items() if value} | {"page": page})


def search(archive: Archive, given: Mapping[str, str], limit: int) -> list[Dataset]:
    """Find datasets by what was asked; the ID of one finds it alone."""
    data_id = parse_assignments(given["data"].replace(",", " ").split())
    others: dict[str, Any] = {"run": given["run"] or None, "type": given["type"] or None}
    with discreet():
        if given["q"] and not data_id and not any(others.values()):
            try:
                return [archive.registry.dataset(given["q"])]
            except (DatasetNotFound, UsageError):
                pass  # a pattern, or the name of several
        name = given["q"] if given["q"].strip("*") else None  # any name, or none at all
        return archive.registry.find(name=name, data_id=data_id, limit=limit, **others)
