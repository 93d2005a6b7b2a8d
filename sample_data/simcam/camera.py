"""The camera: light falls through its optics onto one small detector, and counts come out.

60 × 48 pixels fill FITS blocks exactly (2880 pixels), so that nothing is spent on padding; and a detector that
is not square betrays every mix-up of its axes.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from astropy.io import fits

from simcam import layout, sky
from simcam.survey import FIRMWARE, Exposure, airmass

WIDTH, HEIGHT = 60, 48
PIXEL = 0.5
"""Side of a pixel, arcsec."""
ROTATION = 3.0
"""Of the detector on the sky, degrees."""
GAIN = 1.5
"""Electrons per count."""
READ_NOISE = dict(zip(FIRMWARE, (7.5, 5.0), strict=True))
"""Electrons, by firmware."""
FULL_SCALE = 65535
DARK_CURRENT = 0.2
"""Electrons per second and pixel."""
ZERO_POINT = {"g": 26.9, "r": 26.7}
"""Magnitude that gives one electron per second, above the atmosphere."""
EXTINCTION = {"g": 0.17, "r": 0.09}
"""Mag per airmass."""
LAMP = {"g": 4200.0, "r": 6500.0}
"""Electrons per second and pixel from the flat-field screen."""

Y, X = np.mgrid[1 : HEIGHT + 1, 1 : WIDTH + 1].astype(float)
"""Pixel coordinates as in FITS: the middle of the first pixel is (1, 1)."""


@cache
def bias_level() -> np.ndarray:
    """Counts without light or time: a pedestal, a slope along the rows, and columns that differ."""
    random = np.random.RandomState(1)
    return np.asarray(1000 + 0.35 * X + random.normal(0, 2.5, WIDTH))


@cache
def dark_current() -> np.ndarray:
    """Electrons per second: a little everywhere, the glow of the amplifier in one corner, hot pixels."""
    random = np.random.RandomState(2)
    glow = 1.2 * np.exp(-np.hypot(X - WIDTH, Y) / 7)
    current = DARK_CURRENT + glow
    hot = random.choice(current.size, 14, replace=False)
    current.flat[hot] += random.uniform(8, 90, hot.size)
    return np.asarray(current)


@cache
def throughput(band: str) -> np.ndarray:
    """Relative response: vignetting, the shadows of dust, and pixels that are not all alike."""
    random = np.random.RandomState({"g": 3, "r": 4}[band])
    response = 1.0 - 0.22 * (np.hypot(X - 27, Y - 22) / 38) ** 2
    for x, y, radius in ((16, 33, 5.0), (44, 14, 6.5), (36, 39, 3.5)):  # on the window, the same in every band
        ring = np.hypot(X - x, Y - y)
        response *= 1 - 0.10 * np.exp(-(((ring - radius) / 1.3) ** 2)) - 0.03 * (ring < radius)
    x, y = random.uniform(8, 40, 2)  # on the filter
    response *= 1 - 0.06 * np.exp(-((np.hypot(X - x, Y - y) - 4) ** 2))
    return np.asarray(response * random.normal(1, 0.01, response.shape))


def expose(exposure: Exposure) -> fits.HDUList:
    """Take one exposure: the raw file, unsigned 16-bit counts."""
    random = np.random.RandomState(divmod(exposure.number, 100_000))
    electrons = dark_current() * exposure.exptime
    if exposure.kind == "flat":
        assert exposure.band
        electrons = electrons + LAMP[exposure.band] * exposure.exptime * throughput(exposure.band)
    elif exposure.kind == "object":
        electrons = electrons + _light(exposure)
    detected = random.poisson(electrons).astype(float)
    for _ in range(random.poisson(exposure.exptime / 20)):
        _cosmic_ray(detected, random)
    counts = bias_level() + (detected + random.normal(0, READ_NOISE[exposure.firmware], detected.shape)) / GAIN
    raw = fits.PrimaryHDU(np.clip(np.rint(counts), 0, FULL_SCALE).astype(np.uint16))
    raw.header.extend(_header(exposure))
    return fits.HDUList([raw])


def _light(exposure: Exposure) -> np.ndarray:
    """Electrons that the sky and the sources in it leave in each pixel."""
    band = exposure.band
    assert band
    zero_point = ZERO_POINT[band] - EXTINCTION[band] * airmass(exposure.start) - exposure.clouds
    background = PIXEL**2 * 10 ** (0.4 * (zero_point - sky.SKY_BRIGHTNESS[band])) * exposure.moonlight
    rate = background * (1 + 0.0006 * (X - WIDTH / 2) * exposure.moonlight)
    to_pixels = np.linalg.inv(PIXEL * layout.orientation(ROTATION))
    blur = (exposure.seeing / 2.3548) ** 2 * np.eye(2)
    aim = np.add(exposure.pointing, exposure.error)
    for source in (*sky.stars(), *sky.galaxies()):
        x, y = to_pixels @ (np.array([source.east, source.north]) - aim) + ((WIDTH + 1) / 2, (HEIGHT + 1) / 2)
        covariance = to_pixels @ (source.shape + blur) @ to_pixels.T
        (a, b), (_, c) = np.linalg.inv(covariance)
        profile = np.exp(-0.5 * (a * (X - x) ** 2 + 2 * b * (X - x) * (Y - y) + c * (Y - y) ** 2))
        flux = 10 ** (0.4 * (zero_point - source.magnitudes[band]))
        rate += flux * profile / (2 * np.pi * np.sqrt(np.linalg.det(covariance)))
    return np.asarray(rate * throughput(band) * exposure.exptime)


def _cosmic_ray(detected: np.ndarray, random: np.random.RandomState) -> None:
    """Let one particle leave its straight track."""
    x, y, angle = random.uniform(0, WIDTH), random.uniform(0, HEIGHT), random.uniform(0, 2 * np.pi)
    for step in np.arange(random.uniform(1, 9)):
        column, row = int(x + step * np.cos(angle)), int(y + step * np.sin(angle))
        if 0 <= column < WIDTH and 0 <= row < HEIGHT:
            detected[row, column] += random.uniform(1500, 6000)


def _header(exposure: Exposure) -> fits.Header:
    """Say in the header what the observatory knew: the pointing that was asked for, not its error."""
    header = layout.observation(
        exposure,
        airmass=airmass(exposure.start) if exposure.kind == "object" else None,
        gain=GAIN,
        read_noise=READ_NOISE[exposure.firmware],
    )
    if exposure.kind == "object":
        east, north = exposure.pointing
        ra = sky.CENTRE[0] + east / 3600 / np.cos(np.radians(sky.CENTRE[1]))
        dec = sky.CENTRE[1] + north / 3600
        header.extend(layout.pointing(ra, dec))
        header.extend(layout.tangent_plane(ra, dec, (WIDTH, HEIGHT), PIXEL, ROTATION))
    return header
