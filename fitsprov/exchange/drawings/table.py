"""A lineage as a table: one row a dataset, the nearest first."""

from __future__ import annotations

from typing import TypedDict

from fitsprov.exchange.drawings.labels import columns, pad, printable
from fitsprov.exchange.drawings.walk import Check, Walk, go_on
from fitsprov.model.dataid import canonical_text
from fitsprov.model.lineage import Lineage

__all__ = ["Row", "draw_table", "rows"]


class Row(TypedDict):
    """One dataset; an empty text is one that is not known."""

    depth: int
    """Activities between it and the focus, by the shortest way."""
    category: str
    type: str
    data_id: str
    """As canonical JSON, which holds no blank between its tokens."""
    name: str
    run: str
    task: str
    version: str
    id: str
    note: str
    """``not used`` where it was only presented, ``only named`` where it is a stub."""


def rows(lineage: Lineage, *, check: Check = go_on) -> list[Row]:
    """Tell a lineage row by row, the focus first, for `astropy.table.Table` or JSON."""
    table: list[Row] = []
    walk = Walk(lineage, check)
    depths, presented = walk.reach()
    for number, depth in depths.items():
        dataset, maker = walk.dataset(number), walk.makers.get(number)
        activity = None if maker is None else lineage.activities.get(maker)
        notes = ("not used" if number in presented else "", "only named" if dataset.stub else "")
        table.append(
            Row(
                depth=depth,
                category=dataset.category or "",
                type=dataset.type or "",
                data_id="" if dataset.data_id is None else canonical_text(dataset.data_id),
                name=dataset.name or "",
                run=dataset.run or "",
                task=(activity and activity.task) or "",
                version=(activity and activity.version) or "",
                id=str(dataset.id),
                note=", ".join(filter(None, notes)),
            )
        )
    return table


def draw_table(lineage: Lineage, *, check: Check = go_on) -> str:
    """Draw `rows` in aligned columns with a head; ``-`` stands for what is not known.

    The columns name and note are there only if a row has something in them.
    """
    table = [{key: printable(str(value)) for key, value in row.items()} for row in rows(lineage, check=check)]
    keys = [key for key in Row.__annotations__ if key not in ("name", "note") or any(row[key] for row in table)]
    lines = [{key: key for key in keys}, *({key: row[key] or "-" for key in keys} for row in table)]
    widths = {key: max(columns(line[key]) for line in lines) for key in keys}
    return "".join("  ".join(pad(line[key], widths[key]) for key in keys).rstrip() + "\n" for line in lines)
