"""A resolution as people read it in a notebook: HTML, and text where there is none.

All that a header, a registry or a service says is escaped. There is no script, no style sheet and nothing from outside,
so that a saved notebook shows the same everywhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from html import escape
from typing import TYPE_CHECKING, Any

from fitsprov.actions.drawing import draw
from fitsprov.exchange.drawings.labels import printable
from fitsprov.model.finding import Finding

if TYPE_CHECKING:
    from fitsprov.actions.resolution import Resolution

__all__ = ["to_html", "to_text"]

SHOWN = 25
"""Rows of a table that are shown; the resolution has them all."""
LONGEST = 200
"""Characters of a value that are shown."""
SAID = {"metrics": ("name", "value", "unit", "verdict", "time"), "annotations": ("kind", "text", "time")}
"""What is said of a dataset → the columns that are shown of it."""
COLUMNS = ("type", "data_id", "role", "category", "run", "id")


def to_text(resolution: Resolution) -> str:
    """What is known, as lines of text."""
    lines = [f"{printable(resolution.name)}  {resolution.status}  (from the {resolution.source})"]
    if resolution.lineage is not None:
        lines += ["", draw(resolution.lineage, "tree").rstrip("\n")]
    if resolution.findings:
        lines += ["", *(f"{one.severity:<8}{one.code:<22}  {printable(one.message)}" for one in resolution.findings)]
    return "\n".join(lines)


def to_html(resolution: Resolution) -> str:
    """What is known, as a piece of HTML."""
    parts = [
        f"<p><strong>{told(resolution.name)}</strong> &nbsp;{told(resolution.status)}"
        f" <em>(from the {told(resolution.source)})</em></p>",
        facts(resolution),
        *said_of(resolution.to_json()["facts"] or {}),
    ]
    if resolution.lineage is not None:
        tree = draw(resolution.lineage, "tree")
        parts.append(f"<details open><summary>Lineage</summary><pre>{escape(tree)}</pre></details>")
    for title, rows in (("parents", resolution.parent_rows()), ("raws", resolution.raw_rows())):
        if rows:
            body = table(COLUMNS, ([row[name] for name in COLUMNS] for row in rows[:SHOWN]))
            more = f"<p>and {len(rows) - SHOWN} more: <code>.{title}</code> has all</p>" if len(rows) > SHOWN else ""
            parts.append(folded(f"{len(rows)} {title}", f"{body}{more}"))
    parts.append(findings(resolution.findings))
    return f"<div>{''.join(parts)}</div>"


def facts(resolution: Resolution) -> str:
    """The dataset, and the activity that made it."""
    said = resolution.to_json()
    dataset, activity = said["dataset"] or {}, said["activity"] or {}
    agent = activity.get("agent") or {}
    rows = [
        ("dataset", dataset.get("id")),
        ("type", dataset.get("type")),
        ("run", dataset.get("run")),
        ("dataId", dataset.get("data_id")),
        ("DID", dataset.get("publisher_did")),
        ("made by", " ".join(filter(None, (activity.get("task"), activity.get("version")))) or None),
        ("when", " to ".join(filter(None, (activity.get("started"), activity.get("ended")))) or None),
        ("agent", agent.get("name") or agent.get("id")),
        ("config", activity.get("config")),
    ]
    return table((), ([name, value] for name, value in rows if value))


def said_of(known: dict[str, Any]) -> Iterator[str]:
    """What is observed, measured and said of the dataset."""
    observation = {name: value for name, value in (known.get("observation") or {}).items() if value is not None}
    if observation:
        yield folded("observation", table((), observation.items()))
    for title, columns in SAID.items():
        rows = known.get(title, ())
        if rows:
            more = f"<p>and {len(rows) - SHOWN} more</p>" if len(rows) > SHOWN else ""
            body = table(columns, ([row[name] for name in columns] for row in rows[:SHOWN]))
            yield folded(f"{len(rows)} {title}", f"{body}{more}")


def folded(title: str, body: str) -> str:
    """Something to be opened."""
    return f"<details><summary>{title}</summary>{body}</details>"


def findings(found: Sequence[Finding]) -> str:
    """What is worth saying about it."""
    return table(("", "finding", ""), ([one.severity, one.code, one.message] for one in found)) if found else ""


def table(head: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """Rows as a table; text begins at the left, as it does elsewhere."""
    heads = f"<thead><tr>{''.join(f'<th>{told(name)}</th>' for name in head)}</tr></thead>" if any(head) else ""
    cell = '<td style="text-align:left">{}</td>'
    body = "".join(f"<tr>{''.join(cell.format(told(value)) for value in row)}</tr>" for row in rows)
    return f"<table>{heads}<tbody>{body}</tbody></table>"


def told(value: Any) -> str:
    """A value as escaped text; a dataId or configuration as pairs."""
    if isinstance(value, dict):
        value = " ".join(f"{key}={item}" for key, item in value.items())
    text = printable("" if value is None else str(value))
    return escape(text if len(text) <= LONGEST else f"{text[:LONGEST]} …")
