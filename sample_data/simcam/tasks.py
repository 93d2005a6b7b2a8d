"""The pipeline: from raw exposures to coadds, each task a pure function.

A task takes its inputs by role (the roles of the run record) and its configuration as keywords (the ``config`` of
the run record), and returns its products by dataset type. It reads no file, no clock and no truth, so that what a
record says it did can be done again::

    TASKS[activity["task"]](inputs, **activity["config"])
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from astropy.io import fits
from astropy.wcs import WCS

from simcam import layout
from simcam.images import (
    MAD_TO_SIGMA,
    SIGMA_TO_FWHM,
    background,
    clipped_mean,
    cosmic_rays,
    moments,
    psf_flux,
    resample,
)

Inputs = Mapping[str, Sequence[fits.HDUList]]
Products = dict[str, Any]
"""Dataset type → `~astropy.io.fits.HDUList`, or a dictionary of measurements."""

BAD, SAT, CR = (1 << bit for bit in layout.MASK_PLANES.values())
NANOJANSKY = 31.4
"""AB magnitude of one nJy."""


def bias_gen(inputs: Inputs, *, clip: float) -> Products:
    """Average bias exposures: what the electronics add to every pixel, in counts."""
    stack = np.stack([_pixels(raw[0]) for raw in inputs["biasExposures"]])
    return {"bias": _calibration(inputs["biasExposures"], clipped_mean(stack, clip), "adu")}


def dark_gen(inputs: Inputs, *, clip: float) -> Products:
    """Average dark exposures: what gathers without light, in counts per second."""
    bias = _pixels(inputs["bias"][0][0])
    stack = np.stack([(_pixels(raw[0]) - bias) / raw[0].header["EXPTIME"] for raw in inputs["darkExposures"]])
    return {"dark": _calibration(inputs["darkExposures"], clipped_mean(stack, clip), "adu/s")}


def flat_gen(inputs: Inputs, *, clip: float) -> Products:
    """Average exposures of an even screen: the response of each pixel relative to the median one."""
    bias, dark = _pixels(inputs["bias"][0][0]), _pixels(inputs["dark"][0][0])
    stack = np.stack([_pixels(raw[0]) - bias - dark * raw[0].header["EXPTIME"] for raw in inputs["flatExposures"]])
    response = clipped_mean(stack / np.median(stack, axis=(1, 2), keepdims=True), clip)
    return {"flat": _calibration(inputs["flatExposures"], response / np.median(response), "")}


def isr(inputs: Inputs, *, saturation: float, hot: float) -> Products:
    """Remove the signature of the instrument from one exposure.

    Parameters
    ----------
    saturation
        Counts from which on a pixel was full.
    hot
        Dark counts per second from which on a pixel is not to be trusted.
    """
    raw = inputs["ccdExposure"][0][0]
    bias, dark, flat = (_pixels(inputs[role][0][0]) for role in ("bias", "dark", "flat"))
    counts, gain = _pixels(raw), raw.header["GAIN"]
    detected = (counts - bias) * gain
    electrons = (detected - dark * raw.header["EXPTIME"] * gain) / flat
    variance = (np.maximum(detected, 0) + raw.header["RDNOISE"] ** 2) / flat**2
    mask = BAD * (dark > hot) | SAT * (counts >= saturation)
    exposure = layout.planes(
        layout.only(raw.header, layout.OBSERVATION),
        layout.only(raw.header, layout.WCS),
        SCI=(electrons.astype(np.float32), "electron"),
        VAR=(variance.astype(np.float32), "electron2"),
        MASK=(mask.astype(np.uint8), ""),
    )
    return {"post_isr_image": exposure}


def calibrate_image(
    inputs: Inputs,
    *,
    sky_clip: float,
    cr_significance: float,
    cr_contrast: float,
    star_snr: float,
    edge: float,
    match: float,
) -> Products:
    """Subtract the sky, mask cosmic rays, and tie one exposure to the reference catalogue: where, how wide, how bright.

    Parameters
    ----------
    star_snr
        Signal to noise from which on a star of the catalogue is used.
    edge
        Its least distance from the border, pixels.
    match
        Its greatest distance from where it is expected, pixels.

    Raises
    ------
    ValueError
        With fewer than three such stars.
    """
    exposure, reference = inputs["exposure"][0], inputs["refCat"][0]["REFCAT"].data
    header = exposure[0].header
    image, variance, mask = (_pixels(exposure[name]) for name in ("SCI", "VAR", "MASK"))
    mask = mask.astype(np.uint8)
    sky = background(image, mask == 0, sky_clip)
    image = image - sky
    mask = mask | CR * cosmic_rays(image, variance, cr_significance, cr_contrast).astype(np.uint8)
    good = mask == 0

    wcs = WCS(exposure["SCI"].header)
    expected = np.array(wcs.all_world2pix(reference["RA"], reference["DEC"], 0)).T
    stars = []
    for (x, y), magnitude in zip(expected, reference[f"{header['FILTER'].upper()}MAG"], strict=True):
        if edge <= x < image.shape[1] - edge and edge <= y < image.shape[0] - edge:
            near = np.s_[int(y) - 1 : int(y) + 3, int(x) - 1 : int(x) + 3]
            bright = image[near].max() > star_snr * np.sqrt(variance[near].min())
            found_x, found_y, sigma = moments(np.where(good, image, 0), x, y)
            if bright and good[near].all() and np.hypot(found_x - x, found_y - y) < match:
                stars.append((found_x - x, found_y - y, sigma, found_x, found_y, magnitude))
    if len(stars) < 3:
        raise ValueError(f"{len(stars)} reference stars in exposure {header['EXPID']}; expected 3 or more")

    dx, dy, sigma = np.median(np.array(stars)[:, :3], axis=0)
    fluxes = np.array([psf_flux(image, x, y, sigma, good) for *_, x, y, _ in stars])
    magnitudes = np.array([magnitude for *_, magnitude in stars])
    usable = fluxes > 0
    zero_points = magnitudes[usable] + 2.5 * np.log10(fluxes[usable])
    zero_point = float(np.median(zero_points))
    error = 1.2533 * MAD_TO_SIGMA * float(np.median(np.abs(zero_points - zero_point)) / np.sqrt(len(zero_points)))
    pixel = 3600 * np.sqrt(abs(np.linalg.det(wcs.pixel_scale_matrix)))

    measured = {
        "MAGZERO": (round(zero_point, 4), "[mag] AB, one electron; fitted"),
        "MAGZERR": (round(error, 4), "[mag] its standard error"),
        "NREFSTAR": (int(usable.sum()), "reference stars used"),
        "SEEING": (round(float(SIGMA_TO_FWHM * sigma * pixel), 3), "[arcsec] FWHM of stars"),
        "SKYLEVEL": (round(float(np.median(sky)), 2), "[electron] sky, subtracted"),
    }
    primary = layout.only(header, layout.OBSERVATION)
    primary.extend(fits.Header([(keyword, *rest) for keyword, rest in measured.items()]))
    solved = layout.only(exposure["SCI"].header, layout.WCS)
    solved["CRPIX1"] = round(solved["CRPIX1"] + float(dx), 4)
    solved["CRPIX2"] = round(solved["CRPIX2"] + float(dy), 4)
    scale = 10 ** (-0.4 * (zero_point - NANOJANSKY))
    visit = layout.planes(
        primary,
        solved,
        SCI=((image * scale).astype(np.float32), "nJy"),
        VAR=((variance * scale**2).astype(np.float32), "nJy2"),
        MASK=(mask.astype(np.uint8), ""),
    )
    return {"visit_image": visit, "calibrateImage_metadata": {key: value for key, (value, _) in measured.items()}}


def assemble_coadd(
    inputs: Inputs, *, ra: float, dec: float, size: int, pixel: float, max_seeing: float, clip: float, compress: bool
) -> Products:
    """Resample sharp visits onto one patch of sky and average them, each by the inverse of its variance.

    Parameters
    ----------
    ra, dec
        Middle of the patch, degrees.
    size, pixel
        Pixels on a side, and arcsec on a side of one.
    max_seeing
        Visits with a larger FWHM (arcsec) are set aside; the table ``INPUTS`` tells which.
    compress
        Write tile-compressed, without loss.
    """
    visits = inputs["visitImages"]
    patch = layout.tangent_plane(ra, dec, (size, size), pixel)
    rows, columns = np.indices((size, size))
    sky = WCS(patch).all_pix2world(columns, rows, 0)
    sharp = [visit[0].header["SEEING"] <= max_seeing for visit in visits]
    weights = [
        1 / float(np.median(visit["VAR"].data)) if used else 0.0 for visit, used in zip(visits, sharp, strict=True)
    ]

    layers, variances = [], []
    for visit in (visit for visit, used in zip(visits, sharp, strict=True) if used):
        x, y = WCS(visit["SCI"].header).all_world2pix(*sky, 0)
        good = visit["MASK"].data == 0
        layers.append(resample(np.where(good, visit["SCI"].data, np.nan), x, y))
        variances.append(resample(np.where(good, visit["VAR"].data, np.nan), x, y))
    stack, noise = np.array(layers), np.array(variances)
    weight = np.array([w for w in weights if w])[:, None, None]

    # what masks have missed, far off the others at its place and of its noise, is left out here
    middle = clipped_mean(stack, clip)
    with np.errstate(invalid="ignore", divide="ignore"):
        kept = np.abs(stack - middle) <= clip * np.maximum(np.sqrt(noise), 0.1 * np.abs(middle))
        share = np.where(kept, weight, 0.0)
        coadd = np.where(kept, share * stack, 0.0).sum(axis=0) / share.sum(axis=0)
        variance = np.where(kept, share**2 * noise, 0.0).sum(axis=0) / share.sum(axis=0) ** 2

    taken = [visit[0].header for visit, used in zip(visits, sharp, strict=True) if used]
    first, last = (end(taken, key=lambda header: header["MJD-OBS"]) for end in (min, max))
    primary = layout.only(first, ("TELESCOP", "INSTRUME", "OBJECT", "FILTER", "TIMESYS"))
    primary["DATE-BEG"] = (first["DATE-OBS"], "start of the first exposure")
    primary["DATE-END"] = (last["DATE-OBS"], "start of the last exposure")
    primary["EXPTIME"] = (sum(header["EXPTIME"] for header in taken), "[s] of all visits used")
    primary["NCOMBINE"] = (len(taken), "visits used")
    primary["MAGZERO"] = (NANOJANSKY, "[mag] AB, one nJy")
    hdus = layout.planes(
        primary,
        patch,
        SCI=(coadd.astype(np.float32), "nJy"),
        VAR=(variance.astype(np.float32), "nJy2"),
        NIMAGE=(kept.sum(axis=0).astype(np.uint8), ""),
    )
    if compress:
        hdus = layout.compress(hdus)
    hdus.append(
        fits.BinTableHDU.from_columns(
            [
                fits.Column("VISIT", "K", array=[visit[0].header["EXPID"] for visit in visits]),
                fits.Column("SEEING", "E", unit="arcsec", array=[visit[0].header["SEEING"] for visit in visits]),
                fits.Column("WEIGHT", "E", unit="nJy-2", array=weights),
                fits.Column("USED", "L", array=sharp),
            ],
            name="INPUTS",
        )
    )
    return {"deep_coadd": hdus}


TASKS: dict[str, Callable[..., Products]] = {
    "biasGen": bias_gen,
    "darkGen": dark_gen,
    "flatGen": flat_gen,
    "isr": isr,
    "calibrateImage": calibrate_image,
    "assembleCoadd": assemble_coadd,
}
"""By the names that run records use."""


def presented_only(products: Products) -> set[int]:
    """Tell which of the visits presented to a coadd were set aside, by their places in the list."""
    inputs = products["deep_coadd"]["INPUTS"].data if "deep_coadd" in products else None
    return set() if inputs is None else set(np.flatnonzero(~inputs["USED"]).tolist())


def _pixels(hdu: fits.PrimaryHDU | fits.ImageHDU) -> np.ndarray:
    return np.asarray(hdu.data, dtype=float)


def _calibration(exposures: Sequence[fits.HDUList], pixels: np.ndarray, unit: str) -> fits.HDUList:
    """Put a combined frame into a file that says what kind of exposures it comes from, and how many."""
    header = layout.only(exposures[0][0].header, ("TELESCOP", "INSTRUME", "DETECTOR", "IMAGETYP", "FILTER", "FIRMWARE"))
    header["NCOMBINE"] = (len(exposures), "exposures combined")
    if unit:
        header["BUNIT"] = (unit, "unit of the pixels")
    return fits.HDUList([fits.PrimaryHDU(pixels.astype(np.float32), header)])
