"""The Python interface, on files and on objects in memory."""

from __future__ import annotations

import io
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import fitsio
import numpy as np
import pytest
from astropy.io import fits

import fitsprov
from fitsprov.errors import Conflict, DatasetNotFound, InvalidRecord, StampRefused, UsageError

COADD = UUID("019b68f5-824c-7ebd-9f7b-bf0d08b412b1")
RAWS = [UUID(int=COADD.int + n) for n in (1, 2)]
FLAT = UUID(int=COADD.int + 3)
STAMP = fitsprov.Stamp(
    id=COADD,
    run="survey/run",
    type="coadd",
    data_id={"tract": 9813, "band": "r"},
    parents=[RAWS[0], fitsprov.Input(RAWS[1], role="exposure", type="raw"), "a name", FLAT],
    raws=RAWS,
)
RECORD = {
    "fitsprov": 1,
    "run": "survey/run",
    "types": {"flat": {"category": "calibration"}},
    "datasets": [
        {"id": str(RAWS[0]), "type": "raw", "run": "raw/all", "data_id": {"exposure": 1}, "name": "EXP_1"},
        {"id": str(RAWS[1]), "type": "raw", "run": "raw/all", "data_id": {"exposure": 2}, "name": "EXP_2"},
        {"id": str(FLAT), "type": "flat", "run": "calib"},
    ],
    "activities": [
        {
            "task": "coadd",
            "version": "1.0",
            "config": {"clip": 3},
            "started": datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC).isoformat(),
            "used": [
                {"id": str(RAWS[0]), "role": "exposure"},
                {"id": str(RAWS[1]), "role": "exposure", "actual": False},
                {"id": str(FLAT), "role": "flat"},
            ],
            "generated": [{"id": str(COADD), "type": "coadd", "data_id": {"tract": 9813, "band": "r"}}],
        }
    ],
}


@pytest.fixture
def image(tmp_path: Path) -> Path:
    path = tmp_path / "image.fits"
    header = fits.Header([("OBJECT", "M13", "target"), ("HIERARCH ESO DPR CATG", "SCIENCE")])
    sky = np.arange(100, dtype="i2").reshape(10, 10)
    fits.HDUList([fits.PrimaryHDU(header=header), fits.ImageHDU(sky, name="SCI")]).writeto(path, checksum=True)
    return path


@pytest.fixture
def registry(tmp_path: Path) -> Iterator[fitsprov.Registry]:
    url = f"sqlite:///{tmp_path}/registry.db"
    with fitsprov.Registry.create(url, base_url="https://a.org/dl/", authority="ivo://a.org/dr1") as made:
        made.record(RECORD)
        yield made


def test_stamp_read_and_strip_a_file(image: Path) -> None:
    before = image.read_bytes()
    assert fitsprov.stamp(image, STAMP) != "unchanged"
    found = fitsprov.read(image)
    assert found is not None
    assert (found.id, found.run, found.type, found.data_id) == (STAMP.id, STAMP.run, STAMP.type, STAMP.data_id)
    assert [item.key for item in found.parents or ()] == [item.key for item in STAMP.parents or ()]
    assert found.raws == STAMP.raws
    assert found.fingerprint is not None
    assert fitsprov.stamp(image, STAMP) == "unchanged"
    fitsprov.strip(image)
    assert image.read_bytes()[:2880] == before[:2880]
    assert fitsprov.read(image) is None


@pytest.mark.parametrize("spelling", [str, Path, lambda path: path.as_uri()], ids=["str", "Path", "URL"])
def test_a_file_may_be_named_in_several_ways(image: Path, spelling: object) -> None:
    fitsprov.stamp(spelling(image), STAMP)
    assert fitsprov.read(spelling(image)).id == COADD


def test_a_stamp_may_stand_in_an_extension(image: Path) -> None:
    fitsprov.stamp(image, STAMP, hdu="SCI")
    assert "FPV_ID" not in fits.getheader(image, 0)
    assert fitsprov.read(image, hdu=0) is None
    assert fitsprov.read(image, hdu="SCI,1").id == COADD
    reading = fitsprov.inspect(image)
    assert reading.stamp.id == COADD
    assert [finding.code for finding in reading.findings] == ["stamp-in-extension"]


