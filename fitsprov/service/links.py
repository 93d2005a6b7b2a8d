"""``/links``: DataLink 1.1."""

from __future__ import annotations

from fitsprov.actions.linking import LINK_FORMATS, Fault, served_links, write_error
from fitsprov.actions.serving import Archive
from fitsprov.errors import UsageError
from fitsprov.service.answer import Answer, document
from fitsprov.service.call import Call

__all__ = ["answer_links", "fail_in_votable"]

ERROR_TYPE = "application/x-votable+xml;content=datalink"


def answer_links(archive: Archive, call: Call) -> Answer:
    """Give the links of datasets; the Accept header is not looked at, because Java's clients ask for text/html."""
    name = call.one("RESPONSEFORMAT").partition(";")[0].strip().lower()
    if name not in LINK_FORMATS:
        known = ", ".join(filter(None, LINK_FORMATS))
        raise UsageError(f"RESPONSEFORMAT '{name[:80]}' is unknown; expected one of {known}")
    chosen = LINK_FORMATS[name]
    pieces = served_links(
        archive,
        call.all("ID"),
        chosen,
        semantics=call.one("SEMANTICS") or None,
        role=call.one("ROLE") or None,
        maxrec=call.number("MAXREC"),
    )
    return document(call, pieces, chosen.media_type)


def fail_in_votable(status: int, fault: str, message: str) -> Answer:
    """Say in a VOTable what went wrong (DALI 1.1, 4.4.2)."""
    return Answer(write_error(Fault(fault), message), ERROR_TYPE, status)
