"""Findings: what is worth saying about a header, a file or a registry, as values.

`CODES` is the whole list; the reference page of the documentation is made from it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from fitsprov.errors import printable

__all__ = ["CODES", "Finding", "Severity", "worst"]


class Severity(StrEnum):
    """How much a finding matters; ``warning`` and ``error`` set exit code 1."""

    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


INFO, WARNING, ERROR = Severity

CODES: dict[str, tuple[Severity, str]] = {
    "ancestor-retracted": (WARNING, "The dataset was made from one that was retracted since."),
    "ancestor-superseded": (INFO, "The dataset was made from one that another has superseded since."),
    "checksum-wrong": (WARNING, "CHECKSUM does not match header and data: something was edited after it was written."),
    "conventions-disagree": (WARNING, "Two conventions in one header disagree; the one with precedence is taken."),
    "count-absent": (INFO, "A list in the header has no count beside it: whether it is whole is not known."),
    "count-differs": (WARNING, "A list in the header is shorter or longer than the count beside it says."),
    "counts-disagree": (
        INFO,
        "Two conventions in one header count parents or raws differently, as of another moment or another file; the one"
        " with precedence is taken.",
    ),
    "data-changed": (ERROR, "The data are not those that were stamped."),
    "data-not-compared": (INFO, "The stamp carries no fingerprint that this file can be compared by."),
    "datalink-answer-type": (ERROR, "The answer is of no media type of VOTables (DataLink 1.1, 3.3)."),
    "datalink-column": (ERROR, "A column of the links is absent or there twice (DataLink 1.1, 3.2)."),
    "datalink-column-order": (WARNING, "ID is not the first column, where pyvo looks for it."),
    "datalink-column-type": (ERROR, "A column of the links has another type or unit (DataLink 1.1, 3.2)."),
    "datalink-column-ucd": (ERROR, "A column of the links has another UCD (DataLink 1.1, 3.2)."),
    "datalink-description-missing": (WARNING, "A link has no description (DataLink 1.1, 3.2.5)."),
    "datalink-descriptor": (ERROR, "A service descriptor lacks what a client needs (DataLink 1.1, 4.1 to 4.3)."),
    "datalink-descriptor-hidden": (WARNING, "A service descriptor stands where pyvo misses or mistakes it."),
    "datalink-fault": (ERROR, "An error does not begin with the name of a fault (DataLink 1.1, 3.4)."),
    "datalink-http-status": (WARNING, "The HTTP status is not that of what the document says (DALI 1.1, 4.2)."),
    "datalink-info-misplaced": (
        WARNING,
        "standardID or QUERY_STATUS stands outside the results, or the first behind the table (DALI 1.1, 4.4).",
    ),
    "datalink-link-count": (
        ERROR,
        "A row has not exactly one of access_url, service_def, error_message (DataLink 1.1, 3.2).",
    ),
    "datalink-media-type": (
        WARNING,
        "The type of a link to links is not exactly the one that clients match, or stands on a service"
        " (DataLink 1.1, 3.1).",
    ),
    "datalink-not-ascii": (WARNING, "A char column holds what is not ASCII (VOTable 1.4, 2.1)."),
    "datalink-reference": (ERROR, "A parameter takes its value from a column that is nowhere (DataLink 1.1, 4.3)."),
    "datalink-request-failed": (INFO, "The document has no links: it only says why the request failed."),
    "datalink-results": (ERROR, "The document has not exactly one table of results (DALI 1.1, 4.4)."),
    "datalink-row-length": (ERROR, "A row has not one cell for each column (VOTable 1.4, 5.1)."),
    "datalink-rows-scattered": (ERROR, "The rows of one ID do not stand together (DataLink 1.1, 3.2)."),
    "datalink-schema": (ERROR, "The document breaks the schema of its VOTable version."),
    "datalink-schema-absent": (
        INFO,
        "No schema of the document's VOTable version is at hand; it was held against none.",
    ),
    "datalink-self-repeated": (
        ERROR,
        "More than one descriptor says that it describes this service (DataLink 1.1, 4.4).",
    ),
    "datalink-serialization": (
        WARNING,
        "The table is not in TABLEDATA, as only who asks for that may get it (DataLink 1.1, 3.3.1).",
    ),
    "datalink-service-unknown": (ERROR, "A link names a service that nothing describes (DataLink 1.1, 3.2.3)."),
    "datalink-standard-id": (ERROR, "The results do not say that they are DataLink 1.1 (DataLink 1.1, 3.3.1)."),
    "datalink-standard-id-case": (WARNING, "The standardID is in another case than clients look for."),
    "datalink-status": (ERROR, "QUERY_STATUS is absent before the table, or has no known value (DALI 1.1, 4.4)."),
    "datalink-term-spelling": (
        ERROR,
        "A core term is not written as #term, or another not as a URI (DataLink 1.1, 3.2.6).",
    ),
    "datalink-term-unknown": (ERROR, "A term is not in the vocabulary (DataLink 1.1, 3.2.6)."),
    "datalink-value": (ERROR, "A cell has no value of its column's kind (DataLink 1.1, 3.2)."),
    "datalink-value-missing": (ERROR, "A link has no ID or no semantics (DataLink 1.1, 3.2)."),
    "datalink-xml": (ERROR, "The document is not well-formed XML."),
    "dataset-missing": (WARNING, "Somebody has said that no copy of the dataset is left."),
    "dataset-retracted": (WARNING, "Somebody has said that the dataset must not be used any more."),
    "dataset-superseded": (WARNING, "Somebody has said that another dataset takes the place of this one."),
    "dataset-unknown": (WARNING, "The registry does not know the dataset that the stamp names."),
    "datasum-stale": (ERROR, "The DATASUM card does not match the data: they were changed without it."),
    "differs-from-registry": (ERROR, "A card says something else than the registry."),
    "differs-from-service": (ERROR, "A card says something else than the service that DATALINK points to."),
    "digest-differs": (ERROR, "A list in the header is not the list whose digest the stamp carries."),
    "found-by-content": (
        INFO,
        "The dataset was found by its data: the header names none that is known, or the one that it was made from.",
    ),
    "found-several": (
        INFO,
        "Several datasets have the data of the file, whose header does not tell which of them it is.",
    ),
    "lineage-incomplete": (INFO, "The lineage ends in datasets that are only named, not described."),
    "list-dropped": (INFO, "A list is counted, and neither listed nor digested: its writer left it out."),
    "pointer-stale": (WARNING, "DATALINK or FPV_DID point elsewhere than the registry would point now."),
    "run-shortened": (
        INFO,
        "The middle of a run's name was left out by the program that wrote it; the registry knows the whole.",
    ),
    "seal-broken": (ERROR, "Cards of the stamp were edited, lost or added after it was written."),
    "service-answer-invalid": (
        WARNING,
        "The answer of the service is no links or provenance document that can be used; the header alone answers.",
    ),
    "service-answers-otherwise": (
        ERROR,
        "The service tells of another dataset than was asked for; the header alone answers.",
    ),
    "service-refused": (
        WARNING,
        "DATALINK or the service leads to where fitsprov does not go; the header alone answers.",
    ),
    "service-stale": (
        WARNING,
        "The parents or raws that the service tells of are not those that the stamp counts: one has learnt more.",
    ),
    "service-unknown": (WARNING, "The service does not know the dataset, or offers no provenance of it."),
    "service-unreachable": (
        WARNING,
        "The service does not answer: no such host, no connection, an error, or too slow; the header alone answers.",
    ),
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

    def __post_init__(self) -> None:
        """One line, whatever the header said."""
        if not self.message.isprintable():
            object.__setattr__(self, "message", "".join(map(printable, self.message)))

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
