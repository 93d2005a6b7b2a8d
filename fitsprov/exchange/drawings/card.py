"""What stands on the card of a dataset in a drawing, and how large that makes it."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from fitsprov.exchange.drawings.fold import Stack
from fitsprov.exchange.drawings.labels import columns, identity, printable, type_name
from fitsprov.exchange.drawings.spread import Spread, Values, number_of, texts, united
from fitsprov.model.lineage import Lineage

__all__ = ["BAND", "LINE", "PAD", "TITLE", "Card", "cut", "extent", "make_card", "name_of", "tell_apart"]

PAD, BAND, TITLE, LINE = 12.0, 24.0, 27.0, 16.0
"""Pixels: at the sides, and the heights of the band of the task, the line of the type, and each further line."""
WIDEST, TITLED, NARROW, MARKS = 212.0, 252.0, 150.0, 42.0
"""The most that text may take, a title, and several pairs on one line; what the symbol and the run's number take."""
SIZES = {"head": 22.0, "sub": 13.0, "type": 13.5, "task": 11.5, "note": 12.0, "text": 11.0}
ADVANCE = {"head": 0.62, "sub": 0.605, "type": 0.62, "task": 0.57, "note": 0.54, "text": 0.605}
"""Mean width of a character as part of the font's size; `text` is monospaced, the others are taken wide."""
TIP, FEW = 12, 12
"""Datasets of a stack that its tooltip lists; values that fit on a line if they are short."""

Pairs = list[tuple[str, str]]
Telling = Counter[tuple[str | None, str]]


@dataclass(frozen=True, slots=True)
class Card:
    """The text of one card."""

    stack: Stack
    task: str
    title: str
    lines: tuple[tuple[tuple[str, str], ...], ...]
    """Dimensions and values, line by line; what is no dimension's value has an empty one."""
    tip: str
    width: float
    height: float


def name_of(stack: Stack) -> str:
    """What a stack is, with how many there are."""
    count, name = len(stack.datasets), type_name(stack.datasets[0])
    return f"{count:,} × {name}" if count > 1 else name


def extent(text: str, look: str) -> float:
    """About how wide a text is, in pixels."""
    return columns(text) * SIZES[look] * ADVANCE[look]


def cut(text: str, look: str, width: float = WIDEST) -> str:
    """As much of a text as fits, with an ellipsis where that is not all."""
    if extent(text, look) <= width:
        return text
    while text and extent(text + "…", look) > width:
        text = text[:-1]
    return text.rstrip() + "…"


def tell_apart(stacks: Iterable[tuple[Stack, Spread]]) -> Telling:
    """Type and dimension → in how many values it occurs: those with many tell most about a dataset of the type."""
    met: defaultdict[tuple[str | None, str], list[Values]] = defaultdict(list)
    for stack, spread in stacks:
        for key, values in spread.values.items():
            met[stack.datasets[0].type, key].append(values)
    return Counter({of: number_of(united(sets)) for of, sets in met.items()})


def make_card(stack: Stack, spread: Spread, lineage: Lineage, telling: Telling, common: Mapping[str, str]) -> Card:
    """Set the text of a card: of the dataId what tells most, without what is `common` unless it is the focus."""
    count = len(stack.datasets)
    first = stack.datasets[0]
    title = cut(name_of(stack), "type", TITLED)
    lines = tell_range(first.type, spread, telling)
    told = [(k, text) for k, text in spread.shared.items() if first.id == lineage.focus or common.get(k) != text]
    told.sort(key=lambda pair: (-telling[first.type, pair[0]], -len(pair[1])))
    if not lines and not told:
        told = [("", identity(first))] if count == 1 and not first.data_id else []
    lines = pack(lines, told, len(lines) + (3 if first.id == lineage.focus else 2))
    task = cut(stack.maker, "task")
    widths = [extent(title, "type") + MARKS, extent(task, "task")]
    widths += [line_extent(line) for line in lines]
    height = (BAND if task else 0.0) + TITLE + LINE * len(lines) + (8.0 if lines else 3.0)
    return Card(stack, task, title, tuple(map(tuple, lines)), tell_all(stack, lineage), max(widths) + 2 * PAD, height)


def tell_range(type_: str | None, spread: Spread, telling: Telling) -> list[Pairs]:
    """From where to where many datasets go, in the dimensions that tell them apart; at most two are told."""
    varying = [key for key in spread.everywhere if number_of(spread.values[key]) > 1]
    varying.sort(key=lambda key: -telling[type_, key])
    return [line for key in varying[:2] for line in tell_span(key, spread.values[key])]


def tell_span(key: str, values: Values) -> list[Pairs]:
    """The values of one dimension: from the first to the last, which may take two lines; else all, or their number."""
    numbers = values.keys() == {int} and [int(value) for value in values[int]]
    if numbers and min(numbers) >= 0:
        first, last = str(min(numbers)), str(max(numbers))
        span = [(key, f"{first} to {last}")]
        return [span] if line_extent(span) <= WIDEST else [[(key, first)], [("to", last)]]
    count = number_of(values)
    few = ", ".join(texts(values)) if count <= FEW else ""
    return [[(key, few if few and extent(f"{key} {few}", "text") <= NARROW else f"{count:,} values")]]


def pack(lines: list[Pairs], pairs: Pairs, most: int) -> list[Pairs]:
    """Add pairs to lines, several on one if they fit; where there is no room for more, an ellipsis."""
    packed = [*lines]
    for key, value in pairs:
        key = cut(key, "text", WIDEST / 2)
        pair = (key, cut(value, "text", WIDEST - extent(f"{key} ", "text")))
        if len(packed) > len(lines) and line_extent([*packed[-1], pair]) <= NARROW:
            packed[-1] = [*packed[-1], pair]
        elif len(packed) == most:
            packed[-1] = [*packed[-1], ("", "…")]
            break
        else:
            packed.append([pair])
    return packed


def line_extent(line: Pairs) -> float:
    return extent("  ".join(f"{key} {value}" if key else value for key, value in line), "text")


def tell_all(stack: Stack, lineage: Lineage) -> str:
    """The whole truth about a card, for who points at it."""
    first = stack.datasets[0]
    lines = [name_of(stack)]
    for dataset in stack.datasets[:TIP]:
        lines += [f"{dataset.id}  {identity(dataset)}" if dataset.data_id or dataset.name else str(dataset.id)]
    if len(stack.datasets) > TIP:
        lines.append(f"and {len(stack.datasets) - TIP:,} more")
    if first.run:
        lines.append(f"run {printable(first.run)}")
    if stack.maker:
        lines.append(f"made by {stack.maker}")
        activity = lineage.generated_by[first.id]
        lines += [f"activity {activity}"] if len(stack.datasets) == 1 else []
    if first.stub:
        lines.append("only named, not described")
    if not stack.used:
        lines.append("presented, not used")
    return "\n".join(lines)
