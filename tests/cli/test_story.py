"""The story that the commands tell together, on the sample survey."""

from __future__ import annotations

import shutil
import socket
from pathlib import Path
from xml.etree import ElementTree

import pytest
from astropy.io import fits

from fitsprov.actions.demonstrating import change_keyword, change_pixel, derive_image
from tests.cli.conftest import AUTHORITY, BASE_URL, COADD, COADD_FILE, Fitsprov

DID = f"{AUTHORITY}?{COADD}"
REJECTED = {"01a1f867-a340-788f-8d25-a8d3a57bfc6a", "01a1f86a-6a30-7f05-ae5a-edf49ede6f1c"}
RUN = "SimCam/runs/DRP/v1/20261120T100000Z"


def test_status_tells_what_is_in_a_registry(survey: Path, fitsprov: Fitsprov) -> None:
    ran = fitsprov("registry status")
    assert ran.code == 0
    assert BASE_URL in ran.out
    assert AUTHORITY in ran.out
    (status,) = fitsprov("registry status --json").json
    assert status["activities"] == 94
    assert status["index"] is None


def test_an_index_is_made_and_told_of(survey: Path, fitsprov: Fitsprov) -> None:
    ran = fitsprov("registry index")
    assert ran.code == 0
    assert ran.out.startswith(str(survey / "fitsprov.db.graph"))
    assert "(329 edges," in ran.out
    assert ran.out.strip() in fitsprov("registry status").out
    (made,) = fitsprov("registry index --json").json
    (status,) = fitsprov("registry status --json").json
    assert status["index"] == made
    assert made["newer"] == 0


def test_recording_again_finds_nothing_new(survey: Path, fitsprov: Fitsprov) -> None:
    (counts,) = fitsprov("record drp.yaml --json").json
    assert counts == {"files": 1, "datasets": 0, "activities": 0, "edges": 0, "stubs": 0, "findings": 0}


def test_find_gives_ids(survey: Path, fitsprov: Fitsprov) -> None:
    ran = fitsprov("find --type deep_coadd --data-id tract=9813 --ids")
    assert ran.code == 0
    assert COADD in ran.out.split()
    assert len(ran.out.split()) == 2
    assert fitsprov("find --type deep_coadd --data-id tract=1").code == 1
    (found,) = fitsprov("find --type deep_coadd --data-id tract=9813 --data-id band=r --json").json
    assert found["id"] == COADD
    assert found["data_id"] == {"skymap": "simcam_v1", "tract": 9813, "patch": 42, "band": "r"}


def test_stamp_finds_a_dataset_by_the_path_of_its_record(survey: Path, fitsprov: Fitsprov) -> None:
    ran = fitsprov(f"stamp {COADD_FILE} --json")
    assert ran.code == 0
    assert ran.json == [{"file": COADD_FILE, "status": "done", "message": ""}]
    header = fits.getheader(COADD_FILE)
    assert header["FPV_ID"] == COADD
    assert header["FPV_RUN"] == RUN
    assert header["FPV_DID"] == DID
    assert header["DATALINK"].startswith(f"{BASE_URL}/links?ID=ivo%3A%2F%2F")
    assert header["FPV_NPAR"] == 32
    assert header["FPV_NRAW"] == 45
    assert fitsprov(f"stamp {COADD_FILE} --json").json[0]["status"] == "unchanged"


def test_stamp_by_id_refuses_another_dataset(survey: Path, fitsprov: Fitsprov) -> None:
    shutil.copy(COADD_FILE, "copy.fits")
    assert fitsprov(f"stamp copy.fits --id {COADD}").code == 0
    before = Path("copy.fits").read_bytes()
    other = fitsprov("find --type raw --limit 1 --ids").out.strip()
    ran = fitsprov(f"stamp copy.fits --id {other}")
    assert ran.code == 3
    assert COADD in ran.err
    assert other in ran.err
    assert Path("copy.fits").read_bytes() == before
    assert fitsprov(f"stamp copy.fits --id {other} --replace").code == 0
    assert fits.getheader("copy.fits")["FPV_ID"] == other


def test_derive_keeps_the_old_dataset_as_a_parent(survey: Path, fitsprov: Fitsprov) -> None:
    shutil.copy(COADD_FILE, "copy.fits")
    fitsprov(f"stamp copy.fits --id {COADD}")
    assert fitsprov("stamp copy.fits --new-id --type smoothed --run u/me --derive").code == 0
    (shown,) = fitsprov("show copy.fits --json").json
    assert shown["stamp"]["type"] == "smoothed"
    assert [parent["id"] for parent in shown["stamp"]["parents"]] == [COADD]


