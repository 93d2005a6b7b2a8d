"""Stamped files that astropy and fitsio write anew: the stamp comes through, and `verify` says what was changed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import fitsio
import numpy as np
import pytest
from astropy.io import fits

import fitsprov
from fitsprov import Input, Stamp, Verdict
from tests.actions.conftest import uid

STAMP = Stamp(
    id=uid("image"),
    run="SimCam/runs/DRP/v1/20261120T100000Z/it's a long one & more" + "/part" * 12,
    type="image",
    data_id={"instrument": "SimCam", "visit": 7, "band": "r"},
    activity_id=uid("quantum"),
    publisher_did=f"ivo://example.org/simcam?{uid('image')}",
    datalink=f"https://example.org/prov/links?ID={uid('image')}",
    parents=(Input(uid("a")), Input(uid("b")), Input(name="SC_O_20260314_000101.fits")),
    raws=(Input(uid("raw 1")), Input(uid("raw 2"))),
)


@pytest.fixture(params=["cards", "table"])
def stamped(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A stamped file with an image and a table, its lists in cards or in a table, and a fingerprint of the data."""
    path = tmp_path / "image.fits"
    pixels = np.arange(1200, dtype=np.int16).reshape(30, 40)
    table = fits.BinTableHDU.from_columns([fits.Column("X", "J", array=np.arange(9))], name="CAT")
    fits.HDUList([fits.PrimaryHDU(pixels), fits.ImageHDU(pixels.astype("f4"), name="SCI"), table]).writeto(path)
    fitsprov.stamp(path, STAMP, lists=request.param, fingerprint=True)
    return path


def rewrite_by_astropy(path: Path) -> None:
    with fits.open(path) as hdus:
        hdus[0].header["OBSERVER"] = "somebody"
        hdus.writeto(path, overwrite=True, checksum=True)


def update_by_astropy(path: Path) -> None:
    with fits.open(path, mode="update") as hdus:
        hdus[0].header["OBSERVER"] = ("somebody", "who was there")
        hdus["SCI"].header["BUNIT"] = "adu"


def update_by_fitsio(path: Path) -> None:
    with fitsio.FITS(str(path), "rw") as file:
        file[0].write_key("OBSERVER", "somebody", comment="who was there")
        file["SCI"].write_key("BUNIT", "adu")


@pytest.mark.parametrize("rewrite", [rewrite_by_astropy, update_by_astropy, update_by_fitsio])
def test_the_stamp_comes_through_and_is_clean(stamped: Path, rewrite: Callable[[Path], None]) -> None:
    rewrite(stamped)
    found = fitsprov.read(stamped)
    assert found.same_as(fitsprov.read(stamped))
    for field in ("id", "run", "type", "data_id", "activity_id", "publisher_did", "datalink", "digests"):
        assert getattr(found, field) == getattr(STAMP, field)
    assert [item.key for item in found.parents] == [item.key for item in STAMP.parents]
    assert [item.key for item in found.raws] == [item.key for item in STAMP.raws]
    findings = fitsprov.verify(stamped)
    assert (fitsprov.verdict_of(findings), [finding.code for finding in findings]) == (Verdict.OK, [])
    assert fitsprov.stamp(stamped, STAMP) in ("unchanged", "flipped", "copied")
    assert fitsprov.verdict_of(fitsprov.verify(stamped)) == Verdict.OK
    fitsprov.strip(stamped)
    with fits.open(stamped) as hdus:
        assert [hdu.name for hdu in hdus] == ["PRIMARY", "SCI", "CAT"]
        assert hdus[0].header["OBSERVER"] == "somebody"
        assert not any(keyword.startswith("FPV_") for keyword in hdus[0].header)


def change_pixels_by_astropy(path: Path) -> None:
    with fits.open(path, mode="update") as hdus:
        hdus[0].data[3, 4] += 1


def mirror_by_astropy(path: Path) -> None:
    with fits.open(path) as hdus:
        hdus[0].data = hdus[0].data[:, ::-1].copy()
        hdus.writeto(path, overwrite=True)


def change_pixels_by_fitsio(path: Path) -> None:
    with fitsio.FITS(str(path), "rw") as file:
        pixels = file[0].read()
        file[0].write(pixels + 1)


@pytest.mark.parametrize("change", [change_pixels_by_astropy, mirror_by_astropy, change_pixels_by_fitsio])
def test_other_data_under_a_copied_header_are_noticed(stamped: Path, change: Callable[[Path], None]) -> None:
    change(stamped)
    verdict = fitsprov.verdict_of(fitsprov.verify(stamped))
    assert verdict in (Verdict.INHERITED, Verdict.TAMPERED)
    assert fitsprov.verdict_of(fitsprov.verify(stamped, data=False)) == Verdict.OK


@pytest.mark.parametrize("keyword", ["FPV_RUN", "FPV_ACT", "FPV_NRAW"])
@pytest.mark.parametrize("tool", ["astropy", "fitsio"])
def test_a_card_that_they_edit_or_lose_breaks_the_seal(stamped: Path, keyword: str, tool: str) -> None:
    old = fits.getheader(stamped)[keyword]
    new = old + 1 if isinstance(old, int) else old.replace("a", "b")
    if tool == "astropy":
        fits.setval(stamped, keyword, value=new)
    else:
        with fitsio.FITS(str(stamped), "rw") as file:
            file[0].write_key(keyword, new)
    assert "seal-broken" in {finding.code for finding in fitsprov.verify(stamped)}
    fits.delval(stamped, keyword)
    assert fitsprov.verdict_of(fitsprov.verify(stamped)) == Verdict.TAMPERED
