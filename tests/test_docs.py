"""The documentation says what is: pages run, pictures are those of the program, references name all that there is."""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from types import ModuleType
from urllib.parse import unquote, urlsplit
from uuid import UUID

import click
import pytest

import fitsprov
from fitsprov.actions import json_objects
from fitsprov.actions.verifying import VERDICTS
from fitsprov.cli import main
from fitsprov.conventions.values import KINDS
from fitsprov.model.finding import CODES

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"


def script(name: str) -> ModuleType:
    """Load one of the scripts of the documentation."""
    spec = importlib.util.spec_from_file_location(name, DOCS / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


run_pages = script("run_pages")
PAGES = run_pages.pages()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_page_shows_what_comes(page: Path, tmp_path: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert text == run_pages.replay(text, tmp_path), "python docs/run_pages.py --write"


def test_readme_and_tutorial_are_among_the_pages_that_run() -> None:
    assert {ROOT / "README.md", DOCS / "tutorial.md"} <= set(PAGES)


def test_a_page_that_says_something_else_is_noticed(tmp_path: Path) -> None:
    page = "```console\n$ echo right\nwrong\n```\n"
    assert run_pages.replay(page, tmp_path) == page.replace("wrong", "right")


def test_a_command_that_fails_is_noticed(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="exit code 3"):
        run_pages.replay("```console\n$ fitsprov show absent.fits\n```\n", tmp_path)


def test_new_ids_and_the_time_of_a_stamp_may_differ() -> None:
    shown = "FPV_ID  = '019b68f5-824c-7ebd-9f7b-bf0d08b412b1'\nFPV_DATE= '2026-11-21T20:15:00'\n"
    came = "FPV_ID  = '019b68f5-824c-7ebd-9f7b-bf0d08b412b2'\nFPV_DATE= '2031-01-01T00:00:00'\n"
    assert run_pages.settle(shown, came) == shown


def test_ids_of_the_sample_may_not_differ() -> None:
    one, other = sorted(run_pages.KNOWN_IDS)[:2]
    assert run_pages.settle(f"{one}\n", f"{other}\n") == f"{other}\n"


def test_pictures_are_those_of_the_program() -> None:
    for name, text in script("make_pictures").pictures().items():
        assert (DOCS / "_static" / name).read_text(encoding="utf-8") == text, "python docs/make_pictures.py --write"


class Page(HTMLParser):
    """What a built page points to, and what in it can be pointed to."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.path = path
        self.links: list[str] = []
        self.anchors: set[str] = set()
        self.text = ""
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        self.anchors |= {value for name in ("id", "name") if (value := found.get(name))}
        self.links += [value for name in ("href", "src") if (value := found.get(name))]

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Page]:
    """The documentation, built; a warning of Sphinx is an error."""
    pytest.importorskip("sphinx", reason="pip install 'fitsprov[docs]'")
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "sphinx", "-W", "--keep-going", "-q", "-b", "html", "-d", str(folder / "doctrees")]
    done = subprocess.run([*command, str(DOCS), str(folder / "html")], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    html = folder / "html"
    return {str(path.relative_to(html)): Page(path) for path in html.rglob("*.html") if "_static" not in path.parts}


def internal(page: Page) -> Iterator[tuple[Path, str]]:
    """Where the links of a page inside the documentation lead: file and anchor."""
    for link in page.links:
        parts = urlsplit(link)
        if not parts.scheme and not parts.netloc:
            path = (page.path.parent / unquote(parts.path)).resolve() if parts.path else page.path
            yield path, unquote(parts.fragment)


def test_every_internal_link_resolves(site: dict[str, Page]) -> None:
    pages = {page.path.resolve(): page for page in site.values()}
    for page in site.values():
        for path, anchor in internal(page):
            assert path.exists(), f"{page.path.name} → {path}"
            assert not anchor or path not in pages or anchor in pages[path].anchors, (
                f"{page.path.name} → {path}#{anchor}"
            )


def test_nothing_is_loaded_from_elsewhere(site: dict[str, Page]) -> None:
    for page in site.values():
        html = page.path.read_text(encoding="utf-8")
        loaded = re.findall(r'<(?:script|img|iframe|link)\b[^>]*\b(?:src|href)="((?:https?:)?//[^"]+)"', html)
        assert not loaded, page.path.name


def test_every_link_of_the_readme_leads_to_a_file() -> None:
    links = re.findall(r"\]\(([^)#]+)[^)]*\)", (ROOT / "README.md").read_text(encoding="utf-8"))
    for link in links:
        assert urlsplit(link).scheme or (ROOT / link).exists(), link


def commands(command: click.Command, name: str) -> Iterator[tuple[str, click.Command]]:
    """A command with all below it."""
    yield name, command
    if isinstance(command, click.Group):
        context = click.Context(command)
        for below in command.list_commands(context):
            found = command.get_command(context, below)
            assert found is not None, below
            yield from commands(found, f"{name} {below}")


COMMANDS = dict(commands(main, "fitsprov"))
FOR_DEVELOPERS = {"bench", "docs", "fuzz", "lint", "test"}
"""Extras that whoever works on fitsprov needs."""


@pytest.mark.parametrize("name", COMMANDS)
def test_command_and_its_options_have_help(name: str) -> None:
    command = COMMANDS[name]
    assert command.help
    for option in command.params:
        if isinstance(option, click.Option):
            assert option.help, option.opts
            assert option.help.endswith((".", "…")), option.help


@pytest.mark.parametrize("name", COMMANDS)
def test_command_and_its_options_are_documented(name: str, site: dict[str, Page]) -> None:
    page = site["reference/cli.html"]
    assert name.replace(" ", "-") in page.anchors
    for option in COMMANDS[name].params:
        if isinstance(option, click.Option):
            for spelling in (*option.opts, *option.secondary_opts):
                assert f"cmdoption-{name.replace(' ', '-')}-{spelling.lstrip('-')}" in page.anchors, spelling


@pytest.mark.parametrize(
    "name", [name for name, one in COMMANDS.items() if any(p.name == "as_json" for p in one.params)]
)
def test_what_a_command_prints_as_json_is_documented(name: str) -> None:
    headings = re.findall(r"^## (.+)$", (DOCS / "reference" / "json.md").read_text(encoding="utf-8"), re.MULTILINE)
    documented = {word for heading in headings for word in (heading, *heading.split(", "))}
    assert {name.removeprefix("fitsprov "), name.split(" ")[1]} & documented


def test_every_environment_variable_is_documented() -> None:
    text = (DOCS / "reference" / "cli.md").read_text(encoding="utf-8")
    sources = [*(ROOT / "fitsprov").rglob("*.py"), ROOT / "hatch_build.py"]
    named = {name for path in sources for name in re.findall(r"\bFITSPROV_[A-Z_]+\b", path.read_text(encoding="utf-8"))}
    named |= {option.envvar for one in COMMANDS.values() for option in one.params if isinstance(option.envvar, str)}
    assert {name for name in named if f"`{name}`" not in text} == {"FITSPROV_SERVE"}  # from the service to its workers


def test_every_extra_for_users_is_documented() -> None:
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"]
    text = (DOCS / "howto" / "install.md").read_text(encoding="utf-8")
    assert set(re.findall(r"^\| `(\w+)` \|", text, re.MULTILINE)) == set(extras) - FOR_DEVELOPERS


@pytest.mark.parametrize("index", [ROOT / "README.md", DOCS / "index.md"], ids=lambda path: path.name)
def test_every_page_is_named_where_a_reader_begins(index: Path) -> None:
    text = index.read_text(encoding="utf-8")
    generated = {"cli.md", "python.md"} if index.name == "README.md" else set()
    pages = [path for folder in ("howto", "reference", "explanation") for path in (DOCS / folder).glob("*.md")]
    assert [
        page.name for page in pages if page.name not in generated and f"{page.parent.name}/{page.name})" not in text
    ] == []


def test_every_finding_code_is_documented(site: dict[str, Page]) -> None:
    text = site["reference/findings.html"].text
    for code, (_, meaning) in CODES.items():
        assert code in text
        assert meaning in text


def test_every_keyword_is_documented(site: dict[str, Page]) -> None:
    text = site["reference/header-convention.html"].text + site["reference/conventions.html"].text
    for path in (ROOT / "templates" / "headers").glob("*.toml"):
        for row in tomllib.loads(path.read_text(encoding="utf-8"))["keywords"]:
            assert row["name"] in text, f"{path.name}: {row['name']}"


def test_every_kind_of_value_is_documented(site: dict[str, Page]) -> None:
    text = site["howto/convention-file.html"].text
    assert all(name in text and kind.meaning in text for name, kind in KINDS.items())


def test_every_public_name_is_documented(site: dict[str, Page]) -> None:
    anchors = site["reference/python.html"].anchors
    assert {f"fitsprov.{name}" for name in fitsprov.__all__} <= anchors


def test_every_status_and_verdict_is_explained_with_its_causes() -> None:
    text = (DOCS / "explanation" / "status.md").read_text(encoding="utf-8")
    assert all(f"`{status}`\n: " in text for status in fitsprov.Status)
    rows = {row.split("`")[1]: row for row in text.splitlines() if row.startswith("| `")}
    assert set(rows) == set(fitsprov.Verdict)
    for verdict, causes in VERDICTS:
        assert all(f"`{cause}`" in rows[verdict] for cause in causes), verdict


def test_every_key_of_json_is_documented() -> None:
    text = (DOCS / "reference" / "json.md").read_text(encoding="utf-8")
    dataset = fitsprov.Dataset(id=UUID(int=0))
    for printed in (
        json_objects.reading_object("file", fitsprov.Reading()),
        json_objects.stamp_object(fitsprov.Stamp()),
        json_objects.named_object(fitsprov.Input(name="raw")),
        fitsprov.Resolution(name="file", status=fitsprov.Status.UNKNOWN, source="header").to_json(),
        json_objects.dataset_object(dataset, None),
        json_objects.input_object(dataset, None),
        json_objects.found_object(dataset),
        json_objects.activity_object(fitsprov.Activity(id=UUID(int=0))),
        fitsprov.Finding("stamp-missing", "").to_json(),
    ):
        assert printed is not None
        missing = [key for key in printed if not re.search(rf"\b{key}\b", text)]
        assert not missing


def test_versions_agree() -> None:
    cff = re.search(r"^version: (.+)$", (ROOT / "CITATION.cff").read_text(encoding="utf-8"), re.MULTILINE)
    log = re.search(r"^## (\S+)", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert cff is not None
    assert log is not None
    assert cff[1] == log[1] == fitsprov.__version__
