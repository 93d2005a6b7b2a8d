"""The whole story on the sample data: what the demo does between its commands."""

from __future__ import annotations

import shutil
from pathlib import Path

from fitsprov.errors import FileRefused

__all__ = ["change_keyword", "change_pixel", "copy_sample", "derive_image"]

PACKAGE = Path(__file__).parent.parent
PLACES = (PACKAGE.parent / "sample_data", PACKAGE / "_sample_data")


def copy_sample(folder: Path) -> None:
    """Copy the sample survey into a folder of the user's.

    Raises
    ------
    FileRefused
        Where it was not installed.
    """
    source = next((place for place in PLACES if (place / "drp.yaml").is_file()), None)
    if source is None:
        raise FileRefused(f"{PLACES[0]}: no sample data; expected calib.yaml and drp.yaml there")
    ignored = shutil.ignore_patterns("*.py", "__pycache__", "simcam", "*.md")
    shutil.copytree(source, folder, dirs_exist_ok=True, ignore=ignored)


def change_keyword(path: Path, keyword: str, value: str) -> None:
    """Edit one card, as a careless script would."""
    from astropy.io import fits

    fits.setval(path, keyword, value=value)


def change_pixel(path: Path, hdu: str, amount: float) -> None:
    """Change one pixel on disk, behind the back of DATASUM."""
    import numpy as np
    from astropy.io import fits

    with fits.open(path) as hdus:
        start, dtype = hdus[hdu].fileinfo()["datLoc"], hdus[hdu].data.dtype.newbyteorder(">")
        middle = hdus[hdu].data.size // 2
        value = np.array(hdus[hdu].data.flat[middle] + amount, dtype=dtype)
    with path.open("r+b") as file:
        file.seek(start + middle * dtype.itemsize)
        file.write(value.tobytes())


def derive_image(path: Path, target: Path, hdu: str) -> None:
    """Make something else of an image, and let the header come along, as most scripts do."""
    from astropy.io import fits

    with fits.open(path) as hdus:
        hdus[hdu].data = hdus[hdu].data * 2
        hdus.writeto(target, checksum=True)
