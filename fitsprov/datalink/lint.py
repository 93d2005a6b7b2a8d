"""Our own validator of {links} documents."""

from __future__ import annotations

from collections import Counter
from typing import Any

from fitsprov.datalink.descriptors import MEDIA_TYPE
from fitsprov.datalink.document import Document, infos, text_of
from fitsprov.datalink.rules import RULES
from fitsprov.model.finding import Finding

__all__ = ["lint", "lint_answer"]

MOST = 10
"""Findings of one code that are listed before the others are counted."""

VOTABLES = ("application/x-votable+xml", "text/xml")
"""Media types of VOTables (VOTable 1.4, 8)."""


def lint(data: bytes) -> list[Finding]:
    """Validate a document; of many findings with one code, the first few and the number of the others."""
    found = read(data)
    if isinstance(found, Finding):
        return [found]
    document = found
    counts: Counter[str] = Counter()
    kept = []
    for finding in (finding for rule in RULES for finding in rule(document)):
        counts[finding.code] += 1
        if counts[finding.code] <= MOST:
            kept.append(finding)
    more = [Finding(code, f"{number - MOST} more of these") for code, number in counts.items() if number > MOST]
    return kept + more


def lint_answer(status: int, kind: str, requested: str, data: bytes) -> list[Finding]:
    """Hold the HTTP status and the media type of an answer against what it brings.

    Parameters
    ----------
    kind : str
        Its media type, with parameters.
    requested : str
        The media type that was asked for, without; empty where none was.
    """
    found = read(data)
    good = isinstance(found, Document) and not found.failed
    findings = []
    if isinstance(found, Document) and good != (status == 200):
        said = "an answer" if good else "an error"
        findings.append(Finding("datalink-http-status", f"HTTP {status} with {said}"))
    if isinstance(found, Document) and found.failed:
        said = " ".join(" ".join(map(text_of, infos(found.results[0], "QUERY_STATUS"))).split())
        findings.append(Finding("datalink-request-failed", said[:300] or "it does not say why"))
    bare = kind.partition(";")[0].strip().lower()
    if bare not in VOTABLES or (good and requested and bare != requested):
        expected = requested or MEDIA_TYPE
        findings.append(Finding("datalink-answer-type", f"the answer is of type '{kind}'; expected '{expected}'"))
    elif not requested and kind != MEDIA_TYPE:
        findings.append(Finding("datalink-media-type", f"the answer is of type '{kind}'; expected '{MEDIA_TYPE}'"))
    return findings


def read(data: bytes) -> Document | Finding:
    """Take a document apart; or say why that cannot be."""
    from lxml import etree

    parser = etree.XMLParser(no_network=True, resolve_entities=False, load_dtd=False)
    try:
        root = etree.fromstring(data, parser)
    except etree.XMLSyntaxError as error:
        return Finding("datalink-xml", f"not XML: {error}")
    about: Any = root.getroottree().docinfo
    if about.doctype:
        return Finding("datalink-xml", "a document type declaration; expected none")
    return Document.of(root)
