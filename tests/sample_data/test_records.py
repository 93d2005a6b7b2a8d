"""The records tell a whole survey, and no lie about the files."""

from __future__ import annotations

from graphlib import TopologicalSorter
from uuid import UUID

import pytest
from astropy.io import fits
from make import FOLDERS, HERE, RECORDS
from simcam.ledger import NOT_KEPT


def test_survey_is_as_large_as_the_demo_needs(survey):
    runs = {record["run"] for record in survey.records.values()}
    assert len(runs) == 2
    assert len(survey.of_type("raw")) >= 40
    assert {a["task"] for a in survey.activities} >= {"biasGen", "isr", "calibrateImage", "assembleCoadd"}
    coadds = [a for a in survey.activities if a["task"] == "assembleCoadd"]
    assert max(sum(used.get("actual", True) for used in coadd["used"]) for coadd in coadds) > 25
    assert all(coadd["generated"][0]["data_id"]["tract"] == 9813 for coadd in coadds)


def test_survey_is_small():
    files = [HERE / name for name in RECORDS]
    files += [path for folder in FOLDERS for path in (HERE / folder).rglob("*.*")]
    assert sum(path.stat().st_size for path in files) < 3 * 2**20


def test_every_record_has_software_configuration_and_agent(survey):
    for record in survey.records.values():
        names = {package["name"] for package in record["environment"]["packages"]}
        assert names == {"astropy", "numpy", "simcam"}
        assert record["agent"]["type"] == "Organization"
        assert all(activity["config"] for activity in record["activities"])


def test_ids_are_uuid7_and_each_names_one_thing(survey):
    ids = [thing["id"] for thing in (*survey.declared, *survey.generated, *survey.activities)]
    assert len(set(ids)) == len(ids)
    assert {UUID(identifier).version for identifier in ids} == {7}


def test_everything_used_is_described(survey):
    assert {used["id"] for a in survey.activities for used in a["used"]} <= survey.datasets.keys()


def test_nothing_descends_from_itself(survey):
    parents = {
        dataset["id"]: {used["id"] for used in activity["used"]}
        for activity in survey.activities
        for dataset in activity["generated"]
    }
    TopologicalSorter(parents).prepare()  # raises CycleError


def test_nothing_was_used_before_it_was_there(survey):
    for activity in survey.activities:
        assert activity["started"] < activity["ended"]
        for used in activity["used"]:
            if maker := survey.makers.get(used["id"]):
                assert maker["ended"] <= activity["started"]


def test_files_are_where_the_records_say_and_no_others_are(survey):
    recorded = {d["file"] for d in survey.datasets.values() if d["type"] not in NOT_KEPT}
    kept = {
        path.relative_to(survey.root).as_posix() for folder in FOLDERS for path in (survey.root / folder).rglob("*.*")
    }
    assert kept == recorded


def test_every_file_is_valid_fits_with_right_checksums(survey):
    for path in sorted(survey.root.rglob("*.fits*")):
        with fits.open(path, checksum=True, disable_image_compression=True) as hdus:  # a wrong sum warns
            hdus.verify("exception")
            assert all("CHECKSUM" in hdu.header and "DATASUM" in hdu.header for hdu in hdus)
            assert not any(card.keyword.startswith("FPV_") for hdu in hdus for card in hdu.header.cards)


@pytest.mark.parametrize(("type_", "dimension"), [("raw", "exposure"), ("visit_image", "visit")])
def test_data_id_agrees_with_the_header(survey, type_, dimension):
    for dataset in survey.of_type(type_):
        header = fits.getheader(survey.root / dataset["file"])
        assert header["EXPID"] == dataset["data_id"][dimension]
        assert header["DETECTOR"] == dataset["data_id"]["detector"]
        assert dataset.get("name") in (None, header.get("OBSID"))