def test_values_stamp_without_a_registry(fitsprov: Fitsprov, tmp_path: Path) -> None:
    fits.PrimaryHDU().writeto(tmp_path / "a.fits")
    shutil.copy("a.fits", "b.fits")
    line = "stamp a.fits --new-id --run u/me --type image --data-id visit=12 --data-id 'band=\"3\"' --raw EXP_1"
    assert fitsprov(line).code == 0
    assert fitsprov("stamp b.fits --run u/me --type image --parent a.fits").code == 0
    first, second = (shown["stamp"] for shown in fitsprov("show a.fits b.fits --json").json)
    assert first["data_id"] == {"visit": 12, "band": "3"}
    assert first["n_parents"] is None
    assert first["raws"][0]["name"] == "EXP_1"
    assert second["id"] is None
    assert second["parents"][0]["id"] == first["id"]


def test_a_record_stamps_without_a_registry(survey: Path, fitsprov: Fitsprov) -> None:
    Path("fitsprov.db").unlink()
    assert fitsprov("stamp raw/SC_O_20260314_00101.fits --record drp.yaml").code == 0
    assert fits.getheader("raw/SC_O_20260314_00101.fits")["FPV_TYPE"] == "raw"


def test_export_by_id_leaves_the_source_as_it_was(survey: Path, fitsprov: Fitsprov) -> None:
    before = Path(COADD_FILE).read_bytes()
    assert fitsprov(f"export {COADD} mailed.fits").code == 0
    assert Path(COADD_FILE).read_bytes() == before
    assert fits.getheader("mailed.fits")["FPV_ID"] == COADD
    ran = fitsprov(f"export {COADD} mailed.fits")
    assert ran.code == 3
    assert "mailed.fits" in ran.err
    assert fitsprov(f"export {COADD} mailed.fits --overwrite").code == 0


def test_export_of_a_stamped_file_takes_what_the_registry_says_now(survey: Path, fitsprov: Fitsprov) -> None:
    fitsprov(f"export {COADD} mailed.fits")
    fitsprov("init --base-url http://127.0.0.1:9999")
    Path("out").mkdir()
    assert fitsprov("export mailed.fits out").code == 0
    assert fits.getheader("out/mailed.fits")["DATALINK"].startswith("http://127.0.0.1:9999/")


def test_export_of_an_unstamped_file_is_refused(fitsprov: Fitsprov, tmp_path: Path) -> None:
    fits.PrimaryHDU().writeto(tmp_path / "a.fits")
    ran = fitsprov("export a.fits b.fits")
    assert ran.code == 3
    assert "a.fits" in ran.err
    assert not Path("b.fits").exists()


def test_a_renamed_file_resolves_to_every_ancestor(survey: Path, fitsprov: Fitsprov) -> None:
    fitsprov(f"export {COADD} mailed.fits")
    Path("mailed.fits").rename("what.fits")
    ran = fitsprov("resolve what.fits --json")
    assert ran.code == 0
    (answer,) = ran.json
    assert (answer["status"], answer["source"]) == ("resolved", "registry")
    assert answer["dataset"]["id"] == COADD
    assert answer["dataset"]["publisher_did"] == DID
    assert answer["activity"]["task"] == "assembleCoadd"
    assert {package["name"] for package in answer["activity"]["environment"]["packages"]} >= {"astropy", "numpy"}
    assert len(answer["parents"]) == 32
    assert not REJECTED & {parent["id"] for parent in answer["parents"]}
    assert len(answer["raws"]) == 45
    assert all(raw["category"] == "raw" and raw["type"] == "raw" for raw in answer["raws"])
    assert answer["lineage_complete"] is True
    assert answer["findings"] == []


@pytest.mark.parametrize("form", ["tree", "table"])
def test_the_lineage_of_a_file_names_each_step(survey: Path, fitsprov: Fitsprov, form: str) -> None:
    fitsprov(f"export {COADD} what.fits")
    ran = fitsprov(f"resolve what.fits --format {form}")
    assert ran.code == 0
    for word in ("assembleCoadd", "calibrateImage", "isr", "flatGen", "biasGen", RUN, "SimCam/raw/all", "simref"):
        assert word in ran.out
    assert "\x1b" not in ran.out


def test_the_lineage_is_drawn(survey: Path, fitsprov: Fitsprov) -> None:
    fitsprov(f"export {COADD} what.fits")
    svg = fitsprov("resolve what.fits --format svg").out
    assert ElementTree.fromstring(svg).tag == "{http://www.w3.org/2000/svg}svg"
    assert fitsprov(f"resolve {COADD} --format dot").out.startswith("digraph")


