"""Findings: every code is in the list, and the list reads well."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from fitsprov.model.finding import CODES, Finding, Severity, worst

PACKAGE = Path(__file__).parents[2] / "fitsprov"


def used_codes() -> dict[str, str]:
    """The codes with which findings are made, each with a file that does."""
    codes = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Finding":
                codes |= {leaf.value: path.name for leaf in ast.walk(node.args[0]) if isinstance(leaf, ast.Constant)}
    return codes


def test_every_code_that_is_used_is_in_the_list() -> None:
    used = used_codes()
    assert len(used) > 10
    assert {code: path for code, path in used.items() if code not in CODES} == {}


@pytest.mark.parametrize("code", CODES)
def test_codes_are_kebab_case_and_say_what_they_mean(code: str) -> None:
    severity, meaning = CODES[code]
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)+", code)
    assert isinstance(severity, Severity)
    assert re.fullmatch(r"\w.{15,}\.", meaning)


def test_codes_are_in_order() -> None:
    assert list(CODES) == sorted(CODES)


def test_a_finding_prints_as_one_object() -> None:
    assert Finding("seal-broken", "edited", "FPV_SEAL").to_json() == {
        "code": "seal-broken",
        "severity": "error",
        "keyword": "FPV_SEAL",
        "message": "edited",
    }


def test_the_worst_of_findings_counts() -> None:
    info, warning, error = (Finding(code, "") for code in ("lineage-incomplete", "stamp-missing", "seal-broken"))
    assert worst([]) is Severity.INFO
    assert worst([info, warning, info]) is Severity.WARNING
    assert worst((error, warning)) is Severity.ERROR


def test_a_message_is_one_printable_line_whatever_a_header_said() -> None:
    assert Finding("conventions-disagree", "run: native says \x00a\n, rubin b").message == (
        r"run: native says \x00a\n, rubin b"
    )
