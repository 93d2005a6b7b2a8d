"""What C gives is what Python gives, for anything."""

from __future__ import annotations

import inspect
import os
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from unittest.mock import patch
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fitsprov.actions.conventions import known_conventions, native
from fitsprov.cards import card
from fitsprov.cards.card import Card, parse_value
from fitsprov.cards.grammar import BLANK, BLOCK, CARD, END
from fitsprov.cards.sums import seal_card, seal_template
from fitsprov.compiled import COMPILED, PAIRS, is_outdated
from fitsprov.conventions import reading, writing
from fitsprov.conventions.forms import form_of
from fitsprov.errors import FitsprovError
from fitsprov.files import layout
from fitsprov.files.layout import Edit
from fitsprov.files.units import HeaderUnit, find_unit
from fitsprov.model import dataid, identifiers
from fitsprov.model.stamp import Input, Stamp
from tests.fuzz.seeds import seeds

pytestmark = pytest.mark.skipif(not COMPILED, reason="needs the C extensions")

SEEDS = tuple(seed for seed in seeds("scan"))
PIECES = st.one_of(
    st.binary(max_size=90),
    st.text(" '&=/abcEND019.+-TF\x00\xa0é", max_size=80).map(lambda text: text.encode("latin-1")),
    st.sampled_from(
        [
            END,
            BLANK,
            b"END",
            b"END\t",
            b"FPV_RUN = 'a''&'",
            b"FPV_RUN = 'abc''",
            b"FPV_RUN =  '&'",
            b"CONTINUE  'x&'",
            b"CONTINUE  '&'",
            b"CONTINUE  ''",
            b"CONTINUE  5",
            b"HIERARCH LSST BUTLER ID = 'x'",
            b"HIERARCH  a  \xe9 b= 1",
            b"HIERARCH x",
            b"HIERARCH END =",
            b"KEY     =                   -1 / no",
            b"KEY     = 123456789012345678901234567890",
            b"KEY     = +5",
            b"KEY     = +",
            b"KEY     = T",
            b"KEY     = 1.5D3 / x",
            b"KEY     =\t",
            b"CHECKSUM= '0000000000000000'",
            b"FPV_SEAL= '0000000000000000'",
        ]
    ),
)


@st.composite
def headers(draw: st.DrawFn) -> bytes:
    """Anything, mostly in cards."""
    if draw(st.booleans()):
        content = bytearray(draw(st.sampled_from(SEEDS)))
        for piece in draw(st.lists(PIECES, max_size=4)):
            at = draw(st.integers(0, len(content))) // CARD * CARD
            content[at : at + CARD] = piece.ljust(CARD)
        return bytes(content)
    whole = draw(st.booleans())
    return b"".join(piece[:CARD].ljust(CARD) if whole else piece for piece in draw(st.lists(PIECES, max_size=60)))


def both(name: str, *arguments: object) -> None:
    """Call both twins, and compare what they give."""
    pure, compiled = PAIRS[name]
    assert compiled(*arguments) == pure(*arguments)


@given(data=st.binary(max_size=400))
def test_sums_are_the_same(data: bytes) -> None:
    both("word_sum", data)


@given(cards=st.lists(st.binary(min_size=CARD, max_size=CARD), max_size=20), comment=st.sampled_from(["", "a comment"]))
def test_seals_are_the_same(cards: list[bytes], comment: str) -> None:
    both("seal", b"".join(cards), *seal_template(comment))


@given(
    header=headers(),
    end=st.integers(0, 9000),
    start=st.integers(0, 30),
    beginning=st.one_of(st.sampled_from([b"END     ", b"FPV_", b"HIERARCH ", b"CHECKSUM"]), st.binary(min_size=1)),
)
def test_cards_are_found_at_the_same_place(header: bytes, end: int, start: int, beginning: bytes) -> None:
    if beginning.strip():
        both("find_card", header, end, beginning, start * CARD)


