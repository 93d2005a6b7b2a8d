"""A lineage as a Graphviz graph, drawn by the graphical conventions of W3C PROV.

Entities are yellow ellipses, activities blue rectangles, agents orange houses; edges point into the past
(https://www.w3.org/2011/prov/wiki/Diagrams).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from uuid import UUID

from fitsprov.exchange.drawings.labels import dimensions, printable, type_name
from fitsprov.exchange.drawings.walk import Check, Walk, go_on
from fitsprov.model.lineage import Activity, Dataset, Lineage

__all__ = ["draw_dot"]

HEAD = """\
digraph lineage {
  rankdir=BT
  graph [fontname="Helvetica"]
  node [fontname="Helvetica" fontsize=11 style=filled]
  edge [fontname="Helvetica" fontsize=9]
"""
ENTITY = {"shape": "ellipse", "fillcolor": "#FFFC87", "color": "#808080"}
ACTIVITY = {"shape": "box", "fillcolor": "#9FB1FC", "color": "#0000FF"}
AGENT = {"shape": "house", "fillcolor": "#FED37F", "color": "#C07000"}
USED = {"color": "#8B0000", "fontcolor": "#8B0000"}
GENERATED = {"color": "#006400", "fontcolor": "#006400"}
ASSOCIATED = {"color": "#C07000", "fontcolor": "#C07000"}
PRESENTED = {"color": "#808080", "fontcolor": "#808080", "style": "dashed", "arrowhead": "onormal"}


def draw_dot(lineage: Lineage, *, check: Check = go_on) -> str:
    """Draw a lineage in the DOT language: every dataset, activity and agent with what ties them.

    A dataset that was presented and not used hangs on a dashed edge; one that is only named has a dashed outline.
    """
    walk = Walk(lineage, check)
    reached = [walk.dataset(number) for number in walk.reach().depths]
    shown = {dataset.id for dataset in reached}
    made = {d.id: lineage.generated_by[d.id] for d in reached if d.id in lineage.generated_by}
    activities = [lineage.activities.get(a) or Activity(id=a) for a in dict.fromkeys(made.values())]
    agents = {activity.agent.id: activity.agent for activity in activities if activity.agent}
    lines = [entity(dataset, dataset.id == lineage.focus) for dataset in reached]
    lines += [doing(activity) for activity in activities]
    lines += [node(f"agent {a.id}", [a.name or a.id], AGENT) for a in agents.values()]
    lines += [edge(str(d), str(a), ["wasGeneratedBy"], GENERATED) for d, a in made.items()]
    lines += [line for activity in activities for line in uses(lineage, activity.id, shown)]
    lines += [edge(str(a.id), f"agent {a.agent.id}", ["wasAssociatedWith"], ASSOCIATED) for a in activities if a.agent]
    return HEAD + "".join(f"  {line}\n" for line in lines) + "}\n"


def entity(dataset: Dataset, focus: bool) -> str:
    """A dataset; the focus has a thick outline."""
    pairs = [f"{key}={value}" for key, value in dimensions(dataset).items()]
    outline = ENTITY | ({"penwidth": "2.5"} if focus else {}) | ({"style": "filled,dashed"} if dataset.stub else {})
    tip = {"tooltip": quote([str(dataset.id), *([dataset.run] if dataset.run else [])])}
    return node(str(dataset.id), [type_name(dataset), *(pairs or [dataset.name or str(dataset.id)])], outline, tip)


def doing(activity: Activity) -> str:
    """An activity."""
    told = [activity.task or "task not named", *([activity.version] if activity.version else [])]
    return node(str(activity.id), told, ACTIVITY, {"tooltip": quote([str(activity.id)])})


def uses(lineage: Lineage, activity: UUID, shown: set[UUID]) -> Iterator[str]:
    """What an activity used, and what was only presented to it."""
    for usage in lineage.used.get(activity, ()):
        if usage.dataset in shown:
            role = [usage.role] if usage.role else []
            if usage.actual is False:
                yield edge(str(activity), str(usage.dataset), ["presented, not used", *role], PRESENTED)
            else:
                yield edge(str(activity), str(usage.dataset), ["used", *role], USED)


def node(name: str, label: Iterable[str], look: dict[str, str], more: dict[str, str] | None = None) -> str:
    return f"{quote([name])} [label={quote(label)}{attributes(look, more)}]"


def edge(start: str, end: str, label: Iterable[str], look: dict[str, str]) -> str:
    return f"{quote([start])} -> {quote([end])} [label={quote(label)}{attributes(look)}]"


def attributes(look: dict[str, str], more: dict[str, str] | None = None) -> str:
    pairs = {key: quote([value]) for key, value in look.items()} | (more or {})
    return "".join(f" {key}={value}" for key, value in pairs.items())


def quote(lines: Iterable[str]) -> str:
    """Quote text as lines: a backslash stands for itself, and none of its texts is an HTML-like label or an entity."""
    escaped = (printable(line).replace("\\", "\\\\").replace('"', '\\"').replace("&", "&amp;") for line in lines)
    return '"' + "\\n".join(escaped) + '"'