def test_bytes_and_open_files_are_read_where_they_stand(image: Path) -> None:
    fitsprov.stamp(image, STAMP)
    assert fitsprov.read(image.read_bytes()).id == COADD
    with image.open("rb") as file:
        assert fitsprov.read(file).id == COADD
        assert file.tell() == 0
    assert fitsprov.read(io.BytesIO(image.read_bytes())).id == COADD


def test_what_an_hdulist_writes_carries_the_stamp(image: Path, tmp_path: Path) -> None:
    with fits.open(image) as hdus:
        fitsprov.stamp(hdus, STAMP)
        assert fitsprov.read(hdus).id == COADD
        hdus.writeto(tmp_path / "copy.fits")
    reading = fitsprov.inspect(tmp_path / "copy.fits")
    assert reading.stamp.id == COADD
    assert reading.findings == ()
    with fits.open(tmp_path / "copy.fits", checksum=True) as hdus:
        assert hdus[0].header["OBJECT"] == "M13"


def test_what_is_written_with_a_header_carries_the_stamp(tmp_path: Path) -> None:
    header = fits.Header([("OBJECT", "M13")])
    fitsprov.stamp(header, STAMP)
    fits.writeto(tmp_path / "a.fits", np.zeros((3, 3)), header)
    assert fitsprov.inspect(tmp_path / "a.fits").findings == ()
    assert fitsprov.read(tmp_path / "a.fits").id == COADD
    fitsprov.strip(header)
    assert list(header) == ["OBJECT"]


def test_a_fitsio_file_is_stamped_and_read(image: Path) -> None:
    with fitsio.FITS(str(image), "rw") as file:
        fitsprov.stamp(file, STAMP)
        assert fitsprov.read(file).id == COADD
    reading = fitsprov.inspect(image)
    assert reading.stamp.id == COADD
    assert reading.findings == ()
    assert (fits.getdata(image, "SCI") == np.arange(100).reshape(10, 10)).all()


def test_anything_else_is_refused_by_its_type() -> None:
    with pytest.raises(UsageError, match="int"):
        fitsprov.read(7)
    with pytest.raises(UsageError, match="dict"):
        fitsprov.stamp({}, STAMP)


def test_another_dataset_is_refused_replaced_or_derived(image: Path) -> None:
    fitsprov.stamp(image, STAMP)
    other = fitsprov.Stamp(id=FLAT, run="r", type="t")
    with pytest.raises(StampRefused, match=str(COADD)):
        fitsprov.stamp(image, other)
    fitsprov.stamp(image, other, derive=True)
    assert [item.id for item in fitsprov.read(image).parents] == [COADD]
    fitsprov.stamp(image, STAMP, replace=True)
    assert fitsprov.read(image).id == COADD


def test_the_date_is_kept_while_nothing_else_changes(image: Path) -> None:
    first, second = (datetime(2026, 1, day, tzinfo=UTC) for day in (1, 2))
    fitsprov.stamp(image, STAMP, clock=lambda: first)
    assert fitsprov.stamp(image, STAMP, clock=lambda: second) == "unchanged"
    assert fitsprov.read(image).stamped == first
    fitsprov.stamp(image, replace(STAMP, type="other"), clock=lambda: second)
    assert fitsprov.read(image).stamped == second


@pytest.mark.parametrize("mode", ["cards", "table", "none"])
def test_lists_go_where_they_are_told(image: Path, mode: str) -> None:
    fitsprov.stamp(image, STAMP, lists=mode)
    found = fitsprov.read(image)
    assert (found.n_parents, found.n_raws, found.digests) == (4, 2, STAMP.digests)
    assert (found.raws is None) is (mode == "none")
    with fits.open(image) as hdus:
        assert ("FITSPROV" in hdus) is (mode == "table")


def test_a_list_that_moves_leaves_nothing_behind(image: Path) -> None:
    for mode in ("table", "cards", "table", "none", "cards"):
        fitsprov.stamp(image, STAMP, lists=mode)
        with fits.open(image) as hdus:
            assert ("FITSPROV" in hdus) is (mode == "table")
            assert ("FPV_R1" in hdus[0].header) is (mode == "cards")
        assert fitsprov.inspect(image).findings == ()


