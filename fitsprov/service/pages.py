"""``/`` and ``/dataset/ID``: pages for people."""

from __future__ import annotations

from urllib.parse import quote

from fitsprov.actions.paging import Page, dataset_page, search_page
from fitsprov.actions.serving import Archive
from fitsprov.service.answer import Answer, Headers, document
from fitsprov.service.call import Call

__all__ = ["answer_dataset", "answer_search"]


def answer_search(archive: Archive, call: Call) -> Answer:
    """Give the page to find datasets with."""
    return show(call, search_page(archive, {name: call.one(name.upper()) for name in ("q", "type", "run", "data")}))


def answer_dataset(archive: Archive, call: Call) -> Answer:
    """Give the page of a dataset; whoever spells its ID otherwise is sent to where it is."""
    asked = call.path["id"]
    dataset = archive.find(asked)
    link: Headers = ((b"link", archive.provenance_link(dataset)),)
    if asked != str(dataset.id):
        where = f"{archive.base_url}/dataset/{quote(str(dataset.id))}".encode()
        return Answer(b"", "text/plain", 303, (*link, (b"location", where)))
    return show(call, dataset_page(archive, asked), link)


def show(call: Call, page: Page, headers: Headers = ()) -> Answer:
    """Answer with a page."""
    policy = (b"content-security-policy", page.policy.encode())
    return document(call, [page.html.encode(errors="replace")], "text/html;charset=utf-8", (*headers, policy))
