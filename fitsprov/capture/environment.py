"""The environment that this process runs in, from what lies on disk: no package is imported, no program is run but git.

Fetching the packages takes about a millisecond, because their names and versions are the names of folders.
"""

from __future__ import annotations

import os
import platform
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from fitsprov.errors import FileRefused
from fitsprov.model.lineage import Environment, Package

__all__ = ["capture_environment", "packages_of_path"]

CONTAINER = "FITSPROV_CONTAINER"
"""The image with its digest: a container does not know it, who starts it does."""
CONTAINER_BASE = "FITSPROV_CONTAINER_BASE"
RECIPE = "FITSPROV_CONTAINER_RECIPE"

METADATA = (".dist-info", ".egg-info")
SEPARATORS = re.compile(r"[-_.]+")
EUPS = re.compile(r"(\S+) (\S+)")
CONDA = re.compile(r"(.+)-([^-]+)-([^-]+)\.json")
TAG = re.compile(r'^PRETTY_NAME="?([^"\n]+)', re.MULTILINE)
MODEL = re.compile(r"^(?:model name|Model|Hardware)\s*:\s*(.+)", re.MULTILINE)


def capture_environment(
    *, sources: Iterable[str | Path] = (), variables: Mapping[str, str] = os.environ
) -> Environment:
    """Say what this process runs in; the same software gives the same value.

    Parameters
    ----------
    sources : iterable of path
        Source trees under git whose commits count as packages, ``+dirty`` where they were edited.
    variables : mapping
        The environment's variables. ``FITSPROV_CONTAINER``, ``FITSPROV_CONTAINER_BASE`` and
        ``FITSPROV_CONTAINER_RECIPE`` say what a container cannot know of itself.

    Raises
    ------
    FileRefused
        Where a source is no git work tree.
    """
    packages = [
        *packages_of_path(sys.path),
        *conda_packages(variables.get("CONDA_PREFIX")),
        *eups_products(variables),
        *map(source_tree, map(Path, sources)),
    ]
    return Environment(
        container=variables.get(CONTAINER) or variables.get("APPTAINER_CONTAINER"),
        container_base=variables.get(CONTAINER_BASE),
        recipe=variables.get(RECIPE),
        packages=tuple(sorted(set(packages))),
        platform=dict(facts_of_platform()),
    )


def packages_of_path(path: Iterable[str]) -> list[Package]:
    """List the Python packages on a path, the first of each name, as an import takes them.

    Source: PyPA, Recording installed projects: a folder ``{name}-{version}.dist-info``.
    """
    found: dict[str, Package] = {}
    for folder in dict.fromkeys(path):
        try:
            names = os.listdir(folder or ".")  # noqa: PTH208 (pathlib takes twice as long)
        except OSError:
            continue
        for entry in names:
            stem, dot, kind = entry.rpartition(".")
            if dot + kind not in METADATA:
                continue
            name, dash, version = stem.partition("-")
            if dash and (name := SEPARATORS.sub("-", name).lower()) not in found:
                found[name] = Package("pip", name, version.split("-py")[0])
    return list(found.values())


def conda_packages(prefix: str | None) -> Iterator[Package]:
    """List the packages of a conda environment: its ``conda-meta`` holds a file for each."""
    if prefix is None:
        return
    try:
        names = os.listdir(os.path.join(prefix, "conda-meta"))  # noqa: PTH118, PTH208 (pathlib takes twice as long)
    except OSError:
        return
    for entry in names:
        if match := CONDA.fullmatch(entry):
            yield Package("conda", match[1], f"{match[2]}={match[3]}")


def eups_products(variables: Mapping[str, str]) -> Iterator[Package]:
    """List the products that EUPS has set up: ``SETUP_<NAME>='name version -f …'``."""
    for name, value in variables.items():
        if name.startswith("SETUP_") and (match := EUPS.match(value)):
            yield Package("eups", match[1], match[2])


def source_tree(folder: Path) -> Package:
    """Name a work tree by its commit, and say whether it was edited."""
    commit = git(folder, "rev-parse", "HEAD").strip()
    top = Path(git(folder, "rev-parse", "--show-toplevel").strip())
    dirty = git(folder, "status", "--porcelain", "--untracked-files=no")
    return Package("git", top.name, commit + "+dirty" * bool(dirty))


def git(folder: Path, *arguments: str) -> str:
    """Ask git."""
    try:
        command = ["git", "-C", str(folder), *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        raise FileRefused(f"{folder}: no git work tree; expected one with a commit") from None


def facts_of_platform() -> Iterator[tuple[str, str]]:
    """Name operating system, kernel, C library, Python and hardware, as far as they are known."""
    system = platform.uname()
    release = TAG.search(text_of("/etc/os-release"))
    yield "os", release[1] if release else " ".join(filter(None, (system.system, platform.mac_ver()[0])))
    yield "kernel", f"{system.system} {system.release}"
    libc = libc_version()
    if libc:
        yield "libc", libc
    yield "python", f"{platform.python_version()} {platform.python_implementation()}"
    model = MODEL.search(text_of("/proc/cpuinfo"))
    yield "hardware", f"{model[1].strip() if model else system.processor or system.machine} ({system.machine})"


def libc_version() -> str:
    """Name the C library."""
    try:
        return os.confstr("CS_GNU_LIBC_VERSION") or ""
    except (AttributeError, OSError, ValueError):
        return " ".join(filter(None, platform.libc_ver()))


def text_of(path: str) -> str:
    """Read a file that may not be there."""
    try:
        return Path(path).read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
