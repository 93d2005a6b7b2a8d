"""What a header says, held against what a registry or a service says."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

from fitsprov.actions.conventions import known_conventions
from fitsprov.actions.resolution import Status
from fitsprov.files.fingerprint import card_fingerprint
from fitsprov.model.finding import Finding
from fitsprov.model.identifiers import name_id
from fitsprov.model.lineage import Category, Dataset, Direction, Lineage
from fitsprov.model.runs import is_short_for
from fitsprov.model.stamp import Input, Stamp, list_digest

if TYPE_CHECKING:
    from fitsprov.conventions.reading import Reading
    from fitsprov.files.accept import Source

__all__ = ["compare", "compare_lists", "completed", "find_inheritance", "judge", "keyword_of", "status_of"]

DIFFERS = {"registry": "differs-from-registry", "service": "differs-from-service"}
"""Who says otherwise → the code of the finding."""


def find_inheritance(stamp: Stamp, source: Source) -> list[Finding]:
    """Hold the fingerprint against the DATASUM cards; the data are not read."""
    algorithm, _, rest = (stamp.fingerprint or "").partition(":")
    count = rest.partition(":")[0]
    if algorithm != "datasum" or not count.isdigit():
        return []
    now = card_fingerprint(source.units(), int(count))
    if now is None or now == stamp.fingerprint:
        return []
    message = f"the DATASUM cards give {now}, the stamp was written for {stamp.fingerprint}"
    return [Finding("stamp-inherited", message, "FPV_DSUM")]


def compare(reading: Reading, dataset: Dataset, who: str = "registry") -> list[Finding]:
    """Hold what a header says against what the registry, or a service, says."""
    findings = []
    for field in ("run", "type", "data_id"):
        mine, theirs = getattr(reading.stamp, field), getattr(dataset, field)
        if mine is None or theirs is None or mine == theirs:
            continue
        if field != "run" or not is_short_for(mine, theirs):
            keyword = keyword_of(reading, field)
            findings.append(Finding(DIFFERS[who], f"{keyword or field} says {mine}, the {who} {theirs}", keyword))
    return findings


def keyword_of(reading: Reading, field: str) -> str:
    """The keyword of what was taken from a header; empty where none of the conventions that ship has it."""
    value = getattr(reading.stamp, field)
    owner = next((one.convention for one in reading.readings if getattr(one.stamp, field) == value), None)
    rows = (row for known in known_conventions() if known.name == owner for row in known.load().keywords)
    return next((row.name.partition("{")[0].rstrip() for row in rows if row.field[0] == field), "")


def compare_lists(reading: Reading, lineage: Lineage) -> list[Finding]:
    """Hold counts and digests of a header against a lineage that a service tells of, as far as it reaches."""
    stamp = reading.stamp or Stamp()
    parents = [dataset for dataset, _ in lineage.parents()]
    raws = list(lineage.raws())
    known = lineage.focus in lineage.generated_by or lineage.dataset.category is Category.RAW
    findings = []
    for name, said, datasets, whole in (
        ("parents", stamp.n_parents, parents, known),
        ("raws", stamp.n_raws, raws, known and lineage.complete),
    ):
        if not whole or lineage.direction is not Direction.UP:
            continue
        digest = stamp.digest_of(name)
        if said is not None and said != len(datasets):
            keyword = keyword_of(reading, f"n_{name}")
            message = f"{keyword or 'the header'} counts {said} {name}, the service tells of {len(datasets)}"
            findings.append(Finding("service-stale", message, keyword))
        elif digest and digest not in digests(datasets):
            message = f"the {len(datasets)} {name} that the service tells of are not those of the digest"
            findings.append(Finding("service-stale", message, keyword_of(reading, "digests")))
    maker = lineage.generated_by.get(lineage.focus)
    if stamp.activity_id is not None and maker is not None and maker != stamp.activity_id:
        keyword = keyword_of(reading, "activity_id")
        message = f"{keyword or 'activity'} says {stamp.activity_id}, the service {maker}"
        findings.append(Finding("differs-from-service", message, keyword))
    return findings


def digests(datasets: Iterable[Dataset]) -> set[str]:
    """The digests that a list may have: of IDs, and of the names from which some of them follow."""
    listed = list(datasets)
    named = [Input(name=d.name) if d.name and name_id(d.name) == d.id else Input(d.id) for d in listed]
    return {list_digest([Input(dataset.id) for dataset in listed]), list_digest(named)}


def judge(lineage: Lineage) -> list[Finding]:
    """Say where a lineage has an open end."""
    if lineage.complete:
        return []
    stubs = sum(dataset.stub for dataset in lineage.datasets.values())
    if stubs:
        reason = f"{stubs} dataset{'s are' if stubs > 1 else ' is'} only named"
    elif lineage.listed_raws:
        reason = "raws are listed, and not all of what led from them"
    else:
        reason = "it was cut by the depth, or inputs are counted and not listed"
    return [Finding("lineage-incomplete", f"the lineage has an open end: {reason}")]


def status_of(findings: Iterable[Finding]) -> Status:
    """What the findings amount to."""
    codes = {finding.code for finding in findings}
    if "stamp-inherited" in codes:
        return Status.INHERITED
    if codes & {*DIFFERS.values(), "conventions-disagree"}:
        return Status.CONFLICT
    return Status.RESOLVED


def completed(stamp: Stamp, dataset: Dataset) -> Stamp:
    """Give a stamp the ID that was found for it, and a run whose name was shortened its whole name."""
    short = stamp.run is not None and dataset.run is not None and is_short_for(stamp.run, dataset.run)
    run = dataset.run if short else stamp.run
    return stamp if (run, dataset.id) == (stamp.run, stamp.id) else replace(stamp, id=dataset.id, run=run)
