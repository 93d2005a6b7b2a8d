"""Our own validator of {links} documents."""

from __future__ import annotations

from collections import Counter
from typing import Any

from fitsprov.datalink.document import Document
from fitsprov.datalink.rules import RULES
from fitsprov.model.finding import Finding

__all__ = ["lint"]

MOST = 10
"""Findings of one code that are listed before the others are counted."""


def lint(data: bytes) -> list[Finding]:
    """Validate a document; of many findings with one code, the first few and the number of the others."""
    from lxml import etree

    parser = etree.XMLParser(no_network=True, resolve_entities=False, load_dtd=False)
    try:
        root = etree.fromstring(data, parser)
    except etree.XMLSyntaxError as error:
        return [Finding("datalink-xml", f"not XML: {error}")]
    about: Any = root.getroottree().docinfo
    if about.doctype:
        return [Finding("datalink-xml", "a document type declaration; expected none")]
    document = Document.of(root)
    counts: Counter[str] = Counter()
    kept = []
    for finding in (finding for rule in RULES for finding in rule(document)):
        counts[finding.code] += 1
        if counts[finding.code] <= MOST:
            kept.append(finding)
    more = [Finding(code, f"{number - MOST} more of these") for code, number in counts.items() if number > MOST]
    return kept + more
