"""Cards of every convention, as documented, and what programs and people do to them: findings, and no error."""

from __future__ import annotations

import re
from collections.abc import Callable
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import fitsprov
from fitsprov.actions.conventions import all_conventions, find_convention, known_conventions, native
from fitsprov.cards.grammar import CARD
from fitsprov.conventions.reading import Reading, read_header
from fitsprov.conventions.writing import spell, spell_native
from fitsprov.model.finding import CODES
from fitsprov.model.stamp import Input, Stamp
from tests.conventions.test_dialects import DOCUMENTED, DRIZZLE, RUBIN_COMBINED, cards

STAMP = Stamp(
    id=UUID(int=1),
    run="SimCam/runs/DRP/" + "a long run/" * 9,
    type="visit_image",
    data_id={"visit": 7, "band": "r"},
    activity_id=UUID(int=4),
    publisher_did=f"ivo://example.org/x?{UUID(int=1)}",
    datalink=f"https://example.org/links?ID=ivo%3A%2F%2Fexample.org%2Fx%3F{UUID(int=1)}",
    parents=(Input(UUID(int=2), run="raw/all", type="raw", extra={"q": 1.5}), UUID(int=3)),
    raws=(UUID(int=2), "raw é.fits"),
)
LITERAL = {
    **{name: cards(text) for name, text in DOCUMENTED.items()},
    "drizzle": cards(DRIZZLE),
    "combined": cards(RUBIN_COMBINED),
    "rubin": spell(STAMP, find_convention("rubin")),
    "native": spell_native(STAMP, native()),
}
VALUES = (
    *("T", "F", "-1", "0", "1.5", "1E999", "NaN", "(1,2)", str(2**63), "9" * 40, "", "/ a comment", "'", "''", "'&'"),
    *("'N/A     '", "'<unknown>'", "'0'", "'1,2,999999999999'", "'0,0'", "'-1'", "'{}'", "'[1]'", "'{\"a\": NaN}'"),
    *("'2026-03-14T00:00:00'", "'%00%FF'", "'a''b'", f"'{'x' * 66}'", f"'{UUID(int=1)}'", f"'ivo://x/y?{UUID(int=2)}'"),
)
"""What may stand behind an equals sign."""

Mutation = Callable[[list[bytes]], list[bytes]]


def split(text: bytes) -> list[bytes]:
    return [text[at : at + CARD] for at in range(0, len(text), CARD)]


def with_value(card: bytes, value: str) -> bytes:
    """A card with another value."""
    return (card.partition(b"=")[0] + b"= " + value.encode())[:CARD].ljust(CARD)


def renumbered(card: bytes, number: int) -> bytes:
    """A card whose keyword has another number."""
    head, equals, rest = card.partition(b"=")
    return (re.sub(rb"\d+", str(number).encode(), head, count=1) + equals + rest)[:CARD].ljust(CARD)


@st.composite
def mutations(draw: st.DrawFn) -> Mutation:
    """One thing that is done to cards."""
    at, to = draw(st.integers(0, 99)), draw(st.integers(0, 99))
    kind = draw(st.sampled_from(["drop", "double", "move", "byte", "value", "number", "foreign", "cut"]))
    byte, value, number = (
        draw(st.integers(0, 255)),
        draw(st.sampled_from(VALUES)),
        draw(st.sampled_from([0, 1, 7, 9**9])),
    )
    other = draw(st.sampled_from([card for text in LITERAL.values() for card in split(text)]))

    def mutate(found: list[bytes]) -> list[bytes]:
        if not found:
            return found
        here, there = at % len(found), to % len(found)
        rest = [card for n, card in enumerate(found) if n != here]
        card = found[here]
        changed = {
            "drop": [],
            "double": [card, card],
            "move": [],
            "byte": [card[:there] + bytes([byte]) + card[there + 1 :]],
            "value": [with_value(card, value)],
            "number": [renumbered(card, number)],
            "foreign": [card, other],
            "cut": [card[:there].ljust(CARD)],
        }[kind]
        mutated = [*found[:here], *changed, *found[here + 1 :]]
        return [*rest[:there], card, *rest[there:]] if kind == "move" else mutated

    return mutate


@st.composite
def headers(draw: st.DrawFn) -> bytes:
    """The cards of one convention or of several, and several things that were done to them."""
    names = draw(st.lists(st.sampled_from(sorted(LITERAL)), min_size=1, max_size=3, unique=True))
    found = [card for name in names for card in split(LITERAL[name])]
    for mutate in draw(st.lists(mutations(), min_size=1, max_size=4)):
        found = mutate(found)
    return b"".join(found)


def test_every_convention_with_keywords_is_among_them() -> None:
    read = {name for text in LITERAL.values() for name in read_header(text, known_conventions()).conventions}
    assert read == {each.name for each in all_conventions() if each.keywords}


@settings(max_examples=1000)
@given(headers())
def test_whatever_was_done_to_cards_they_end_in_findings(header: bytes) -> None:
    reading = read_header(header, known_conventions())
    assert isinstance(reading, Reading)
    assert {finding.code for finding in reading.findings} <= set(CODES)
    assert all(finding.message.isprintable() for finding in reading.findings)
    assert (reading.stamp is None) == (reading.readings == ())


@settings(max_examples=200)
@given(headers())
def test_what_was_read_from_them_is_resolved_and_verified(make_header: Callable[..., bytes], header: bytes) -> None:
    whole = make_header(header)
    reading = fitsprov.inspect(whole)
    found = fitsprov.resolve(whole)
    assert (found.status == "unstamped") == (reading.stamp is None)
    assert found.to_json()["status"] == found.status
    assert fitsprov.verdict_of(fitsprov.verify(whole)) in fitsprov.Verdict


@pytest.mark.parametrize("name", sorted(LITERAL))
def test_any_value_in_any_card_ends_in_findings(name: str) -> None:
    found = split(LITERAL[name])
    for at, card in enumerate(found):
        for value in VALUES if b"=" in card else ():
            text = b"".join([*found[:at], with_value(card, value), *found[at + 1 :]])
            assert isinstance(read_header(text, known_conventions()), Reading)


@pytest.mark.parametrize("name", sorted(LITERAL))
def test_any_card_may_be_lost(name: str) -> None:
    found = split(LITERAL[name])
    for at in range(len(found)):
        assert isinstance(read_header(b"".join(found[:at] + found[at + 1 :]), known_conventions()), Reading)
