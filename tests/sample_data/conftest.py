"""The sample survey as its records tell it, with its tasks at hand."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2] / "sample_data"
sys.path.insert(0, str(ROOT))

from simcam import layout, tasks  # noqa: E402  (the sample's own package, beside its make.py)


class Survey:
    """Both records, and what can be done again from them."""

    def __init__(self) -> None:
        self.root = ROOT
        self.records = {
            name: yaml.safe_load((ROOT / name).read_text(encoding="utf-8")) for name in ("calib.yaml", "drp.yaml")
        }
        self.activities = [activity for record in self.records.values() for activity in record["activities"]]
        self.declared = [dataset for record in self.records.values() for dataset in record["datasets"]]
        self.generated = [dataset for activity in self.activities for dataset in activity["generated"]]
        self.datasets = {dataset["id"]: dataset for dataset in self.declared + self.generated}
        self.makers = {dataset["id"]: a for a in self.activities for dataset in a["generated"]}

    def content(self, identifier: str) -> Any:
        """A dataset as it is kept, or made again where it is not."""
        dataset = self.datasets[identifier]
        path = self.root / dataset["file"]
        if path.exists():
            return layout.decode(path.read_bytes())
        again = self.rerun(self.makers[identifier])[dataset["type"]]
        return layout.decode(layout.encode(again))

    def rerun(self, activity: dict[str, Any]) -> tasks.Products:
        """Do again what an activity did, from nothing but its record."""
        inputs: dict[str, list[Any]] = {}
        for used in activity["used"]:
            inputs.setdefault(used["role"], []).append(self.content(used["id"]))
        return tasks.TASKS[activity["task"]](inputs, **activity["config"])

    def of_type(self, type_: str) -> list[dict[str, Any]]:
        """All datasets of one type."""
        return [dataset for dataset in self.datasets.values() if dataset["type"] == type_]


@pytest.fixture(scope="session")
def survey() -> Survey:
    return Survey()
