"""Conventions as data: what a file of one may say, and how a wrong one is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from fitsprov.actions.conventions import all_conventions, find_convention, known_conventions, writable_conventions
from fitsprov.cards.card import format_card
from fitsprov.conventions.convention import Convention, Known
from fitsprov.conventions.reading import read_header
from fitsprov.conventions.values import FIELDS, KINDS
from fitsprov.conventions.writing import spell
from fitsprov.errors import UsageError
from fitsprov.model.stamp import Input, Software, Stamp

OWN = """
name = "obs"
title = "Our observatory"
source = "https://observatory.example.org/keywords"
write = true
prefix = "OBSY"
first = 1
keywords = [
  { name = "OBSYVER",  field = "version", kind = "constant", value = "2", comment = "Version" },
  { name = "OBSYFILE", field = "id", kind = "uuid" },
  { name = "OBSYNITE", field = "data_id.night", kind = "string", comment = "Night" },
  { name = "OBSYFLD",  field = "data_id.field", kind = "scalar" },
  { name = "OBSYTASK", field = "task", kind = "text" },
  { name = "OBSY PARAM {key}", field = "parameters.{key}", kind = "scalar" },
  { name = "OBSYNIN",  field = "n_parents", kind = "integer" },
  { name = "OBSYI{n}", field = "parents.{n}.id", kind = "name" },
  { name = "OBSYR{n}", field = "parents.{n}.role", kind = "text" },
]
"""
STAMP = Stamp(
    data_id={"night": "2026-03-14", "field": 7},
    task="reduce é",
    parameters={"sigma": 2.5, "clip": True},
    parents=(Input(name="raw 1.fits", role="raw"), Input(name="flat.fits")),
)


def test_a_users_own_convention_is_written_and_read() -> None:
    own = Convention.parse(OWN, "obs.toml")
    cards = spell(STAMP, own)
    assert [cards[at : at + 8] for at in range(0, len(cards), 80)][:4] == [
        b"OBSYVER ",
        b"OBSYNITE",
        b"OBSYFLD ",
        b"OBSYTASK",
    ]
    reading = read_header(cards, [own])
    assert reading.findings == ()
    assert reading.stamp == STAMP
    assert reading.conventions == ("obs",)


def test_it_stands_beside_those_that_ship() -> None:
    own = Convention.parse(OWN)
    reading = read_header(format_card("FPV_TYPE", "raw") + spell(STAMP, own), [*all_conventions(), own])
    assert reading.conventions == ("native", "obs")
    assert (reading.stamp.type, reading.stamp.task) == ("raw", "reduce é")


def test_it_is_found_by_its_path(tmp_path: Path) -> None:
    path = tmp_path / "obs.toml"
    path.write_text(OWN, encoding="utf-8")
    assert find_convention(str(path)).title == "Our observatory"
    assert [convention.name for convention in writable_conventions([str(path), "rubin", str(path)])] == ["obs", "rubin"]


def broken(old: str, new: str) -> str:
    assert old in OWN
    return OWN.replace(old, new, 1)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "no key 'name'"),
        ("name = ", "Invalid value"),
        ("name = 'a'\nname = 'b'", "Cannot overwrite"),
        (broken('prefix = "OBSY"', ""), "no key 'prefix'"),
        (broken("write = true", 'write = "yes"'), "write = 'yes'; expected bool"),
        (broken("first = 1", 'first = "one"'), "first = 'one'; expected int"),
        (broken("first = 1", "last = 1"), "key 'last'; expected one of name, title"),
        (broken("keywords = [", "keywords = 5\nothers = ["), "keywords = 5; expected list"),
        (broken("keywords = [", "keywords = ['FPV_ID',"), "'FPV_ID'; expected a table with name, field, kind"),
        (broken(', kind = "uuid"', ""), "OBSYFILE: no key 'kind'; expected name, field, kind"),
        (broken("OBSYFILE", "obsyfile"), "keyword 'obsyfile' fits no card; expected A-Z"),
        (broken("OBSYFILE", ""), "keyword '' fits no card"),
        (broken("OBSYFILE", "OBSY" + " FILE" * 12), "fits no card"),
        (broken("OBSYFILE", "SIMPLE"), "keyword 'SIMPLE' says how a file is built; expected one of your own"),
        (broken("OBSYR{n}", "NAXIS{n}"), "keyword 'NAXIS{n}' says how a file is built"),
        (broken("first = 1", "first = -1"), "first = -1; expected 0 or more"),
        (broken("first = 1", "longest = 0"), "longest = 0; expected 1 or more"),
        (broken('"uuid" }', '"uuid", colour = "red" }'), "key 'colour'; expected one of name, field"),
        (broken('kind = "uuid"', 'kind = "uid"'), "OBSYFILE: kind 'uid'; expected one of text, string"),
        (broken('kind = "uuid"', 'kind = "text"'), "OBSYFILE: field 'id'; expected, for kind 'text', one of run"),
        (broken('"task"', '"tusk"'), "OBSYTASK: field 'tusk'; expected, for kind 'text', one of run"),
        (broken("parameters.{key}", "parameters"), "OBSY PARAM {key}: field 'parameters'"),
        (broken("parameters.{key}", "parameters.a.b"), "OBSY PARAM {key}: field 'parameters.a.b'"),
        (broken("parameters.{key}", "parameters.sigma"), "expected the placeholders of the name"),
        (broken("data_id.night", "data_id.{key}"), "expected the placeholders of the name"),
        (broken("parents.{n}.role", "parents.role"), "OBSYR{n}: field 'parents.role'"),
        (broken("parents.{n}.role", "parents.{n}.colour"), "OBSYR{n}: field 'parents.{n}.colour'"),
        (broken("OBSYR{n}", "OBSYR{m}"), "expected the placeholders of the name"),
        (broken("OBSYR{n}", "OBSYR{n}{n}"), "expected the placeholders of the name"),
        (broken("OBSYR{n}", "OBSYR{n:x}"), "expected the placeholders of the name"),
        (broken('prefix = "OBSY"', "prefix = []"), "prefix = []; expected 2 characters or more of a keyword"),
        (broken('prefix = "OBSY"', 'prefix = ["OBSY", 5]'), "prefix = ['OBSY', 5]; expected 2 characters"),
        (broken('prefix = "OBSY"', "prefix = 5"), "prefix = 5; expected str or list"),
        (broken("first = 1", "nothing = [['x']]"), "not a convention"),
        (broken("first = 1", "tables = [5]"), "5; expected a table with name, columns"),
        (broken("first = 1", "tables = [{name = 'X', columns = []}]"), "table 'X' has no columns"),
        (
            broken('"text" },\n]', '"text", category = "gold" },\n]'),
            "category 'gold'; expected one of raw, calibration",
        ),
        (broken("parents.{n}.role", "parents.x.{n}.role"), "field 'parents.x.{n}.role' is only read"),
        (
            broken(
                '"text" },\n  { name = "OBSY PARAM',
                '"text" },\n  { name = "OBSYSW", field = "software", kind = "software" },\n  { name = "OBSY PARAM',
            ),
            "OBSYSW: field 'software' is only read; expected write = false",
        ),
    ],
)
def test_a_wrong_convention_is_refused_in_one_line_that_names_its_source(text: str, expected: str) -> None:
    with pytest.raises(UsageError) as refused:
        Convention.parse(text, "obs.toml")
    message = str(refused.value)
    assert message.startswith("obs.toml: not a convention: ")
    assert expected in message
    assert "\n" not in message


def test_names_of_conventions_that_are_none_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"convention 'butler'; expected one of .*native.*rubin"):
        find_convention("butler")
    with pytest.raises(UsageError, match=r"gone\.toml: No such file"):
        find_convention(str(tmp_path / "gone.toml"))


def test_a_convention_that_is_only_read_is_not_written(tmp_path: Path) -> None:
    path = tmp_path / "obs.toml"
    path.write_text(broken("write = true", "write = false"), encoding="utf-8")
    with pytest.raises(UsageError, match="only read"):
        writable_conventions([str(path)])


def test_every_field_may_be_read_into_a_stamp() -> None:
    """The table of fields knows no field that a stamp or an input has not."""
    own = set(Stamp.__dataclass_fields__) | {"version", "long_strings", "seal", "ancestors"}
    assert {place.partition(".")[0] for place in FIELDS} <= own
    columns = {tuple(place.split(".")[::2]) for place in FIELDS if "{n}" in place}
    items = {"software": Software, "parents": Input, "raws": Input}
    for name, item in items.items():
        assert {column for field, column in columns if field == name} <= set(item.__dataclass_fields__)
    assert {kind for kinds in FIELDS.values() for kind in kinds} == set(KINDS)


TABLED = """
name = "log"
title = "A log"
source = "https://observatory.example.org/log"
write = false
prefix = "LOGV"
nothing = ["-"]
tables = [{ name = "LOG", columns = [
  { name = "FILE", field = "parents.{n}.id", kind = "label", category = "reference", role = "seed" },
] }]
keywords = [
  { name = "LOGV",         field = "software.logger",      kind = "version" },
  { name = "LOGF{n:3}",    field = "parents.{n}.id",       kind = "label", category = "calibration" },
  { name = "LOGS{r}X{n}",  field = "raws.{r}.{n}.id",      kind = "label" },
  { name = "LOGP{n}N",     field = "parameters.{n}.name",  kind = "word" },
  { name = "LOGP{n}V",     field = "parameters.{n}.value", kind = "scalar" },
  { name = "LOGB{n}",      field = "extra.block{n}",       kind = "scalar", beside = true },
]
"""


def test_indices_categories_pairs_and_silence_are_read() -> None:
    values = {
        "LOGV": 1.5,
        "LOGF002": "b",
        "LOGF001": "a",
        "LOGF1": "not padded",
        "LOGS2X1": "third",
        "LOGS1X10": "second",
        "LOGS1X2": "first",
        "LOGP1N": "sigma",
        "LOGP1V": 3,
        "LOGP2N": "lonely",
        "LOGB7": "-",
        "LOGB08": "eight",
    }
    stamp = read_header(b"".join(format_card(*card) for card in values.items()), [Convention.parse(TABLED)]).stamp
    assert stamp.software == (Software("logger", "1.5"),)
    assert stamp.parents == (Input(name="a", category="calibration"), Input(name="b", category="calibration"))
    assert [item.name for item in stamp.raws] == ["first", "second", "third"]
    assert stamp.parameters == {"sigma": 3}
    assert stamp.extra == {"block8": "eight"}


def test_what_stands_beside_is_nothing_by_itself() -> None:
    assert read_header(format_card("LOGB1", "x"), [Convention.parse(TABLED)]).stamp is None
    assert read_header(format_card("LOGF001", "x"), [Convention.parse(TABLED)]).stamp is None


def test_a_convention_is_known_before_it_is_parsed() -> None:
    def never() -> Convention:
        raise AssertionError("it was loaded")

    known = Known.peek(TABLED, never)
    assert (known.name, known.prefixes, known.extnames) == ("log", (b"LOGV",), ("LOG",))
    assert read_header(format_card("OBJECT", "M 31"), [known]).stamp is None


@pytest.mark.parametrize("text", [OWN, TABLED, TABLED.replace("prefix", "\nkeywords_too = 1\nprefix")])
def test_what_is_known_of_a_convention_is_what_it_says(text: str) -> None:
    whole = Convention.parse(text.replace("keywords_too = 1", ""))
    known = Known.peek(text, lambda: whole)
    assert (known.name, known.prefixes, known.extnames) == (whole.name, whole.prefixes, whole.extnames)


def test_what_ships_is_known_before_it_is_parsed() -> None:
    for known, whole in zip(known_conventions(), all_conventions(), strict=True):
        assert (known.name, known.prefixes, known.extnames) == (whole.name, whole.prefixes, whole.extnames)


def test_short_prefixes_betray_too() -> None:
    text = OWN.replace('prefix = "OBSY"', 'prefix = "OB"')
    assert read_header(format_card("OBSYTASK", "isr"), [Convention.parse(text)]).stamp.task == "isr"


@pytest.mark.parametrize("convention", all_conventions(), ids=lambda convention: convention.name)
def test_what_ships_says_where_it_is_specified(convention: Convention) -> None:
    assert convention.title
    assert convention.source
    names = [row.name for row in convention.keywords]
    assert len(names) == len(set(names))
    own = [row for row in convention.keywords if not row.shared and not row.beside]
    assert convention.tables or any(convention.betrayed_by(row.numbered(1)) for row in own)
