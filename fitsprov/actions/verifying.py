"""Hold a header against the registry, and both against the data."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from enum import StrEnum
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar
from uuid import UUID

from fitsprov.actions.comparing import compare, keyword_of
from fitsprov.actions.identifying import identify, with_ids
from fitsprov.actions.reading import Reading, inspect, inspect_source
from fitsprov.actions.standing import judge_dataset
from fitsprov.errors import DatasetNotFound, FitsprovError
from fitsprov.files.accept import Source, open_source
from fitsprov.files.fingerprint import card_fingerprint, compare_data, wrong_checksums, wrong_datasums
from fitsprov.model.finding import Finding, Severity
from fitsprov.model.stamp import Stamp, list_digest

if TYPE_CHECKING:
    from fitsprov.actions.registry import Registry
    from fitsprov.model.facts import Annotation
    from fitsprov.model.lineage import Dataset

__all__ = ["Verdict", "verdict_of", "verify", "verify_all"]

T = TypeVar("T")

MISSING = Finding("stamp-missing", "the header carries no stamp in any known convention")


class Verdict(StrEnum):
    """What the findings about a file amount to."""

    OK = "ok"
    STALE = "stale"
    """The registry says something else than the header, or more than our own stamp."""
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
            return (MISSING,)
        findings = list(reading.findings)
        if data:
            findings += check_data(opened, reading.stamp)
    if registry is not None:
        dataset, _ = identify(reading, opened.name)
        findings += check_registry(reading, dataset, known_of(registry, [dataset]).get(dataset))
    return tuple(findings)


def verify_all(
    paths: Sequence[str],
    registry: Registry | None = None,
    *,
    hdu: int | str | None = None,
    conventions: Sequence[str] = (),
    data: bool = True,
) -> Iterator[tuple[Finding, ...] | FitsprovError]:
    """Do for each of many files what `verify` does for one; the registry is asked for all of them together.

    What one of them comes to may be an error of ours, in the place of its findings.
    """
    readings = {path: attempt(partial(inspect, path, hdu=hdu, conventions=conventions)) for path in paths}
    stamped = {path: one for path, one in readings.items() if isinstance(one, Reading) and one.stamp is not None}
    datasets = {path: identify(reading, path)[0] for path, reading in stamped.items()}
    known = {} if registry is None else known_of(registry, {*datasets.values()})
    for path in paths:
        reading = readings[path]
        if isinstance(reading, FitsprovError):
            yield reading
        elif reading.stamp is None:
            yield (MISSING,)
        else:
            wrong = attempt(partial(check_data_of, path, reading.stamp)) if data else []
            dataset = datasets[path]
            stale = [] if registry is None else check_registry(reading, dataset, known.get(dataset))
            yield wrong if isinstance(wrong, FitsprovError) else (*reading.findings, *wrong, *stale)


def attempt(work: Callable[[], T]) -> T | FitsprovError:
    """Do some work; an error of ours is what it comes to."""
    try:
        return work()
    except FitsprovError as error:
        return error


def check_data_of(path: str, stamp: Stamp) -> list[Finding]:
    """Hold the data of a file against its stamp."""
    with open_source(path) as source:
        return check_data(source, stamp)


class Known(NamedTuple):
    """What a registry knows of a dataset."""

    stamp: Stamp
    """What its header should say."""
    dataset: Dataset
    standing: Annotation | None


def known_of(registry: Registry, datasets: Collection[UUID]) -> dict[UUID, Known]:
    """Ask a registry what it knows of many datasets; those that it does not know are left out."""
    if not datasets:
        return {}
    stamps, known, standing = registry.stamps(datasets), registry.datasets(datasets), registry.standing(datasets)
    return {uuid: Known(stamp, known[uuid], standing.get(uuid)) for uuid, stamp in stamps.items()}


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


def check_registry(reading: Reading, dataset: UUID, known: Known | None) -> list[Finding]:
    """Hold what a header says of a dataset against what the registry would write now."""
    stamp = reading.stamp or Stamp()
    if known is None:
        reason = "the stamp names no dataset ID" if stamp.id is None else str(DatasetNotFound(dataset))
        return [Finding("dataset-unknown", reason, "" if stamp.id is None else keyword_of(reading, "id"))]
    findings = compare(reading, known.dataset) + judge_dataset(dataset, known.standing)
    findings += compare_own(stamp, known.stamp) if "native" in reading.conventions else compare_stated(reading, known)
    for field in ("publisher_did", "datalink"):
        pointer, current = getattr(stamp, field), getattr(known.stamp, field)
        if pointer is not None and current is not None and pointer != current:
            keyword = keyword_of(reading, field)
            message = f"{keyword or field} says {pointer}, the registry now {current}"
            findings.append(Finding("pointer-stale", message, keyword))
    return findings


def compare_own(stamp: Stamp, now: Stamp) -> list[Finding]:
    """Hold our own stamp against the one that would be written now, which may say more."""
    return [
        Finding("stamp-stale", f"{keyword} says {mine}, the registry now {theirs}", keyword)
        for keyword, mine, theirs in (
            ("FPV_ACT", stamp.activity_id, now.activity_id),
            ("FPV_NPAR", stamp.n_parents, now.n_parents),
            ("FPV_NRAW", stamp.n_raws, now.n_raws),
            ("FPV_SUM", stamp.digests, now.digests),
        )
        if theirs is not None and mine != theirs
    ]


def compare_stated(reading: Reading, known: Known) -> list[Finding]:
    """Hold what other conventions state against the registry: what they leave out, nobody expects of them."""
    stamp, now = with_ids(reading), known.stamp
    statements: list[tuple[str, object, object]] = [("activity", stamp.activity_id, now.activity_id)]
    for name in ("parents", "raws"):
        items = getattr(stamp, name)
        counts = getattr(stamp, f"n_{name}"), getattr(now, f"n_{name}")
        statements.append((f"number of {name}", *counts))
        if items and len(items) == counts[0] == counts[1]:
            statements.append((f"digest of {name}", list_digest(items), now.digest_of(name) or None))
    return [
        Finding("stamp-stale", f"{what}: the header says {mine}, the registry now {theirs}")
        for what, mine, theirs in statements
        if mine is not None and theirs is not None and mine != theirs
    ]
