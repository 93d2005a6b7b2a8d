"""How two coadds differ, and in which environment they were made, as their user sees it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import COADD, COADD_FILE, Fitsprov

pytestmark = pytest.mark.usefixtures("survey")


@pytest.fixture
def other(fitsprov: Fitsprov) -> str:
    """The ID of the other coadd."""
    [other] = set(fitsprov("find --type deep_coadd --ids").out.split()) - {COADD}
    return other


def test_two_coadds_differ_in_configuration_and_inputs(fitsprov: Fitsprov, other: str) -> None:
    ran = fitsprov(f"diff {COADD} {other}")
    assert ran.code == 1
    heads = [line for line in ran.out.splitlines() if line and not line.startswith(" ")]
    assert heads == ["config assembleCoadd", "input raw"]
    assert sorted({one["kind"] for one in fitsprov(f"diff {COADD} {other} --json").json}) == ["config", "input"]


def test_a_file_and_its_dataset_do_not_differ(fitsprov: Fitsprov) -> None:
    assert fitsprov(f"stamp {COADD_FILE}").code == 0
    assert vars(fitsprov(f"diff {COADD_FILE} {COADD}")) == {"code": 0, "out": "", "err": ""}


def test_what_has_no_lineage_cannot_be_compared(fitsprov: Fitsprov) -> None:
    ran = fitsprov(f"diff {COADD} 01a1f86f-ec58-7674-bbaf-000000000000")
    assert (ran.code, len(ran.err.splitlines())) == (1, 1)
    assert "no such dataset" in ran.err


def test_the_environment_of_a_product_is_what_its_record_said(fitsprov: Fitsprov) -> None:
    [shown] = fitsprov(f"environment {COADD} --json").json
    [resolved] = fitsprov(f"resolve {COADD} --json").json
    assert shown == {name: value for name, value in resolved["activity"]["environment"].items() if value is not None}
    assert any(line.startswith("python") for line in fitsprov(f"environment {COADD}").out.splitlines())


def test_the_environment_here_can_be_recorded(fitsprov: Fitsprov, tmp_path: Path) -> None:
    [environment] = fitsprov("environment --json").json
    generated = [{"id": "01a1f86f-ec58-7674-bbaf-000000000002", "type": "image"}]
    record = {"fitsprov": 1, "environment": environment, "activities": [{"generated": generated}]}
    (tmp_path / "here.json").write_text(json.dumps(record))
    assert fitsprov("record here.json").code == 0
    assert vars(fitsprov(f"environment {generated[0]['id']} --here")) == {"code": 0, "out": "", "err": ""}


def test_what_differs_here_is_what_the_product_stated(fitsprov: Fitsprov) -> None:
    ran = fitsprov(f"environment {COADD} --here --json")
    assert ran.code == 1
    assert all(one["one"] is not None for one in ran.json)


def test_a_lock_file_is_printed(fitsprov: Fitsprov) -> None:
    assert "numpy==" in fitsprov("environment --lock pip").out
    assert fitsprov("environment --lock brew").code == 2
