"""A lineage as a drawing that is walked: a part of a page, in which every card is a link."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from math import ceil

from fitsprov.exchange.drawings.labels import identity, type_name
from fitsprov.exchange.drawings.plan import number
from fitsprov.exchange.drawings.svg_drawing import Drawing
from fitsprov.exchange.drawings.svg_parts import Href, clean, draw_card, draw_edges, draw_key
from fitsprov.exchange.drawings.walk import Check, go_on
from fitsprov.model.lineage import Lineage

__all__ = ["WalkedDrawing", "draw_to_walk"]

MARGIN = 20.0


@dataclass(frozen=True, slots=True)
class WalkedDrawing:
    """A drawing for a page that has its style sheet, and what the page tells around it."""

    svg: str
    told: str
    """How much is in it, and what most of it shares."""
    opened: Mapping[str, str]
    """The stacks that are opened: by their key, what is in them."""
    legend: tuple[tuple[str, str], ...]
    """What the symbols mean: a small SVG, and words."""
    runs: Mapping[str, int]
    """The runs by the numbers that stand on the cards."""


def draw_to_walk(
    lineage: Lineage, href: Href, *, fold: int = 12, opened: Collection[str] = (), check: Check = go_on
) -> WalkedDrawing:
    """Draw a lineage of which every card is a link.

    Parameters
    ----------
    href : callable
        Where the card of a stack leads: to its dataset, or, where it has many, to the drawing with it opened.
    fold : int
        More datasets than this that play the same part are drawn as one stack.
    opened : collection of str
        The keys of stacks that are drawn as the smaller stacks that they consist of.
    """
    drawing = Drawing.of(lineage, fold, opened, check)
    plan, focus = drawing.plan, lineage.dataset
    width, height = (number(ceil(length + 2 * MARGIN)) for length in (plan.width, plan.height))
    title = clean(f"Lineage of {type_name(focus)} {identity(focus)}")
    parts = [
        f'<svg class="fpv walked" role="group" viewBox="0 0 {width} {height}" width="{width}" height="{height}"'
        f' aria-label="{title}">',
        f"<desc>{clean(drawing.narrate())}</desc>",
        f'<g transform="translate({number(MARGIN)} {number(MARGIN)})">',
        *draw_edges(plan, drawing.folded),
        *(draw_card(card, plan.box(n), drawing.runs, focus=n == 0, href=href) for n, card in enumerate(drawing.cards)),
        "</g></svg>",
    ]
    legend = tuple((lone_symbol(key), words) for key, words in drawing.legend())
    return WalkedDrawing("\n".join(parts), drawing.subtitle(), dict(open_groups(drawing)), legend, drawing.runs)


def lone_symbol(key: str | None) -> str:
    """A symbol of the legend, for itself."""
    box = 'viewBox="-9 -9 18 18" width="18" height="18"'
    return f'<svg class="fpv" {box} aria-hidden="true">{draw_key(key, 0, 0)}</svg>'


def open_groups(drawing: Drawing) -> Iterator[tuple[str, str]]:
    """The opened stacks, the outermost first, each with what is in it."""
    counts: dict[str, int] = {}
    names: dict[str, str] = {}
    for stack in drawing.folded.stacks:
        for group in outward(stack.group):
            counts[group] = counts.get(group, 0) + len(stack.datasets)
            names.setdefault(group, type_name(stack.datasets[0]))
    for group in sorted(counts, key=lambda key: [int(part) for part in key.split(".")]):
        yield group, f"{counts[group]:,} × {names[group]}"


def outward(group: str) -> Iterable[str]:
    """A group and those that it is in."""
    while group:
        yield group
        group = group.rpartition(".")[0]
