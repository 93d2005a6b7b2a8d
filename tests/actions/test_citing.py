"""What is ready to be copied: whole, whatever a dataset is called."""

from __future__ import annotations

import shlex
from uuid import UUID

import pytest

from fitsprov.actions.citing import cite
from fitsprov.model.lineage import Dataset

BASE = "https://archive.example.org"


def dataset(**more: object) -> Dataset:
    return Dataset(id=UUID(int=5), **more)  # type: ignore[arg-type]  # of a test


@pytest.mark.parametrize(
    ("kind", "key"),
    [("deep_coadd", "deep-coadd"), ("É", "dataset"), (None, "dataset"), ("--", "dataset"), ("a}b", "a-b")],
)
def test_a_bibtex_entry_has_a_key(kind: str | None, key: str) -> None:
    assert cite(dataset(type=kind), None, "ivo://x?y", BASE).bibtex.startswith(f"@misc{{{key}:00000000,\n")


def test_what_a_name_holds_ends_no_line_and_no_brace() -> None:
    found = cite(dataset(type="image", run="a\nb", data_id={"k": "}\n@misc{x, % $1 \\"}), None, "ivo://x?y", BASE)
    assert found.text == f"image, k }} @misc{{x, % $1 \\, run a b, ivo://x?y, {BASE}/dataset/{UUID(int=5)}"
    assert [line[:2] for line in found.bibtex.split("\n")] == ["@m", "  ", "  ", "  ", "}"]
    assert "\\} @misc\\{x, \\% \\$1 {\\textbackslash}" in found.bibtex


def test_commands_name_the_file_as_a_shell_takes_it() -> None:
    found = cite(dataset(uri="file:///data/a%20b';rm.fits"), None, "ivo://x?y", BASE)
    assert shlex.split(found.fetch.split("\n")[1]) == ["fitsprov", "resolve", "a b';rm.fits", "--online"]
    assert "%3F" in found.notebook


def test_of_a_dataset_without_a_copy_no_file_is_fetched() -> None:
    found = cite(dataset(), None, "ivo://x?y", BASE)
    assert (found.fetch, "/files/" in found.curl) == ("", False)
