"""What the documentation gives to be copied is what works."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import tomllib
from collections.abc import Callable
from pathlib import Path

from fitsprov.actions.access import read_access
from fitsprov.cli.serve import LIMITS, command
from fitsprov.settings import Settings

PAGE = (Path(__file__).parents[2] / "docs" / "howto" / "service.md").read_text(encoding="utf-8")


def block(language: str) -> str:
    """The block of the page in a language."""
    match = re.search(rf"```{{code-block}} {language}\n(?::caption: [^\n]*\n\n)?(.*?)```", PAGE, re.DOTALL)
    assert match is not None
    return match[1]


def options(arguments: list[str]) -> None:
    """Parse a call of the command, whose options must be there."""
    command.make_context("serve", [one for one in arguments if one], resilient_parsing=False)


def test_unit_is_one(tmp_path: Path, needs_tool: Callable[[str], str]) -> None:
    unit = tmp_path / "fitsprov.service"
    unit.write_text(block("ini").replace("/opt/fitsprov/bin/fitsprov", "/bin/true"))
    done = subprocess.run(
        [needs_tool("systemd-analyze"), "verify", "--man=no", str(unit)], capture_output=True, text=True, check=False
    )
    assert [line for line in done.stderr.splitlines() if "fitsprov.service" in line] == []


def test_commands_of_unit_and_container_are_ours() -> None:
    (line,) = re.findall(r"^ExecStart=(.*)$", block("ini"), re.MULTILINE)
    options(shlex.split(line)[2:])
    entry, more = (json.loads(text) for text in re.findall(r"^(?:ENTRYPOINT|CMD) (.*)$", block("dockerfile"), re.M))
    assert entry[:2] == ["fitsprov", "serve"]
    options(entry[2:] + more)
    known = {parameter.envvar for parameter in command.params if parameter.envvar} | {"FITSPROV_REGISTRY"}
    assert set(re.findall(r"FITSPROV_[A-Z_]+", PAGE)) <= known


def test_rules_are_read_as_they_stand() -> None:
    access = read_access(tomllib.loads(block("toml")), "access.toml")
    assert access.groups_for("LSSTCam/runs/DRP/v1", "deep_coadd") == {"survey"}
    assert access.groups_for("LSSTCam/raw/all", "raw") == {"*"}
    assert access.caller({b"authorization": b"Bearer abracadabra"}, None).groups == {"survey"}
    assert access.hidden is False


def test_every_limit_is_told_with_its_default() -> None:
    rows = dict(re.findall(r"^\| `(--max-[a-z]+)` \| `FITSPROV_[A-Z_]+` \| ([^|]+) \|", PAGE, re.MULTILINE))
    told = {name: float(text.replace(",", "").replace("8 MiB", str(8 * 2**20))) for name, text in rows.items()}
    assert told == {f"--{name.replace('_', '-')}": getattr(Settings(), name) for name in LIMITS}
