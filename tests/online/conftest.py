"""An archive with its service on loopback, and files that left it."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

import fitsprov
from fitsprov.actions.demonstrating import copy_sample
from fitsprov.actions.registering import create_registry
from fitsprov.settings import Settings
from tests.service.conftest import AUTHORITY, COADD, serving

COADD_FILE = "drp/deep_coadd/deep_coadd_9813_42_r.fits"
ALLOWED = ("127.0.0.1",)


@pytest.fixture(scope="session")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample survey with its registry."""
    folder = tmp_path_factory.mktemp("archive")
    copy_sample(folder)
    with create_registry(f"sqlite:///{folder}/fitsprov.db", base_url="http://old.example", authority=AUTHORITY) as made:
        for record in ("calib.yaml", "drp.yaml"):
            made.record(folder / record)
    return folder


@pytest.fixture(scope="session")
def registry(archive: Path) -> Iterator[fitsprov.Registry]:
    with fitsprov.Registry(f"sqlite:///{archive}/fitsprov.db") as found:
        yield found


@pytest.fixture(scope="session")
def base(archive: Path) -> Iterator[str]:
    """A service of it."""
    with serving(Settings(registry=f"sqlite:///{archive}/fitsprov.db")) as base:
        yield base


@pytest.fixture
def stamped(archive: Path, registry: fitsprov.Registry, tmp_path: Path) -> Callable[..., Path]:
    """A copy of the coadd, as it leaves the archive: with a pointer to some service."""

    def copy(base: str, **more: Any) -> Path:
        stamp = registry.stamp(UUID(COADD))
        url = f"{base}/links?ID={COADD}"
        target = tmp_path / "mine.fits"
        shutil.copy(archive / COADD_FILE, target)
        fitsprov.stamp(target, replace(stamp, **{"datalink": url, **more}))
        return target

    return copy
