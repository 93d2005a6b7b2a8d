"""``resolve`` and ``fetch`` as their user calls them, without a registry."""

from __future__ import annotations

import json
import shlex
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

import fitsprov
from fitsprov.cli import main
from fitsprov.settings import Settings
from tests.little import http, little
from tests.service.conftest import COADD, serving


@dataclass
class Ran:
    code: int
    out: str
    err: str


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Ran]:
    """Call the command line in a folder without a registry."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("FITSPROV_REGISTRY", raising=False)

    def call(line: str, answer: str | None = None, *, terminal: bool = False) -> Ran:
        runner = CliRunner()
        with monkeypatch.context() as patched:
            if terminal:
                patched.setattr("fitsprov.cli.resolve.is_terminal", lambda: True)
            result = runner.invoke(main, shlex.split(line), input=answer)
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return Ran(result.exit_code, result.stdout, result.stderr)

    return call


def test_online_prints_what_the_archive_itself_prints(
    run: Callable[..., Ran], stamped: Callable[..., Path], base: str, archive: Path
) -> None:
    path = stamped(base)
    mine = run(f"resolve {path} --online --allow-host 127.0.0.1")
    theirs = run(f"resolve {path} --registry sqlite:///{archive}/fitsprov.db")
    assert (mine.code, theirs.code) == (0, 0)
    assert mine.out == theirs.out.replace("(from the registry)", "(from the service)")
    assert mine.err == "asking 127.0.0.1\n"


def test_facts_come_from_the_service_as_from_the_archive(
    run: Callable[..., Ran], stamped: Callable[..., Path], archive: Path, tmp_path: Path
) -> None:
    shutil.copy(archive / "fitsprov.db", tmp_path / "more.db")
    url, when = f"sqlite:///{tmp_path}/more.db", "2026-11-02T00:00:00Z"
    with fitsprov.Registry(url) as more:
        record = {
            "fitsprov": 1,
            "metrics": [{"dataset": COADD, "name": "depth", "value": 26.5, "unit": "mag", "verdict": "pass"}],
            "annotations": [{"dataset": COADD, "kind": "note", "text": "a trail", "time": when}],
            "observations": [{"dataset": COADD, "program": "wide", "start": when}],
        }
        more.record(record)
    with serving(Settings(registry=url)) as base:
        path = stamped(base)
        mine = run(f"resolve {path} --online --allow-host 127.0.0.1")
        theirs = run(f"resolve {path} --registry {url}")
    assert "depth  26.5 mag  pass" in mine.out
    assert mine.out == theirs.out.replace("(from the registry)", "(from the service)")


def test_json_says_who_answered(run: Callable[..., Ran], stamped: Callable[..., Path], base: str) -> None:
    (found,) = json.loads(run(f"resolve {stamped(base)} --online --allow-host 127.0.0.1 --json").out)
    assert (found["source"], found["status"], found["findings"]) == ("service", "resolved", [])


@pytest.mark.parametrize("option", ["", "--offline"])
def test_a_pipe_touches_no_network(run: Callable[..., Ran], stamped: Callable[..., Path], option: str) -> None:
    with little(lambda path: http(b"")) as server:
        found = run(f"resolve {stamped(server.base)} {option} --allow-host 127.0.0.1")
        assert server.requests == []
    assert found.code == 1
    assert "dataset-unknown" in found.out
    assert found.err == ""


def test_offline_holds_on_a_terminal_too(run: Callable[..., Ran], stamped: Callable[..., Path]) -> None:
    with little(lambda path: http(b"")) as server:
        assert run(f"resolve {stamped(server.base)} --offline", terminal=True).err == ""
        assert server.requests == []


def test_a_terminal_is_asked_and_the_host_named(
    run: Callable[..., Ran], stamped: Callable[..., Path], base: str
) -> None:
    path = stamped(base)
    yes = run(f"resolve {path} --allow-host 127.0.0.1", "y\n", terminal=True)
    assert yes.err.startswith("Ask 127.0.0.1 for the provenance? [y/N]:")
    assert "(from the service)" in yes.out
    no = run(f"resolve {path} {path} --allow-host 127.0.0.1", "n\n", terminal=True)
    assert no.err.count("Ask 127.0.0.1") == 1
    assert no.out.count("service-refused") == 2
    assert no.code == 1


def test_a_dead_service_leaves_the_header_and_exits_with_1(
    run: Callable[..., Ran], stamped: Callable[..., Path]
) -> None:
    with little(lambda path: http(b"", "503 Busy")) as server:
        found = run(f"resolve {stamped(server.base)} --online --allow-host 127.0.0.1")
    assert found.code == 1
    assert "(from the header)" in found.out
    assert "service-unreachable" in found.out
    assert "HTTP 503" in found.out


def test_what_a_service_says_does_not_act_on_the_terminal(
    run: Callable[..., Ran], stamped: Callable[..., Path], base: str
) -> None:
    import httpx

    prov = httpx.get(f"{base}/prov?ID={COADD}&DEPTH=ALL&RESPONSEFORMAT=PROV-JSON").text
    prov = prov.replace('"assembleCoadd"', '"\\u001b]0;owned\\u0007\\u009b31massemble"').replace(
        '"SimCam Survey"', '"\\u202eevil"'
    )
    links = httpx.get(f"{base}/links?ID={COADD}").content
    types = {"Content_Type": "application/x-votable+xml;content=datalink"}
    with little(
        lambda path: (
            http(links.replace(base.encode(), server.base.encode()), **types)
            if path.startswith("/links")
            else http(prov.encode(), Content_Type="application/json")
        )
    ) as server:
        found = run(f"resolve {stamped(server.base)} --online --allow-host 127.0.0.1")
    assert "(from the service)" in found.out
    assert all(line.isprintable() for line in found.out.splitlines())


def test_fetch_prints_a_line_for_each_link(
    run: Callable[..., Ran], stamped: Callable[..., Path], base: str, tmp_path: Path
) -> None:
    line = f"fetch {stamped(base)} --semantics '#progenitor' -o parents --allow-host 127.0.0.1 --jobs 4"
    planned = run(f"{line} --dry-run")
    assert planned.code == 0
    assert planned.out.count("offered") == 32
    first = run(line)
    assert (first.code, first.err) == (0, "asking 127.0.0.1\n")
    assert first.out.count("fetched") == 32
    (again,) = json.loads(run(f"{line} --json").out)
    assert {link["status"] for link in again["links"]} == {"there"}
    assert len(list((tmp_path / "parents").glob("*.fits"))) == 32


def test_fetch_by_id_needs_a_service(run: Callable[..., Ran], base: str) -> None:
    assert run(f"fetch {COADD}").code == 2
    found = run(f"fetch {COADD} --service {base} --allow-host 127.0.0.1")
    assert found.code == 0
    assert found.out.startswith("fetched  deep_coadd_9813_42_r.fits  ")


def test_fetch_says_what_failed(run: Callable[..., Ran]) -> None:
    found = run(f"fetch {COADD} --service http://127.0.0.1:1")
    assert found.code == 3
    assert "which is not public" in found.err


def test_fetch_shows_progress_on_a_terminal(run: Callable[..., Ran], base: str, monkeypatch: Any) -> None:
    bars: list[tuple[int, int]] = []
    monkeypatch.setattr("fitsprov.cli.fetch.Bar.move", lambda self, came, expected: bars.append((came, expected)))
    run(f"fetch {COADD} --service {base} --allow-host 127.0.0.1")
    assert sum(came for came, _ in bars) == sum(expected for _, expected in bars) > 0
