"""Make the sample survey, or check that making it again gives the same.

    python sample_data/make.py            # writes the files and records beside this script
    python sample_data/make.py --check    # makes them in a temporary folder and compares

Needs numpy, astropy and PyYAML. See SOURCES.md for what it makes.
"""

from __future__ import annotations

import argparse
import json
import shutil
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml
from astropy.io import fits
from simcam import camera, ledger, sky, survey
from simcam.ledger import Dataset, Run

HERE = Path(__file__).parent
FOLDERS = ("raw", "refcat", "calib", "drp")
RECORDS = ("calib.yaml", "drp.yaml")

CALIB = "SimCam/calib/v1/20261120T090000Z"
DRP = "SimCam/runs/DRP/v1/20261120T100000Z"

DETECTOR: dict[str, ledger.Scalar] = {"instrument": "SimCam", "detector": 0}
TRACT: dict[str, ledger.Scalar] = {"skymap": "simcam_v1", "tract": 9813}
PATCH = TRACT | {"patch": 42}

COMBINE = {"clip": 4.0}
ISR = {"saturation": 65000, "hot": 2.0}
CALIBRATE = {"sky_clip": 2.0, "cr_significance": 6.0, "cr_contrast": 3.0, "star_snr": 8.0, "edge": 4.0, "match": 1.5}
COADD = {
    **{"ra": sky.CENTRE[0], "dec": sky.CENTRE[1], "size": 60, "pixel": 0.5},
    **{"max_seeing": 1.6, "clip": 5.0, "compress": False},
}


def make(root: Path, environment: dict[str, Any]) -> None:
    """Observe, calibrate and coadd the survey into `root`."""
    raws = {exposure: _raw(exposure) for exposure in survey.plan()}
    catalogue = Dataset.make(
        "simref", "SimCam/refcats", TRACT, sky.reference_catalogue(), datetime(2026, 1, 10, 12, tzinfo=UTC)
    )
    calib, calibrations = calibrate_camera(raws, environment)
    drp = process_sky(raws, catalogue, calibrations, environment)
    for dataset in {d.id: d for run in (calib, drp) for d in run.datasets + run.made}.values():
        dataset.save(root)
    for run, name in zip((calib, drp), RECORDS, strict=True):
        (root / name).write_text(run.record(), encoding="utf-8")


def calibrate_camera(
    raws: dict[survey.Exposure, Dataset], environment: dict[str, Any]
) -> tuple[Run, dict[str, Dataset]]:
    """Combine the calibration exposures: a bias, a dark, and a flat in each band."""
    run = Run(CALIB, datetime(2026, 11, 20, 9, tzinfo=UTC), environment)
    run.declare(*(raw for exposure, raw in raws.items() if exposure.kind != "object"))

    def taken(kind: str, band: str | None = None) -> list[Dataset]:
        return [raw for exposure, raw in raws.items() if (exposure.kind, exposure.band) == (kind, band)]

    [bias] = run.do("biasGen", COMBINE, DETECTOR, biasExposures=taken("bias"))
    [dark] = run.do("darkGen", COMBINE, DETECTOR, darkExposures=taken("dark"), bias=[bias])
    made = {"bias": bias, "dark": dark}
    for band in "gr":
        data_id = DETECTOR | {"physical_filter": band}
        [made[band]] = run.do("flatGen", COMBINE, data_id, flatExposures=taken("flat", band), bias=[bias], dark=[dark])
    return run, made


def process_sky(
    raws: dict[survey.Exposure, Dataset],
    catalogue: Dataset,
    calibrations: dict[str, Dataset],
    environment: dict[str, Any],
) -> Run:
    """Calibrate every exposure of the sky, and coadd them in each band."""
    run = Run(DRP, datetime(2026, 11, 20, 10, tzinfo=UTC), environment)
    night = {exposure: raw for exposure, raw in raws.items() if exposure.kind == "object"}
    run.declare(*night.values(), catalogue)
    run.event("SimCam/readout", "firmware", *survey.FIRMWARE, survey.FIRMWARE_CHANGED)
    visits: dict[str, list[Dataset]] = {"g": [], "r": []}
    for exposure, raw in night.items():
        assert exposure.band
        [cleaned] = run.do(
            "isr",
            ISR,
            raw.data_id,
            ccdExposure=[raw],
            bias=[calibrations["bias"]],
            dark=[calibrations["dark"]],
            flat=[calibrations[exposure.band]],
        )
        data_id = DETECTOR | {"visit": exposure.number}
        visit, _ = run.do("calibrateImage", CALIBRATE, data_id, exposure=[cleaned], refCat=[catalogue])
        visits[exposure.band].append(visit)
    run.do("assembleCoadd", COADD, PATCH | {"band": "r"}, visitImages=visits["r"])
    run.do("assembleCoadd", COADD | {"compress": True}, PATCH | {"band": "g"}, visitImages=visits["g"])
    return run


def _raw(exposure: survey.Exposure) -> Dataset:
    data_id = DETECTOR | {"exposure": exposure.number}
    return Dataset.make("raw", "SimCam/raw/all", data_id, camera.expose(exposure), exposure.start, exposure.name)


def differences(made: Path, kept: Path) -> list[str]:
    """Compare two makings of the survey, file by file."""
    files = {
        path.relative_to(root) for root in (made, kept) for folder in FOLDERS for path in (root / folder).rglob("*.*")
    }
    files |= {Path(name) for name in RECORDS}
    found = []
    for file in sorted(files):
        if not ((made / file).exists() and (kept / file).exists()):
            found.append(f"{file}: missing in {kept if (made / file).exists() else made}")
        elif difference := compare(made / file, kept / file):
            found.append(f"{file}: {difference}")
    return found


def compare(one: Path, other: Path) -> str:
    """Tell how two files differ; empty if they do not.

    Records must be the same to the byte. Floating-point pixels, and what is measured on them, may differ in their last
    digits, because numpy adds up in another order on another processor; checksums follow them.
    """
    if one.read_bytes() == other.read_bytes():
        return ""
    if ".fits" in one.suffixes:
        report = fits.FITSDiff(one, other, ignore_keywords=["CHECKSUM", "DATASUM"], rtol=1e-5, atol=1e-3)
        return "" if report.identical else str(report.report())
    if one.suffix == ".json":
        a, b = (json.loads(path.read_text(encoding="utf-8")) for path in (one, other))
        if a.keys() == b.keys() and all(abs(a[key] - b[key]) <= 1e-3 for key in a):
            return ""
    return "differs"


def main() -> int:
    """Make the survey, or check it."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--check", action="store_true", help="compare a new making with the files that are here")
    if not parser.parse_args().check:
        for folder in FOLDERS:
            shutil.rmtree(HERE / folder, ignore_errors=True)
        make(HERE, ledger.environment())
        return 0
    # the record tells which software made the files that are here; another making must agree in all else
    environment = yaml.safe_load((HERE / RECORDS[0]).read_text(encoding="utf-8"))["environment"]
    with tempfile.TemporaryDirectory() as folder:
        make(Path(folder), environment)
        found = differences(Path(folder), HERE)
    print("\n".join(found) or "the same")
    return 1 if found else 0


if __name__ == "__main__":
    raise SystemExit(main())
