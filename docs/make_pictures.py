"""Draw the pictures of the documentation: a stamp, what it resolves to, and how a notebook shows that.

All are what the program really gives.

python docs/make_pictures.py            # compare
python docs/make_pictures.py --write    # write docs/_static/*
"""

from __future__ import annotations

import contextlib
import re
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from xml.sax.saxutils import escape

import fitsprov
from fitsprov.actions.drawing import draw
from fitsprov.cli.text import resolution_text

DOCS = Path(__file__).parent
SAMPLE = DOCS.parent / "sample_data"
STATIC = DOCS / "_static"

VISIT = "01a1f866-3fc8-7110-bf11-8596f1ab849a"
VISIT_FILE = "drp/visit_image/visit_image_2026031400101.fits"
NAME = "what_is_this.fits"
WHEN = datetime(2026, 11, 21, 20, 15, 0, tzinfo=UTC)
BASE_URL, AUTHORITY = "https://archive.example.org", "ivo://example.org/simcam"
OURS = re.compile(r"FPV_|DATALINK|LONGSTRN|CONTINUE")
LISTED = re.compile(r"FPV_R(\d+)\s*=")
LIST_SHOWN = 3

COLUMN, LINE, MARGIN, SIZE = 7.25, 17, 18, 12
PAPER, INK, FAINT, FRAME = "#fbfaf7", "#24292f", "#8a8f98", "#d8d4ca"
NIGHT, STARLIGHT, DUST, HORIZON = "#12161f", "#d5dae3", "#78839a", "#2a3140"
PENS = {"32": "#8fd19e", "33": "#f0c674", "34": "#82b1ff", "35": "#e3a1e8", "36": "#7fd1d9"}
"""ANSI colours on a night sky."""
SGR = re.compile(r"\x1b\[([\d;]*)m")

Span = tuple[str, str]
"""A text and its SVG attributes."""


def main(*arguments: str) -> int:
    """Draw; 1 where a picture that lies there is another."""
    wrong = 0
    for name, text in pictures().items():
        path = STATIC / name
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            wrong += 1
            print(f"{path.relative_to(DOCS.parent)} is not what the program gives now")
            if "--write" in arguments:
                path.write_text(text, encoding="utf-8")
    return int(wrong > 0)


def pictures() -> dict[str, str]:
    """Every picture, by the name of its file."""
    with tempfile.TemporaryDirectory() as folder, survey(Path(folder)) as registry:
        target = Path(folder) / NAME
        stamp = registry.stamp(registry.dataset(VISIT).id)
        fitsprov.export(SAMPLE / VISIT_FILE, target, stamp, clock=lambda: WHEN)
        with contextlib.chdir(folder):
            answer = fitsprov.resolve(NAME, registry)
        if answer.lineage is None:
            raise RuntimeError(f"{target} does not resolve")
        told = resolution_text(answer, draw(answer.lineage, "tree", colour=True))
        shown = replace(answer, source="service")  # as who has no registry sees it
        return {
            "stamp.svg": picture(list(stamp_cards(target)), told.splitlines()),
            "resolution.html": f"{shown._repr_html_()}\n",
        }


def survey(folder: Path) -> fitsprov.Registry:
    """A registry of the sample survey."""
    registry = fitsprov.Registry.create(folder / "fitsprov.db", base_url=BASE_URL, authority=AUTHORITY)
    for record in ("calib.yaml", "drp.yaml"):
        registry.record(SAMPLE / record)
    return registry


def stamp_cards(path: Path) -> Iterator[str]:
    """The cards of the stamp, of a long list the first and the last."""
    header = path.read_bytes().partition(b"END" + b" " * 77)[0].decode("ascii")
    cards = [header[at : at + 80] for at in range(0, len(header), 80)]
    ours = [card for card in cards if OURS.match(card)]
    last = max((int(m[1]) for card in ours if (m := LISTED.match(card))), default=0)
    for card in ours:
        match = LISTED.match(card)
        if match and LIST_SHOWN < int(match[1]) < last:
            if int(match[1]) == LIST_SHOWN + 1:
                yield "   ⋮"
            continue
        yield card.rstrip()


def picture(cards: list[str], told: list[str]) -> str:
    """A sheet of cards, and beneath it what a terminal shows."""
    command = [("$ ", f'fill="{DUST}"'), (f"fitsprov resolve {NAME}", f'fill="{STARLIGHT}" font-weight="bold"')]
    answer = [command, *(list(ansi(line)) for line in told)]
    columns = max(80, *(sum(len(text) for text, _ in line) for line in answer))
    width = round(columns * COLUMN + 2 * MARGIN)
    sheet = (len(cards) + 1) * LINE + 2 * MARGIN
    night = len(answer) * LINE + 2 * MARGIN
    height = sheet + night
    title = [(f"{NAME}, primary header", f'fill="{FAINT}" font-style="italic"')]
    body = [
        f'<rect x=".5" y=".5" width="{width - 1}" height="{height - 1}" rx="8" fill="{PAPER}" stroke="{FRAME}"/>',
        f'<path d="M.5 {sheet}H{width - 0.5}V{height - 8}a7.5 7.5 0 0 1-7.5 7.5H8a7.5 7.5 0 0 1-7.5-7.5z"'
        f' fill="{NIGHT}" stroke="{HORIZON}"/>',
        *lines([title, *(list(card_spans(card)) for card in cards)], 0),
        *lines(answer, sheet),
    ]
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}"'
            f' role="img" aria-label="A stamp in a FITS header, and the lineage that it resolves to"'
            f' font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, DejaVu Sans Mono, monospace"'
            f' font-size="{SIZE}">',
            *body,
            "</svg>\n",
        ]
    )


def lines(rows: list[list[Span]], top: float) -> Iterator[str]:
    """Rows of text; each is held to its columns, whatever font there is."""
    for number, row in enumerate(rows):
        text = "".join(text for text, _ in row)
        if not text.strip():
            continue
        y = top + MARGIN + number * LINE + SIZE
        spans = "".join(f"<tspan {style}>{escape(part)}</tspan>" for part, style in row if part)
        yield (
            f'<text x="{MARGIN}" y="{y}" textLength="{len(text) * COLUMN:.2f}" lengthAdjust="spacingAndGlyphs"'
            f' xml:space="preserve">{spans}</text>'
        )


def card_spans(card: str) -> Iterator[Span]:
    """A card: keyword, value, comment."""
    head, slash, comment = card.partition(" / ")
    yield head[:8], f'fill="{INK}" font-weight="bold"'
    yield head[8:], f'fill="{INK}"'
    yield slash + comment, f'fill="{FAINT}"'


def ansi(line: str) -> Iterator[Span]:
    """A line of a terminal with its colours."""
    pieces = SGR.split(line)
    codes: list[str] = []
    for number, piece in enumerate(pieces):
        if number % 2:
            codes = piece.split(";")
            continue
        fill = next((PENS[code] for code in codes if code in PENS), DUST if "2" in codes else STARLIGHT)
        yield piece, f'fill="{fill}"' + (' font-weight="bold"' if "1" in codes else "")


if __name__ == "__main__":
    raise SystemExit(main(*sys.argv[1:]))
