"""Print the lowest version of each dependency that pyproject.toml allows, one pin a line."""

from __future__ import annotations

import tomllib
from pathlib import Path

told = tomllib.loads(Path(__file__).parent.parent.joinpath("pyproject.toml").read_text(encoding="utf-8"))
project = told["project"]
for requirement in (
    *told["build-system"]["requires"],
    "editables>=0.5",  # hatchling asks for it when it builds what is editable
    *project["dependencies"],
    *project["optional-dependencies"]["test"],
):
    print(requirement.replace(">=", "==", 1))
