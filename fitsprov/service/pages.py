"""``/``, ``/dataset/ID``, ``/touched`` and ``/static``: pages for people, and what they are made of."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import quote

from fitsprov.actions.assets import POLICY, find_asset
from fitsprov.actions.paging import dataset_page, missing_page
from fitsprov.actions.paging_impact import CAUSES, impact_page
from fitsprov.actions.paging_search import search_page
from fitsprov.actions.serving import Archive
from fitsprov.errors import DatasetNotFound
from fitsprov.service.answer import Answer, Headers, document, text
from fitsprov.service.call import Call

__all__ = ["answer_asset", "answer_dataset", "answer_search", "answer_touched"]

HTML = "text/html;charset=utf-8"
SAFE = (b"content-security-policy", POLICY.encode())
FOREVER = (b"cache-control", b"public, max-age=31536000, immutable")
"""For what is asked for by its content (RFC 8246)."""


def answer_search(archive: Archive, call: Call) -> Answer:
    """Give the page to find datasets with."""
    asked = {name: call.one(name.upper()) for name in ("q", "type", "run", "data")}
    return show(call, search_page(archive, asked, call.number("PAGE") or 1))


def answer_dataset(archive: Archive, call: Call) -> Answer:
    """Give the page of a dataset; whoever spells its ID otherwise is sent to where it is."""
    asked = call.path["id"]
    try:
        dataset = archive.find(asked)
    except DatasetNotFound:
        return Answer(missing_page(archive, asked).encode(errors="replace"), HTML, 404, (SAFE,))
    link: Headers = ((b"link", archive.provenance_link(dataset)),)
    if asked != str(dataset.id):
        where = f"{archive.base_url}/dataset/{quote(str(dataset.id))}".encode()
        return Answer(b"", "text/plain", 303, (*link, (b"location", where)))
    page = dataset_page(archive, dataset, way=call.one("WAY"), opened=call.one("OPEN").split(","))
    return show(call, page, link)


def answer_touched(archive: Archive, call: Call) -> Answer:
    """Give the page that asks what a flaw touched."""
    return show(call, impact_page(archive, {name: call.one(name) for name in CAUSES}))


def show(call: Call, html: str, headers: Headers = ()) -> Answer:
    """Answer with a page."""
    return document(call, [html.encode(errors="replace")], HTML, (*headers, SAFE))


def answer_asset(archive: Archive, call: Call) -> Answer:
    """Give a file that pages need; who asks for it by its version need not ask again."""
    found = find_asset(call.path["name"])
    if found is None:
        return text("NotFoundFault: pages need no such file", 404)
    answer = document(call, [found.body], found.media_type)
    if call.one("V") != found.version:
        return answer
    kept = tuple(header for header in answer.headers if header[0] != b"cache-control")
    return replace(answer, headers=(*kept, FOREVER))
