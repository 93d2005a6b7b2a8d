"""Texts that some engine would not keep are told of, wherever in a claim they stand."""

from __future__ import annotations

import pytest

from fitsprov.registry.engines.texts import fault_of_claim
from fitsprov.registry.harvests.claims import Claim, Named

PLAIN = Claim("file:///a.fits", 2880, 1, "native", bytes(16))
ITEM = Named(bytes(16), "input", "image", "drp", '{"visit":7}', "a")
FIELDS = ("uri", "type", "run", "name", "publisher_did", "task")


@pytest.mark.parametrize(("text", "fault"), [("a\0b", "holds a NUL"), ("x" * 3000, "has 3000 bytes; expected at most")])
def test_every_text_of_a_claim_is_looked_at(text: str, fault: str) -> None:
    named = [ITEM._replace(**{field: text}) for field in ("role", "type", "run", "name")]
    claims = [
        *((field, PLAIN._replace(**{field: text})) for field in FIELDS),
        *(("software", PLAIN._replace(packages=(("numpy", "1"), one))) for one in ((text, ""), ("lsst", text))),
        *((field, PLAIN._replace(used=(ITEM, one))) for field, one in zip(Named._fields[1:4], named, strict=False)),
        *((field, PLAIN._replace(raws=(one,))) for field, one in zip(Named._fields[1:4], named, strict=False)),
        ("name", PLAIN._replace(steps=((ITEM, bytes(16), (named[-1],)),))),
    ]
    for field, claim in claims:
        told = fault_of_claim(claim)
        assert told is not None, field
        assert told.startswith(field)
        assert fault in told


@pytest.mark.parametrize("text", ["", "x" * 200, "x" * 201, "é" * 400, "\n", "a" * 800])
def test_what_fits_is_no_fault(text: str) -> None:
    assert fault_of_claim(PLAIN._replace(run=text, name=text, used=(ITEM._replace(name=text, role=text),))) is None
    assert fault_of_claim(PLAIN) is None
