"""Cards → stamp: what a header says, in each convention that it carries, and in all together."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from fitsprov.cards.card import Card, Value, parse_cards
from fitsprov.cards.grammar import CARD
from fitsprov.cards.search import find_card
from fitsprov.conventions.building import Draft
from fitsprov.conventions.checking import (
    check_counts,
    check_digests,
    check_numbers,
    check_runs,
    check_seal,
    check_uncounted,
)
from fitsprov.conventions.convention import Convention, Group, Spotted
from fitsprov.conventions.forms import form_of
from fitsprov.conventions.merging import ConventionReading, join, merge
from fitsprov.conventions.spotting import find_first, spot
from fitsprov.model.finding import Finding
from fitsprov.model.stamp import Stamp

__all__ = [
    "ConventionReading",
    "Reading",
    "check_counts",
    "check_digests",
    "check_seal",
    "combine",
    "group_of",
    "read_group",
    "read_header",
    "read_metadata",
]

FIRST = ("native", "rubin")
"""Believed before all others, in this order; the others as they stand in the header."""
COUNTS = ("n_parents", "n_raws")
Told = tuple[ConventionReading, list[Finding]]
"""What one convention says, and what is wrong with that."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What a header says, in all its conventions together and in each."""

    stamp: Stamp | None = None
    """None where no convention matched."""
    readings: tuple[ConventionReading, ...] = ()
    """By precedence."""
    findings: tuple[Finding, ...] = ()

    @property
    def conventions(self) -> tuple[str, ...]:
        """The names of the conventions that matched, by precedence."""
        return tuple(reading.convention for reading in self.readings)


def read_header(header: bytes, conventions: Sequence[Spotted]) -> Reading:
    """Read a header's provenance.

    Parameters
    ----------
    header : bytes
        Whole cards, with or without END.
    conventions : sequence of Convention or Known
        Those that match no card are passed over.
    """
    found = spot(header, conventions)
    if not found:
        return Reading()
    if len(found) > 1:
        found.sort(key=precedence)
    readings: list[ConventionReading] = []
    findings: list[Finding] = []
    for at, known in found:
        convention = known.load()
        told = read_whole(header, convention, at) if convention.name == "native" else None
        if told is None:
            told = read_one(header, convention, cards_of(header, convention, at))
        if told is not None:
            readings.append(told[0])
            findings += told[1]
    return combine(readings, findings)


def read_metadata(values: Mapping[str, object], conventions: Sequence[Spotted]) -> Reading:
    """Read the provenance in metadata that are no header: of a table, as keyword → value."""
    cards = [
        Card(keyword.upper(), value if isinstance(value, Value) else None, at, at + CARD)
        for at, (keyword, value) in zip(range(0, CARD * len(values), CARD), values.items(), strict=True)
    ]
    ordered = sorted(conventions, key=lambda convention: precedence((0, convention)))
    told = [found for known in ordered if (found := read_one(b"", known.load(), cards)) is not None]
    return combine([reading for reading, _ in told], [finding for _, findings in told for finding in findings])


def read_whole(header: bytes, native: Convention, at: int) -> Told | None:
    """Read a stamp of ours that stands as we wrote it from an offset on; None for any other."""
    form = form_of(native)
    values = None if form is None else form.read(header, at)
    if values is None:
        return None
    stamp = Stamp(**values)
    counts = tuple(filter(values.__contains__, COUNTS))
    return ConventionReading(native.name, stamp, counts=counts), check_lists(stamp, native, "digests" in values, {})


def read_one(header: bytes, convention: Convention, cards: Iterable[Card]) -> Told | None:
    """Read one convention by itself, from the cards among which its own stand; None where none has a value."""
    group = convention.group(cards, beside=True)
    draft, findings, betrayed = read_values(group, convention)
    if not betrayed:
        return None
    stamp, steps = draft.build()
    findings += check_lists(stamp, convention, "digests" in draft.values, draft.numbered())
    if convention.name == "native":
        findings += check_seal(header, group, stamp, convention)
    else:
        findings += check_uncounted(stamp, convention, group, draft.counts)
    return ConventionReading(convention.name, stamp, steps, tuple(draft.counts)), findings


def check_lists(
    stamp: Stamp, convention: Convention, digested: bool, numbered: Mapping[str, tuple[int, int]]
) -> list[Finding]:
    """Hold what is listed against counts, digests and numbers, and look for runs that were shortened."""
    if stamp.parents is None and stamp.raws is None:
        return [*check_runs(stamp)]
    digests = check_digests(stamp) if digested else ()
    numbers = check_numbers(stamp, convention, numbered)
    return [*check_counts(stamp, convention), *digests, *numbers, *check_runs(stamp)]


def combine(readings: Sequence[ConventionReading], findings: Iterable[Finding] = ()) -> Reading:
    """Put readings together, by precedence; what one convention says in several places is one reading."""
    if not readings:
        return Reading()
    joined = join(readings) if len(readings) > 1 else readings
    merged, disagreements = merge(joined)
    return Reading(merged, tuple(joined), (*findings, *disagreements))


def precedence(found: tuple[int, Spotted]) -> tuple[int, int]:
    """Which of two conventions is believed first."""
    at, convention = found
    return (FIRST.index(convention.name), 0) if convention.name in FIRST else (len(FIRST), at)


def group_of(header: bytes, convention: Convention, stop: int | None = None) -> Group:
    """The cards in a header that are a convention's own, to be replaced or removed; only those before an offset."""
    first = find_first(header, convention, len(header) if stop is None else stop)
    if first < 0:
        return []
    group = convention.group(cards_of(header, convention, first, stop))
    return group if any(slot.betrays for _, slot in group) else []


def cards_of(header: bytes, convention: Convention, at: int, stop: int | None = None) -> Iterator[Card]:
    """The cards whose keywords a convention knows, where the first that betrays it stands at an offset."""
    start = at if convention.compact else 0
    pointer = find_card(header, start, b"DATALINK")
    return parse_cards(header, start if pointer < 0 else pointer, stop, wanted=convention.slot)


def read_group(group: Group, convention: Convention) -> Stamp:
    """Read the cards of one convention; what is malformed is left out."""
    draft, _, _ = read_values(group, convention)
    return draft.build()[0]


def read_values(group: Group, convention: Convention) -> tuple[Draft, list[Finding], bool]:
    """Put the values of cards where they belong.

    Returns
    -------
    tuple
        What was put; what is malformed; whether a keyword that betrays the convention has a value.
    """
    draft = Draft()
    findings: list[Finding] = []
    nothing, betrayed = convention.nothing, False
    put = draft.values.setdefault
    for card, slot in group:
        value = card.value
        if value is None or (nothing and value in nothing):
            continue
        betrayed = betrayed or slot.betrays
        try:
            if slot.field is not None:
                put(slot.field, slot.read(value))
            else:
                slot.place(draft, slot.read(value))
        except ValueError as error:
            findings.append(Finding("value-malformed", f"{card.keyword}: {error}", card.keyword))
    return draft, findings, betrayed