@given(
    header=headers(), start=st.integers(0, 5), stop=st.integers(0, 9000), wanted=st.sampled_from([None, native().slot])
)
def test_cards_are_read_the_same(header: bytes, start: int, stop: int, wanted: object) -> None:
    pure, compiled = (
        list(twin(header, start * CARD, stop, wanted, Card, parse_value)) for twin in PAIRS["split_cards"]
    )
    assert repr(compiled) == repr(pure)  # where a number reads as no number
    assert {type(found) for found in compiled} <= {Card}


@given(header=headers(), stop=st.integers(0, 9000))
def test_conventions_are_spotted_the_same(header: bytes, stop: int) -> None:
    prefixes = [prefix for known in known_conventions() for prefix in known.prefixes] + [b"AB", b"KEY     "]
    pure, compiled = (twin(prefixes) for twin in PAIRS["Prefixes"])
    assert compiled.find(header, stop) == pure.find(header, stop)


IDS = st.uuids().map(str)
TEXTS = st.one_of(st.text(max_size=200), st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=200), IDS)
SCALARS = st.one_of(TEXTS, st.integers(), st.booleans(), st.floats(allow_nan=False, allow_infinity=False))
DATA_IDS = st.dictionaries(TEXTS.filter(bool), SCALARS, max_size=6)


@given(
    text=st.one_of(
        TEXTS,
        IDS.map(str.upper),
        st.builds("{}{}{}".format, st.sampled_from(["ivo://", "ivo://a", "ivo://a?", "ivo://a#?", "é"]), TEXTS, IDS),
    )
)
def test_ids_are_read_the_same(text: str) -> None:
    found = identifiers.find_id(text)
    with patch.object(identifiers, "usual_id", PAIRS["usual_id"][0]):
        expected = identifiers.find_id(text)
    assert found == expected
    if found is not None and expected is not None:
        assert (str(found), found.is_safe, hash(found)) == (str(expected), expected.is_safe, hash(expected))


@given(value=st.one_of(st.uuids(), st.sampled_from([UUID(int=0), UUID(int=2**128 - 1)])))
def test_ids_are_spelled_the_same(value: UUID) -> None:
    both("id_text", value)


@given(value=st.one_of(DATA_IDS, st.dictionaries(st.one_of(st.none(), TEXTS), st.one_of(SCALARS, st.none()))))
def test_data_ids_are_spelled_and_read_the_same(value: dict[str, dataid.Scalar]) -> None:
    def outcome() -> object:
        try:
            text = dataid.canonical_text(value)
            return text, dataid.parse_data_id(text), dataid.check_data_id(value)
        except (FitsprovError, TypeError) as error:
            return type(error), str(error)

    found = outcome()
    names = ("usual_text", "usual_data_id", "is_plain")
    with patch.multiple(dataid, **{name: PAIRS[name][0] for name in names}):
        assert found == outcome()


@given(
    text=st.one_of(
        st.text('{}",:\\01-a e', max_size=30),
        DATA_IDS.map(lambda value: dataid.canonical_text(value).replace("0", "")),
        DATA_IDS.map(lambda value: dataid.canonical_text(value)[:-1] + ",}"),
    )
)
def test_what_is_no_data_id_is_refused_the_same(text: str) -> None:
    found = PAIRS["usual_data_id"][1](text)
    with patch.object(dataid, "usual_data_id", PAIRS["usual_data_id"][0]):
        assert found is None or found == dataid.parse_data_id(text)


STAMPS = st.builds(
    Stamp,
    id=st.none() | st.uuids(),
    run=st.none() | TEXTS,
    type=st.none() | TEXTS,
    data_id=st.none() | st.dictionaries(st.text("ab", min_size=1), st.one_of(TEXTS.filter(str.isascii), st.integers())),
    n_parents=st.none() | st.integers(0, 10**30),
    parents=st.none() | st.lists(st.one_of(st.uuids().map(Input), st.just(Input(name="a b"))), max_size=12).map(tuple),
    raws=st.none() | st.lists(st.uuids().map(Input), max_size=200).map(tuple),
    publisher_did=st.none() | TEXTS,
    datalink=st.none() | TEXTS,
    stamped=st.none() | st.datetimes(timezones=st.sampled_from([UTC])),
)


