"""Conventions as data: what a file of one may say, and how a wrong one is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from fitsprov.actions.conventions import all_conventions, find_convention, writable_conventions
from fitsprov.cards.card import format_card
from fitsprov.conventions.convention import Convention
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
        (broken(', kind = "uuid"', ""), "no key 'kind'"),
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


@pytest.mark.parametrize("convention", all_conventions(), ids=lambda convention: convention.name)
def test_what_ships_says_where_it_is_specified(convention: Convention) -> None:
    assert convention.title
    assert convention.source
    names = [row.name for row in convention.keywords]
    assert len(names) == len(set(names))
    own = [row for row in convention.keywords if not row.shared and not row.beside]
    assert convention.tables or any(convention.betrayed_by(row.numbered(1)) for row in own)
