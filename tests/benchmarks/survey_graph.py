"""A graph like that of a survey, of any size: rows with keys, as a bulk load takes them.

Each exposure has 189 raws; each raw goes with nine calibrations, as many as LSSTCam's instrument signature removal
takes, and becomes a post-ISR image, and this with the catalogue that all use a visit image and a source table. Two
hundred visit images of one place make a coadd; each goes into four. Flats and environments change every few hundred
exposures.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["ROLES", "TYPES", "Block", "Survey", "uuid"]

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

OF_ONE = ("raw", "post_isr_image", "visit_image", "source")
DATA_ID = '{"detector":%d,"exposure":%d,"instrument":"SimCam"}'

Rows = list[tuple[Any, ...]]
Numbers = NDArray[np.int64]


@dataclass(frozen=True)
class Survey:
    """A survey of so many exposures, a multiple of 200."""

    exposures: int
    detectors: int = 189

    @classmethod
    def of(cls, edges: int) -> Survey:
        """Make one of at least so many edges."""
        return cls(-(-edges // (DEPTH * cls.detectors * EDGES)) * DEPTH)

    @property
    def edges(self) -> int:
        """How many there are."""
        return self.exposures * self.detectors * EDGES

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
        return CATALOG + self.detectors * (len(LASTING) + self.flat_sets)

    def calibration(self, kind: str, exposures: Numbers, detectors: Numbers) -> Numbers:
        """Keys of calibrations."""
        place = len(LASTING) + exposures // FLAT_EVERY if kind == "flat" else LASTING.index(kind)
        return CATALOG + 1 + place * self.detectors + detectors

    def shared_types(self) -> Numbers:
        """Types of the datasets that are there before, by their keys."""
        kinds = [*LASTING, *["flat"] * self.flat_sets]
        return np.array([key(TYPES, "catalog"), *(key(TYPES, kind) for kind in kinds for _ in range(self.detectors))])

    def first(self) -> Rows:
        """Datasets that are there before."""
        return [(n, uuid(n), kind, 1, None, None, False) for n, kind in enumerate(self.shared_types().tolist(), 1)]

    def blocks(self) -> Iterator[Block]:
        """Columns of activities, datasets and edges, so many exposures at once."""
        entity, activity = self.shared + 1, 1
        visits: list[Numbers] = []
        detectors = np.arange(self.detectors)
        for start in range(0, self.exposures, BLOCK):
            exposure, detector = np.repeat(np.arange(start, start + BLOCK), self.detectors), np.tile(detectors, BLOCK)
            count = len(exposure)
            raw, isr = entity + np.arange(count) * 4, activity + np.arange(count) * 2
            nothing = np.zeros(count, int)
            environment = exposure // ENVIRONMENT_EVERY + 1
            activities = [(isr, nothing + 1, environment), (isr + 1, nothing + 2, environment)]
            entities = [
                (raw + n, nothing + key(TYPES, kind), nothing + (1 if n == 0 else 2), maker, exposure, detector)
                for n, (kind, maker) in enumerate(zip(OF_ONE, (nothing, isr, isr + 1, isr + 1), strict=True))
            ]
            inputs = [("exposure", raw), *((kind, self.calibration(kind, exposure, detector)) for kind in KINDS)]
            edges = [(isr, nothing + n, keys, nothing + key(ROLES, role)) for n, (role, keys) in enumerate(inputs)]
            edges.append((isr + 1, nothing, raw + 1, nothing + key(ROLES, "image")))
            edges.append((isr + 1, nothing + 1, nothing + CATALOG, nothing + key(ROLES, "catalog")))
            entity, activity = entity + 4 * count, activity + 2 * count
            visits.append((raw + 2).reshape(BLOCK, self.detectors))
            if (start + BLOCK) % DEPTH == 0:
                stack, visits, few = np.concatenate(visits), [], nothing[: self.detectors]
                for n in range(OVERLAP):
                    makers, made = activity + detectors, entity + detectors
                    activities.append((makers, few + 3, few + environment[-1]))
                    entities.append((made, few + key(TYPES, "deep_coadd"), few + 2, makers, few + start + n, detectors))
                    edges += [(makers, few + n, stack[n], few + key(ROLES, "warp")) for n in range(DEPTH)]
                    entity, activity = entity + self.detectors, activity + self.detectors
            yield Block(*(joined(columns) for columns in (activities, entities, edges)))


@dataclass(frozen=True)
class Block:
    """Some of it, sorted by keys."""

    activities: tuple[Numbers, ...]
    """Keys, tasks, environments."""
    entities: tuple[Numbers, ...]
    """Keys, types, runs, makers (0 for none), exposures, detectors."""
    edges: tuple[Numbers, ...]
    """Activities, positions, datasets, roles."""

    def rows(self) -> tuple[Rows, Rows, Rows]:
        """Give rows as a bulk load takes them."""
        activities, entities, edges = (zip(*(c.tolist() for c in columns), strict=True) for columns in self.columns())
        return (
            [(n, uuid(n, 1), task, 2, environment) for n, task, environment in activities],
            [
                (n, uuid(n), kind, run, maker or None, DATA_ID % (detector, exposure), False)
                for n, kind, run, maker, exposure, detector in entities
            ],
            [(*edge, None) for edge in edges],
        )

    def columns(self) -> tuple[tuple[Numbers, ...], ...]:
        """Give all three."""
        return self.activities, self.entities, self.edges


def joined(parts: Sequence[tuple[Numbers, ...]]) -> tuple[Numbers, ...]:
    """Put columns together, in the order of the first and second."""
    columns = [np.concatenate(column) for column in zip(*parts, strict=True)]
    order = np.lexsort((columns[1], columns[0]))
    return tuple(column[order] for column in columns)


def key(words: Sequence[str], word: str) -> int:
    """The key of a type or role."""
    return words.index(word) + 1


def uuid(number: int, kind: int = 0) -> bytes:
    """A UUIDv7 that grows with the key."""
    head = 0x0190_0000_0000 + (number >> 8)
    mixed = (number * 0x9E3779B97F4A7C15 + kind) & (2**62 - 1)
    return (head << 80 | 7 << 76 | (number & 0xFF) << 68 | kind << 64 | 2 << 62 | mixed).to_bytes(16)