@given(stamp=STAMPS, lists=st.booleans(), long_strings=st.booleans(), given=st.booleans())
def test_stamps_are_spelled_the_same(stamp: Stamp, lists: bool, long_strings: bool, given: bool) -> None:
    when = datetime(2026, 11, 21, 1, 2, 3, 999_999, UTC) if given else None

    def outcome() -> object:
        try:
            return writing.spell_native(stamp, native(), stamped=when, lists=lists, long_strings=long_strings)
        except FitsprovError as error:
            return type(error), str(error)

    found = outcome()
    with patch.object(writing, "sheet_of", lambda _: None):
        assert found == outcome()


def test_a_stamp_of_plain_values_is_spelled_by_c() -> None:
    sheet = writing.sheet_of(native())
    assert sheet is not None
    stamp = Stamp(id=UUID(int=1), run="r" * 200, data_id={"exposure": 1}, parents=(UUID(int=2),), raws=())
    assert sheet.spell(stamp, datetime.now(UTC), True, True) is not None


PLAIN_STAMPS = st.builds(
    Stamp,
    id=st.none() | st.uuids(),
    run=st.none() | st.text("aZ09/_%' &~é", max_size=200),
    data_id=st.none() | st.dictionaries(st.text("ab", min_size=1), st.text("ab'") | st.integers(0, 10**20)),
    n_parents=st.none() | st.integers(0, 3),
    n_raws=st.none() | st.sampled_from([0, 2**31 - 1, 2**31]),
    parents=st.none() | st.lists(st.uuids().map(Input), max_size=12).map(tuple),
    raws=st.none() | st.lists(st.one_of(st.uuids().map(Input), st.just(Input(name="x"))), max_size=3).map(tuple),
    publisher_did=st.none() | st.just("ivo://a.b/c?d"),
    datalink=st.none() | st.sampled_from(["https://a.b/c", "https://a.b/" + 99 * "c"]),
    stamped=st.none() | st.datetimes(timezones=st.just(UTC)),
)
OTHERS = [
    b"DATALINK= 'https://a.b/c'",
    b"LONGSTRN= 'OGIP 1.0'",
    b"FPV_ID  = '0'",
    b"FPV_NEW = 'unknown'",
    b"fpv_id  = 'lower case'",
    b"HIERARCH FPV_RUN = 'behind'",
    b"HIERARCH \xa0 fpv_run = 'behind'",
    b"HIERARCH x = 1",
    b"HIERARCH",
    b"END",
    b"END     x",
    b"FILTER  = 'r&'",
    b"CONTINUE  'more'",
    b"CONTINUE  ''",
    b"",
]
FORGED = [
    b"FPV_VER = 'fitsprov 2'",
    b"FPV_ID  = '019B3E1C-4E9A-7824-901B-E81813C952F1'",
    b"FPV_ID  =   '019b3e1c-4e9a-7824-901b-e81813c952f1'",
    b"FPV_ID  = 'ivo://a.b?019b3e1c-4e9a-7824-901b-e81813c952f1'",
    b"FPV_RUN =",
    b"FPV_RUN = ''",
    b"FPV_RUN = 'a&'",
    b"FPV_RUN = '&'",
    b"FPV_RUN = 5",
    b"FPV_RUN = 'a''b'",
    b"FPV_RUN = 'open",
    b"FPV_RUN = 'a%20b  ' 'c'",
    b"FPV_DATA= '{\"a\":1.5}'",
    b"FPV_DATA= '{'",
    b"FPV_NPAR=                    1",
    b"FPV_NPAR=                  001 / x",
    b"FPV_NPAR=                    1.",
    b"FPV_NPAR=                   -1",
    b"FPV_NPAR=           9876543210",
    b"FPV_NPAR= 1",
    b"FPV_SUM = ':'",
    b"FPV_SUM = '" + b"0" * 32 + b":'",
    b"FPV_SUM = ':" + b"F" * 32 + b"'",
    b"FPV_DATE= '2026-02-30T00:00:00'",
    b"FPV_DATE= '2026-01-01T24:00:00'",
    b"FPV_DATE= '0000-01-01T00:00:00'",
    b"FPV_DATE= '2026-01-01'",
    b"FPV_P1  = '019b3e1c-4e9a-7824-901b-e81813c952f1'",
    b"FPV_P2  = 'name'",
    b"FPV_P3  = 7",
    b"FPV_P01 = '019b3e1c-4e9a-7824-901b-e81813c952f1'",
    b"FPV_R1  = '019b3e1c-4e9a-7824-901b-e81813c952f1'",
]


