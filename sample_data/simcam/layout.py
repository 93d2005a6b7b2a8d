"""How SimCam's data are laid out in FITS: header cards, extensions, mask planes, checksums.

=====================  ==========================================================================
raw                    primary image, unsigned 16 bit
bias, dark, flat       primary image, 32-bit floating point; counts, counts per second, relative
post_isr_image,        empty primary, then image extensions ``SCI``, ``VAR`` and ``MASK``
visit_image
deep_coadd             the same, with ``NIMAGE`` (visits at each pixel) in place of ``MASK``, and a
                       table ``INPUTS`` of the visits presented; as ``.fits.fz`` tile-compressed
simref                 empty primary, then the table ``REFCAT``
=====================  ==========================================================================
"""

from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta

import numpy as np
from astropy.io import fits

from simcam import sky
from simcam.survey import Exposure

MASK_PLANES = {"BAD": 0, "SAT": 1, "CR": 2}
"""Bits of ``MASK``: a pixel that never works, one that was full, one that a particle hit."""

OBSERVATION = (
    *("TELESCOP", "INSTRUME", "DETECTOR", "OBSERVER", "OBJECT", "IMAGETYP", "EXPID", "FILTER", "TIMESYS"),
    *("DATE-OBS", "MJD-OBS", "EXPTIME", "AIRMASS", "RA", "DEC", "FIRMWARE", "GAIN", "RDNOISE"),
)
"""Keywords that a processed image takes over from its raw."""

WCS = (
    *("WCSAXES", "RADESYS", "CTYPE1", "CTYPE2", "CUNIT1", "CUNIT2", "CRVAL1", "CRVAL2", "CRPIX1", "CRPIX2"),
    *("CD1_1", "CD1_2", "CD2_1", "CD2_2"),
)


def observation(exposure: Exposure, airmass: float | None, gain: float, read_noise: float) -> fits.Header:
    """Cards on an exposure: what, when, how."""
    mjd = (exposure.start - datetime(1858, 11, 17, tzinfo=UTC)) / timedelta(days=1)
    cards: dict[str, tuple[object, str]] = {
        "TELESCOP": ("SimTel 1.2m", "telescope"),
        "INSTRUME": ("SimCam", "instrument"),
        "DETECTOR": (0, "detector number"),
        "OBSERVER": ("R. Night", "who observed"),
        "OBJECT": (sky.FIELD if exposure.kind == "object" else exposure.kind.upper(), "field or target"),
        "IMAGETYP": (exposure.kind.upper(), "BIAS, DARK, FLAT or OBJECT"),
        "EXPID": (exposure.number, "exposure number, YYYYMMDDNNNNN"),
        "OBSID": (exposure.name, "observation ID"),
        "TIMESYS": ("UTC", "time scale"),
        "DATE-OBS": (f"{exposure.start:%Y-%m-%dT%H:%M:%S}.000", "start of the exposure"),
        "MJD-OBS": (round(mjd, 6), "[d] start of the exposure"),
        "EXPTIME": (exposure.exptime, "[s] exposure time"),
        "FIRMWARE": (exposure.firmware, "firmware of the readout electronics"),
        "GAIN": (gain, "[electron/adu] gain"),
        "RDNOISE": (read_noise, "[electron] read noise"),
        "BUNIT": ("adu", "unit of the pixels"),
    }
    if exposure.band:
        cards["FILTER"] = (exposure.band, "filter")
    if airmass is not None:
        cards["AIRMASS"] = (round(airmass, 4), "airmass at the start")
    return fits.Header([(keyword, *rest) for keyword, rest in cards.items()])


def pointing(ra: float, dec: float) -> fits.Header:
    """Where the telescope was told to look."""
    cards = [
        ("RA", round(ra, 7), "[deg] pointing, right ascension"),
        ("DEC", round(dec, 7), "[deg] pointing, declination"),
    ]
    return fits.Header(cards)


def orientation(rotation: float) -> np.ndarray:
    """Turn pixel axes into east and north: x runs west, then all is rotated (degrees)."""
    c, s = np.cos(np.radians(rotation)), np.sin(np.radians(rotation))
    return np.array([[-c, s], [s, c]])


def tangent_plane(ra: float, dec: float, shape: tuple[int, int], pixel: float, rotation: float = 0.0) -> fits.Header:
    """Cards of a gnomonic WCS with (`ra`, `dec`) in the middle of the image (FITS 4.0, 8.3)."""
    cd = pixel / 3600 * orientation(rotation)
    cards = [
        ("WCSAXES", 2, "number of axes"),
        ("RADESYS", "ICRS", "celestial reference system"),
        ("CTYPE1", "RA---TAN", "right ascension, gnomonic"),
        ("CTYPE2", "DEC--TAN", "declination, gnomonic"),
        ("CUNIT1", "deg", "unit of axis 1"),
        ("CUNIT2", "deg", "unit of axis 2"),
        ("CRVAL1", round(ra, 7), "[deg] at the reference pixel"),
        ("CRVAL2", round(dec, 7), "[deg] at the reference pixel"),
        ("CRPIX1", (shape[0] + 1) / 2, "reference pixel"),
        ("CRPIX2", (shape[1] + 1) / 2, "reference pixel"),
        *((f"CD{i + 1}_{j + 1}", float(f"{cd[i, j]:.8e}"), "[deg/pix]") for i in (0, 1) for j in (0, 1)),
    ]
    return fits.Header(cards)


def only(header: fits.Header, keywords: tuple[str, ...]) -> fits.Header:
    """Copy those cards of `keywords` that are there."""
    return fits.Header([header.cards[keyword] for keyword in keywords if keyword in header])


def planes(primary: fits.Header, wcs: fits.Header, **images: tuple[np.ndarray, str]) -> fits.HDUList:
    """Lay images of one size and one WCS side by side, each as (pixels, unit) under the name of its extension."""
    hdus = fits.HDUList([fits.PrimaryHDU(header=primary)])
    for name, (pixels, unit) in images.items():
        hdu = fits.ImageHDU(pixels, name=name)
        if unit:
            hdu.header["BUNIT"] = (unit, "unit of the pixels")
        if name == "MASK":
            for plane, bit in MASK_PLANES.items():
                hdu.header[f"MP_{plane}"] = (bit, "mask plane: number of its bit")
        hdu.header.extend(wcs)
        hdus.append(hdu)
    return hdus


def compress(hdus: fits.HDUList) -> fits.HDUList:
    """Compress all images in extensions by tiles, without loss (FITS 4.0, 10)."""
    images = (fits.CompImageHDU(hdu.data, hdu.header, compression_type="GZIP_2", quantize_level=0) for hdu in hdus[1:])
    return fits.HDUList([hdus[0], *images])


def encode(hdus: fits.HDUList) -> bytes:
    """Write a file in which nothing tells the time at which it was written."""
    draft, final = io.BytesIO(), io.BytesIO()
    hdus.writeto(draft)
    draft.seek(0)
    # astropy puts today's date into the comment of CHECKSUM; on the bytes as written, it takes ours
    with fits.open(draft, do_not_scale_image_data=True, disable_image_compression=True) as written:
        for hdu in written:
            if "ZIMAGE" in hdu.header:
                for tile in hdu.data["COMPRESSED_DATA"]:
                    tile[4:8] = 0  # MTIME of the gzip stream (RFC 1952, 2.3.1)
            hdu.add_checksum(when="ones' complement checksum")
        written.writeto(final)
    return final.getvalue()


def decode(content: bytes) -> fits.HDUList:
    """Read a file."""
    return fits.open(io.BytesIO(content))
