"""Lines of coloured cells, set in columns, or flowed where the columns do not fit."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from fitsprov.exchange.drawings.labels import columns, pad

__all__ = ["Column", "Line", "Span", "in_columns", "paint"]

GAP = "  "
DIM = "2"
"""The pen of branches: ANSI SGR 2, faint."""


class Span(NamedTuple):
    """A text in one colour."""

    text: str
    pen: str = ""
    """ANSI SGR parameters; empty for the terminal's own."""


class Line(NamedTuple):
    """One line: the branch of a tree, then cells."""

    cells: tuple[tuple[Span, ...], ...]
    branch: str = ""
    under: str = ""
    """Stands for the branch where the line goes on beneath."""


class Column(NamedTuple):
    """One column of cells."""

    head: str
    word: str
    """Leads the cell in where it stands outside its column."""


def paint(lines: Sequence[Line], heads: Sequence[Column], *, colour: bool, width: int | None) -> Iterator[str]:
    """Set lines in columns with a head; where that takes more than `width`, set all cells but the first beneath it."""
    rows = [Line(tuple((Span(head.head, DIM),) for head in heads)), *(line for line in lines if len(line.cells) > 1)]
    widths = [max(extent(row, n) for row in rows) for n in range(len(heads))]
    if width is None or sum(widths) + len(GAP) * (len(widths) - 1) <= width:
        for line in (rows[0], *lines):
            yield in_line(line, widths, colour)
        return
    for line in lines:
        if len(line.cells) == 1:
            yield in_line(line, (), colour)
            continue
        yield from flow(line.branch, line.under, words(line.cells[:1]), width, colour)
        named = [
            (Span(heads[n].word, DIM), *cell) for n, cell in enumerate(line.cells) if n and any(s.text for s in cell)
        ]
        if named:
            yield from flow(line.under, line.under, words(named), width, colour)


def extent(line: Line, cell: int) -> int:
    """Columns that a cell takes, the branch before the first included."""
    return sum(columns(span.text) for span in line.cells[cell]) + (columns(line.branch) if cell == 0 else 0)


def in_line(line: Line, widths: Sequence[int], colour: bool) -> str:
    """Set each cell at its column."""
    text, at, start = ink(line.branch, DIM, colour), 0, 0
    for n, cell in enumerate(line.cells):
        if any(span.text for span in cell):
            text += " " * (start - at) + "".join(ink(span.text, span.pen, colour) for span in cell)
            at = start + extent(line, n)
        start += sum(widths[n : n + 1]) + len(GAP)
    return text


def words(cells: Sequence[Sequence[Span]]) -> list[Span]:
    """Take cells apart; what a word is led in by stands at its front."""
    found: list[Span] = []
    for n, cell in enumerate(cells):
        gap = " · " if n else ""
        for span in cell:
            for m, word in enumerate(span.text.split(" ")):
                gap = gap or (" " if m else "")
                if word:
                    found += [Span(gap), Span(word, span.pen)]
                    gap = ""
    return found


def flow(branch: str, under: str, pieces: Sequence[Span], width: int, colour: bool) -> Iterator[str]:
    """Break between words, so that no line is longer than `width` where its words allow."""
    text, used = ink(branch, DIM, colour), columns(branch)
    for gap, word in zip(pieces[::2], pieces[1::2], strict=True):
        if gap.text and used + columns(gap.text + word.text) > width:
            yield text
            text, used, gap = ink(under, DIM, colour), columns(under), Span("")
        text += ink(gap.text, DIM, colour) + ink(word.text, word.pen, colour)
        used += columns(gap.text + word.text)
    yield text


def in_columns(items: Sequence[str], width: int) -> Iterator[str]:
    """Set items row by row in equal columns, as many as fit."""
    widest = max(map(columns, items))
    across = max(1, (width + len(GAP)) // (widest + len(GAP)))
    for start in range(0, len(items), across):
        yield GAP.join(pad(item, widest) for item in items[start : start + across]).rstrip()


def ink(text: str, pen: str, colour: bool) -> str:
    return f"\x1b[{pen}m{text}\x1b[0m" if colour and pen and text.strip() else text
