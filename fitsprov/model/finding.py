"""Findings: what is worth saying about a header, a file or a registry, as values.

`CODES` is the whole list; the reference page of the documentation is made from it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

__all__ = ["CODES", "Finding", "Severity", "worst"]


class Severity(StrEnum):
    """How much a finding matters; ``warning`` and ``error`` set exit code 1."""

    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


INFO, WARNING, ERROR = Severity

CODES: dict[str, tuple[Severity, str]] = {
    "checksum-wrong": (WARNING, "CHECKSUM does not match header and data: something was edited after it was written."),
    "conventions-disagree": (WARNING, "Two conventions in one header disagree; the one with precedence is taken."),
    "count-differs": (WARNING, "A list in the header is shorter or longer than the count beside it says."),
    "data-changed": (ERROR, "The data are not those that were stamped."),
    "data-not-compared": (INFO, "The stamp carries no fingerprint that this file can be compared by."),
    "dataset-unknown": (WARNING, "The registry does not know the dataset that the stamp names."),
    "datasum-stale": (ERROR, "The DATASUM card does not match the data: they were changed without it."),
    "differs-from-registry": (ERROR, "A card says something else than the registry."),
    "digest-differs": (ERROR, "A list in the header is not the list whose digest the stamp carries."),
    "lineage-incomplete": (INFO, "The lineage ends in datasets that are only named, not described."),
    "pointer-stale": (WARNING, "DATALINK or FPV_DID point elsewhere than the registry would point now."),
    "seal-broken": (ERROR, "Cards of the stamp were edited, lost or added after it was written."),
    "stamp-in-extension": (INFO, "The stamp was found in an extension, not in the primary header."),
    "stamp-inherited": (
        ERROR,
        "The stamp came with a copied header: the data are derived from the dataset it names.",
    ),
    "stamp-missing": (WARNING, "The header carries no stamp."),
    "stamp-stale": (WARNING, "The registry has learnt more since the stamp was written."),
    "value-malformed": (WARNING, "The value of a card is not of its keyword's type; it is not used."),
}
"""Code → severity and meaning."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is worth saying."""

    code: str
    message: str
    keyword: str = ""

    @property
    def severity(self) -> Severity:
        """How much it matters."""
        return CODES[self.code][0]

    def to_json(self) -> dict[str, str]:
        """The object that ``--json`` prints."""
        return {"code": self.code, "severity": self.severity.value, "keyword": self.keyword, "message": self.message}


def worst(findings: list[Finding] | tuple[Finding, ...]) -> Severity:
    """The highest severity among findings; ``info`` for none."""
    order = list(Severity)
    return max((f.severity for f in findings), key=order.index, default=Severity.INFO)
