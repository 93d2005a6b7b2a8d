"""What people look at: a page of each dataset, and one to find them; the HTML is in ``templates/pages/``."""

from __future__ import annotations

import json
import re
from base64 import b64encode
from collections.abc import Mapping, Sequence
from functools import cache
from hashlib import sha256
from typing import Any, NamedTuple

from jinja2 import Environment, FunctionLoader, StrictUndefined

from fitsprov.actions import drawing
from fitsprov.actions.json_objects import activity_object
from fitsprov.actions.serving import Archive, discreet
from fitsprov.actions.tracing import FORMATS, trace
from fitsprov.errors import DatasetNotFound, UsageError
from fitsprov.model.dataid import parse_assignment
from fitsprov.model.lineage import Category, Dataset
from fitsprov.templates import read_template

__all__ = ["Page", "dataset_page", "search_page"]

FIRST, MOST, FOUND = 12, 500, 100
"""Of one kind of dataset: those that are shown at once, those that are listed at all; those that a search gives."""
NARROW = 736
"""Pixels: a drawing that is wider may be scrolled on a small screen."""
INLINE = re.compile(r"<(style|script)>(.*?)</\1>", re.DOTALL)


class Page(NamedTuple):
    """A page, and what its browser may do with it."""

    html: str
    policy: str
    """Content-Security-Policy: nothing but the style and script that stand in it, and this service."""


class Listed(NamedTuple):
    """Some of many datasets."""

    all: int
    first: Sequence[Mapping[str, Any]]
    more: Sequence[Mapping[str, Any]]
    cut: int


@cache
def environment() -> Environment:
    """The templates; everything is escaped unless it is said to be safe."""
    return Environment(
        loader=FunctionLoader(lambda name: read_template(f"pages/{name}")),
        autoescape=True,
        trim_blocks=True,
        undefined=StrictUndefined,
    )


def render(name: str, **values: Any) -> Page:
    """Fill in a template."""
    html = environment().get_template(name).render(**values)
    hashes: dict[str, list[str]] = {"style": [], "script": []}
    for kind, content in INLINE.findall(html):
        hashes[kind].append(f"'sha256-{b64encode(sha256(content.encode()).digest()).decode()}'")
    allowed = "; ".join(f"{kind}-src {' '.join(dict.fromkeys(found))}" for kind, found in hashes.items() if found)
    policy = f"default-src 'none'; {allowed}; connect-src 'self'; form-action 'self'; base-uri 'none'"
    return Page(html, f"{policy}; frame-ancestors 'none'")


def dataset_page(archive: Archive, identifier: str) -> Page:
    """Tell all about a dataset.

    Raises
    ------
    DatasetNotFound
    """
    found = trace(archive, identifier, depth="ALL")
    assert found.lineage is not None
    lineage = found.lineage
    dataset = lineage.dataset
    with discreet():
        near = archive.registry.neighbourhoods([dataset.id])[dataset.id]
    ancestors = list(lineage.ancestors())
    svg = drawing.draw(lineage, "svg")
    width = re.search(r'\bwidth="(\d+)"', svg)
    did = archive.did(dataset)
    return render(
        "dataset.html",
        root="..",
        base=archive.base_url,
        did=did,
        dataset={**described(dataset), "run": dataset.run, "size": dataset.size, "uri": near.dataset.uri}
        | {"publisher_did": dataset.publisher_did, "data_id": dataset.data_id, "name": dataset.name},
        label=label(dataset),
        citation=cite(dataset, did, archive.base_url),
        complete=lineage.complete,
        activity=activity_object(found.activity),
        svg=svg,
        wide=width is not None and int(width[1]) > NARROW,
        formats=FORMATS,
        n_ancestors=len(ancestors),
        n_raws=sum(one.category is Category.RAW for one in ancestors),
        parents=listed([(one, usage.role) for one, usage in lineage.parents()]),
        raws=listed([(one, None) for one in ancestors if one.category is Category.RAW]),
        products=listed([(one, None) for one in near.products]),
        siblings=listed([(one, None) for one in near.siblings]),
    )


def listed(items: Sequence[tuple[Dataset, str | None]]) -> Listed:
    """Choose what of a list is shown."""
    shown = [{**described(one), "role": role} for one, role in items[:MOST]]
    few = len(shown) <= FIRST + 3
    first = len(shown) if few else FIRST
    return Listed(len(items), shown[:first], shown[first:], len(items) - len(shown))


def described(dataset: Dataset) -> dict[str, Any]:
    """What a line of a list says of a dataset."""
    category = None if dataset.category is None else dataset.category.value
    return {"id": str(dataset.id), "type": dataset.type, "category": category, "label": label(dataset)}


def label(dataset: Dataset) -> str:
    """Tell a dataset from others of its type."""
    place = ", ".join(f"{key} {value}" for key, value in (dataset.data_id or {}).items())
    return place or dataset.name or str(dataset.id)


def cite(dataset: Dataset, did: str, base_url: str) -> str:
    """A line for the data section of a paper."""
    what = " ".join(filter(None, (dataset.type, json.dumps(dataset.data_id) if dataset.data_id else dataset.name)))
    run = f", run {dataset.run}" if dataset.run else ""
    return f"{what or 'Dataset'}{run}, {did}, {base_url}/dataset/{dataset.id}"


def search_page(archive: Archive, asked: Mapping[str, str]) -> Page:
    """Offer to search, and show what was found.

    Parameters
    ----------
    asked : mapping
        ``q``, an ID or a name; ``type``; ``run``; ``data``, as ``tract=9813 band=r``.
    """
    given = {key: asked.get(key, "").strip() for key in ("q", "type", "run", "data")}
    found: list[Dataset] = []
    problem = ""
    if any(given.values()):
        try:
            found = search(archive, given)
        except UsageError as error:
            problem = str(error)
    return render(
        "search.html",
        root=".",
        asked=given,
        searched=any(given.values()),
        problem=problem,
        found=[{**described(one), "run": one.run} for one in found[:FOUND]],
        more=len(found) > FOUND,
    )


def search(archive: Archive, given: Mapping[str, str]) -> list[Dataset]:
    """Find datasets by what was asked; the ID of one finds it alone."""
    data_id = dict(map(parse_assignment, given["data"].replace(",", " ").split()))
    others = {"run": given["run"] or None, "type": given["type"] or None}
    with discreet():
        if given["q"] and not data_id and not any(others.values()):
            try:
                return [archive.registry.dataset(given["q"])]
            except (DatasetNotFound, UsageError):
                pass  # a pattern, or the name of several
        name = given["q"] if given["q"].strip("*") else None  # any name, or none at all
        return archive.registry.find(name=name, data_id=data_id, limit=FOUND + 1, **others)
