"""``/links``: DataLink 1.1."""

from __future__ import annotations

from fitsprov.actions.linking import Fault, served_links, write_error
from fitsprov.actions.listing import LINK_FORMATS, LinkFormat
from fitsprov.actions.serving import Archive
from fitsprov.errors import UsageError
from fitsprov.service.answer import Answer, document
from fitsprov.service.call import Call

__all__ = ["answer_links", "fail_in_votable"]

ERROR_TYPE = "application/x-votable+xml;content=datalink"


def answer_links(archive: Archive, call: Call) -> Answer:
    """Give the links of datasets; the Accept header is not looked at, because Java's clients ask for text/html."""
    chosen = find_format(call.one("RESPONSEFORMAT"))
    pieces = served_links(
        archive,
        call.all("ID"),
        chosen,
        semantics=call.one("SEMANTICS") or None,
        role=call.one("ROLE") or None,
        maxrec=call.number("MAXREC"),
    )
    return document(call, pieces, chosen.media_type, may_fail=True)


def find_format(asked: str) -> LinkFormat:
    """Find a format by its name or media type, whose ``+`` a client may have left for a blank to be made of."""
    name, _, parameters = asked.strip().lower().partition(";")
    name = name.strip().replace(" ", "+")
    found = LINK_FORMATS.get(f"{name};{''.join(parameters.split())}") or LINK_FORMATS.get(name)
    if found is None:
        known = ", ".join(filter(None, LINK_FORMATS))
        raise UsageError(f"RESPONSEFORMAT '{asked[:80]}' is unknown; expected one of {known}")
    return found


def fail_in_votable(status: int, fault: str, message: str) -> Answer:
    """Say in a VOTable what went wrong (DALI 1.1, 4.4.2)."""
    return Answer(write_error(Fault(fault), message), ERROR_TYPE, status)
