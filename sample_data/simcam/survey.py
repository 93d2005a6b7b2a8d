"""What SimCam was asked to do: calibration exposures in an afternoon, then two nights on one field."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import numpy as np

from simcam import sky

NIGHTS = (date(2026, 3, 14), date(2026, 3, 15))
FIRMWARE = ("2.3", "2.4")
"""Of the readout electronics, in each night; the newer one reads with less noise."""
FIRMWARE_CHANGED = datetime(2026, 3, 15, 18, 30, tzinfo=UTC)


@dataclass(frozen=True)
class Exposure:
    """One exposure as the scheduler planned it and as the weather let it be."""

    number: int
    """``YYYYMMDDNNNNN``: the day on which the night began, and a running number."""
    kind: str
    """``bias``, ``dark``, ``flat`` or ``object``."""
    start: datetime
    exptime: float
    """Seconds."""
    firmware: str
    band: str | None = None
    pointing: tuple[float, float] = (0.0, 0.0)
    """Where the telescope was told to look: arcsec east and north of the field's centre."""
    error: tuple[float, float] = (0.0, 0.0)
    """How far it looked past that, arcsec; nobody was told."""
    seeing: float = 1.1
    """FWHM, arcsec."""
    clouds: float = 0.0
    """Light lost, mag."""
    moonlight: float = 1.0
    """Sky brightness over that of a dark night."""

    @property
    def name(self) -> str:
        """The observation ID."""
        day, running = divmod(self.number, 100_000)
        return f"SC_{'O' if self.kind == 'object' else 'C'}_{day}_{running:05d}"


def plan() -> list[Exposure]:
    """List all exposures in the order in which they were taken."""
    first = _afternoon(NIGHTS[0]) + _night(NIGHTS[0], FIRMWARE[0], "r" * 12 + "g" * 5 + "r" * 8, blurred=(7, 21))
    return first + _night(NIGHTS[1], FIRMWARE[1], "g" * 5 + "r" * 14)


def _number(night: date, running: int) -> int:
    return int(f"{night:%Y%m%d}{running:05d}")


def _afternoon(night: date) -> list[Exposure]:
    """Five biases, five darks, three flats in each band, with the dome closed."""
    start = datetime(night.year, night.month, night.day, 19, 0, tzinfo=UTC)
    wanted: list[tuple[str, float, str | None]] = [
        *[("bias", 0.0, None)] * 5,
        *[("dark", 120.0, None)] * 5,
        *[("flat", 6.0, "r")] * 3,
        *[("flat", 9.0, "g")] * 3,
    ]
    return [
        Exposure(_number(night, i), kind, start + timedelta(minutes=3 * i), exptime, FIRMWARE[0], band)
        for i, (kind, exptime, band) in enumerate(wanted, start=1)
    ]


def _night(night: date, firmware: str, bands: str, blurred: tuple[int, ...] = ()) -> list[Exposure]:
    """One dithered exposure for each letter of `bands`; in those of `blurred`, the wind shook the telescope."""
    random = np.random.RandomState(int(f"{night:%Y%m%d}"))
    start = datetime(night.year, night.month, night.day, tzinfo=UTC) + timedelta(hours=26)
    exposures = []
    for i, band in enumerate(bands):
        seeing = random.uniform(0.95, 1.25)
        exposures.append(
            Exposure(
                number=_number(night, 101 + i),
                kind="object",
                start=start + timedelta(minutes=8 * i, seconds=int(random.randint(0, 60))),
                exptime=30.0,
                firmware=firmware,
                band=band,
                pointing=tuple(np.round(random.uniform(-5.0, 5.0, 2), 2).tolist()),
                error=tuple(random.normal(0, 0.25, 2).tolist()),
                seeing=2.0 if i in blurred else seeing,
                clouds=max(0.0, random.normal(0.0, 0.12)),
                moonlight=random.uniform(1.0, 1.4),
            )
        )
    return exposures


def airmass(moment: datetime, latitude: float = -30.2446, longitude: float = -70.7494) -> float:
    """Path through the atmosphere to the field, by default from Cerro Pachón; 1 at the zenith."""
    days = (moment - datetime(2000, 1, 1, 12, tzinfo=UTC)) / timedelta(days=1)
    hour_angle = np.radians((280.46062 + 360.98564737 * days + longitude - sky.CENTRE[0]) % 360)
    here, there = np.radians(latitude), np.radians(sky.CENTRE[1])
    return float(1 / (np.sin(here) * np.sin(there) + np.cos(here) * np.cos(there) * np.cos(hour_angle)))