@st.composite
def stamped_headers(draw: st.DrawFn) -> bytes:
    """A stamp as we write it, or one that was edited, and sealed again by who knows the rule; among other cards."""
    spelled = writing.spell_native(draw(PLAIN_STAMPS), native(), long_strings=draw(st.booleans()))
    cards = [spelled[at : at + CARD] for at in range(0, len(spelled) - CARD, CARD)]
    for change in draw(st.lists(st.sampled_from([*FORGED, b"take", b"swap", b"byte"]), max_size=3)):
        at = draw(st.integers(0, len(cards)))
        if change == b"swap":
            cards = cards[at:] + cards[:at]
        elif change == b"take":
            del cards[at : at + 1]
        elif change == b"byte":
            card, column = bytearray(b"".join(cards[at : at + 1]) or BLANK), draw(st.integers(0, CARD - 1))
            card[column] = draw(st.integers(0, 255))
            cards[at : at + 1] = [bytes(card)]
        else:
            alike = [n for n, card in enumerate(cards) if card[:8] == change[:8]]
            at = alike[0] if alike else at
            cards[at : at + bool(alike)] = [change.ljust(CARD)]
    body = b"".join(cards)
    comment = native().fixed["FPV_SEAL"].comment
    seal = seal_card(body, comment) if draw(st.integers(0, 4)) else spelled[-CARD:]
    before, behind = (draw(st.lists(st.sampled_from(OTHERS), max_size=most)) for most in (1, 2))
    return b"".join([*(card.ljust(CARD) for card in before), body, seal, *(card.ljust(CARD) for card in behind)])


@given(header=st.one_of(stamped_headers(), stamped_headers(), headers()))
def test_stamps_are_read_the_same(header: bytes) -> None:
    found = reading.read_header(header, known_conventions())
    with patch.object(reading, "form_of", lambda _: None):
        assert repr(reading.read_header(header, known_conventions())) == repr(found)


@pytest.mark.parametrize("behind", [b"", b"LSST    = 1".ljust(CARD), b"HIERARCH LSST BUTLER ID = 'x'".ljust(CARD)])
def test_a_stamp_that_stands_as_we_wrote_it_is_read_by_c(behind: bytes) -> None:
    form = form_of(native())
    assert form is not None
    stamp = Stamp(
        id=UUID(int=1),
        run="r" * 200,
        type="t",
        data_id={"exposure": 1},
        activity_id=UUID(int=3),
        parents=(Input(UUID(int=2)),),
        raws=(),
        publisher_did="ivo://a.b/c?d",
        datalink="https://a.b/c",
        fingerprint="x:1:",
        stamped=datetime(2026, 11, 21, 1, 2, 3, tzinfo=UTC),
    )
    values = form.read(BLANK + writing.spell_native(stamp, native()) + behind, CARD)
    assert values is not None
    assert Stamp(**values) == stamp


