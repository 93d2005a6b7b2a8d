"""What is fuzzed: each target takes any bytes, and fails where the code does not keep its word.

Errors of ours are an answer. Anything else that is raised is a bug, and so is an `AssertionError`.
"""

from __future__ import annotations

import io
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from unittest.mock import patch
from uuid import UUID

import fitsprov
from fitsprov.actions.conventions import all_conventions, known_conventions, native
from fitsprov.actions.edits import Repointing, Stamping, Stripping
from fitsprov.actions.repointing import move_to
from fitsprov.cards.card import Card, format_card, parse_cards, parse_value
from fitsprov.cards.grammar import BLANK, BLOCK, CARD, END
from fitsprov.cards.search import find_card
from fitsprov.cards.sums import decode, word_sum
from fitsprov.compiled import COMPILED, PAIRS
from fitsprov.conventions import reading, writing
from fitsprov.conventions.reading import group_of
from fitsprov.conventions.reading import read_header as read_provenance
from fitsprov.errors import FitsprovError
from fitsprov.files import edit as editing
from fitsprov.files import flip, layout, locks, units
from fitsprov.files.layout import Edit, FlipPlan, leftover, plan_flip, rewrite_header
from fitsprov.files.table import read_table, table_size
from fitsprov.files.units import HeaderUnit, read_header, walk
from fitsprov.model.stamp import Stamp

__all__ = ["TARGETS"]

Target = Callable[[bytes], None]
THEN = datetime(2026, 11, 21, tzinfo=UTC)
ID = UUID("019b3e1c-4e9a-7824-901b-e81813c952f1")
WANTED = (
    Stamp(id=ID),
    Stamp(id=ID, run="LSSTCam/runs/DRP/v30/DM-53697/20251229T044807Z" * 2, type="raw", data_id={"exposure": 7}),
    Stamp(id=ID, run="r", parents=tuple(UUID(int=n) for n in range(1, 31)), raws=()),
)
"""A short stamp, one with CONTINUE cards, one that takes more than a block."""


def scan(data: bytes) -> None:
    """Find the HDUs of any file."""
    with suppress(FitsprovError):
        for unit in walk(io.BytesIO(data), "fuzz"):
            assert len(unit.header) % BLOCK == 0
            assert unit.header[unit.end : unit.end + 8] == END[:8]
            assert unit.header == data[unit.start : unit.data_start]
            assert unit.next_start >= unit.data_start


def cards(data: bytes) -> None:
    """Read any text as cards; what is no string is written as it was read."""
    at = 0
    for card in parse_cards(data):
        assert card.start == at
        assert (card.stop - card.start) % CARD == 0
        assert card.stop <= len(data)
        at = card.stop
        if card.keyword and card.value is not None and not isinstance(card.value, str):
            with suppress(FitsprovError):
                again = next(parse_cards(format_card(card.keyword, card.value)))
                assert (again.keyword, again.value) == (card.keyword, card.value)


def provenance(data: bytes) -> None:
    """Read the stamps of any header."""
    told = read_provenance(data, all_conventions())
    assert (told.stamp is None) == (not told.readings)


def table(data: bytes) -> None:
    """Read any table of lists."""
    with suppress(FitsprovError):
        unit = read_header(io.BytesIO(data), index=1, source="fuzz")
        size, found = table_size(unit), data[len(unit.header) :]
        parents, raws = read_table(unit, found)
        assert len(parents) + len(raws) <= size <= len(found)


def edit(data: bytes) -> None:
    """Stamp, strip and repoint any header; the first byte says which."""
    with suppress(FitsprovError):
        unit = read_header(io.BytesIO(data[1:]), source="fuzz")
        which = data[0] % (len(WANTED) + 2)
        if which < len(WANTED):
            stamp = WANTED[which]
            made = Stamping(stamp=stamp, conventions=(native(),), target=None, replace=True, clock=lambda: THEN)(unit)
        elif which == len(WANTED):
            made = Stripping((native(),), data[1:])(unit)
        else:
            made = Repointing(move_to("https://fuzz.example.org", "ivo://fuzz.example.org/x"))(unit)
        if made is not None:
            check_edit(unit, made)


def check_edit(unit: HeaderUnit, made: Edit) -> None:
    """Whether an edit changes what it should, and nothing else."""
    new = rewrite_header(unit, made)
    assert len(new) % BLOCK == 0
    assert len(new) >= len(unit.header)
    again = read_header(io.BytesIO(new), index=unit.index, source="fuzz")
    assert again.header == new
    assert not again.header[again.end + CARD :].strip(), "nothing but blanks behind END"
    assert others(again) == others(unit), "cards of others keep their bytes"
    assert made.tail in new

    old = unit.header
    if leftover(unit):
        old = old[: unit.end + CARD].ljust(len(old))
    at = find_card(old, unit.end, b"CHECKSUM")
    if (
        at >= 0
        and decode(old[at + 11 : at + 27].decode("latin-1")) is not None
        and old[at + 10 : at + 28 : 17] == b"''"
    ):
        assert word_sum(new) == word_sum(old), "CHECKSUM is as right or wrong as before"

    plan = plan_flip(unit, made)
    if plan is not None and plan.behind:
        check_flip(unit, plan, new)


