"""The dataId: one text for equal values, typed values back."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given

from fitsprov.errors import UsageError
from fitsprov.model.dataid import (
    Scalar,
    canonical_text,
    check_data_id,
    parse_assignment,
    parse_assignments,
    parse_data_id,
)
from tests.strategies import data_ids


@pytest.mark.parametrize(
    ("data_id", "text"),
    [
        ({}, "{}"),
        (
            {"visit": 2025052000177, "instrument": "LSSTCam", "detector": 85},
            '{"detector":85,"instrument":"LSSTCam","visit":2025052000177}',
        ),
        ({"exposure": 30.0, "dark": True}, '{"dark":true,"exposure":30.0}'),
        ({"target": "Barnard's & é\x7f%41"}, r'{"target":"Barnard\u0027s \u0026 \u00e9\u007f%41"}'),
        ({"z": 0.1, "Z": -0.0}, '{"Z":-0.0,"z":0.1}'),
    ],
)
def test_canonical_text_never_changes(data_id: dict[str, Scalar], text: str) -> None:
    assert canonical_text(data_id) == text


@given(data_ids)
def test_canonical_text_reads_back_with_its_types(data_id: dict[str, Scalar]) -> None:
    text = canonical_text(data_id)
    again = parse_data_id(text)
    assert again == data_id
    assert {key: type(value) for key, value in again.items()} == {key: type(value) for key, value in data_id.items()}
    assert canonical_text(again) == text


@given(data_ids)
def test_canonical_text_is_json_in_what_a_card_holds(data_id: dict[str, Scalar]) -> None:
    text = canonical_text(data_id)
    assert json.loads(text) == data_id
    assert all(" " <= character <= "~" for character in text)
    assert not {"'", "&"} & set(text)


@given(data_ids)
def test_canonical_text_knows_no_order(data_id: dict[str, Scalar]) -> None:
    assert canonical_text(dict(reversed(data_id.items()))) == canonical_text(data_id)


@pytest.mark.parametrize(
    "value",
    [
        {"visit": float("nan")},
        {"visit": float("inf")},
        {"visit": None},
        {"visit": [1]},
        {"visit": {"day": 1}},
        {"": 1},
        {7: 1},
        {"target": "\udcff"},
        {"\ud800": 1},
        ["visit"],
        "visit=1",
        7,
    ],
)
def test_what_is_no_data_id_is_refused(value: Any) -> None:
    with pytest.raises(UsageError, match="dataId"):
        check_data_id(value)
    with pytest.raises(UsageError, match="dataId"):
        canonical_text(value)


@pytest.mark.parametrize(
    "text",
    ["", "visit=1", "{", '{"visit":1}x', "[]", "7", "null", '{"a":NaN}', '{"a":1e999}', '{"a":[]}', r'{"a":"\ud800"}'],
)
def test_text_that_is_no_data_id_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="dataId"):
        parse_data_id(text)


@pytest.mark.parametrize("part", ["[", '{"a":'])
def test_text_that_is_nested_without_end_is_refused(part: str) -> None:
    with pytest.raises(UsageError, match="dataId"):
        parse_data_id(part * 100_000)


def test_refusals_are_one_line() -> None:
    with pytest.raises(UsageError) as refused:
        parse_data_id("one\ntwo")
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("visit=7", ("visit", 7)),
        ("instrument=LSSTCam", ("instrument", "LSSTCam")),
        ('visit="7"', ("visit", "7")),
        ("exposure=1.5", ("exposure", 1.5)),
        ("exposure=1e3", ("exposure", 1000.0)),
        ("dark=true", ("dark", True)),
        ("dark=True", ("dark", "True")),
        ("visit=007", ("visit", "007")),
        ("day=2026-03-14", ("day", "2026-03-14")),
        ("where=a=b", ("where", "a=b")),
        ("note=", ("note", "")),
        ("note=" + "[" * 100_000, ("note", "[" * 100_000)),
    ],
)
def test_assignments_give_typed_values(text: str, expected: tuple[str, Scalar]) -> None:
    dimension, value = parse_assignment(text)
    assert (dimension, value, type(value)) == (*expected, type(expected[1]))


@pytest.mark.parametrize(
    "text", ["visit", "=7", "", "visit=null", "visit=NaN", "visit=[1]", 'visit={"a":1}', "a=\udcff"]
)
def test_what_is_no_assignment_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        parse_assignment(text)


def test_assignments_together_are_a_data_id() -> None:
    assert parse_assignments(["band=r", "visit=7", "band=r"]) == {"band": "r", "visit": 7}
    assert parse_assignments([]) == {}


@pytest.mark.parametrize("other", ["band=g", "band=1.0", "band=true"])
def test_two_values_of_one_dimension_are_refused(other: str) -> None:
    with pytest.raises(UsageError, match=r"dataId band is given as 1 and as .*; expected one value"):
        parse_assignments(["band=1", other])
