"""What tests of every room use."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

if TYPE_CHECKING:
    from tests.servers import Server

settings.register_profile("shared-machine", deadline=None)
settings.load_profile("shared-machine")


@pytest.fixture(scope="session")
def needs_tool() -> Callable[..., str]:
    """Find a program, of a Debian package of its name or another, or skip; in CI, where everything must run, fail."""

    def find(program: str, package: str = "") -> str:
        path = shutil.which(program)
        if path is None:
            stop = pytest.fail if os.environ.get("CI") else pytest.skip
            stop(f"{program} is not installed: apt-get install {package or program}")
        return path

    return find


@pytest.fixture(scope="session")
def faults(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A library in whose writes there are faults, for `tests.faults.run_with`."""
    from tests.faults import make_library

    return make_library(tmp_path_factory.mktemp("faults"))


@pytest.fixture(scope="session")
def postgres() -> Iterator[Server]:
    """A PostgreSQL server, started when it is first asked for."""
    from tests.servers import running

    with running() as server:
        yield server
