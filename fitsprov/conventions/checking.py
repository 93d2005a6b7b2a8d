"""Whether a stamp holds together: counts, digests, numbers and the seal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterator, Mapping

from fitsprov.cards.card import parse_cards
from fitsprov.cards.sums import seal_card
from fitsprov.conventions.convention import Convention, Group, span_of
from fitsprov.conventions.writing import spell_native
from fitsprov.errors import FitsprovError
from fitsprov.model.finding import Finding
from fitsprov.model.runs import is_shortened
from fitsprov.model.stamp import Input, Stamp, list_digest

__all__ = ["check_counts", "check_digests", "check_numbers", "check_runs", "check_seal", "check_uncounted"]


Counted = tuple[str, tuple[Input, ...] | None, int | None]


def counted(stamp: Stamp) -> tuple[Counted, Counted]:
    """The lists of a stamp by their names, with the counts beside them."""
    return ("parents", stamp.parents, stamp.n_parents), ("raws", stamp.raws, stamp.n_raws)


def check_counts(stamp: Stamp, convention: Convention) -> Iterator[Finding]:
    """Hold the lists against their counts."""
    for name, items, count in counted(stamp):
        if items is not None and len(items) != count:
            keyword = next((row.name for row in convention.keywords if row.field == (f"n_{name}",)), "")
            yield Finding("count-differs", f"{len(items)} {name} are listed, {keyword} says {count}", keyword)


def check_uncounted(stamp: Stamp, convention: Convention, group: Group, stated: Container[str]) -> Iterator[Finding]:
    """Find lists that nobody can know to be whole: without the count that Rubin's have, or counted and left out.

    Parameters
    ----------
    stated : container of str
        The counts that were read: ``n_parents``, ``n_raws``.
    """
    for name, items, count in counted(stamp):
        absent = bool(items) and convention.name == "rubin" and f"n_{name}" not in stated
        dropped = items is None and bool(count) and not stamp.digest_of(name)
        if not absent and not dropped:  # as in nearly all headers
            continue
        keywords = [row.name for row in convention.keywords if row.field == (f"n_{name}",)]
        if not keywords or all(row.field[0] != name for row in convention.keywords):
            continue
        if dropped:
            yield Finding("list-dropped", f"{keywords[0]} counts {count} {name}, none is listed", keywords[0])
        elif items and not any(card.keyword.replace(".", " ") in keywords for card, _ in group):
            yield Finding("count-absent", f"{len(items)} {name} are listed, {keywords[0]} is absent", keywords[0])


def check_digests(stamp: Stamp) -> Iterator[Finding]:
    """Hold the lists that are as long as their counts against their digests."""
    for name, items, count in counted(stamp):
        half = stamp.digest_of(name)
        if items is None or not half or len(items) != count:
            continue
        digest = list_digest(items)
        if digest != half:
            message = f"the {name} listed have digest {digest}, FPV_SUM says {half}"
            yield Finding("digest-differs", message, "FPV_SUM")


def check_numbers(stamp: Stamp, convention: Convention, numbered: Mapping[str, tuple[int, int]]) -> list[Finding]:
    """Find gaps in lists: an item was lost, and no count tells."""
    findings = []
    for name, (listed, last) in numbered.items():
        if getattr(stamp, f"n_{name}") == len(getattr(stamp, name)) and listed != last - convention.first + 1:
            message = f"{listed} {name} are listed, the last has number {last}, counted from {convention.first}"
            findings.append(Finding("count-differs", message))
    return findings


def check_seal(header: bytes, group: Group, stamp: Stamp, convention: Convention) -> list[Finding]:
    """Whether the cards of our stamp are all there and unedited.

    Cards that another program has spelled anew still hold, where the same values give the same seal.
    """
    cards = [card for card, _ in group]
    by_keyword = {card.keyword: card for card in cards}
    if len(by_keyword) < len(cards):
        keyword, times = Counter(card.keyword for card in cards).most_common(1)[0]
        return [Finding("seal-broken", f"{keyword} stands {times} times; expected once", keyword)]
    seal = by_keyword.get("FPV_SEAL")
    if seal is None:
        return [Finding("seal-broken", "FPV_SEAL is missing: the stamp is incomplete", "FPV_SEAL")]
    span = span_of(group)
    if span is not None and span[1] == seal.stop:
        body = header[span[0] : seal.start]
    else:
        body = b"".join([header[card.start : card.stop] for card in cards if card is not seal])
    if header[seal.start : seal.stop] == seal_card(body, convention.fixed["FPV_SEAL"].comment):
        return []
    listed = any(keyword.startswith(("FPV_P", "FPV_R")) and keyword[5:].isdigit() for keyword in by_keyword)
    for long_strings in (False, True):
        try:
            anew = spell_native(stamp, convention, lists=listed, long_strings=long_strings)
        except FitsprovError:
            break
        *others, sealed = parse_cards(anew)
        if sealed.value == seal.value:
            lost = [card.keyword for card in others if card.keyword not in by_keyword and card.keyword != "LONGSTRN"]
            return [Finding("seal-broken", f"{keyword} is missing", keyword) for keyword in lost]
    return [Finding("seal-broken", f"FPV_SEAL {seal.value!r} does not match the cards of the stamp", "FPV_SEAL")]


def check_runs(stamp: Stamp) -> Iterator[Finding]:
    """Find runs whose names were shortened, each once."""
    shortened = [item.run for item in stamp.parents or () if item.run is not None and is_shortened(item.run)]
    if stamp.run is not None and is_shortened(stamp.run):
        yield Finding("run-shortened", f"run '{stamp.run}' was shortened when it was written")
    if shortened:
        for run, times in Counter(shortened).items():
            yield Finding("run-shortened", f"run '{run}' of {times} inputs was shortened when it was written")
