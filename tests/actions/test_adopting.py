"""What was made elsewhere comes back with the header of what it was made from."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits

import fitsprov
from fitsprov import Finding, FitsprovError, Registry
from fitsprov.actions.adopting import adopt
from fitsprov.actions.harvesting import Counts, harvest
from tests.actions.conftest import uid

IMAGE = uid("image")
Said = list[tuple[str, FitsprovError | Finding]]


@pytest.fixture(params=["sha256", "datasum"])
def copied(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Path, Path]:
    """An image, and what some tool made from it, which has its header."""
    image, product = tmp_path / "image.fits", tmp_path / "product.fits"
    fits.PrimaryHDU(np.arange(12, dtype="i2").reshape(3, 4)).writeto(image, checksum=True)
    fitsprov.stamp(image, fitsprov.Stamp(id=IMAGE, parents=[]), fingerprint=request.param == "sha256")
    header = fits.getheader(image)
    assert header["FPV_DSUM"].startswith(request.param)
    fits.PrimaryHDU(np.full((3, 4), 7, dtype="i2"), header).writeto(product, checksum=True)
    return image, product


def copies(registry: Registry) -> list[str]:
    """The names of the files that the registry knows."""
    with registry._engine.connect() as connection:
        return sorted(uri.rpartition("/")[2] for (uri,) in connection.exec_driver_sql("SELECT uri FROM artifact"))


def codes(said: Said) -> list[str]:
    """The codes of what a harvest found, by file."""
    return [f"{Path(path).name} {one.code}" for path, one in said if isinstance(one, Finding)]


def tell_to(said: Said) -> Callable[[str, FitsprovError | Finding], None]:
    """Keep what is told."""
    return lambda path, what: said.append((path, what))


def test_a_copied_header_is_found_by_its_data_and_its_file_adopted(
    registry: Registry, copied: tuple[Path, Path]
) -> None:
    said: Said = []
    done = harvest(copied, registry, fingerprint=True, tell=tell_to(said))
    assert codes(said) == ["product.fits stamp-inherited"]
    assert done.counts == Counts(files=2, datasets=1, findings=1)
    assert copies(registry) == ["image.fits"]

    adopted = adopt(copied[1], registry)
    assert (adopted.status, adopted.derived_from) == ("adopted", (IMAGE,))
    assert registry.dataset_of_file(copied[1].as_uri()) == adopted.dataset.id
    assert adopt(copied[1], registry).status == "unchanged"
    assert harvest(copied, registry, fingerprint=True).unchanged == 2


def test_a_copy_that_was_believed_is_none_any_more(registry: Registry, copied: tuple[Path, Path]) -> None:
    harvest(copied, registry)
    assert copies(registry) == ["image.fits", "product.fits"]
    harvest(copied, registry, fingerprint=True)
    assert copies(registry) == ["image.fits"]
    assert adopt(copied[1], registry).status == "adopted"


def test_a_copied_header_does_not_overrule_who_adopted_the_file(registry: Registry, copied: tuple[Path, Path]) -> None:
    harvest(copied[0], registry)
    adopted = adopt(copied[1], registry)
    said: Said = []
    harvest(copied, registry, fingerprint=True, again=True, tell=tell_to(said))
    assert codes(said) == ["product.fits stamp-inherited"]
    assert registry.dataset_of_file(copied[1].as_uri()) == adopted.dataset.id