def check_flip(unit: HeaderUnit, plan: FlipPlan, new: bytes) -> None:
    """Whether each step of a flip leaves a header with the cards of others, and the last one the new header."""
    held, at = bytearray(unit.header), plan.at - unit.start
    assert plan.at % 8 == 0
    assert at >= len(held) - BLOCK, "END stays in its block"
    steps = [(at + CARD, plan.behind)]
    if plan.hide:
        steps.insert(0, (at, END[:8]))
    if plan.reveal:
        steps.append((at, b" " * 8))
    for start, text in steps:
        held[start : start + len(text)] = text
        assert others(read_header(io.BytesIO(bytes(held)), index=unit.index, source="fuzz")) == others(unit)
    assert bytes(held) == new


def others(unit: HeaderUnit) -> list[bytes]:
    """The cards that are neither ours nor blank, without the text of CHECKSUM."""
    ours = {at for card, _ in group_of(unit.header[: unit.end], native()) for at in range(card.start, card.stop, CARD)}
    lines = [unit.header[at : at + CARD] for at in range(0, unit.end, CARD) if at not in ours]
    return [line[:11] if line.startswith(b"CHECKSUM") else line for line in lines if line != BLANK]


def twins(data: bytes) -> None:
    """Read any header in C and in Python; without a compiler there is nothing to compare."""
    if not COMPILED:
        return
    for wanted in (None, native().slot):
        pure, compiled = (twin(data, 0, len(data), wanted, Card, parse_value) for twin in PAIRS["split_cards"])
        assert repr(list(compiled)) == repr(list(pure))
    prefixes = [prefix for known in known_conventions() for prefix in known.prefixes]
    pure, compiled = (twin(prefixes).find(data, len(data)) for twin in PAIRS["Prefixes"])
    assert compiled == pure
    found = read_provenance(data, known_conventions())
    with patch.object(reading, "form_of", lambda _: None):
        assert repr(read_provenance(data, known_conventions())) == repr(found)
    blocks, index = data[: len(data) // BLOCK * BLOCK], int(data[:1] == b"X")
    size = PAIRS["usual_data_size"][1](blocks, index)
    with suppress(FitsprovError):
        assert size in (-1, HeaderUnit(index, 0, blocks, len(blocks)).read_data_size())


STAMP_SIZE = 16
"""Bytes that say which stamp a file gets."""
ROOM = 64 * BLOCK
"""Bytes behind a file, so that its data are mostly there."""


def whole(data: bytes) -> None:
    """Stamp a whole file, and stamp it again, in C and in Python."""
    if not COMPILED or len(data) < STAMP_SIZE:
        return
    with suppress(FitsprovError), tempfile.TemporaryDirectory() as folder:
        path, stamps = Path(folder, "a.fits"), (stamp_of(data[:STAMP_SIZE]), WANTED[data[0] % len(WANTED)])
        with without_c():
            expected = states(fitsprov.stamp.__wrapped__, path, data[STAMP_SIZE:], stamps)  # type: ignore[attr-defined]
        assert states(fitsprov.stamp, path, data[STAMP_SIZE:], stamps) == expected
        assert list(Path(folder).iterdir()) == [path]


def states(stamp: Callable[..., object], path: Path, content: bytes, stamps: tuple[Stamp, ...]) -> list[object]:
    """What becomes of a file that is stamped by one stamp after the other."""
    path.write_bytes(content)
    os.truncate(path, len(content) + ROOM)
    told: list[object] = []
    for each in stamps:
        try:
            done = stamp(str(path), each, replace=True, clock=lambda: THEN)
        except FitsprovError as error:
            done = str(error)
        told += [done, path.read_bytes()]
    return told


def stamp_of(data: bytes) -> Stamp:
    """A stamp that says some text in any of its fields."""
    which, count, text = data[0], data[1], data[2:].decode("latin-1")
    return Stamp(
        id=ID if which & 1 else None,
        run=text if which & 2 else None,
        type=text * 9 if which & 4 else None,
        data_id={"visit": which, text[:5]: text} if which & 8 else None,
        parents=tuple(UUID(int=n) for n in range(1, count + 1)) if which & 16 else None,
        raws=() if which & 32 else None,
        fingerprint=text if which & 64 else None,
        datalink=f"https://a.b/{text}" if which & 128 else None,
    )


@contextmanager
def without_c() -> Iterator[None]:
    """Stamp as where there is no compiler, and no other threads: beside those, Python asks for no lease."""
    places = ((editing, "open_usual"), (units, "usual_data_size"), (layout, "plan_tail"), (flip, "flip_alone"))
    with ExitStack() as stack:
        for module, name in places:
            stack.enter_context(patch.object(module, name, PAIRS[name][0]))
        stack.enter_context(patch.object(locks, "has_threads", lambda: False))
        stack.enter_context(patch.object(writing, "sheet_of", lambda _: None))
        stack.enter_context(patch.object(reading, "form_of", lambda _: None))
        yield


TARGETS: dict[str, Target] = {
    "scan": scan,
    "cards": cards,
    "provenance": provenance,
    "table": table,
    "edit": edit,
    "twins": twins,
    "whole": whole,
}