@given(
    made=st.sampled_from([Stamp, Input]),
    values=st.fixed_dictionaries(
        {},
        optional={
            "id": st.none() | st.uuids() | st.uuids().map(str) | st.just("no ID"),
            "name": st.none() | TEXTS,
            "run": st.none() | TEXTS,
            "data_id": st.none() | DATA_IDS | st.just({"": 1}),
            "parents": st.lists(st.uuids() | st.uuids().map(Input) | st.just("")),
            "extra": st.just({"a": 1}),
            "n_parents": st.integers(0, 3),
        },
    ),
)
def test_stamps_and_inputs_are_made_the_same(made: type, values: dict[str, object]) -> None:
    def by_python() -> object:
        instance = object.__new__(made)
        made.__init__.__wrapped__(instance, **values)  # type: ignore[attr-defined,misc]
        return instance

    def outcome(make: Callable[[], object]) -> object:
        try:
            instance = make()
        except (TypeError, ValueError, FitsprovError) as error:
            return type(error), str(error)
        return repr(instance)

    assert outcome(lambda: made(**values)) == outcome(by_python)


def test_a_dataclass_filled_at_once_takes_nothing_that_stays_ours() -> None:
    data_id, stamp = {"visit": 1}, Stamp()
    assert Stamp(data_id=data_id).data_id is not data_id
    assert stamp.extra is not Stamp().extra
    stamp.__init__(run="again")  # type: ignore[misc]
    assert (stamp.run, Input(UUID(int=1), "flat").role) == ("again", "flat")
    assert str(inspect.signature(Stamp)).startswith("(*, id: 'UUID | None' = None, run:")


@pytest.mark.parametrize("foreign", [object(), 5, (), "text", Input(name="x")])
def test_only_stamps_are_filled_as_stamps(foreign: object) -> None:
    with pytest.raises((AttributeError, TypeError)):
        Stamp.__init__(foreign, run="x", parents=[])  # type: ignore[arg-type,misc]


def test_what_is_derived_from_a_stamp_may_check_more() -> None:
    class Checked(Stamp):
        def __post_init__(self) -> None:
            raise ValueError("refused")

    with pytest.raises(ValueError, match="refused"):
        Checked(run="x")


SIZES = st.sampled_from([0, 1, 7, 2**31, 2**32, 2**33, 10**12, 10**13 - 1, -8, -64])


@given(
    sizes=st.lists(SIZES, min_size=1, max_size=10),
    more=st.lists(SIZES, min_size=2, max_size=2),
    index=st.integers(0, 1),
)
def test_sizes_of_data_are_the_same_however_large(sizes: list[int], more: list[int], index: int) -> None:
    bits, *axes = sizes
    named = [("SIMPLE", 1), ("BITPIX", bits), ("NAXIS", len(axes))]
    named += [*((f"NAXIS{n}", size) for n, size in enumerate(axes, 1)), *zip(("PCOUNT", "GCOUNT"), more, strict=True)]
    header = b"".join(f"{name:<8}= {value:>20}".encode().ljust(CARD) for name, value in named).ljust(BLOCK)
    found = PAIRS["usual_data_size"][1](header, index)
    assert found < 0 or found == HeaderUnit(index, 0, header, len(header)).read_data_size()


@pytest.mark.parametrize("start", [-1, -80, 79, 80, 81, 2**40, 2**63 - 1])
def test_a_stamp_is_read_from_no_offset_that_is_none(start: int) -> None:
    form = form_of(native())
    assert form is not None
    assert form.read(BLANK, start) is None


