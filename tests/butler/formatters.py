"""Formatters of a Butler for astropy's files."""

from __future__ import annotations

from typing import Any

from astropy.io import fits
from lsst.daf.butler import DatasetProvenance, FormatterV2

from fitsprov.butler import Stamped


class ImageFormatter(FormatterV2):
    """Reads and writes astropy's HDUList; no card says where it came from."""

    default_extension = ".fits"
    can_read_from_local_file = True

    def read_from_local_file(self, path: str, component: str | None = None, expected_size: int = -1) -> Any:
        """Read a file whole."""
        with fits.open(path, memmap=False) as hdus:
            return fits.HDUList([hdu.copy() for hdu in hdus])

    def write_local_file(self, in_memory_dataset: Any, uri: Any) -> None:
        """Write a file."""
        in_memory_dataset.writeto(uri.ospath, checksum=True)


class StampedFormatter(Stamped, ImageFormatter):
    """The same, and stamped."""


class RubinFormatter(ImageFormatter):
    """Writes Rubin's cards by itself, as the formatters of obs_base do."""

    def add_provenance(self, in_memory_dataset: Any, /, *, provenance: DatasetProvenance | None = None) -> Any:
        """Put Rubin's cards into the primary header."""
        header = in_memory_dataset[0].header
        for keyword in [keyword for keyword in header if keyword.startswith("LSST BUTLER")]:
            del header[keyword]
        words = (provenance or DatasetProvenance()).to_flat_dict(
            self.dataset_ref, prefix="LSST BUTLER", sep=" ", simple_types=True, max_inputs=3000
        )
        header.extend((f"HIERARCH {keyword}", value) for keyword, value in words.items())
        return in_memory_dataset


class StampedRubinFormatter(Stamped, RubinFormatter):
    """The same, with our stamp beside Rubin's cards."""
