"""A graph like that of a survey, of any size: rows with keys, as a bulk load takes them.

Each exposure has 189 raws; each raw goes with nine calibrations, as many as LSSTCam's instrument signature removal takes,
and becomes a post-ISR image, and this with the catalogue that all use a visit image and a source table. Two hundred visit images of one place make a coadd; each goes
into four. Flats and environments change every few hundred exposures.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

__all__ = ["Survey"]

DETECTORS = 189
DEPTH = 200
"""Visit images in a coadd."""
OVERLAP = 4
"""Coadds that a visit image goes into."""
LASTING = ("bias", "dark", "defects", "linearizer", "crosstalk", "bfk", "ptc", "cti")
KINDS = (*LASTING, "flat")
FLAT_EVERY, ENVIRONMENT_EVERY = 330, 175
"""Exposures with the same flats: about a thousand products each; and with the same environment: about 10⁵."""
BLOCK = 20
"""Exposures that are loaded at once."""
EDGES = len(KINDS) + 1 + 2 + OVERLAP
"""Of one raw."""
TYPES = ("raw", *KINDS, "catalog", "post_isr_image", "visit_image", "source", "deep_coadd")
ROLES = ("exposure", *KINDS, "catalog", "image", "warp")
CATALOG = 1

Rows = list[tuple[Any, ...]]


@dataclass(frozen=True)
class Survey:
    """A survey of so many exposures, a multiple of 200."""

    exposures: int

    @classmethod
    def of(cls, edges: int) -> Survey:
        """Make one of at least so many edges."""
        return cls(-(-edges // (DEPTH * DETECTORS * EDGES)) * DEPTH)

    @property
    def edges(self) -> int:
        """How many there are."""
        return self.exposures * DETECTORS * EDGES

    @property
    def flat_sets(self) -> int:
        """How often flats were taken."""
        return -(-self.exposures // FLAT_EVERY)

    @property
    def environments(self) -> int:
        """How many environments there were."""
        return -(-self.exposures // ENVIRONMENT_EVERY)

    @property
    def shared(self) -> int:
        """How many datasets are there before the first exposure: catalogue, calibrations, and each set of flats."""
        return CATALOG + DETECTORS * (len(LASTING) + self.flat_sets)

    def calibration(self, kind: str, exposures: Any, detectors: Any) -> Any:
        """Keys of calibrations."""
        place = len(LASTING) + exposures // FLAT_EVERY if kind == "flat" else LASTING.index(kind)
        return CATALOG + 1 + place * DETECTORS + detectors

    def first(self) -> Rows:
        """Datasets that are there before."""
        kinds = [*LASTING, *["flat"] * self.flat_sets]
        types = ["catalog", *(kind for kind in kinds for _ in range(DETECTORS))]
        return [(key, uuid(key), TYPES.index(kind) + 1, 1, None, None, False) for key, kind in enumerate(types, 1)]

    def blocks(self) -> Iterator[tuple[Rows, Rows, Rows]]:
        """Rows of activities, datasets and edges, in the order of their keys."""
        entity, activity = self.shared + 1, 1
        visits: list[Any] = []
        for start in range(0, self.exposures, BLOCK):
            exposure, detector = (
                grid.ravel()
                for grid in np.meshgrid(np.arange(start, start + BLOCK), np.arange(DETECTORS), indexing="ij")
            )
            count = len(exposure)
            raw = entity + np.arange(count) * 4
            isr, calibrate = activity + np.arange(count) * 2, activity + np.arange(count) * 2 + 1
            environment = exposure // ENVIRONMENT_EVERY + 1
            activities = rows(isr, 1, environment) + rows(calibrate, 2, environment)
            entities: Rows = []
            for offset, (name, maker) in enumerate(
                (("raw", None), ("post_isr_image", isr), ("visit_image", calibrate), ("source", calibrate))
            ):
                entities += datasets(raw + offset, name, maker, exposure, detector)
            inputs = [raw, *(self.calibration(kind, exposure, detector) for kind in KINDS)]
            edges = [edge for place, keys in enumerate(inputs) for edge in used(isr, place, keys, place + 1)]
            edges += used(calibrate, 0, raw + 1, ROLES.index("image") + 1)
            edges += used(calibrate, 1, np.full(count, CATALOG), ROLES.index("catalog") + 1)
            entity, activity = entity + 4 * count, activity + 2 * count
            visits.append((raw + 2).reshape(BLOCK, DETECTORS))
            if (start + BLOCK) % DEPTH == 0:
                stack, visits = np.concatenate(visits), []
                for _ in range(OVERLAP):
                    makers = activity + np.arange(DETECTORS)
                    activities += rows(makers, 3, np.full(DETECTORS, environment[-1]))
                    entities += datasets(
                        entity + np.arange(DETECTORS), "deep_coadd", makers, exposure, np.arange(DETECTORS)
                    )
                    for place in range(DEPTH):
                        edges += used(makers, place, stack[place], ROLES.index("warp") + 1)
                    entity, activity = entity + DETECTORS, activity + DETECTORS
            yield sorted(activities), sorted(entities), sorted(edges)


def uuid(key: int, kind: int = 0) -> bytes:
    """A UUIDv7 that grows with the key."""
    head = 0x0190_0000_0000 + (key >> 8)
    mixed = (key * 0x9E3779B97F4A7C15 + kind) & (2**62 - 1)
    return (head << 80 | 7 << 76 | (key & 0xFF) << 68 | kind << 64 | 2 << 62 | mixed).to_bytes(16)


def rows(keys: Any, task: int, environments: Any) -> Rows:
    """Activities."""
    return [(key, uuid(key, 1), task, 2, one) for key, one in zip(keys.tolist(), environments.tolist(), strict=True)]


def datasets(keys: Any, kind: str, makers: Any, exposures: Any, detectors: Any) -> Rows:
    """Datasets of one type."""
    number, run = TYPES.index(kind) + 1, 1 if kind == "raw" else 2
    made = [None] * len(keys) if makers is None else makers.tolist()
    return [
        (key, uuid(key), number, run, maker, f'{{"detector":{d},"exposure":{e},"instrument":"SimCam"}}', False)
        for key, maker, e, d in zip(keys.tolist(), made, exposures.tolist(), detectors.tolist(), strict=False)
    ]


def used(activities: Any, place: int, keys: Any, role: int) -> Rows:
    """Edges."""
    return [
        (a, place, k, role, None)
        for a, k in zip(activities.tolist(), np.broadcast_to(keys, activities.shape).tolist(), strict=True)
    ]
