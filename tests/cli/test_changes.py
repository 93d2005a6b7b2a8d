"""``fitsprov changes`` and ``fitsprov job``, on each engine."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.conftest import Fitsprov

RECORD = """
fitsprov: 1
run: night
environment: {container: "sim@sha256:1", container_base: "base@sha256:2", recipe: rev-7, python: 3.11.7,
              packages: [{manager: pip, name: numpy, version: 2.0.1}]}
activities:
  - id: 0b0a7b86-7b0d-4f3c-9f8e-000000000001
    task: isr
    config: {doFlat: true, sigma: 3}
    started: 2026-03-14T21:00:00Z
    job: {system: slurm, job: "77", resources: {cpu_s: 12.5}, status: DONE, node: {name: n17, hardware: EPYC}}
    generated: [{id: 0a0a7b86-7b0d-4f3c-9f8e-000000000001, type: image}]
  - id: 0b0a7b86-7b0d-4f3c-9f8e-000000000002
    task: isr
    config: {doFlat: false, sigma: 3}
    started: 2026-03-16T21:00:00Z
    job: {system: htcondor, job: "77"}
    generated: [{id: 0a0a7b86-7b0d-4f3c-9f8e-000000000002, type: image}]
events:
  - {component: SimCam, kind: firmware, from: a, to: b, time: 2026-03-15T12:00:00Z}
"""
IMAGES = "0a0a7b86-7b0d-4f3c-9f8e-000000000001 0a0a7b86-7b0d-4f3c-9f8e-000000000002"


@pytest.fixture(params=["sqlite", "postgresql"])
def ask(request: pytest.FixtureRequest, fitsprov: Fitsprov, monkeypatch: pytest.MonkeyPatch) -> Iterator[Fitsprov]:
    """The command line with a registry of two images."""
    server = None if request.param == "sqlite" else request.getfixturevalue("postgres")
    url = "sqlite:///fitsprov.db" if server is None else server.make()
    monkeypatch.setenv("FITSPROV_REGISTRY", url)
    Path("night.yaml").write_text(RECORD)
    assert fitsprov("init").code == fitsprov("record night.yaml").code == 0
    yield fitsprov
    if server is not None:
        server.drop(url)


@pytest.mark.parametrize("moments", ["1 2", "2 1", "2026-03-15 2026-03-16", "2026-03-16 2026-03-15T11:00:00Z"])
def test_changes_between_epochs_and_times_are_told(ask: Fitsprov, moments: str) -> None:
    ran = ask(f"changes isr {moments}")
    assert (ran.code, ran.out) == (1, "2  2026-03-15T12:00:00Z  firmware  SimCam  -  a  b\n")


def test_changes_between_images_are_what_their_activities_pin(ask: Fitsprov) -> None:
    for ids in (IMAGES, " ".join(reversed(IMAGES.split())), "1"):
        ran = ask(f"changes isr {ids}")
        assert (ran.code, ran.out.splitlines()) == (
            1,
            [
                "2  2026-03-15T12:00:00Z  firmware  SimCam  -       a     b",
                "3  2026-03-16T21:00:00Z  config    isr     doFlat  true  false",
            ],
        )
    assert [one["name"] for one in ask(f"changes isr {IMAGES} --json").json] == [None, "doFlat"]


def test_where_nothing_changed_nothing_is_said(ask: Fitsprov) -> None:
    ran = ask("changes isr 2 2")
    assert (ran.code, ran.out, ran.err) == (0, "", "")
    assert ask("changes isr 3 --json").json == []


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("changes isr 7", "epoch 7 is none; expected one of 1 to 3"),
        ("changes isr 0a0a7b86-7b0d-4f3c-9f8e-0000000000ff", "no such activity"),
        ("changes isr yesterday", "'yesterday' is no time"),
        ("changes izr 1", "task izr: not in the registry; expected one that is"),
    ],
)
def test_a_moment_that_is_none_is_refused(ask: Fitsprov, line: str, message: str) -> None:
    ran = ask(line)
    assert ran.code in (1, 2)
    assert message in ran.err


def test_a_job_is_shown_by_its_id(ask: Fitsprov) -> None:
    slurm, condor = ask("job 77 --json").json
    assert (slurm["system"], slurm["status"], slurm["node"]) == ("slurm", "DONE", {"name": "n17", "hardware": "EPYC"})
    assert slurm["resources"] == {"cpu_s": 12.5}
    assert slurm["tasks"] == [{"task": "isr", "version": None, "activities": 1}]
    (environment,) = slurm["environments"]
    assert [environment[name] for name in ("container", "container_base", "recipe")] == [
        "sim@sha256:1",
        "base@sha256:2",
        "rev-7",
    ]
    assert environment["packages"] == [{"manager": "pip", "name": "numpy", "version": "2.0.1"}]
    assert condor["system"] == "htcondor"
    shown = ask(f"job {slurm['id']}").out.splitlines()
    assert shown[0] == "slurm 77"
    assert "  node            n17 EPYC" in shown
    assert "  software        numpy 2.0.1" in shown
    assert "  ran             isr  × 1" in shown


def test_a_job_that_nobody_knows_is_exit_code_1(ask: Fitsprov) -> None:
    assert ask("job 78").code == 1
    assert ask("job 78 --json").json == []


def test_a_job_that_nobody_knows_is_said(ask: Fitsprov) -> None:
    ran = ask("job 78")
    assert (ran.code, ran.out, ran.err) == (1, "", "fitsprov: job 78: not in the registry; expected one that is\n")
