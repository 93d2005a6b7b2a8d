"""``/impact``: what a dataset, a package or a configuration touched."""

from __future__ import annotations

import json

from fitsprov.actions.serving import Archive
from fitsprov.actions.touching import CAUSES, touched
from fitsprov.service.answer import Answer, document
from fitsprov.service.call import Call

__all__ = ["answer_impact"]


def answer_impact(archive: Archive, call: Call) -> Answer:
    """Give what a flaw touched."""
    found = touched(archive, {name: call.one(name) for name in CAUSES}, call.number("MAXREC"))
    return document(call, [json.dumps(found, indent=1).encode()], "application/json")
