"""Causes as people write them."""

from __future__ import annotations

from typing import Any

import pytest

from fitsprov.actions.causes import parse_setting
from fitsprov.errors import UsageError


@pytest.mark.parametrize(
    ("text", "setting"),
    [
        ("isr.doFlat=true", ("isr.doFlat", True)),
        ("name=a=b", ("name", "a=b")),
        ("empty=", ("empty", "")),
        ("steps=[1, 2]", ("steps", [1, 2])),
        ("mask=null", ("mask", None)),
        ("limit=NaN", ("limit", "NaN")),
        ("limit=1e999", ("limit", "1e999")),
    ],
)
def test_a_setting_has_a_json_value_or_a_string(text: str, setting: tuple[str, Any]) -> None:
    assert parse_setting(text) == setting


@pytest.mark.parametrize("text", ["isr.doFlat", "=1", "a=\udcff"])
def test_what_is_no_setting_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match=r"expected dotted\.name=value"):
        parse_setting(text)
