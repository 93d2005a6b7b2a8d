"""Arithmetic on images that the tasks share: clipping, background, stars, resampling."""

from __future__ import annotations

import numpy as np

SIGMA_TO_FWHM = 2.3548
MAD_TO_SIGMA = 1.4826


def clipped_mean(stack: np.ndarray, clip: float) -> np.ndarray:
    """Average along the first axis without what lies more than `clip` robust sigmas off; NaN is left out.

    Where all is NaN, so is the answer.
    """
    with np.errstate(invalid="ignore"):
        middle = _nanmedian(stack)
        sigma = MAD_TO_SIGMA * _nanmedian(np.abs(stack - middle))
        good = np.abs(stack - middle) <= clip * np.maximum(sigma, 1e-12)
        return np.asarray(np.where(good, stack, 0).sum(axis=0) / good.sum(axis=0))


def _nanmedian(stack: np.ndarray) -> np.ndarray:
    """As `numpy.nanmedian` along the first axis, without its warning where all is NaN."""
    ordered = np.sort(stack, axis=0)  # NaN sorts to the end
    n = np.isfinite(stack).sum(axis=0)
    low, high = (np.take_along_axis(ordered, np.maximum(i, 0)[None], axis=0)[0] for i in ((n - 1) // 2, n // 2))
    return np.asarray((low + high) / 2)


def background(image: np.ndarray, good: np.ndarray, clip: float) -> np.ndarray:
    """Fit a plane to the pixels that hold nothing but sky."""
    y, x = np.indices(image.shape) / max(image.shape)
    terms = np.stack([np.ones_like(x), x, y], axis=-1)
    sky = good.copy()
    for _ in range(8):
        solution, *_ = np.linalg.lstsq(terms[sky], image[sky], rcond=None)
        residual = image - terms @ solution
        sigma = MAD_TO_SIGMA * np.median(np.abs(residual[sky]))
        sky = good & (residual < clip * sigma) & (residual > -2 * clip * sigma)
    return np.asarray(terms @ solution)


def cosmic_rays(image: np.ndarray, variance: np.ndarray, significance: float, contrast: float) -> np.ndarray:
    """Find pixels that stand out from their neighbours by more than any blurred star can.

    After L.A.Cosmic (van Dokkum 2001): the excess over the median of the 3 × 3 pixels around must be significant,
    and large beside that median.
    """
    padded = np.pad(image, 1, mode="reflect")
    around = np.median(np.lib.stride_tricks.sliding_window_view(padded, (3, 3)), axis=(2, 3))
    excess = image - around
    noise = np.sqrt(variance)
    return np.asarray((excess > significance * noise) & (excess > contrast * np.maximum(around, noise)))


def moments(image: np.ndarray, x: float, y: float, sigma: float = 1.0, radius: int = 6) -> tuple[float, float, float]:
    """Measure position and width of a star by moments under a Gaussian that adapts to it.

    Parameters
    ----------
    image
        Background subtracted.
    x, y
        Where it should be, pixels from 0.
    sigma
        First guess of its width, pixels.

    Returns
    -------
    x, y, sigma
        NaN where there is no such star.
    """
    rows, columns = np.indices(image.shape)
    for _ in range(30):
        weight = np.exp(-0.5 * ((columns - x) ** 2 + (rows - y) ** 2) / sigma**2)
        weight *= image * (np.hypot(columns - x, rows - y) < radius)
        total = weight.sum()
        if not total > 0:
            return np.nan, np.nan, np.nan
        x, y = float((weight * columns).sum() / total), float((weight * rows).sum() / total)
        spread = float((weight * ((columns - x) ** 2 + (rows - y) ** 2)).sum() / total / 2)
        if not 0.1 < spread < radius**2:
            return np.nan, np.nan, np.nan
        # a Gaussian seen through itself is √2 narrower
        sigma = float(np.clip(np.sqrt(2 * spread), 0.5, radius))
    return x, y, sigma


def psf_flux(image: np.ndarray, x: float, y: float, sigma: float, good: np.ndarray) -> float:
    """Fit the height of a Gaussian of known place and width; its flux, in units of the image."""
    rows, columns = np.indices(image.shape)
    profile = np.exp(-0.5 * ((columns - x) ** 2 + (rows - y) ** 2) / sigma**2) / (2 * np.pi * sigma**2)
    near = good & (np.hypot(columns - x, rows - y) < 3 * sigma)
    return float((profile * image)[near].sum() / (profile**2)[near].sum())


def resample(image: np.ndarray, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Interpolate between the four pixels around each (x, y), from 0; NaN where one of them is NaN or outside."""
    height, width = image.shape
    column, row = np.floor(x).astype(int), np.floor(y).astype(int)
    inside = (column >= 0) & (row >= 0) & (column < width - 1) & (row < height - 1)
    column, row = np.where(inside, column, 0), np.where(inside, row, 0)
    u, v = x - column, y - row
    lower = (1 - u) * image[row, column] + u * image[row, column + 1]
    upper = (1 - u) * image[row + 1, column] + u * image[row + 1, column + 1]
    return np.where(inside, (1 - v) * lower + v * upper, np.nan)
