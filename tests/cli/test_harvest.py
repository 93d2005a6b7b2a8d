"""``fitsprov harvest``: what it prints, and its exit codes."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import COADD, COADD_FILE, Fitsprov

RAWS = 45
ALL = ("files", "datasets", "activities", "edges", "stubs", "findings", "unchanged", "unstamped", "refused")


@pytest.fixture
def stamped(survey: Path, fitsprov: Fitsprov) -> Path:
    """The sample survey, every file of which is stamped, and another registry that knows nothing."""
    assert fitsprov("stamp raw calib drp -r --convention native --convention rubin --json").code == 0
    assert fitsprov("init --registry sqlite:///other.db").code == 0
    return survey


def test_a_survey_is_known_again_from_its_headers_alone(stamped: Path, fitsprov: Fitsprov) -> None:
    ran = fitsprov("harvest raw calib drp --registry sqlite:///other.db --jobs 2 --json")
    assert (ran.code, ran.err) == (0, "")
    (counts,) = ran.json
    assert set(counts) == {*ALL, "conventions"}
    assert counts["files"] == counts["datasets"] == counts["conventions"]["native"]["files"]
    (found,) = fitsprov(f"resolve {COADD} --registry sqlite:///other.db --json").json
    (expected,) = fitsprov(f"resolve {COADD} --json").json
    assert len(found["raws"]) == RAWS
    for key in ("parents", "raws"):
        assert {item["id"] for item in found[key]} == {item["id"] for item in expected[key]}


def test_harvesting_again_finds_nothing_new(stamped: Path, fitsprov: Fitsprov) -> None:
    first = fitsprov("harvest drp --registry sqlite:///other.db --json").json[0]
    assert first["files"] > 0
    again = fitsprov("harvest drp --registry sqlite:///other.db --json")
    assert again.code == 0
    assert again.json == [
        dict.fromkeys(ALL, 0) | {"files": first["files"], "unchanged": first["files"], "conventions": {}}
    ]
    text = fitsprov("harvest drp --registry sqlite:///other.db").out
    assert text == f"harvested  {first['files']} files  ({first['files']} unchanged)\n"


def test_which_conventions_headers_carry_is_kept(stamped: Path, fitsprov: Fitsprov) -> None:
    def carried() -> tuple[int, dict[str, int]]:
        (status,) = fitsprov("registry status --registry sqlite:///other.db --json").json
        return status["copies"], status["stamped"]

    (counts,) = fitsprov("harvest drp --registry sqlite:///other.db --json").json
    files = counts["files"]
    assert carried() == (files, {"native": files, "rubin": files})
    assert fitsprov(f"strip {COADD_FILE} --convention rubin").code == 0
    fitsprov("harvest drp --registry sqlite:///other.db")
    assert carried() == (files, {"native": files, "rubin": files - 1})
    assert (
        f"copies        {files}\n  native      {files}" in fitsprov("registry status --registry sqlite:///other.db").out
    )


def test_what_was_recorded_agrees_with_what_headers_say(stamped: Path, fitsprov: Fitsprov) -> None:
    ran = fitsprov("harvest raw calib drp")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.split("\n")[0].split() == ["files", "datasets", "activities", "edges", "stubs", "findings"]
    assert ran.out.split("\n")[1].split()[2:] == ["0"] * 5


def test_what_cannot_be_read_is_named_and_the_others_are_done(stamped: Path, fitsprov: Fitsprov) -> None:
    Path("notes.fits").write_text("no FITS file")
    Path("cut.fits").write_bytes(Path(COADD_FILE).read_bytes()[:3000])
    Path("list.txt").write_text(f"notes.fits\n{COADD_FILE}\nabsent.fits\ncut.fits\n")
    ran = fitsprov("harvest --from-list list.txt --registry sqlite:///other.db --json")
    assert ran.code == 3
    assert [line.split(": ")[1].rpartition("/")[2] for line in sorted(ran.err.splitlines())] == [
        "cut.fits",
        "notes.fits",
        "absent.fits",
    ]
    assert (ran.json[0]["refused"], ran.json[0]["datasets"]) == (3, 1)


def test_a_contradiction_is_told_and_sets_the_exit_code(stamped: Path, fitsprov: Fitsprov) -> None:
    assert fitsprov(f"stamp {COADD_FILE} --id {COADD} --run another --replace").code == 0
    ran = fitsprov(f"harvest {COADD_FILE}")
    assert ran.code == 1
    assert "run 'another' differs from what stands" in ran.err
    assert ran.err.count("\n") == 2  # and the two conventions of the header disagree
    assert fitsprov("find --type deep_coadd --run another --json").code == 1


def test_a_file_without_a_stamp_sets_the_exit_code(survey: Path, fitsprov: Fitsprov) -> None:
    ran = fitsprov(f"harvest {COADD_FILE} --json")
    assert (ran.code, ran.json[0]["unstamped"]) == (1, 1)


def test_no_input_is_a_usage_error(survey: Path, fitsprov: Fitsprov) -> None:
    assert fitsprov("harvest").code == 2


def test_without_a_registry_nothing_is_read(fitsprov: Fitsprov, tmp_path: Path) -> None:
    ran = fitsprov(f"harvest {tmp_path}")
    assert ran.code == 3
    assert "no registry" in ran.err


def test_a_convention_file_of_a_user_is_read_by_every_command_that_reads(survey: Path, fitsprov: Fitsprov) -> None:
    Path("myobs.toml").write_text(
        'name = "myobs"\ntitle = "t"\nsource = "s"\nwrite = true\nprefix = "MYO"\n'
        'keywords = [{ name = "MYOUUID", field = "id", kind = "uuid" },'
        ' { name = "MYORUN", field = "run", kind = "text" }]'
    )
    (run,) = {one["run"] for one in fitsprov("find --type deep_coadd --json").json if one["id"] == COADD}
    assert fitsprov(f"stamp {COADD_FILE} --id {COADD} --convention myobs.toml").code == 0
    assert fitsprov(f"show {COADD_FILE} --json").json[0]["conventions"] == []
    assert fitsprov(f"show {COADD_FILE} --json --convention ./myobs.toml").json[0]["conventions"] == ["myobs"]
    assert fitsprov(f"resolve {COADD_FILE} --json --convention myobs.toml").json[0]["status"] == "resolved"
    assert fitsprov(f"verify {COADD_FILE} --json").json[0]["status"] == "missing"
    assert fitsprov(f"verify {COADD_FILE} --json --convention myobs.toml").json[0]["status"] == "ok"
    assert fitsprov("init --registry sqlite:///other.db").code == 0
    ran = fitsprov(f"harvest {COADD_FILE} --convention myobs.toml --registry sqlite:///other.db --json")
    assert (ran.code, list(ran.json[0]["conventions"])) == (0, ["myobs"])
    assert fitsprov(f"find --run {run} --registry sqlite:///other.db --json").json[0]["id"] == COADD


def test_a_convention_that_is_named_is_read_alone(stamped: Path, fitsprov: Fitsprov) -> None:
    ran = fitsprov("harvest drp --convention rubin --registry sqlite:///other.db --json")
    assert list(ran.json[0]["conventions"]) == ["rubin"]
    assert fitsprov("harvest drp --convention nonsense").code == 2
