"""How datasets stand: what was retracted, superseded or lost since it was recorded, as findings."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from fitsprov.model.facts import Annotation
from fitsprov.model.finding import Finding
from fitsprov.model.lineage import Direction, Lineage

__all__ = ["judge_dataset", "judge_standing"]

FOCUS = {
    "retracted": "dataset-retracted",
    "superseded": "dataset-superseded",
    "missing": "dataset-missing",
}
ANCESTOR = {"retracted": "ancestor-retracted", "superseded": "ancestor-superseded"}
"""Word → the code of its finding; that no copy of an ancestor is left does no harm."""
LISTED = 20
"""Other datasets of a lineage that are told of one by one."""


def judge_dataset(dataset: UUID, said: Annotation | None) -> list[Finding]:
    """Say how one dataset stands, where it does not as it was recorded."""
    return [] if said is None else [Finding(FOCUS[said.kind], message(dataset, said))]


def judge_standing(lineage: Lineage, standing: Mapping[UUID, Annotation]) -> list[Finding]:
    """Say how the focus of a lineage stands, and what it was made from; of products only how they stand themselves."""
    said = {**standing}
    mine = said.pop(lineage.focus, None)
    findings = [] if mine is None else [Finding(FOCUS[mine.kind], message(lineage.focus, mine))]
    if lineage.direction is Direction.UP:
        findings += judge_ancestors({uuid: one for uuid, one in said.items() if one.kind in ANCESTOR})
    return findings


def judge_ancestors(said: Mapping[UUID, Annotation]) -> list[Finding]:
    """Say what was made from what should not be used any more."""
    findings = [Finding(ANCESTOR[one.kind], message(uuid, one)) for uuid, one in [*said.items()][:LISTED]]
    if len(said) > LISTED:
        findings.append(Finding("ancestor-retracted", f"and {len(said) - LISTED} ancestors more"))
    return findings


def message(dataset: UUID, said: Annotation) -> str:
    """Tell the last word about a dataset."""
    by = f" by {said.agent.name or said.agent.id}" if said.agent else ""
    instead = f" by {said.successor}" if said.successor else ""
    why = f": {said.text}" if said.text else ""
    return f"dataset {dataset}: {said.kind}{instead}, said {said.time:%Y-%m-%d}{by}{why}"
