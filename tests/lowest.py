"""Print the lowest version of each dependency that pyproject.toml allows, one pin a line."""

from __future__ import annotations

import tomllib
from pathlib import Path

project = tomllib.loads(Path(__file__).parent.parent.joinpath("pyproject.toml").read_text(encoding="utf-8"))["project"]
for requirement in (*project["dependencies"], *project["optional-dependencies"]["test"]):
    print(requirement.replace(">=", "==", 1))
