"""Cards → stamp: what a header says, in each convention that it carries, and in all together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

from fitsprov.cards.card import Card, parse_cards
from fitsprov.cards.grammar import CARD
from fitsprov.cards.sums import seal_card
from fitsprov.conventions.convention import Convention, Keyword
from fitsprov.conventions.values import KINDS
from fitsprov.conventions.writing import spell_native
from fitsprov.errors import FitsprovError
from fitsprov.model.finding import Finding
from fitsprov.model.stamp import Input, Stamp, list_digest

__all__ = ["ConventionReading", "Reading", "group_of", "read_header"]


@dataclass(frozen=True, slots=True)
class ConventionReading:
    """What one convention says."""

    convention: str
    stamp: Stamp


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


def read_header(header: bytes, conventions: Sequence[Convention]) -> Reading:
    """Read a header's provenance.

    Parameters
    ----------
    header : bytes
        Whole cards, with or without END.
    conventions : sequence of Convention
        By precedence; those that match no card are passed over.
    """
    found = [(at, c) for c in conventions if (at := find_prefix(header, c.prefix)) >= 0]
    if not found:
        return Reading()
    cards = list(parse_cards(header, first_of(header, min(at for at, _ in found))))
    readings: list[ConventionReading] = []
    findings: list[Finding] = []
    for _, convention in found:
        group = convention.group(cards)
        if group:
            stamp, problems = read_group(group, convention)
            readings.append(ConventionReading(convention.name, stamp))
            findings += problems
            if convention.name == "native":
                findings += check_seal(header, group, stamp, convention)
    if not readings:
        return Reading()
    merged, disagreements = merge(readings)
    return Reading(merged, tuple(readings), tuple(findings + disagreements))


def find_prefix(header: bytes, prefix: bytes) -> int:
    """Where the first card stands whose keyword begins so; -1 where there is none."""
    at = header.find(prefix)
    while at >= 0 and at % CARD and not (at % CARD == 9 and header.startswith(b"HIERARCH ", at - 9)):
        at = header.find(prefix, at + 1)
    return at - at % CARD if at >= 0 else -1


def group_of(header: bytes, convention: Convention) -> list[Card]:
    """The cards of one convention in a header."""
    at = find_prefix(header, convention.prefix)
    return [] if at < 0 else convention.group(parse_cards(header, first_of(header, at)))


def first_of(header: bytes, at: int) -> int:
    """Where to begin to read: a pointer may stand before the other cards of its group."""
    pointer = find_prefix(header, b"DATALINK= ")
    return min(at, pointer) if pointer >= 0 else at


def read_group(group: Iterable[Card], convention: Convention) -> tuple[Stamp, list[Finding]]:
    """Read the cards of one convention; what is malformed is left out, with a finding."""
    values: dict[str, Any] = {}
    findings: list[Finding] = []
    for card in group:
        row, names = convention.match(card.keyword) or (None, {})
        if row is None or card.value is None or row.kind == "seal":
            continue
        try:
            value = KINDS[row.kind].read(card.value)
            if row.kind != "constant":
                place(values, row, names, value)
            elif value != row.value:
                raise ValueError(f"{value!r} is not {row.value!r}")
        except ValueError as error:
            findings.append(Finding("value-malformed", f"{card.keyword}: {error}", card.keyword))
    last: dict[str, int] = {name: max(values[name]) for name in ("parents", "raws") if name in values}
    stamp = build_stamp(values)
    return stamp, findings + check_lists(stamp, convention) + check_numbers(stamp, convention, last)


def place(values: dict[Any, Any], row: Keyword, names: dict[str, str], value: Any) -> None:
    """Put a value where its field says; of two for one place, the first."""
    *path, last = row.field
    for word in path:
        values = values.setdefault(int(names["n"]) if word == "{n}" else word, {})
    values.setdefault(names["key"].lower() if last == "{key}" else last, value)


def build_stamp(values: dict[str, Any]) -> Stamp:
    """Make a stamp of the values that were read."""
    for name in ("parents", "raws"):
        items = values.get(name)
        if items is not None:
            made = [build_input(items[index]) for index in sorted(items)]
            values[name] = tuple(item for item in made if item is not None)
        elif values.get(f"n_{name}") == 0:
            values[name] = ()
    return Stamp(**values)


def build_input(columns: dict[str, Any]) -> Input | None:
    """Make an input of its columns; None where it is not named."""
    identity = columns.pop("id", None)
    if isinstance(identity, Input):
        return replace(identity, **columns) if columns else identity
    return Input(identity, **columns) if identity is not None or columns.get("name") else None


def check_lists(stamp: Stamp, convention: Convention) -> list[Finding]:
    """Hold the lists against their counts and digests."""
    findings = []
    for name in ("parents", "raws"):
        items, count, half = getattr(stamp, name), getattr(stamp, f"n_{name}"), stamp.digest_of(name)
        if items is None:
            continue
        if len(items) != count:
            keyword = next((row.name for row in convention.keywords if row.field == (f"n_{name}",)), "")
            message = f"{len(items)} {name} are listed, {keyword} says {count}"
            findings.append(Finding("count-differs", message, keyword))
        elif half and half != list_digest(items):
            message = f"the {name} listed have digest {list_digest(items)}, FPV_SUM says {half}"
            findings.append(Finding("digest-differs", message, "FPV_SUM"))
    return findings


def check_numbers(stamp: Stamp, convention: Convention, last: Mapping[str, int]) -> list[Finding]:
    """Find gaps in lists: an item was lost, and no count tells."""
    findings = []
    for name, number in last.items():
        listed = len(getattr(stamp, name))
        if getattr(stamp, f"n_{name}") == listed != number - convention.first + 1:
            message = f"{listed} {name} are listed, the last has number {number}, counted from {convention.first}"
            findings.append(Finding("count-differs", message))
    return findings


def check_seal(header: bytes, group: list[Card], stamp: Stamp, convention: Convention) -> list[Finding]:
    """Whether the cards of our stamp are all there and unedited.

    Cards that another program has spelled anew still hold, where the same values give the same seal.
    """
    by_keyword = {card.keyword: card for card in group}
    if len(by_keyword) < len(group):
        keyword, times = Counter(card.keyword for card in group).most_common(1)[0]
        return [Finding("seal-broken", f"{keyword} stands {times} times; expected once", keyword)]
    seal = by_keyword.get("FPV_SEAL")
    if seal is None:
        return [Finding("seal-broken", "FPV_SEAL is missing: the stamp is incomplete", "FPV_SEAL")]
    body = b"".join(header[card.start : card.stop] for card in group if card is not seal)
    if header[seal.start : seal.stop] == seal_card(body, convention.fixed["FPV_SEAL"].comment):
        return []
    listed = any(keyword.startswith(("FPV_P", "FPV_R")) and keyword[5:].isdigit() for keyword in by_keyword)
    for long_strings in (False, True):
        try:
            anew = spell_native(stamp, convention, lists=listed, long_strings=long_strings)
        except FitsprovError:
            break
        if next(parse_cards(anew, len(anew) - CARD)).value == seal.value:
            return []
    return [Finding("seal-broken", f"FPV_SEAL {seal.value!r} does not match the cards of the stamp", "FPV_SEAL")]


def merge(readings: Sequence[ConventionReading]) -> tuple[Stamp, list[Finding]]:
    """Take what the first convention states; from the others what it leaves open, if they name the same dataset."""
    merged, findings = readings[0].stamp, []
    for reading in readings[1:]:
        other = reading.stamp
        for field in ("id", "run", "type", "data_id", "activity_id"):
            mine, theirs = getattr(merged, field), getattr(other, field)
            if mine is not None and theirs is not None and mine != theirs:
                message = f"{field}: {readings[0].convention} says {mine}, {reading.convention} says {theirs}"
                findings.append(Finding("conventions-disagree", message))
        if merged.id is None or other.id is None or merged.id == other.id:
            left_open = [f.name for f in fields(Stamp) if leaves_open(merged, other, f.name)]
            merged = replace(merged, **{name: getattr(other, name) for name in left_open})
    return merged, findings


def leaves_open(mine: Stamp, theirs: Stamp, field: str) -> bool:
    """Whether another reading may fill a field; a list that is counted is filled only by the list that was digested."""
    value = getattr(mine, field)
    if field in ("parents", "raws") and value is None and getattr(mine, f"n_{field}") is not None:
        return mine.digest_of(field) != "" and mine.digest_of(field) == theirs.digest_of(field)
    return value is None or (field in ("software", "parameters", "extra") and not value)
