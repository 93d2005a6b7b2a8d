"""The true sky over the field, and the reference catalogue that knows its brighter stars.

Everything in this sky is a sum of Gaussians, because a Gaussian blurred by a Gaussian is one again.
"""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

import numpy as np
from astropy.io import fits

CENTRE = (150.1163, 2.2058)
"""Right ascension and declination of the field, degrees (ICRS)."""

FIELD = "COSMOS-sim"
RADIUS = 20.0
"""Half the side of the square that holds the sources, arcsec."""

SKY_BRIGHTNESS = {"g": 22.0, "r": 21.1}
"""On a dark night, mag per square arcsec."""

CATALOGUE_LIMIT = 22.0
"""The faintest r magnitude in the reference catalogue."""


class Source(NamedTuple):
    """One Gaussian on the sky."""

    east: float
    """Offset from the centre, arcsec."""
    north: float
    magnitudes: dict[str, float]
    shape: np.ndarray
    """Its own covariance, arcsec²; zero for a star."""


@cache
def stars() -> tuple[Source, ...]:
    """Scatter stars over the field: a few bright ones, and more the fainter they are; none on top of another."""
    random = np.random.RandomState(9813)  # unlike Generator, its stream never changes (NEP 19)
    found: list[Source] = []
    for r in 24.6 + 2.4 * np.log(np.linspace(0.05, 1.0, 64)):
        colour = random.normal(0.6, 0.3)
        while True:
            east, north = random.uniform(-RADIUS, RADIUS, 2)
            if all(np.hypot(east - s.east, north - s.north) > 3.2 for s in found):
                break
        found.append(Source(east, north, {"g": r + colour, "r": r}, np.zeros((2, 2))))
    return tuple(found)


@cache
def galaxies() -> tuple[Source, ...]:
    """Three galaxies, each a red bulge in a bluer disc seen at an angle."""
    random = np.random.RandomState(1784)
    found = []
    for _ in range(3):
        east, north = random.uniform(-0.5 * RADIUS, 0.5 * RADIUS, 2)
        r, angle, flattening = random.uniform(20.2, 21.0), random.uniform(0, np.pi), random.uniform(0.3, 0.6)
        axis = np.array([np.cos(angle), np.sin(angle)])
        long, across = np.outer(axis, axis), np.eye(2) - np.outer(axis, axis)
        for size, fainter, colour in ((0.4, 1.2, 0.9), (1.6, 0.0, 0.4)):
            shape = size**2 * (long + flattening**2 * across)
            found.append(Source(east, north, {"g": r + fainter + colour, "r": r + fainter}, shape))
    return tuple(found)


def reference_catalogue() -> fits.HDUList:
    """Measure the brighter stars as a good survey before this one would have: to 0.01 mag and 0.02 arcsec."""
    random = np.random.RandomState(2000)
    bright = sorted((s for s in stars() if s.magnitudes["r"] < CATALOGUE_LIMIT), key=lambda s: s.magnitudes["r"])
    n = len(bright)
    east = np.array([s.east for s in bright]) + random.normal(0, 0.02, n)
    north = np.array([s.north for s in bright]) + random.normal(0, 0.02, n)
    magnitudes = {band: [s.magnitudes[band] for s in bright] + random.normal(0, 0.01, n) for band in "gr"}
    table = fits.BinTableHDU.from_columns(
        [
            fits.Column("ID", "K", array=9813_000 + np.arange(1, n + 1)),
            fits.Column("RA", "D", unit="deg", array=CENTRE[0] + east / 3600 / np.cos(np.radians(CENTRE[1]))),
            fits.Column("DEC", "D", unit="deg", array=CENTRE[1] + north / 3600),
            *(fits.Column(f"{band.upper()}MAG", "E", unit="mag", array=magnitudes[band]) for band in "gr"),
        ],
        name="REFCAT",
    )
    primary = fits.PrimaryHDU()
    primary.header["OBJECT"] = (FIELD, "field that the catalogue covers")
    primary.header["RADESYS"] = ("ICRS", "celestial reference system")
    primary.header["PHOTSYS"] = ("AB", "photometric system")
    primary.header["MAGLIM"] = (CATALOGUE_LIMIT, "[mag] faintest r magnitude listed")
    return fits.HDUList([primary, table])
