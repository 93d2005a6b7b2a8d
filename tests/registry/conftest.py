"""A registry for each test, copied from one that is made once."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from fitsprov.registry import Registry


@pytest.fixture(scope="session")
def empty_registry(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of a registry with nothing in it."""
    path = tmp_path_factory.mktemp("registry") / "empty.db"
    Registry.create(path, base_url="https://example.org/prov", authority="ivo://example.org/dr1").close()
    return path


@pytest.fixture
def path(empty_registry: Path, tmp_path: Path) -> Path:
    """Where this test's registry is."""
    return Path(shutil.copy(empty_registry, tmp_path / "registry.db"))


@pytest.fixture
def registry(path: Path) -> Iterator[Registry]:
    """A registry with nothing in it, open."""
    with Registry(path) as opened:
        yield opened
