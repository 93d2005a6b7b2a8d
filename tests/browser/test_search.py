"""The page to find datasets with: search, and drop a file of which only the header is sent."""

from __future__ import annotations

import gzip
import io
import shutil
from base64 import b64encode
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from astropy.io import fits

import fitsprov
from tests.browser.conftest import OpenPage
from tests.service.conftest import COADD


def headers_of(content: bytes) -> bytes:
    """All headers of a file, one behind the other."""
    with fits.open(io.BytesIO(content), disable_image_compression=True) as hdus:
        places = [hdu.fileinfo() for hdu in hdus]
    return b"".join(content[place["hdrLoc"] : place["datLoc"]] for place in places)


def drop(page: Any, name: str, content: bytes) -> None:
    """Drop a file onto the page, as a hand would."""
    page.evaluate(
        """([name, packed]) => {
            const dropped = new DataTransfer(), bytes = Uint8Array.from(atob(packed), one => one.charCodeAt(0));
            dropped.items.add(new File([bytes], name));
            const how = {dataTransfer: dropped, bubbles: true, cancelable: true};
            for (const kind of ["dragenter", "dragover", "drop"])
                document.body.dispatchEvent(new DragEvent(kind, how));
        }""",
        [name, b64encode(content).decode()],
    )


def test_search_leads_to_a_page(open_page: OpenPage) -> None:
    page = open_page("/")
    page.get_by_label("Type").fill("deep_coadd")
    page.get_by_label("dataId").fill("band=r tract=9813")
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="1 found").wait_for()
    page.get_by_role("link", name="deep_coadd").click()
    page.wait_for_url(f"**/dataset/{COADD}")
    assert page.locator("h1").inner_text() == "deep_coadd"


def reach(page: Any, told: str) -> None:
    """Go on with Tab until a link or field has the focus."""
    for _ in range(130):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.textContent.trim()").startswith(told):
            return
    raise AssertionError(f"{told} cannot be reached")


def test_keys_alone_search_turn_pages_and_open(open_page: OpenPage) -> None:
    page = open_page("/")
    page.locator("input[name=q]:focus").wait_for()  # it is given once the page has been shown
    page.keyboard.type("SC_O_20260314_00101")
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="1 found").wait_for()
    reach(page, "raw")
    page.keyboard.press("Enter")
    page.wait_for_url("**/dataset/*")
    assert page.locator("h1").inner_text() == "raw"
    page.goto("/?type=visit")
    reach(page, "More")
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Datasets 101 to 200").wait_for()
    page.goto("/?type=nothing")
    page.get_by_role("heading", name="Nothing found").wait_for()


@pytest.mark.parametrize("how", ["dropped", "chosen", "gzipped"])
def test_of_a_file_only_the_headers_are_sent(open_page: OpenPage, stamped: Path, how: str) -> None:
    page = open_page("/")
    content = gzip.compress(stamped.read_bytes()) if how == "gzipped" else stamped.read_bytes()
    with page.expect_request("**/resolve?DATA=0") as sent:
        if how == "chosen":
            page.locator("#file").set_input_files(stamped)
        else:
            drop(page, "some.fits.gz", content)
    body = sent.value.post_data_buffer
    assert body == headers_of(stamped.read_bytes())
    assert len(body) < stamped.stat().st_size
    page.locator(".badge.resolved").wait_for()
    told = page.locator("#told").inner_text()
    assert "deep_coadd" in told
    assert COADD in told
    page.keyboard.press("Enter")  # the link has the focus
    page.wait_for_url(f"**/dataset/{COADD}")


def in_an_extension(stamped: Path, folder: Path, lists: str) -> bytes:
    """A file with data in the primary HDU, and the stamp of the coadd only in its second extension."""
    stamp = fitsprov.read(stamped)
    assert stamp is not None
    pixels = np.arange(70_000, dtype=">i2").reshape(200, 350)
    table = fits.BinTableHDU.from_columns([fits.Column("WORDS", "PJ()", array=[[1, 2], [3] * 999, []])])
    target = folder / "extended.fits"
    fits.HDUList([fits.PrimaryHDU(pixels), table, fits.ImageHDU(pixels, name="SCI")]).writeto(target)
    fitsprov.stamp(target, replace(stamp, fingerprint=None), hdu="SCI", lists=lists)
    return target.read_bytes()


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("lists", ["cards", "table"])
def test_stamp_is_found_behind_data_which_stay_here(
    open_page: OpenPage, stamped: Path, tmp_path: Path, lists: str, packed: bool
) -> None:
    page, content = open_page("/"), in_an_extension(stamped, tmp_path, lists)
    with page.expect_request("**/resolve?DATA=0") as sent:
        drop(page, "some.fits", gzip.compress(content) if packed else content)
    assert sent.value.post_data_buffer == headers_of(content)
    page.locator(".badge.resolved").wait_for()
    assert "the stamp stands in HDU 2 (SCI)" in page.locator("#told").inner_text()


def test_tile_compressed_file_is_known(open_page: OpenPage, stamped: Path) -> None:
    stamp, buffer = fitsprov.read(stamped), io.BytesIO()
    assert stamp is not None
    image = fits.CompImageHDU(np.zeros((200, 300), dtype="i2"), compression_type="RICE_1")
    fits.HDUList([fits.PrimaryHDU(), image]).writeto(buffer)
    target = stamped.with_name("packed.fits.fz")
    target.write_bytes(buffer.getvalue())
    fitsprov.stamp(target, replace(stamp, fingerprint=None))
    page = open_page("/")
    page.locator("#file").set_input_files(target)
    page.locator(".badge.resolved").wait_for()


def test_stamp_that_came_along_with_other_data_is_told_so(open_page: OpenPage, stamped: Path, tmp_path: Path) -> None:
    derived = tmp_path / "smoothed.fits"
    shutil.copy(stamped, derived)
    with fits.open(derived, mode="update", checksum=True) as hdus:
        hdus[1].data = hdus[1].data + 1
    page = open_page("/")
    page.locator("#file").set_input_files(derived)
    page.locator(".badge.inherited").wait_for()
    assert "these data are not those that it was written for" in page.locator("#told").inner_text()


def test_gzipped_file_that_is_cut_off_counts_as_far_as_it_goes(open_page: OpenPage, stamped: Path) -> None:
    page = open_page("/")
    content = gzip.compress(stamped.read_bytes())
    drop(page, "cut.fits.gz", content[: len(content) * 2 // 3])
    page.locator(".badge.resolved").wait_for()


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "has no FITS header"),
        (b"PK\x03\x04" * 4000, "has no FITS header"),
        (b"SIMPLE  =                    T".ljust(2000), "has no FITS header"),
        (gzip.compress(b"no FITS" * 4000), "has no FITS header"),
        (b"\x1f\x8b but no gzip" * 400, "<b>odd</b>.fits: "),
    ],
    ids=["empty", "zip", "cut off", "gzip of something", "broken gzip"],
)
def test_what_is_no_fits_file_is_told_so(open_page: OpenPage, content: bytes, told: str) -> None:
    page = open_page("/")
    drop(page, "<b>odd</b>.fits", content)
    page.locator("#told .notice").wait_for()
    assert told in page.locator("#told").inner_text()


def test_file_without_a_stamp_is_told_so(open_page: OpenPage, survey: Path) -> None:
    page = open_page("/")
    page.locator("#file").set_input_files(survey / "refcat/simref.fits")
    page.locator(".badge.unstamped").wait_for()
    assert page.locator("#told .button").count() == 0
