"""``/prov`` and ``/resolve``: where datasets came from, by their ID or by the header of a file."""

from __future__ import annotations

import json

from fitsprov.actions.heads import resolve_header
from fitsprov.actions.serving import Archive
from fitsprov.actions.tracing import PARAMETERS, Question, boolean, prov_format, write_prov
from fitsprov.errors import UsageError
from fitsprov.service.answer import Answer, document
from fitsprov.service.call import Call

__all__ = ["answer_prov", "answer_resolve"]


def answer_prov(archive: Archive, call: Call) -> Answer:
    """Give the provenance of datasets."""
    chosen = prov_format(call.one("RESPONSEFORMAT"))
    question = Question.read({name: call.one(name) for name in PARAMETERS}, call.number("MAXREC"))
    pieces = write_prov(archive, call.all("ID"), chosen, question)
    return document(call, pieces, chosen.media_type)


def answer_resolve(archive: Archive, call: Call) -> Answer:
    """Resolve a file by the first bytes of it, or by its headers alone, which are the body of the request."""
    alone = not boolean("DATA", call.one("DATA"))
    if not call.body:
        raise UsageError("the request has no body; expected the first bytes of a FITS file")
    found = resolve_header(archive, call.body, alone=alone)
    return document(call, [json.dumps(found, indent=1).encode()], "application/json")
