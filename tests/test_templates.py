"""Templates: what an observatory changes without touching code is where it is looked for."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from fitsprov import templates
from fitsprov.templates import read_template, template_names

TOP = Path(__file__).parent.parent


def forget() -> None:
    templates.templates_folder.cache_clear()
    templates.template_names.cache_clear()


@pytest.fixture(autouse=True)
def fresh_folder() -> Iterator[None]:
    """Look for the folder anew, before and after."""
    forget()
    yield
    forget()


def test_a_checkout_reads_its_own() -> None:
    assert templates.templates_folder() == TOP / "templates"
    assert {"native", "rubin"} <= set(template_names("headers", ".toml"))
    assert read_template("headers/native.toml") == (TOP / "templates/headers/native.toml").read_text(encoding="utf-8")


def test_names_are_sorted_and_of_one_kind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    headers = tmp_path / "headers"
    headers.mkdir()
    for name in ("b.toml", "a.toml", "native.toml", "notes.txt"):
        (headers / name).write_text("é", encoding="utf-8")
    monkeypatch.setattr(templates, "PLACES", (tmp_path,))
    assert template_names("headers", ".toml") == ("a", "b", "native")
    assert read_template("headers/a.toml") == "é"


def test_an_installed_wheel_reads_its_copy_and_no_stranger(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stranger, own = tmp_path / "templates", tmp_path / "fitsprov" / "_templates"
    (stranger / "pages").mkdir(parents=True)
    (own / "headers").mkdir(parents=True)
    (own / "headers" / "native.toml").write_text("name = 'native'")
    monkeypatch.setattr(templates, "PLACES", (stranger, own))
    assert templates.templates_folder() == own


def test_the_wheel_takes_the_templates_along() -> None:
    project = tomllib.loads((TOP / "pyproject.toml").read_text(encoding="utf-8"))
    included = project["tool"]["hatch"]["build"]["targets"]["wheel"]["force-include"]
    assert included["templates"] == str(templates.PLACES[1].relative_to(templates.PACKAGE.parent))
