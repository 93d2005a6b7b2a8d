"""What a process runs in is what its disk says."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.metadata import distributions
from pathlib import Path

import pytest

from fitsprov.capture import capture_environment, lock_text, packages_of_path
from fitsprov.errors import FileRefused, UsageError
from fitsprov.model.lineage import Environment, Package


def test_packages_are_those_that_an_import_would_take() -> None:
    found = {package.name: package.version for package in packages_of_path(sys.path)}
    known: dict[str, str] = {}
    for one in distributions():
        known.setdefault(one.metadata["Name"].lower().replace("_", "-").replace(".", "-"), one.version)
    assert found == known


def test_the_first_of_a_name_counts(tmp_path: Path) -> None:
    for folder, version in (("a", "1.0"), ("b", "2.0+local")):
        (tmp_path / folder / f"Some_Name-{version}.dist-info").mkdir(parents=True)
    (tmp_path / "b" / "other-3-py3.11.egg-info").touch()
    paths = [str(tmp_path / name) for name in ("nowhere", "b", "a")]
    assert sorted(packages_of_path(paths)) == [Package("pip", "other", "3"), Package("pip", "some-name", "2.0+local")]


def test_the_same_software_gives_the_same_value() -> None:
    assert capture_environment() == capture_environment()


def test_conda_and_eups_and_containers_are_read_from_what_they_set(tmp_path: Path) -> None:
    (tmp_path / "conda-meta").mkdir()
    for name in ("numpy-2.0.1-py311h1.json", "history"):
        (tmp_path / "conda-meta" / name).touch()
    variables = {
        "CONDA_PREFIX": str(tmp_path),
        "SETUP_LSST_DISTRIB": "lsst_distrib v30_0_0 -f Linux64 -Z /stack",
        "SETUP_NOTHING": "",
        "FITSPROV_CONTAINER": "image@sha256:1",
        "FITSPROV_CONTAINER_BASE": "base@sha256:2",
        "FITSPROV_CONTAINER_RECIPE": "abc",
    }
    found = capture_environment(variables=variables)
    assert [p for p in found.packages if p.manager != "pip"] == [
        Package("conda", "numpy", "2.0.1=py311h1"),
        Package("eups", "lsst_distrib", "v30_0_0"),
    ]
    assert (found.container, found.container_base, found.recipe) == ("image@sha256:1", "base@sha256:2", "abc")


def test_a_source_tree_is_its_commit_and_whether_it_was_edited(tmp_path: Path) -> None:
    tree = tmp_path / "drp_tasks"
    tree.mkdir()
    (tree / "a.py").write_text("a = 1\n")

    def git(*arguments: str) -> str:
        command = ["git", "-C", str(tree), "-c", "user.name=a", "-c", "user.email=a@example.org", *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()

    git("init")
    git("add", "a.py")
    git("commit", "-m", "first")
    commit = git("rev-parse", "HEAD")

    def package() -> Package:
        return next(p for p in capture_environment(sources=[tree]).packages if p.manager == "git")

    assert package() == Package("git", "drp_tasks", commit)
    (tree / "b.py").touch()
    assert package().version == commit
    (tree / "a.py").write_text("a = 2\n")
    assert package().version == f"{commit}+dirty"


def test_what_is_no_source_tree_is_said(tmp_path: Path) -> None:
    with pytest.raises(FileRefused, match="no git work tree; expected one with a commit"):
        capture_environment(sources=[tmp_path])


def test_the_platform_is_named() -> None:
    platform = capture_environment().platform
    assert platform["python"].startswith(".".join(map(str, sys.version_info[:3])))
    assert platform["kernel"].endswith(os.uname().release)
    assert all(platform.values())


def test_a_lock_file_holds_one_managers_packages(tmp_path: Path) -> None:
    found = Environment(
        container="image@sha256:1",
        packages=(Package("conda", "gcc", "14=h1"), Package("pip", "numpy", "2.0"), Package("pip", "x", "1+dirty")),
    )
    assert lock_text(found, "pip") == "# container: image@sha256:1\nnumpy==2.0\nx==1+dirty\n"
    assert lock_text(found, "conda").splitlines()[-1] == "gcc=14=h1"


def test_pip_reads_the_lock_file(tmp_path: Path) -> None:
    lock = tmp_path / "requirements.txt"
    lock.write_text(lock_text(capture_environment(), "pip"))
    command = [sys.executable, "-m", "pip", "install", "--dry-run", "--no-deps", "--no-index", "-q", "-r", str(lock)]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    assert "Invalid requirement" not in ran.stderr


def test_a_manager_without_packages_is_said() -> None:
    with pytest.raises(UsageError, match="no packages of eups in this environment; expected one of pip"):
        lock_text(Environment(packages=(Package("pip", "numpy", "2.0"),)), "eups")
    with pytest.raises(UsageError, match="no lock file for 'brew'; expected pip"):
        lock_text(Environment(), "brew")
