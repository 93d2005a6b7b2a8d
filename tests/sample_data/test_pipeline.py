"""Every recorded step is true: done again from what it used, with its configuration, it gives what was kept."""

from __future__ import annotations

import json

import numpy as np
import pytest
from astropy.io import fits
from make import HERE, RECORDS, compare, differences, make
from simcam import layout, sky


@pytest.mark.parametrize("task", ["biasGen", "darkGen", "flatGen", "calibrateImage", "assembleCoadd"])
def test_recorded_step_done_again_gives_the_kept_file(survey, task, tmp_path):
    for activity in (a for a in survey.activities if a["task"] == task):
        products = survey.rerun(activity)
        assert set(products) == {dataset["type"] for dataset in activity["generated"]}
        for dataset in activity["generated"]:
            kept, product = survey.root / dataset["file"], products[dataset["type"]]
            again = tmp_path / kept.name
            again.write_bytes(json.dumps(product).encode() if isinstance(product, dict) else layout.encode(product))
            assert compare(again, kept) == ""


def test_image_that_is_not_kept_is_made_from_its_raw(survey):
    images = survey.of_type("post_isr_image")
    assert not any((survey.root / image["file"]).exists() for image in images)
    cleaned = survey.content(images[0]["id"])
    assert [hdu.name for hdu in cleaned] == ["PRIMARY", "SCI", "VAR", "MASK"]


def test_survey_made_again_is_the_same(survey, tmp_path):
    make(tmp_path, survey.records[RECORDS[0]]["environment"])
    assert differences(tmp_path, HERE) == []


def test_changed_pixel_is_found(survey, tmp_path):
    kept = survey.root / survey.of_type("flat")[0]["file"]
    with fits.open(kept) as hdus:
        hdus[0].data[10, 10] *= 1.01
        hdus.writeto(tmp_path / kept.name)
    assert compare(tmp_path / kept.name, kept)


def test_other_configuration_gives_another_coadd(survey):
    activity = survey.makers[survey.of_type("deep_coadd")[0]["id"]]
    strict = survey.rerun(activity | {"config": activity["config"] | {"max_seeing": 1.1}})["deep_coadd"]
    kept = survey.content(activity["generated"][0]["id"])
    assert strict[0].header["NCOMBINE"] < kept[0].header["NCOMBINE"]


def test_record_tells_which_visits_were_really_used(survey):
    for coadd in survey.of_type("deep_coadd"):
        hdus = survey.content(coadd["id"])
        presented = survey.makers[coadd["id"]]["used"]
        assert [used.get("actual", True) for used in presented] == hdus["INPUTS"].data["USED"].tolist()
        visits = [survey.datasets[used["id"]]["data_id"]["visit"] for used in presented]
        assert visits == hdus["INPUTS"].data["VISIT"].tolist()
        assert hdus[0].header["NCOMBINE"] == hdus["INPUTS"].data["USED"].sum() == hdus["NIMAGE"].data.max()


def test_two_blurred_visits_were_set_aside(survey):
    coadd = next(d for d in survey.of_type("deep_coadd") if d["data_id"]["band"] == "r")
    table = survey.content(coadd["id"])["INPUTS"].data
    assert (~table["USED"]).sum() == 2
    assert table["SEEING"][~table["USED"]].min() > 1.6 > table["SEEING"][table["USED"]].max()


def test_stars_in_the_coadd_are_where_and_as_bright_as_in_the_sky(survey):
    coadd = survey.content(next(d["id"] for d in survey.of_type("deep_coadd") if d["data_id"]["band"] == "r"))
    image = coadd["SCI"].data.astype(float)
    excess = []
    for star in sky.stars()[:12]:
        x, y = 29.5 - star.east / 0.5, 29.5 + star.north / 0.5
        if 6 < x < 53 and 6 < y < 53:
            rows, columns = np.ogrid[:60, :60]
            flux = image[np.hypot(columns - x, rows - y) < 4].sum()
            excess.append(31.4 - 2.5 * np.log10(flux) - star.magnitudes["r"])
    assert len(excess) >= 5
    assert abs(np.median(excess)) < 0.1


def test_coadd_is_deeper_than_a_visit(survey):
    coadd = survey.content(survey.of_type("deep_coadd")[0]["id"])
    visit = survey.content(survey.of_type("visit_image")[0]["id"])
    assert np.median(coadd["VAR"].data) < np.median(visit["VAR"].data) / 15
