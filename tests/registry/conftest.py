"""A registry for each test, on each engine, copied from one that is made once."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from fitsprov.registry import Registry

if TYPE_CHECKING:
    from tests.servers import Server

NewRegistry = Callable[[], AbstractContextManager[str]]
ENGINES = ("sqlite", "postgresql")
ABOUT = {"base_url": "https://example.org/prov", "authority": "ivo://example.org/dr1"}


@pytest.fixture(scope="session", params=ENGINES)
def engine(request: pytest.FixtureRequest) -> str:
    """The engine; each test that asks for a registry by its URL runs on both."""
    name: str = request.param
    return name


@pytest.fixture(scope="session")
def empty_registry(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of a registry with nothing in it."""
    path = tmp_path_factory.mktemp("registry") / "empty.db"
    Registry.create(path, **ABOUT).close()
    return path


@pytest.fixture(scope="session")
def empty_database(request: pytest.FixtureRequest) -> str:
    """The URL of a registry with nothing in it, on PostgreSQL."""
    url: str = request.getfixturevalue("postgres").make()
    Registry.create(url, **ABOUT).close()
    return url


@pytest.fixture(scope="session")
def new_registry(engine: str, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> NewRegistry:
    """Make one more registry with nothing in it, for a while; gives its URL."""
    if engine == "sqlite":
        empty, folder, numbers = request.getfixturevalue("empty_registry"), tmp_path_factory.mktemp("shelf"), count()
        return lambda: nullcontext(f"sqlite:///{shutil.copy(empty, folder / f'{next(numbers)}.db')}")
    from tests.servers import Shelf

    return Shelf(request.getfixturevalue("postgres"), request.getfixturevalue("empty_database")).lent


@pytest.fixture
def url(new_registry: NewRegistry) -> Iterator[str]:
    """The URL of this test's registry."""
    with new_registry() as made:
        yield made


@pytest.fixture
def place(engine: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of a place where there is no registry yet."""
    if engine == "sqlite":
        yield f"sqlite:///{tmp_path}/new.db"
    else:
        with request.getfixturevalue("postgres").lent() as made:
            yield made


@pytest.fixture
def path(empty_registry: Path, tmp_path: Path) -> Path:
    """The file of this test's registry, where a test is about SQLite alone."""
    return Path(shutil.copy(empty_registry, tmp_path / "registry.db"))


@pytest.fixture
def database(empty_database: str, postgres: Server) -> Iterator[str]:
    """The URL of this test's registry, where a test is about PostgreSQL alone."""
    with postgres.lent(empty_database) as made:
        yield made


@pytest.fixture
def registry(url: str) -> Iterator[Registry]:
    """A registry with nothing in it, open."""
    with Registry(url) as opened:
        yield opened
