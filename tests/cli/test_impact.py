"""From a bad flat to a closed incident, as its user sees it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Fitsprov

pytestmark = pytest.mark.usefixtures("survey")


@pytest.fixture
def flat(fitsprov: Fitsprov) -> str:
    """The ID of a flat."""
    return fitsprov("find --type flat --limit 1 --ids").out.strip()


def test_impact_counts_by_type_and_run(fitsprov: Fitsprov, flat: str) -> None:
    ran = fitsprov(f"impact {flat}")
    assert ran.code == 0
    first, _, heading, *rows = ran.out.splitlines()
    assert first == "10 activities made 10 datasets; 31 touched in all"
    assert heading.split() == ["touched", "direct", "type", "run"]
    assert [row.split()[:3] for row in rows] == [
        ["10", "0", "calibrateImage_metadata"],
        ["10", "10", "post_isr_image"],
        ["10", "0", "visit_image"],
        ["1", "0", "deep_coadd"],
    ]


def test_impact_as_json_lists_where_asked(fitsprov: Fitsprov, flat: str) -> None:
    [answer] = fitsprov(f"impact {flat} --list --json").json
    assert (answer["cause"], answer["datasets"], len(answer["hits"])) == ({"dataset": flat}, 31, 31)
    ids = fitsprov(f"impact {flat} --ids").out.split()
    assert ids == [hit["id"] for hit in answer["hits"]]


@pytest.mark.parametrize(
    ("options", "first"),
    [
        ("--task isr", "44 activities made 44 datasets; 134 touched in all"),
        ("--package 'numpy<1'", "0 activities made 0 datasets; 0 touched in all"),
        ("--since 2030-01-01", "0 activities made 0 datasets; 0 touched in all"),
    ],
)
def test_impact_of_other_causes(fitsprov: Fitsprov, options: str, first: str) -> None:
    ran = fitsprov(f"impact {options}")
    assert ran.out.splitlines()[0] == first
    assert ran.code == (0 if "134" in first else 1)


@pytest.mark.parametrize(
    ("line", "code", "message"),
    [
        ("impact", 2, "no cause; expected a dataset"),
        ("impact nothing", 1, "nothing: no such dataset in the registry"),
        ("impact --package numpyy", 2, "package numpyy: not in the registry; expected one that is"),
        ("impact --package numpy~=2", 2, "is no requirement"),
        ("impact --task isr --why dust", 2, "expected --save TITLE, too"),
        ("impact --task isr --save ' '", 2, "--save without a title; expected one"),
        ("impact --config doFlat", 2, "config 'doFlat'; expected dotted.name=value"),
        ("incident show 01a1f86f-ec58-7674-bbaf-ebb2d628a976", 1, "no such incident in the registry"),
        ("incident close x", 2, "'x' is no ID of an incident"),
    ],
)
def test_what_cannot_be_asked_is_one_line(fitsprov: Fitsprov, line: str, code: int, message: str) -> None:
    ran = fitsprov(line)
    assert (ran.code, ran.out, len(ran.err.splitlines())) == (code, "", 1)
    assert message in ran.err


def test_a_malformed_time_is_said(fitsprov: Fitsprov) -> None:
    ran = fitsprov("impact --since yesterday")
    assert ran.code == 2
    assert "'yesterday' is no time; expected one like" in ran.err


def test_an_incident_is_worked_off(fitsprov: Fitsprov, flat: str) -> None:
    saved = fitsprov(f"impact {flat} --save 'bad flat' --why 'light leak' --agent orcid:1")
    incident = saved.out.splitlines()[-1].removeprefix("incident ")
    assert fitsprov("incident list").out.splitlines()[1].split()[-4:] == ["open", "0/31", "bad", "flat"]
    hits = fitsprov(f"incident show {incident} --ids").out.split()
    assert fitsprov(f"incident done {incident} {' '.join(hits[:30])}").err == "30 dealt with\n"
    refused = fitsprov(f"incident close {incident}")
    assert (refused.code, refused.err.split(": ")[-1]) == (2, "1 of 31 hits are open; expected none\n")
    assert fitsprov(f"incident show {incident} --open --ids").out.split() == hits[30:]
    fitsprov(f"incident done {incident} {hits[30]} --why 'made anew'")
    assert fitsprov(f"incident show {incident}").out.count("made anew") == 1
    assert fitsprov(f"incident close {incident} --why 'made again'").code == 0
    [shown] = fitsprov(f"incident show {incident} --json").json
    assert (shown["text"], shown["done"], shown["hits"]) == ("made again", 31, 31)
    assert "state       closed" in fitsprov(f"incident show {incident}").out


def test_a_limit_says_that_it_cut(fitsprov: Fitsprov, flat: str) -> None:
    for line in (f"impact {flat} --list --ids --limit 3", "find --type raw --ids --limit 3"):
        ran = fitsprov(line)
        assert (len(ran.out.splitlines()), ran.err) == (3, "fitsprov: there are more; these are the first 3\n")
    assert fitsprov(f"impact {flat} --list --limit 31").err == ""


def test_impact_writes_nothing_unless_saved(fitsprov: Fitsprov, flat: str, tmp_path: Path) -> None:
    before = (tmp_path / "fitsprov.db").read_bytes()
    fitsprov(f"impact {flat} --list")
    assert fitsprov("incident list").out == ""
    assert (tmp_path / "fitsprov.db").read_bytes() == before