@st.composite
def tails(draw: st.DrawFn) -> tuple[HeaderUnit, Edit]:
    """A header of some cards, with a stamp or without, and another stamp to write."""

    def tail(text: str) -> bytes:
        return writing.spell_native(Stamp(run=text), native())

    cards = draw(st.lists(st.binary(min_size=8, max_size=8).map(lambda key: key.ljust(CARD)), max_size=60))
    cards = [each for each in cards if not each.startswith((b"END", b"FPV"))]
    if draw(st.booleans()):
        cards.insert(draw(st.integers(0, len(cards))), b"CHECKSUM= '0000000000000000'".ljust(CARD))
    body = b"SIMPLE  =".ljust(CARD) + b"".join(cards)
    old = len(body) + CARD
    remove: tuple[tuple[int, int], ...] = ()
    if draw(st.booleans()):
        body += draw(st.sampled_from([BLANK, b"COMMENT".ljust(CARD)])) + tail(draw(st.sampled_from(["a", "bc"])))
        remove = ((old, len(body)),)
        body += draw(st.sampled_from([b"", b"", BLANK]))
    size = -(-(len(body) + CARD) // BLOCK) * BLOCK
    header = (body + draw(st.sampled_from([END, b"END     x".ljust(CARD)]))).ljust(size)
    header = header[: len(header) - CARD] + draw(st.sampled_from([BLANK, b"FPV_".ljust(CARD), b"x".rjust(CARD)]))
    if header.find(b"END     ", len(body)) < 0:
        header = (body + END).ljust(size)
    unit = HeaderUnit(0, draw(st.sampled_from([0, 5760])), header, len(body))
    return unit, Edit(remove=remove, tail=draw(st.sampled_from([tail("a"), tail("bc"), tail("d" * 600), b""])))


@given(case=tails())
def test_flips_are_planned_the_same(case: tuple[HeaderUnit, Edit]) -> None:
    found = layout.plan_flip(*case)
    with patch.object(layout, "plan_tail", PAIRS["plan_tail"][0]):
        assert layout.plan_flip(*case) == found


@given(header=headers(), index=st.sampled_from([0, 1]))
def test_sizes_of_data_are_the_same(header: bytes, index: int) -> None:
    found = PAIRS["usual_data_size"][1](header, index)
    if found >= 0:
        assert found == HeaderUnit(index, 0, header, len(header)).read_data_size()


def test_sizes_of_usual_data_are_read_by_c() -> None:
    read = [PAIRS["usual_data_size"][1](find_unit(lambda at, n, s=s: s[at : at + n]).header, 0) for s in SEEDS[:5]]
    assert max(read) > 0


@pytest.mark.parametrize("at", [-1, -80])
def test_offsets_that_are_none_are_refused(at: int) -> None:
    with pytest.raises(ValueError, match="offset"):
        PAIRS["find_card"][1](BLANK, CARD, b"END", at)
    with pytest.raises(ValueError, match="offset"):
        list(PAIRS["split_cards"][1](BLANK, at, CARD, None, Card, parse_value))


def test_times_are_told_the_same() -> None:
    pure, compiled = PAIRS["now"]
    earlier, told, later = pure(), compiled(), pure()
    assert earlier <= told <= later
    assert told.tzinfo is UTC


def test_a_variable_selects_python_alone() -> None:
    code = "import fitsprov.cards.search, fitsprov.compiled as c; print(c.COMPILED, c.PAIRS)"
    environment = {**os.environ, "FITSPROV_PURE": "1"}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout == "False {}\n"


def test_an_extension_that_is_older_than_its_source_is_not_used(tmp_path: Path) -> None:
    built, source = tmp_path / "cards.so", tmp_path / "cards.pyx"
    built.touch()
    assert not is_outdated(str(built), source.name)
    source.touch()
    os.utime(source, (1, 1))
    assert not is_outdated(str(built), source.name)
    os.utime(built, (0, 0))
    assert is_outdated(str(built), source.name)


def test_every_twin_stands_for_a_function_of_its_name() -> None:
    assert {pure.__name__ for pure, _ in PAIRS.values()} == set(PAIRS)
    assert card.split_cards is PAIRS["split_cards"][1]
