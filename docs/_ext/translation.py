"""What each convention says, and what is lost on the way from one to another: read off their files."""

from __future__ import annotations

from collections.abc import Iterable

from fitsprov.conventions.convention import Convention, Keyword

__all__ = ["THINGS", "lost", "said", "told"]

THINGS = (
    "dataset ID",
    "run",
    "type",
    "dataId",
    "activity",
    "task",
    "software",
    "parameters",
    "publisher DID",
    "DATALINK",
    "parents",
    "raws",
    "earlier steps",
    "number of parents",
    "number of raws",
    "names of inputs",
    "roles of inputs",
    "categories of inputs",
    "types of inputs",
    "runs of inputs",
    "more about inputs",
    "digests",
    "fingerprint",
    "time",
    "other keywords",
)
"""All that is told apart here, in the order of the tables."""
FIELDS = {
    "id": "dataset ID",
    "data_id": "dataId",
    "activity_id": "activity",
    "publisher_did": "publisher DID",
    "datalink": "DATALINK",
    "n_parents": "number of parents",
    "n_raws": "number of raws",
    "stamped": "time",
    "extra": "other keywords",
}
COLUMNS = {
    "name": "names of inputs",
    "role": "roles of inputs",
    "type": "types of inputs",
    "run": "runs of inputs",
    "extra": "more about inputs",
}


def told(rows: Iterable[Keyword]) -> set[str]:
    """What some keywords or columns say."""
    return {thing for row in rows for thing in things_of(row)} & set(THINGS)


def things_of(row: Keyword) -> set[str]:
    """What one keyword says."""
    head = row.field[0]
    if head not in ("parents", "raws", "ancestors"):
        return {FIELDS.get(head, head)} | ({"dataset ID"} if row.kind == "did" else set())
    things = {"parents", "raws", "earlier steps"} if head == "ancestors" else {head}
    things |= {COLUMNS[row.column[0]]} if row.column[0] in COLUMNS else set()
    things |= {"names of inputs"} if row.kind in ("name", "label", "file") else set()
    things |= {"categories of inputs"} if row.category or head == "ancestors" else set()
    things |= {"roles of inputs"} if row.role or "{key}" in row.key else set()
    return things | ({"raws"} if row.category == "raw" else set())


def said(convention: Convention) -> set[str]:
    """What can be read from a convention."""
    return told([*convention.keywords, *(column for table in convention.tables for column in table.columns)])


def lost(source: Convention, target: Convention) -> list[str]:
    """What a stamp read from one convention may say, and does no more when it is written in another."""
    rows = [row for row in target.keywords if row.write]
    written = told(rows)
    if "publisher DID" not in said(source) and all(row.field != ("id",) for row in rows):
        written.discard("dataset ID")
    if source is not target:
        written.discard("other keywords")
    if not {"parents", "raws"} & said(source) & written:
        written -= set(COLUMNS.values()) | {"categories of inputs"}
    gone = said(source) - written
    return [thing for thing in THINGS if thing in gone]