def test_a_fingerprint_identifies_the_data(image: Path) -> None:
    fitsprov.stamp(image, STAMP, fingerprint=True)
    assert fitsprov.read(image).fingerprint.startswith("sha256:1:")
    assert fitsprov.verify(image) == ()
    with fits.open(image, mode="update", checksum=True) as hdus:
        hdus["SCI"].data = hdus["SCI"].data[::-1].copy()
    assert "stamp-inherited" in {finding.code for finding in fitsprov.verify(image)}


def test_a_registry_gives_stamps(registry: fitsprov.Registry) -> None:
    stamp = registry.stamp(str(COADD))
    assert stamp.publisher_did == f"ivo://a.org/dr1?{COADD}"
    assert stamp.datalink.startswith("https://a.org/dl/links?ID=ivo%3A%2F%2Fa.org")
    assert [(item.id, item.role) for item in stamp.parents] == [(RAWS[0], "exposure"), (FLAT, "flat")]
    assert [item.id for item in stamp.raws] == RAWS[:1]
    assert registry.dataset("EXP_1").id == RAWS[0]
    with pytest.raises(DatasetNotFound):
        registry.stamp(UUID(int=0))


def test_records_come_in_as_objects_and_files(registry: fitsprov.Registry, tmp_path: Path) -> None:
    assert registry.record(RECORD).datasets == 0
    (tmp_path / "r.yaml").write_text(f"fitsprov: 1\ndatasets:\n - {{id: {UUID(int=9)}, type: raw, run: r}}\n")
    assert registry.record(tmp_path / "r.yaml").datasets == 1
    with pytest.raises(InvalidRecord, match="colour"):
        registry.record({"fitsprov": 1, "colour": "red"})
    with pytest.raises(Conflict):
        registry.record({"fitsprov": 1, "datasets": [{"id": str(COADD), "type": "raw"}]})


def test_a_resolution_has_tables(image: Path, registry: fitsprov.Registry) -> None:
    fitsprov.stamp(image, registry.stamp(COADD))
    found = fitsprov.resolve(image, registry)
    assert found.status == "resolved"
    assert found.dataset.id == COADD
    assert found.activity.task == "coadd"
    assert found.lineage.complete
    assert list(found.raws["id"]) == [str(RAWS[0])]
    assert list(found.parents["role"]) == ["exposure", "flat"]
    assert list(found.parents["category"]) == ["raw", "calibration"]
    assert found.parents["data_id"][0] == {"exposure": 1}
    assert all(column.description for column in found.parents.columns.values())
    assert found.findings == ()


def test_a_header_alone_resolves_to_what_it_says(image: Path) -> None:
    fitsprov.stamp(image, STAMP)
    found = fitsprov.resolve(image)
    assert (found.status, found.source) == ("unknown", "header")
    assert len(found.parents) == 4
    assert len(found.raws) == 2
    assert [finding.code for finding in found.findings] == ["dataset-unknown"]


def test_a_contradiction_is_a_conflict(image: Path, registry: fitsprov.Registry) -> None:
    fitsprov.stamp(image, replace(registry.stamp(COADD), run="elsewhere"))
    found = fitsprov.resolve(image, registry)
    assert found.status == "conflict"
    assert [finding.keyword for finding in found.findings] == ["FPV_RUN"]


def test_lists_that_the_registry_outgrew_are_stale(image: Path, registry: fitsprov.Registry) -> None:
    fitsprov.stamp(image, replace(registry.stamp(COADD), parents=[FLAT], n_parents=None, digests=None))
    findings = fitsprov.verify(image, registry)
    assert fitsprov.verdict_of(findings) == "stale"
    assert {finding.keyword for finding in findings} == {"FPV_NPAR", "FPV_SUM"}


def test_export_gives_the_copy_and_leaves_the_source(image: Path, tmp_path: Path) -> None:
    before = image.read_bytes()
    (tmp_path / "out").mkdir()
    copy = fitsprov.export(image, tmp_path / "out", STAMP)
    assert copy == tmp_path / "out" / "image.fits"
    assert fitsprov.read(copy).id == COADD
    assert image.read_bytes() == before


def test_importing_is_light() -> None:
    heavy = "[m for m in ('astropy', 'numpy', 'sqlalchemy') if m in sys.modules]"
    code = f"import sys, fitsprov; fitsprov.Stamp; print({heavy})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("name", fitsprov.__all__)
def test_every_public_name_is_there_and_documented(name: str) -> None:
    assert getattr(fitsprov, name).__doc__
    assert name in dir(fitsprov)
