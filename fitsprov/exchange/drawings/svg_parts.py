"""The elements of a drawing: cards, edges, symbols and text."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from math import log2
from xml.sax.saxutils import escape

from fitsprov.exchange.drawings.card import BAND, LINE, PAD, TITLE, Card, name_of
from fitsprov.exchange.drawings.fold import Folded, Link, Stack
from fitsprov.exchange.drawings.labels import printable, type_name
from fitsprov.exchange.drawings.plan import Plan, number
from fitsprov.exchange.drawings.svg_style import LIGHT, RADIUS, RING, SYMBOLS
from fitsprov.model.lineage import Category

__all__ = ["Href", "circled", "clean", "draw_card", "draw_edges", "draw_key", "text"]

Href = Callable[[Stack], str]
"""Where the card of a stack leads."""


def clean(words: str) -> str:
    """Text that is only text: escaped, line by line printable."""
    return escape("\n".join(map(printable, words.split("\n"))), {'"': "&quot;"})


def text(x: float, y: float, look: str, words: str) -> str:
    return f'<text class="{look}" x="{number(x)}" y="{number(y)}">{clean(words)}</text>'


def colour_of(stack: Stack) -> str:
    """The class that colours a stack."""
    category = stack.datasets[0].category
    return category if category in LIGHT else "none"


def draw_edges(plan: Plan, folded: Folded) -> Iterator[str]:
    """All edges, those of one colour as one translucent layer, so that they do not darken where they run together."""
    layers: dict[str, list[str]] = {}
    for ends, link in folded.links.items():
        look = colour_of(folded.stacks[ends[0]])
        layers.setdefault(look, []).append(draw_edge(plan, ends, link, folded.stacks[ends[0]]))
    for look, edges in layers.items():
        yield f'<g class="edges {look}">' + "\n".join(edges) + "</g>"


def draw_edge(plan: Plan, ends: tuple[int, int], link: Link, source: Stack) -> str:
    """An edge with its arrow head: the wider, the more datasets it stands for."""
    path, tip = plan.curve(ends)
    wide = number(1.5 + 0.45 * log2(link.pairs))
    how = " as " + ", ".join(link.roles) if link.roles else ""
    told = f"{type_name(source.datasets[0])} {'used' if link.used else 'presented, not used'}{how}"
    return (
        f'<g data-ends="{ends[0]} {ends[1]}"><title>{clean(told)}</title>'
        f'<path class="edge{"" if link.used else " off"}" stroke-width="{wide}" d="{path}"/>'
        f'<path class="tip" d="{tip}"/></g>'
    )


def draw_card(
    card: Card,
    box: tuple[float, float, float, float],
    legend: Mapping[str, int],
    *,
    focus: bool,
    href: Href | None = None,
) -> str:
    """A card; of a stack, with two more that look out behind it; a link where it leads somewhere."""
    x, y, w, h = box
    stack, first = card.stack, card.stack.datasets[0]
    many = len(stack.datasets) > 1
    look = colour_of(stack)
    parts = [f"<title>{clean(card.tip)}</title>"]
    parts += [rectangle("card", x + 4 * n, y + 4 * n, w, h) for n in (2, 1) if many]
    parts.append(rectangle(f"card in-{look}", x, y, w, h))
    if card.task:
        parts += [band(x, y, w), text(x + PAD, y + 16.5, "task", card.task)]
        y += BAND
    parts.append(symbol(look, first.category, x + PAD + 5, y + 15.5))
    parts.append(text(x + PAD + 17, y + 20, "type", card.title))
    if first.run:
        parts.append(circled(x + w - PAD - 4, y + 15.5, str(legend[first.run])))
    parts += [dimension_line(line, x + PAD, y + TITLE + 11 + LINE * n) for n, line in enumerate(card.lines)]
    states = ("of", "focus" if focus else "", "" if stack.used else "off", "stub" if first.stub else "")
    look = f'class="{" ".join(filter(None, states))}"'
    if href is None:
        return f"<g {look}>{''.join(parts)}</g>"
    parts += [plus(x + w - 18, box[1] + h + 4)] if many else []
    return f"<a {look} {link(card, href, focus=focus)}>{''.join(parts)}</a>"


def link(card: Card, href: Href, *, focus: bool) -> str:
    """The attributes that make a link of a card, and tell where it stands to who walks through the drawing."""
    stack = card.stack
    words = [name_of(stack), *(" ".join(" ".join(pair) for pair in line) for line in card.lines)]
    words += [f"made by {stack.maker}"] if stack.maker else []
    words += [] if stack.used else ["presented, not used"]
    attributes = {"href": href(stack), "aria-label": ", ".join(words), "data-level": str(stack.level + 1)}
    attributes |= {"data-key": stack.key, "data-group": stack.group}
    attributes |= {"data-many": str(len(stack.datasets))} if len(stack.datasets) > 1 else {}
    attributes |= {"aria-current": "page"} if focus else {}
    return " ".join(f'{name}="{clean(value)}"' for name, value in attributes.items())


def band(x: float, y: float, w: float) -> str:
    """The head of a card, on which the task stands."""
    return (
        f'<path class="band" d="M{number(x + 0.6)} {number(y + BAND)}v{number(RADIUS - BAND + 0.6)}'
        f"a{RADIUS:g} {RADIUS:g} 0 0 1 {RADIUS:g}-{RADIUS:g}h{number(w - 2 * RADIUS - 1.2)}"
        f'a{RADIUS:g} {RADIUS:g} 0 0 1 {RADIUS:g} {RADIUS:g}v{number(BAND - RADIUS - 0.6)}z"/>'
    )


def plus(x: float, y: float) -> str:
    """The mark of a stack that can be opened."""
    return (
        f'<circle class="card" cx="{number(x)}" cy="{number(y)}" r="8.5"/>'
        f'<path class="plus" d="M{number(x - 4)} {number(y)}h8M{number(x)} {number(y - 4)}v8"/>'
    )


def dimension_line(line: Sequence[tuple[str, str]], x: float, y: float) -> str:
    """A line of dimensions and values."""
    spans = []
    for n, (key, value) in enumerate(line):
        apart = ' dx="5"' if n else ""
        spans.append((f'<tspan class="key"{apart}>{clean(key)} </tspan>' if key else "") + clean(value))
    return f'<text class="text" x="{number(x)}" y="{number(y)}">{" ".join(spans)}</text>'


def rectangle(look: str, x: float, y: float, w: float, h: float) -> str:
    where = f'x="{number(x)}" y="{number(y)}" width="{number(w)}" height="{number(h)}"'
    return f'<rect class="{look}" {where} rx="{RADIUS:g}"/>'


def symbol(look: str, category: Category | None, x: float, y: float) -> str:
    path = SYMBOLS[category] if category else RING
    return f'<path class="{look} tip" transform="translate({number(x)} {number(y)})" d="{path}"/>'


def circled(x: float, y: float, words: str) -> str:
    ring = f'<circle class="ring" cx="{number(x)}" cy="{number(y)}" r="7.5"/>'
    return ring + text(x, y + 3.4, "num", words)


def draw_key(key: Category | str | None, x: float, y: float) -> str:
    """A symbol of the legend, about a point: of a category, or the look of what is ``off`` or a ``stub``."""
    if key == "off":
        return f'<path class="edge off ring" stroke-width="1.8" d="M{number(x - 8)} {number(y)}h20"/>'
    if key == "stub":
        return f'<g class="stub">{rectangle("card", x - 8, y - 6, 18, 13)}</g>'
    category = key if isinstance(key, Category) else None
    return symbol(category if category in LIGHT else "none", category, x, y)
