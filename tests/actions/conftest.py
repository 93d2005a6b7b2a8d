"""Files with stamps and nothing else, and a registry for them."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import NAMESPACE_DNS, UUID, uuid5

import pytest

import fitsprov
from fitsprov import Input, Stamp

if TYPE_CHECKING:
    from tests.servers import Server, Shelf

CARDS = ("SIMPLE  =                    T", "BITPIX  =                    8", "NAXIS   =                    0", "END")
EMPTY = "".join(f"{card:<80}" for card in CARDS).ljust(2880).encode()

Write = Callable[..., Path]


def uid(name: str) -> UUID:
    """The ID that stands for a word in these tests."""
    return uuid5(NAMESPACE_DNS, name)


def parent(name: str, type: str | None = None, run: str | None = None) -> Input:
    """A dataset as a header names it."""
    return Input(uid(name), type=type, run=run)


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write a file that carries a stamp: ``write("a/b.fits", convention, **fields)``."""

    def made(name: str, convention: str = "native", **fields: object) -> Path:
        path = tmp_path / "files" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(EMPTY)
        fitsprov.stamp(path, Stamp(**fields), conventions=(convention,))  # type: ignore[arg-type]  # any field
        return path

    return made


def write_cards(path: Path, *cards: str) -> Path:
    """Write a file that carries cards as others write them."""
    path.parent.mkdir(parents=True, exist_ok=True)
    text = "".join(f"{card:<80}" for card in (*CARDS[:-1], *cards, CARDS[-1]))
    path.write_bytes(text.ljust(-(-len(text) // 2880) * 2880).encode())
    return path


@pytest.fixture(scope="session")
def empty_registry(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of a registry with nothing in it."""
    path = tmp_path_factory.mktemp("registry") / "empty.db"
    fitsprov.Registry.create(path).close()
    return path


@pytest.fixture(scope="session")
def engine() -> str:
    """The engine of the registries; a module may ask for others."""
    return "sqlite"


@pytest.fixture(scope="session")
def shelf(postgres: Server) -> Shelf:
    """Registries with nothing in them, on PostgreSQL."""
    from tests.servers import Shelf

    template = postgres.make()
    fitsprov.Registry.create(template).close()
    return Shelf(postgres, template)


@pytest.fixture
def new_registry(
    engine: str, empty_registry: Path, tmp_path: Path, request: pytest.FixtureRequest
) -> Iterator[Callable[[str], fitsprov.Registry]]:
    """Make a registry of a name."""
    with ExitStack() as stack:

        def made(name: str) -> fitsprov.Registry:
            if engine == "sqlite":
                url = f"sqlite:///{shutil.copy(empty_registry, tmp_path / f'{name}.db')}"
            else:
                url = stack.enter_context(request.getfixturevalue("shelf").lent())
            return stack.enter_context(fitsprov.Registry(url))

        yield made


@pytest.fixture
def registry(new_registry: Callable[[str], fitsprov.Registry]) -> fitsprov.Registry:
    """A registry with nothing in it."""
    return new_registry("registry")
