"""A lineage as a picture: an SVG that needs nothing else, for READMEs and paper.

Time runs from the raws to the product, left to right or downward, whichever fills the picture better. A card is a
dataset, its band the task that made it; the symbol and colour are the category's. Numbers in circles are runs, listed
beneath.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import ceil

from fitsprov.exchange.drawings.card import cut, extent
from fitsprov.exchange.drawings.labels import identity, printable, type_name
from fitsprov.exchange.drawings.plan import number
from fitsprov.exchange.drawings.svg_drawing import Drawing, Key
from fitsprov.exchange.drawings.svg_parts import circled, clean, draw_card, draw_edges, draw_key, text
from fitsprov.exchange.drawings.svg_style import drawing_style
from fitsprov.exchange.drawings.walk import Check, go_on
from fitsprov.model.lineage import Lineage

__all__ = ["draw_svg"]

MARGIN, KEY, RUN = 36.0, 40.0, 20.0
LONGEST = 1000.0
"""The most that a run takes beneath the drawing; longer ones are whole in tooltips alone."""


def draw_svg(lineage: Lineage, *, fold: int = 12, check: Check = go_on) -> str:
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
    drawing = Drawing.of(lineage, fold, check=check)
    heading = (type_name(lineage.dataset), identity(lineage.dataset), drawing.subtitle())
    return compose(drawing, heading)


def compose(drawing: Drawing, heading: tuple[str, str, str]) -> str:
    """Put heading, drawing and legend under each other."""
    keys, plan = drawing.legend(), drawing.plan
    head = [(look, cut(line, look, LONGEST)) for look, line in zip(("head", "sub", "note"), heading, strict=True)]
    listed = [(str(n), cut(printable(run), "text", LONGEST)) for run, n in drawing.runs.items()]
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
        *draw_edges(plan, drawing.folded),
        *(draw_card(card, plan.box(n), drawing.runs, focus=n == 0) for n, card in enumerate(drawing.cards)),
        "</g>",
        *draw_keys(keys, base),
        *draw_runs(listed, base + 26),
    ]
    size = (width + 2 * MARGIN, base + 10 + RUN * len(listed) + MARGIN)
    return page(size, parts, " ".join(heading[:2]), f"{heading[2]}. {drawing.narrate()}")


def page(size: tuple[float, float], parts: Sequence[str], title: str, description: str) -> str:
    """The document around the drawing."""
    width, height = (number(ceil(length)) for length in size)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="fpv" role="img" xml:space="preserve" '
        f'viewBox="0 0 {width} {height}" width="{width}" height="{height}">\n'
        f"<title>{clean(title)}</title>\n<desc>{clean(description)}</desc>\n"
        f"<style>\n{drawing_style()}</style>\n"
        f'<rect class="page" width="{width}" height="{height}" rx="14"/>\n' + "\n".join(parts) + "\n</svg>\n"
    )


def draw_keys(keys: Sequence[Key], y: float) -> Iterator[str]:
    """The legend, in one row."""
    x = MARGIN
    for key, words in keys:
        yield draw_key(key, x + 5, y - 4) + text(x + 19, y, "note", words)
        x += extent(words, "note") + KEY


def draw_runs(listed: Sequence[tuple[str, str]], y: float) -> Iterator[str]:
    """The runs, whole, by the number that stands on the cards."""
    for n, (tag, run) in enumerate(listed):
        line = y + RUN * n
        yield circled(MARGIN + 5, line - 3.8, tag) + text(MARGIN + 19, line, "text", run)