def test_a_lineage_goes_down_too(survey: Path, fitsprov: Fitsprov) -> None:
    flat = fitsprov("find --type flat --data-id physical_filter=r --ids").out.split()
    flat = flat or fitsprov("find --type flat --ids").out.split()
    ran = fitsprov(f"resolve {flat[0]} --direction down --format table")
    assert ran.code == 0
    assert "deep_coadd" in ran.out


def test_links_are_read_by_pyvo_offline(survey: Path, fitsprov: Fitsprov, monkeypatch: pytest.MonkeyPatch) -> None:
    from fitsprov.datalink.client import read_links

    assert fitsprov(f"links {DID} -o links.xml").code == 0
    assert fitsprov("lint links.xml").code == 0
    monkeypatch.setattr(socket, "socket", None)
    results = read_links(Path("links.xml").read_bytes())
    progenitors = list(results.bysemantics("#progenitor"))
    assert {row["ID"] for row in results} == {DID}
    assert len(progenitors) == 2
    assert any("32" in row["description"] for row in progenitors)


def test_verify_tells_good_changed_derived_and_damaged(survey: Path, fitsprov: Fitsprov) -> None:
    fitsprov(f"export {COADD} good.fits")
    for name in ("edited", "damaged"):
        shutil.copy("good.fits", f"{name}.fits")
    change_keyword(Path("edited.fits"), "FPV_TYPE", "calexp")
    change_pixel(Path("damaged.fits"), "SCI", 1000.0)
    derive_image(Path("good.fits"), Path("derived.fits"), "SCI")
    ran = fitsprov("verify good.fits edited.fits damaged.fits derived.fits raw/SC_O_20260314_00101.fits --json")
    assert ran.code == 1
    statuses = {item["file"]: item["status"] for item in ran.json}
    assert list(statuses.values()) == ["ok", "tampered", "tampered", "inherited", "missing"]
    codes = {item["file"]: {finding["code"] for finding in item["findings"]} for item in ran.json}
    assert codes["good.fits"] == set()
    assert {"seal-broken", "differs-from-registry"} <= codes["edited.fits"]
    assert {"data-changed", "datasum-stale"} <= codes["damaged.fits"]
    assert "stamp-inherited" in codes["derived.fits"]
    assert fitsprov("verify good.fits").code == 0


def test_a_derived_file_resolves_as_inherited(survey: Path, fitsprov: Fitsprov) -> None:
    fitsprov(f"export {COADD} good.fits")
    derive_image(Path("good.fits"), Path("derived.fits"), "SCI")
    ran = fitsprov("resolve derived.fits --json")
    assert ran.code == 1
    assert ran.json[0]["status"] == "inherited"


@pytest.mark.parametrize("conventions", ["", "--convention native --convention rubin"])
def test_strip_gives_back_the_original(survey: Path, fitsprov: Fitsprov, conventions: str) -> None:
    file = "raw/SC_O_20260314_00101.fits"
    before = Path(file).read_bytes()
    assert fitsprov(f"stamp {file} {conventions}").code == 0
    assert Path(file).read_bytes() != before
    assert fitsprov(f"strip {file} {conventions}").code == 0
    assert fitsprov(f"show {file} --json").json[0]["stamp"] is None
    if not conventions:
        assert Path(file).read_bytes() == before
    assert fits.getheader(file) == fits.Header.fromstring(before[: before.find(b"END" + b" " * 77)])


def test_long_lists_go_to_the_table(survey: Path, fitsprov: Fitsprov) -> None:
    assert fitsprov(f"export {COADD} table.fits --lists table").code == 0
    with fits.open("table.fits") as hdus:
        assert hdus[-1].name == "FITSPROV"
        assert "FPV_P1" not in hdus[0].header
    (shown,) = fitsprov("show table.fits --json").json
    assert len(shown["stamp"]["parents"]) == 32
    assert len(shown["stamp"]["raws"]) == 45
    assert shown["findings"] == []
    assert fitsprov("strip table.fits").code == 0
    with fits.open("table.fits") as hdus:
        assert "FITSPROV" not in hdus


def test_show_says_which_conventions_a_header_carries(survey: Path, fitsprov: Fitsprov) -> None:
    fitsprov(f"export {COADD} both.fits --convention native --convention rubin")
    (shown,) = fitsprov("show both.fits --json").json
    assert shown["conventions"] == ["native", "rubin"]
    native, rubin = (reading["stamp"] for reading in shown["readings"])
    assert native["id"] == rubin["id"] == COADD
    assert rubin["n_parents"] == 32
    assert rubin["parents"][0]["type"] == "visit_image"
    text = fitsprov("show both.fits").out
    for word in (COADD, "deep_coadd", RUN, "native, rubin"):
        assert word in text
