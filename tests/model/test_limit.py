"""A condition on a metric is read as it is meant, or refused."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fitsprov.errors import UsageError
from fitsprov.model.limit import Limit, parse_limit


@pytest.mark.parametrize(
    ("text", "limit"),
    [
        ("seeing<0.8", Limit("seeing", "<", 0.8)),
        (" psf fwhm >= -1e-3 ", Limit("psf fwhm", ">=", -1e-3)),
        ("n==3", Limit("n", "=", 3.0)),
        ("n!=3", Limit("n", "!=", 3.0)),
        ("a=!3<", Limit("a", "=", "!3<")),
        ("depth = pass", Limit("depth", "=", "pass")),
        ('depth!="3"', Limit("depth", "!=", "3")),
        ('"a<b = \\"c\\"" > 1', Limit('a<b = "c"', ">", 1.0)),
    ],
)
def test_a_condition_is_read(text: str, limit: Limit) -> None:
    assert parse_limit(text) == limit


@pytest.mark.parametrize("text", ["", "seeing", "<3", "seeing<", "seeing<fast", "a<nan", "a<inf", '"a<3', '"a\\q"<3'])
def test_what_is_none_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="expected"):
        parse_limit(text)


@given(st.text(), st.sampled_from(["<", "<=", ">", ">=", "=", "!="]), st.floats(allow_nan=False, allow_infinity=False))
def test_any_name_can_be_quoted(name: str, operator: str, value: float) -> None:
    assert parse_limit(f"{json.dumps(name)}{operator}{value!r}") == Limit(name, operator, value)
