"""The page to find datasets with: search, and drop a file of which only the header is sent."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import pytest

from tests.browser.conftest import OpenPage
from tests.service.conftest import COADD

BLOCK = 2880


def header_of(path: Path) -> bytes:
    """The first header of a file whose primary HDU has no data, and that of its first extension."""
    data = path.read_bytes()
    ends = [at for at in range(0, len(data), 80) if data[at : at + 80] == b"END".ljust(80)]
    return data[: -(-(ends[1] + 80) // BLOCK) * BLOCK]


def drop(page: Any, name: str, content: bytes) -> None:
    """Drop a file onto the page, as a hand would."""
    page.evaluate(
        """([name, bytes]) => {
            const dropped = new DataTransfer();
            dropped.items.add(new File([new Uint8Array(bytes)], name));
            const how = {dataTransfer: dropped, bubbles: true, cancelable: true};
            for (const kind of ["dragenter", "dragover", "drop"])
                document.body.dispatchEvent(new DragEvent(kind, how));
        }""",
        [name, list(content)],
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


@pytest.mark.parametrize("how", ["dropped", "chosen", "gzipped"])
def test_of_a_file_only_the_header_is_sent(open_page: OpenPage, stamped: Path, how: str) -> None:
    page = open_page("/")
    content = gzip.compress(stamped.read_bytes()) if how == "gzipped" else stamped.read_bytes()
    with page.expect_request("**/resolve") as sent:
        if how == "chosen":
            page.locator("#file").set_input_files(stamped)
        else:
            drop(page, "some.fits.gz", content)
    body = sent.value.post_data_buffer
    assert body == header_of(stamped)
    assert len(body) < stamped.stat().st_size / 2
    page.locator(".badge.resolved").wait_for()
    told = page.locator("#told").inner_text()
    assert "deep_coadd" in told
    assert COADD in told
    page.keyboard.press("Enter")  # the link has the focus
    page.wait_for_url(f"**/dataset/{COADD}")


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
