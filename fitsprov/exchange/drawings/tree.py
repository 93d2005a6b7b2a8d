"""A lineage as a tree for the terminal.

Each dataset is described once. What plays the same part (same type, run, task, version and role) is one line with a
count, and its members stand beneath, in the order of what they went into: of 35 images, each made from its own raw
with one flat, the tree says "35 ×" three times and the flat once.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from fitsprov.exchange.drawings.labels import Members, columns, counted, identity, printable, runs, type_name
from fitsprov.exchange.drawings.terminal import Column, Line, Span, in_columns, paint
from fitsprov.exchange.drawings.walk import Check, Walk, go_on
from fitsprov.model.lineage import Category, Dataset, Direction, Lineage

__all__ = ["draw_tree"]

WIDE = 100
"""Columns in which members are set where no width is given."""

HEADS = (Column("dataset", ""), Column("role", "as "), Column("made by", "by "), Column("run", "in "))
BOLD, FAINT, TASK, ALERT = "1", "2", "36", "33"
PENS: dict[Category | None, str] = {
    Category.RAW: "1;35",
    Category.CALIBRATION: "1;33",
    Category.REFERENCE: "1;32",
    Category.PRODUCT: "1;34",
    Category.METRIC: "1;36",
}
"""How a dataset type is coloured, by category (ANSI SGR)."""


@dataclass(eq=False, slots=True)
class Node:
    """Datasets that play the same part for the node above."""

    datasets: tuple[Dataset, ...]
    role: str | None = None
    used: bool = True
    share: str = ""
    """Which part of the node above used them, where that is not all of it."""
    pairs: bool = False
    """Whether each was used by the one that stands at its place in the node above, and by no other."""
    again: bool = False
    """Described above, here only named."""
    children: list[Node] = field(default_factory=list)


class Placed(NamedTuple):
    """A node in the drawing."""

    node: Node
    branch: str
    under: str
    above: Node | None = None


def draw_tree(lineage: Lineage, *, colour: bool = False, width: int | None = None, check: Check = go_on) -> str:
    """Draw a lineage as a tree, its focus at the root.

    Parameters
    ----------
    lineage : Lineage
    colour : bool
        Whether to colour by ANSI escapes.
    width : int, optional
        Columns of the terminal; lines that need more are broken. Without it they are as long as they are.

    Returns
    -------
    str
        Lines of text, each ended. Runs are numbered in the tree and stand whole beneath it.
    """
    walk = Walk(lineage, check)
    drawn = list(place(grow(walk)))
    legend = runs(dataset for each in drawn for dataset in each.node.datasets)
    lines: list[Line] = []
    for each in drawn:
        lines.append(head_line(walk, each, legend))
        lines += member_lines(each, width or WIDE)
    lines.append(Line(((),)))
    lines += [Line(((Span(f"[{number}] ", FAINT), Span(printable(run))),)) for run, number in legend.items()]
    lines.append(Line(((Span(summary(lineage, drawn), "" if lineage.complete else ALERT),),)))
    return "".join(f"{line.rstrip()}\n" for line in paint(lines, HEADS, colour=colour, width=width))


def grow(walk: Walk) -> Node:
    """Follow a lineage from its focus; a dataset is described where it is met first."""
    root = Node((walk.lineage.dataset,))
    met = {walk.focus}
    waiting = [(root, below) for below in reversed(parts(walk, root))]
    while waiting:
        above, node = waiting.pop()
        known = tuple(dataset for dataset in node.datasets if dataset.id.int in met)
        node.datasets = tuple(dataset for dataset in node.datasets if dataset.id.int not in met)
        if node.used:
            met |= {dataset.id.int for dataset in node.datasets}
        if node.datasets:
            above.children.append(node)
        if known:
            above.children.append(Node(known, node.role, node.used, node.share, node.pairs, again=True))
        if node.used:
            waiting += [(node, below) for below in reversed(parts(walk, node))]
    return root


def parts(walk: Walk, node: Node) -> list[Node]:
    """What the datasets of a node lead to, by the part that it plays."""
    found: dict[tuple[object, str | None, bool], list[tuple[int, int]]] = {}
    for user in node.datasets:
        for numbers, role, used in walk.legs(user.id.int):
            for number in numbers:
                found.setdefault((walk.kind(number), role, used), []).append((user.id.int, number))
    return [part(walk, len(node.datasets), role, used, pairs) for (_, role, used), pairs in found.items()]


def part(walk: Walk, whole: int, role: str | None, used: bool, steps: list[tuple[int, int]]) -> Node:
    """The node of what plays one part for a node of `whole` datasets: by user and by what it used."""
    users = {user for user, _ in steps}
    datasets = {number: walk.dataset(number) for _, number in steps}
    share = f"by {len(users):,} of {whole:,}" if len(users) < whole else ""
    pairs = len(users) == len(datasets) == len(steps) == whole
    return Node(tuple(datasets.values()), role, used, share, pairs)


def place(root: Node) -> Iterator[Placed]:
    """Every node, each above its children, with its branch."""
    waiting = [Placed(root, "", "")]
    while waiting:
        placed = waiting.pop()
        yield placed
        node, under = placed.node, placed.under
        for child in reversed(node.children):
            fork, stem = ("└─ ", "   ") if child is node.children[-1] else ("├─ ", "│  ")
            waiting.append(Placed(child, under + fork, under + stem, node))


def head_line(walk: Walk, placed: Placed, legend: dict[str, int]) -> Line:
    """The line that describes a node."""
    node, first = placed.node, placed.node.datasets[0]
    many, faint = len(node.datasets) > 1, node.again or not node.used
    shared = " ".join(f"{key}={value}" for key, value in Members(node.datasets).shared.items())
    told = shared if many else identity(first)
    mark = "  as above" if node.again else "  only named" if first.stub else ""
    role = ", ".join(filter(None, (printable(node.role or ""), node.share, "" if node.used else "not used")))
    cells = (
        (
            Span(f"{len(node.datasets):,} × " if many else ""),
            Span(type_name(first), FAINT if faint else PENS.get(first.category, BOLD)),
            Span(f"  {told}" if told else "", FAINT if faint else ""),
            Span(mark, FAINT if node.again else ALERT),
        ),
        (Span(role, FAINT if node.used else ALERT),),
        (Span("" if node.again else walk.maker(first.id.int), TASK),),
        (Span(f"[{legend[first.run]}]" if first.run and not node.again else "", FAINT),),
    )
    return Line(cells, placed.branch, placed.under + ("│  " if node.children else "   "))


def member_lines(placed: Placed, width: int) -> Iterator[Line]:
    """How the members of a node are told apart; of the root, its ID."""
    node = placed.node
    under = placed.under + ("│  " if node.children else "   ")
    if len(node.datasets) > 1 and not node.again:
        members = Members(node.datasets)
        label = f"{members.varying}  " if members.varying else ""
        above = Members(placed.above.datasets) if placed.above and node.pairs else None
        if above and members.varying and above.each == members.each:
            same = "as above" if above.varying == members.varying else f"as {above.varying} above"
            yield Line(((Span(label, FAINT), Span(f"{same}, one for each", FAINT)),), under)
            return
        for row in in_columns(members.each, width - columns(under + label)):
            yield Line(((Span(label, FAINT), Span(row)),), under)
            label = " " * columns(label)
    elif placed.above is None:
        yield Line(((Span(str(node.datasets[0].id), FAINT),),), under)


def summary(lineage: Lineage, drawn: list[Placed]) -> str:
    """How much was drawn, and whether it is all; raws that only headers list are counted, and not drawn."""
    datasets = [d for each in drawn[1:] if each.node.used and not each.node.again for d in each.node.datasets]
    if lineage.direction is Direction.UP:
        text = f"{counted(len(datasets), 'ancestor')}, {counted(len(lineage.raws()), 'raw')}"
    else:
        text = counted(len(datasets), "product")
    return text if lineage.complete else f"{text}; incomplete: {open_end(lineage)}"


def open_end(lineage: Lineage) -> str:
    """Where a lineage is incomplete: a depth that cut it and inputs that are counted alone look the same."""
    if stubs := sum(dataset.stub for dataset in lineage.datasets.values()):
        return f"{counted(stubs, 'dataset')} only named"
    if lineage.listed_raws:
        return "raws listed without the steps to them"
    return "cut by the depth, or inputs not listed"
