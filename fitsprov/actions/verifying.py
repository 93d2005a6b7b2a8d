"""Hold a header against the registry, and both against the data."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import TYPE_CHECKING, Any
from uuid import UUID

from fitsprov.actions.comparing import compare
from fitsprov.actions.identifying import identify
from fitsprov.actions.reading import inspect_source
from fitsprov.actions.standing import judge_dataset
from fitsprov.errors import DatasetNotFound
from fitsprov.files.accept import Source, open_source
from fitsprov.files.fingerprint import card_fingerprint, compare_data, wrong_checksums, wrong_datasums
from fitsprov.model.finding import Finding, Severity
from fitsprov.model.stamp import Stamp

if TYPE_CHECKING:
    from fitsprov.actions.registry import Registry

__all__ = ["Verdict", "verdict_of", "verify"]


class Verdict(StrEnum):
    """What the findings about a file amount to."""

    OK = "ok"
    STALE = "stale"
    """The registry says something else, or more, than the header."""
    INHERITED = "inherited"
    """The stamp came with a copied header."""
    TAMPERED = "tampered"
    """Header or data were changed after they were stamped."""
    UNKNOWN = "unknown"
    """The registry does not know the dataset."""
    MISSING = "missing"
    """There is no stamp."""


VERDICTS = (
    (Verdict.MISSING, {"stamp-missing"}),
    (Verdict.TAMPERED, {"seal-broken", "data-changed", "digest-differs"}),
    (Verdict.INHERITED, {"stamp-inherited"}),
    (Verdict.TAMPERED, {"datasum-stale", "checksum-wrong"}),
    (Verdict.UNKNOWN, {"dataset-unknown"}),
    (Verdict.STALE, {"differs-from-registry", "stamp-stale", "pointer-stale", "conventions-disagree", "count-differs"}),
    (Verdict.STALE, {"dataset-retracted", "dataset-superseded", "dataset-missing"}),
)
"""Verdicts with the findings that bring them about; the first that fits counts."""


def verify(
    source: Any,
    registry: Registry | None = None,
    *,
    hdu: int | str | None = None,
    conventions: Sequence[str] = (),
    data: bool = True,
) -> tuple[Finding, ...]:
    """Find out whether a file still is what its stamp says.

    Parameters
    ----------
    source : path, file-like, HDUList, Header, HDU or fitsio.FITS
    registry : Registry, optional
        What to hold the header against.
    conventions : sequence of str
        Those to read, as in `read`.
    data : bool
        Whether the data are read and held against the fingerprint, DATASUM and CHECKSUM.

    Returns
    -------
    tuple of Finding
        Empty where all is well; `verdict_of` sums them up.

    Raises
    ------
    NotFits, TruncatedFits, FileRefused
    """
    with open_source(source) as opened:
        reading = inspect_source(opened, hdu=hdu, conventions=conventions)
        if reading.stamp is None:
            return (Finding("stamp-missing", "the header carries no stamp in any known convention"),)
        findings = list(reading.findings)
        if data:
            findings += check_data(opened, reading.stamp)
    if registry is not None:
        findings += check_registry(reading.stamp, identify(reading, opened.name)[0], registry)
    return tuple(findings)


def verdict_of(findings: Iterable[Finding]) -> Verdict:
    """Sum findings up in one word."""
    codes = {finding.code for finding in findings if finding.severity is not Severity.INFO}
    return next((verdict for verdict, causes in VERDICTS if codes & causes), Verdict.OK)


def check_data(source: Source, stamp: Stamp) -> list[Finding]:
    """Hold the data against the fingerprint, and against the DATASUM and CHECKSUM cards.

    Data that changed while every DATASUM card kept telling of the old ones were edited; data that changed otherwise
    were made anew by a program that copied the header.
    """
    stale = [
        Finding("datasum-stale", f"HDU {index}: the DATASUM card does not match the data", "DATASUM")
        for index in wrong_datasums(source)
    ]
    findings = stale + [
        Finding("checksum-wrong", f"HDU {index}: CHECKSUM does not match header and data", "CHECKSUM")
        for index in wrong_checksums(source)
    ]
    if stamp.fingerprint is None:
        return [*findings, Finding("data-not-compared", "the stamp carries no fingerprint (FPV_DSUM) of the data")]
    comparison = compare_data(source, stamp.fingerprint)
    if comparison.same is None:
        return [*findings, Finding("data-not-compared", comparison.reason, "FPV_DSUM")]
    if comparison.same:
        return findings
    cards_still_match = card_fingerprint(source.units()) == stamp.fingerprint
    if stale and (cards_still_match or stamp.fingerprint.startswith("sha256:")):
        return [*findings, Finding("data-changed", comparison.reason, "FPV_DSUM")]
    return [*findings, Finding("stamp-inherited", comparison.reason, "FPV_DSUM")]


def check_registry(stamp: Stamp, dataset: UUID, registry: Registry) -> list[Finding]:
    """Hold what a header says of a dataset against what the registry would write now."""
    try:
        now = registry.stamp(dataset)
    except DatasetNotFound as error:
        reason = "the stamp names no dataset ID" if stamp.id is None else str(error)
        return [Finding("dataset-unknown", reason, "FPV_ID")]
    findings = compare(stamp, registry.dataset(dataset)) + judge_dataset(registry, dataset)
    for keyword, mine, theirs in (
        ("FPV_ACT", stamp.activity_id, now.activity_id),
        ("FPV_NPAR", stamp.n_parents, now.n_parents),
        ("FPV_NRAW", stamp.n_raws, now.n_raws),
        ("FPV_SUM", stamp.digests, now.digests),
    ):
        if theirs is not None and mine != theirs:
            findings.append(Finding("stamp-stale", f"{keyword} says {mine}, the registry now {theirs}", keyword))
    for keyword, pointer, current in (
        ("FPV_DID", stamp.publisher_did, now.publisher_did),
        ("DATALINK", stamp.datalink, now.datalink),
    ):
        if pointer is not None and current is not None and pointer != current:
            message = f"{keyword} says {pointer}, the registry now {current}"
            findings.append(Finding("pointer-stale", message, keyword))
    return findings
