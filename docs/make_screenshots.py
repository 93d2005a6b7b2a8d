"""Photograph the pages of the service for the documentation, with Chromium and the sample survey.

python docs/make_screenshots.py    # write docs/_static/page-*.png
"""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen
from uuid import UUID, uuid5

from playwright.sync_api import Browser, sync_playwright

import fitsprov
from fitsprov.actions.demonstrating import copy_sample

STATIC = Path(__file__).parent / "_static"
AUTHORITY = "ivo://example.org/simcam"
COADD, COADD_FILE = "01a1f86f-ec58-7674-bbaf-ebb2d628a976", "drp/deep_coadd/deep_coadd_9813_42_r.fits"
NAME = "what_is_this.fits"
VISITS, DETECTORS = 50, 30
LARGEST = 150 * 1024
"""Bytes of one picture."""


def main() -> None:
    """Photograph everything."""
    with tempfile.TemporaryDirectory() as name, serving(fill(Path(name))) as base, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"))
        for target, picture in photograph(browser, base, Path(name) / NAME):
            if len(picture) > LARGEST:
                raise RuntimeError(f"{target} has {len(picture)} bytes; expected {LARGEST} at most")
            (STATIC / target).write_bytes(picture)
            print(f"{target}  {len(picture) / 1024:.0f} KiB")
        browser.close()


def fill(folder: Path) -> Path:
    """The sample survey in a registry, a file that was exported from it, and a coadd of 1,500 raws."""
    copy_sample(folder)
    path = folder / "fitsprov.db"
    with fitsprov.Registry.create(path, authority=AUTHORITY) as registry:
        for record in ("calib.yaml", "drp.yaml"):
            registry.record(folder / record)
        registry.record(deep_survey())
        fitsprov.export(folder / COADD_FILE, folder / NAME, registry.stamp(COADD))
    return path


def deep_survey() -> dict[str, Any]:
    """The record of a coadd of many visits with many detectors each."""
    datasets, activities = [], []
    for visit in range(2026040100001, 2026040100001 + VISITS):
        places = [{"instrument": "SimCam", "detector": n} for n in range(DETECTORS)]
        raws = [(identify("raw", visit, n), {**place, "exposure": visit}) for n, place in enumerate(places)]
        datasets += [{"id": raw, "type": "raw", "data_id": place} for raw, place in raws]
        for n, place in enumerate(places):
            made = {"id": identify("image", visit, n), "type": "visit_image", "data_id": {**place, "visit": visit}}
            activities.append(do("calibrateImage", [raws[n][0]], "exposure", made))
        warp = {"id": identify("warp", visit), "type": "direct_warp", "data_id": {"tract": 9813, "visit": visit}}
        activities.append(do("makeWarp", [identify("image", visit, n) for n in range(DETECTORS)], "images", warp))
    warps = [one["generated"][0]["id"] for one in activities if one["task"] == "makeWarp"]
    coadd = {"id": identify("coadd"), "type": "deep_coadd", "data_id": {"tract": 9813, "patch": 43, "band": "i"}}
    activities.append(do("assembleCoadd", warps, "warps", coadd))
    return {"fitsprov": 1, "run": "SimCam/runs/DRP/v2", "datasets": datasets, "activities": activities}


def identify(*what: object) -> str:
    """The same ID for the same thing."""
    return str(uuid5(UUID(int=0), " ".join(map(str, what))))


def do(task: str, used: list[str], role: str, made: dict[str, Any]) -> dict[str, Any]:
    """One activity."""
    return {"task": task, "version": "2.0", "used": [{"id": one, "role": role} for one in used], "generated": [made]}


@contextmanager
def serving(registry: Path) -> Iterator[str]:
    """The service, as an operator starts it."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "fitsprov", "serve", "--port", str(port), "--registry", f"sqlite:///{registry}"]
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    try:
        base = f"http://127.0.0.1:{port}"
        for _ in range(100):
            try:
                urlopen(f"{base}/availability").close()
                break
            except URLError:
                time.sleep(0.1)
        yield base
    finally:
        process.terminate()
        process.wait()


def photograph(browser: Browser, base: str, file: Path) -> Iterator[tuple[str, bytes]]:
    """Name → PNG."""
    page = browser.new_page(viewport={"width": 1000, "height": 1000})
    page.goto(base)
    page.set_input_files("#file", file)
    page.locator(".badge").wait_for()
    page.evaluate("document.activeElement.blur()")
    yield "page-search.png", page.screenshot(full_page=True)

    page = browser.new_page(viewport={"width": 1100, "height": 1000}, color_scheme="light")
    page.goto(f"{base}/dataset/{COADD}")
    yield "page-dataset.png", page.screenshot(clip={"x": 0, "y": 0, "width": 1100, "height": 1000})

    page = browser.new_page(viewport={"width": 1100, "height": 1150}, color_scheme="dark")
    page.goto(f"{base}/dataset/{identify('coadd')}")
    page.locator("svg.walked a", has_text="1,500 × raw").click()
    page.locator(".fold").wait_for()
    yield "page-unfolded.png", page.screenshot(clip=page.locator("#lineage").bounding_box())

    page = browser.new_page(viewport={"width": 400, "height": 860}, color_scheme="dark")
    page.goto(f"{base}/dataset/{COADD}")
    yield "page-small.png", page.screenshot()


if __name__ == "__main__":
    main()
