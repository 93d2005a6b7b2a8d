"""A lineage as a picture: an SVG that needs nothing else, for pages, READMEs and paper.

Time runs from the raws to the product, left to right or downward, whichever fills the picture better. A card is a
dataset, its band the task that made it; the symbol and colour are the category's, taken from the palette of Okabe &
Ito (2008), which colour-blind people can tell apart. Numbers in circles are runs, listed beneath.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from math import ceil, log2
from xml.sax.saxutils import escape

from fitsprov.exchange.card import BAND, LINE, PAD, TITLE, Card, cut, extent, make_card, tell_apart
from fitsprov.exchange.fold import Folded, Link, Stack, fold_lineage
from fitsprov.exchange.labels import counted, dimensions, identity, printable, runs, type_name
from fitsprov.exchange.plan import Plan, best_plan, number
from fitsprov.exchange.walk import Walk
from fitsprov.model.lineage import Category, Dataset, Direction, Lineage

__all__ = ["draw_svg"]

MARGIN, RADIUS, KEY, RUN = 36.0, 9.0, 40.0, 20.0
LONGEST = 1000.0
"""The most that a run takes beneath the drawing; longer ones are whole in tooltips alone."""
TOLD = 60
"""How many steps of a lineage are told in words."""

SYMBOLS = {
    Category.RAW: "M-5 0a5 5 0 1 0 10 0a5 5 0 1 0-10 0z",
    Category.CALIBRATION: "M0-6L6 0L0 6L-6 0z",
    Category.REFERENCE: "M0-6.5L1.6-2.1L6.2-2L2.6 .8L3.8 5.3L0 2.7L-3.8 5.3L-2.6 .8L-6.2-2L-1.6-2.1z",
    Category.PRODUCT: "M-5-5h10v10h-10z",
    Category.LOG: "M-5-5h10v2h-10zM-5-1h10v2h-10zM-5 3h7v2h-7z",
    Category.METRIC: "M0-6L6 5H-6z",
}
RING = "M-5 0a5 5 0 1 0 10 0a5 5 0 1 0-10 0zM-3 0a3 3 0 1 1 6 0a3 3 0 1 1-6 0z"
"""One shape for each category, about the origin: colour is not all that tells them apart."""
LIGHT = {"raw": "#a8568a", "calibration": "#c77700", "reference": "#00875f", "product": "#0072b2", "metric": "#3a8fc4"}
DARK = {"raw": "#de9cc4", "calibration": "#f0a83a", "reference": "#35c79b", "product": "#5db4ef", "metric": "#8cd0f5"}
STYLE = """\
.fpv text{font-family:Inter,system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif;fill:#1c2430}
.fpv .head{font-size:22px;font-weight:650;letter-spacing:-.01em}
.fpv .type{font-size:13.5px;font-weight:620}
.fpv .task{font-size:11.5px;fill:#4a5a70}
.fpv .note{font-size:12px;fill:#5b6675}
.fpv .text,.fpv .sub{font-family:ui-monospace,"SF Mono",SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace}
.fpv .text{font-size:11px}
.fpv .sub{font-size:13px}
.fpv .key,.fpv .num{fill:#6a7686}
.fpv .num{font-size:9.5px;text-anchor:middle}
.fpv .page{fill:#fbfcfd}
.fpv .card{fill:#fff;stroke:#c9d1db}
.fpv .band{fill:#edf2f8}
.fpv .ring{fill:none;stroke:#b6c0cc}
.fpv .edges{opacity:.58}
.fpv .edge{fill:none;stroke-linecap:round}
.fpv .tip{stroke:none}
.fpv .off .card,.fpv .stub .card{stroke-dasharray:4 3}
.fpv .off text{fill-opacity:.65}
.fpv .focus .card{stroke-width:2.2}
.fpv .none{fill:#8a95a3;stroke:#8a95a3}
.fpv .edge.off{stroke-dasharray:2 5}
"""
NIGHT = """\
.fpv text{fill:#e8edf3}
.fpv .task{fill:#a9b9cc}
.fpv .note,.fpv .key,.fpv .num{fill:#94a1b2}
.fpv .page{fill:#10151c}
.fpv .card{fill:#19212b;stroke:#3a4654}
.fpv .band{fill:#222d3a}
.fpv .ring{stroke:#4a5868}
.fpv .edges{opacity:.66}
.fpv .none{fill:#7e8a99;stroke:#7e8a99}
"""


def draw_svg(lineage: Lineage, *, fold: int = 12) -> str:
    """Draw a lineage as a self-contained SVG, light or dark as the reader's screen is.

    Parameters
    ----------
    lineage : Lineage
    fold : int
        More datasets than this that play the same part are drawn as one stack.

    Returns
    -------
    str
        An SVG document without script or external parts; whole IDs and runs are tooltips, of a stack the first dozen.
    """
    folded = fold_lineage(Walk(lineage), fold)
    datasets = [dataset for stack in folded.stacks for dataset in stack.datasets]
    telling, common = tell_apart(datasets), in_common(datasets)
    cards = [make_card(stack, lineage, telling, common) for stack in folded.stacks]
    plan = best_plan(folded, cards, lineage.direction)
    heading = (type_name(lineage.dataset), identity(lineage.dataset), subtitle_of(lineage, folded, common))
    return compose(folded, cards, plan, heading, runs(datasets))


def compose(
    folded: Folded, cards: Sequence[Card], plan: Plan, heading: tuple[str, str, str], legend: Mapping[str, int]
) -> str:
    """Put heading, drawing and legend under each other."""
    keys = legend_row(folded)
    head = [(look, cut(line, look, LONGEST)) for look, line in zip(("head", "sub", "note"), heading, strict=True)]
    listed = [(str(n), cut(printable(run), "text", LONGEST)) for run, n in legend.items()]
    width = max(
        plan.width,
        *(extent(line, look) for look, line in head),
        sum(extent(line, "note") + KEY for _, line in keys),
        *(extent(line, "text") + KEY for _, line in listed),
    )
    left, top = MARGIN + (width - plan.width) / 2, MARGIN + 86.0
    base = top + plan.height + 44.0
    parts = [
        *(text(MARGIN, MARGIN + y, look, line) for y, (look, line) in zip((18, 40, 60), head, strict=True)),
        f'<g transform="translate({number(left)} {number(top)})">',
        *draw_edges(plan, folded),
        *(draw_card(card, plan.box(n), legend, focus=n == 0) for n, card in enumerate(cards)),
        "</g>",
        *draw_keys(keys, base),
        *draw_runs(listed, base + 26),
    ]
    size = (width + 2 * MARGIN, base + 10 + RUN * len(listed) + MARGIN)
    return page(size, parts, " ".join(heading[:2]), f"{heading[2]}. {narrate(folded)}")


def page(size: tuple[float, float], parts: Sequence[str], title: str, description: str) -> str:
    """The document around the drawing."""
    width, height = (number(ceil(length)) for length in size)
    night = NIGHT + colours(DARK)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="fpv" role="img" xml:space="preserve" '
        f'viewBox="0 0 {width} {height}" width="{width}" height="{height}">\n'
        f"<title>{clean(title)}</title>\n<desc>{clean(description)}</desc>\n"
        f"<style>\n{STYLE}{colours(LIGHT)}@media screen and (prefers-color-scheme:dark){{\n{night}}}\n</style>\n"
        f'<rect class="page" width="{width}" height="{height}" rx="14"/>\n' + "\n".join(parts) + "\n</svg>\n"
    )


def colours(palette: Mapping[str, str]) -> str:
    """The rules that give each category its colour."""
    return "".join(
        f".fpv .{name}{{fill:{colour};stroke:{colour}}}\n.fpv .focus .card.in-{name}{{stroke:{colour}}}\n"
        for name, colour in palette.items()
    )


def clean(words: str) -> str:
    """Text that is only text: escaped, line by line printable."""
    return escape("\n".join(map(printable, words.split("\n"))), {'"': "&quot;"})


def text(x: float, y: float, look: str, words: str) -> str:
    return f'<text class="{look}" x="{number(x)}" y="{number(y)}">{clean(words)}</text>'


def colour_of(stack: Stack) -> str:
    """The class that colours a stack."""
    category = stack.datasets[0].category
    return category if category in LIGHT else "none"


def subtitle_of(lineage: Lineage, folded: Folded, common: Mapping[str, str]) -> str:
    """How much is in the drawing, and what most of it shares."""
    datasets = [dataset for stack in folded.stacks[1:] if stack.used for dataset in stack.datasets]
    up = lineage.direction is Direction.UP
    told = [counted(len(datasets), "ancestor" if up else "product")]
    told += [counted(sum(d.category is Category.RAW for d in datasets), "raw")] if up else []
    told += ["throughout " + ", ".join(f"{key} {value}" for key, value in sorted(common.items()))] if common else []
    return " · ".join(told + ([] if lineage.complete else ["incomplete"]))


def in_common(datasets: Sequence[Dataset]) -> dict[str, str]:
    """The dimensions that most datasets have, and all that have them with one value."""
    seen = Counter(pair for dataset in datasets for pair in dimensions(dataset).items())
    values = Counter(key for key, _ in seen)
    return {key: value for (key, value), count in seen.items() if values[key] == 1 and 2 * count > len(datasets) > 2}


def narrate(folded: Folded) -> str:
    """The drawing in words, for who cannot see it."""
    told = []
    for n, stack in enumerate(folded.stacks):
        sources = [folded.stacks[source] for source, product in folded.links if product == n]
        if sources:
            listed = ", ".join(f"{len(s.datasets)} {type_name(s.datasets[0])}" for s in sources)
            made = f" by {stack.maker}" if stack.maker else ""
            told.append(f"{len(stack.datasets)} {type_name(stack.datasets[0])} made{made} from {listed}")
    return "; ".join(told[:TOLD]) + ("; …" if len(told) > TOLD else "")


def draw_edges(plan: Plan, folded: Folded) -> Iterator[str]:
    """All edges, those of one colour as one translucent layer, so that they do not darken where they run together."""
    layers: dict[str, list[str]] = {}
    for ends, link in folded.links.items():
        look = colour_of(folded.stacks[ends[0]])
        layers.setdefault(look, []).append(edge(plan, ends, link, folded.stacks[ends[0]]))
    for look, edges in layers.items():
        yield f'<g class="edges {look}">' + "\n".join(edges) + "</g>"


def edge(plan: Plan, ends: tuple[int, int], link: Link, source: Stack) -> str:
    """An edge with its arrow head: the wider, the more datasets it stands for."""
    path, tip = plan.curve(ends)
    wide = number(1.5 + 0.45 * log2(link.pairs))
    how = " as " + ", ".join(link.roles) if link.roles else ""
    told = f"{type_name(source.datasets[0])} {'used' if link.used else 'presented, not used'}{how}"
    return (
        f'<g><title>{clean(told)}</title><path class="edge{"" if link.used else " off"}" stroke-width="{wide}" '
        f'd="{path}"/><path class="tip" d="{tip}"/></g>'
    )


def draw_card(card: Card, box: tuple[float, float, float, float], legend: Mapping[str, int], *, focus: bool) -> str:
    """A card; of a stack, with two more that look out behind it."""
    x, y, w, h = box
    stack, first = card.stack, card.stack.datasets[0]
    states = ("focus" if focus else "", "" if stack.used else "off", "stub" if first.stub else "")
    look = colour_of(stack)
    parts = [f'<g class="{" ".join(filter(None, ("of", *states)))}"><title>{clean(card.tip)}</title>']
    parts += [rectangle("card", x + 4 * n, y + 4 * n, w, h) for n in (2, 1) if len(stack.datasets) > 1]
    parts.append(rectangle(f"card in-{look}", x, y, w, h))
    if card.task:
        parts.append(
            f'<path class="band" d="M{number(x + 0.6)} {number(y + BAND)}v{number(RADIUS - BAND + 0.6)}'
            f"a{RADIUS:g} {RADIUS:g} 0 0 1 {RADIUS:g}-{RADIUS:g}h{number(w - 2 * RADIUS - 1.2)}"
            f'a{RADIUS:g} {RADIUS:g} 0 0 1 {RADIUS:g} {RADIUS:g}v{number(BAND - RADIUS - 0.6)}z"/>'
        )
        parts.append(text(x + PAD, y + 16.5, "task", card.task))
        y += BAND
    parts.append(symbol(look, first.category, x + PAD + 5, y + 15.5))
    parts.append(text(x + PAD + 17, y + 20, "type", card.title))
    if first.run:
        parts.append(circled(x + w - PAD - 4, y + 15.5, str(legend[first.run])))
    parts += [dimension_line(line, x + PAD, y + TITLE + 11 + LINE * n) for n, line in enumerate(card.lines)]
    return "".join([*parts, "</g>"])


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


def legend_row(folded: Folded) -> list[tuple[Category | str | None, str]]:
    """What the symbols mean that are in the drawing."""
    met = {stack.datasets[0].category for stack in folded.stacks}
    keys: list[tuple[Category | str | None, str]] = [
        (category, category.value) for category in Category if category in met
    ]
    keys += [(None, "category not known")] if None in met else []
    keys += [("off", "presented, not used")] if not all(link.used for link in folded.links.values()) else []
    keys += [("stub", "only named")] if any(stack.datasets[0].stub for stack in folded.stacks) else []
    return keys


def draw_keys(keys: Sequence[tuple[Category | str | None, str]], y: float) -> Iterator[str]:
    """The legend, in one row."""
    x = MARGIN
    for key, words in keys:
        if key == "off":
            yield f'<path class="edge off ring" stroke-width="1.8" d="M{number(x - 6)} {number(y - 4)}h20"/>'
        elif key == "stub":
            yield f'<g class="stub">{rectangle("card", x - 5, y - 11, 18, 13)}</g>'
        else:
            category = key if isinstance(key, Category) else None
            yield symbol(category if category in LIGHT else "none", category, x + 5, y - 4)
        yield text(x + 19, y, "note", words)
        x += extent(words, "note") + KEY


def draw_runs(listed: Sequence[tuple[str, str]], y: float) -> Iterator[str]:
    """The runs, whole, by the number that stands on the cards."""
    for n, (tag, run) in enumerate(listed):
        line = y + RUN * n
        yield circled(MARGIN + 5, line - 3.8, tag) + text(MARGIN + 19, line, "text", run)
