"""Cards → stamp: what a header says, in each convention that it carries, and in all together."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from fitsprov.cards.card import Card, Value, parse_cards
from fitsprov.cards.grammar import CARD
from fitsprov.cards.search import find_card
from fitsprov.conventions.building import Draft
from fitsprov.conventions.checking import check_counts, check_digests, check_numbers, check_runs, check_seal
from fitsprov.conventions.convention import Convention, Group, Spotted
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
    found.sort(key=precedence)
    matched = [(known.load(), at) for at, known in found]
    groups = [(convention, cards_of(header, convention, at)) for convention, at in matched]
    return combine(*read_groups(groups, header))


def read_metadata(values: Mapping[str, object], conventions: Sequence[Spotted]) -> Reading:
    """Read the provenance in metadata that are no header: of a table, as keyword → value."""
    cards = [
        Card(keyword.upper(), value if isinstance(value, Value) else None, at, at + CARD)
        for at, (keyword, value) in zip(range(0, CARD * len(values), CARD), values.items(), strict=True)
    ]
    ordered = sorted(conventions, key=lambda convention: precedence((0, convention)))
    return combine(*read_groups([(known.load(), cards) for known in ordered], b""))


def read_groups(
    found: Iterable[tuple[Convention, Iterable[Card]]], header: bytes
) -> tuple[list[ConventionReading], list[Finding]]:
    """Read each convention by itself, from the cards among which its own stand."""
    readings: list[ConventionReading] = []
    findings: list[Finding] = []
    for convention, cards in found:
        group = convention.group(cards, beside=True)
        draft, malformed, betrayed = read_values(group, convention)
        if not betrayed:
            continue
        stamp, steps = draft.build()
        readings.append(ConventionReading(convention.name, stamp, steps))
        findings += malformed
        findings += check_counts(stamp, convention)
        if "digests" in draft.values:
            findings += check_digests(stamp)
        findings += check_numbers(stamp, convention, draft.numbered())
        findings += check_runs(stamp)
        if convention.name == "native":
            findings += check_seal(header, group, stamp, convention)
    return readings, findings


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
