"""The ledger of a run: does its tasks, and writes down each as it is done (the YAML run record of fitsprov).

Making the same survey again must give the same record. So IDs are UUIDv7 (RFC 9562, 5.7) whose random bits come from
the name of the thing, and the clock is one that each task moves on by a fixed time.
"""

from __future__ import annotations

import hashlib
import json
import platform
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from importlib.metadata import version
from pathlib import Path
from typing import Any
from uuid import UUID

import yaml
from astropy.io import fits

import simcam
from simcam import layout, tasks

Scalar = str | int
AGENT = {"id": "org:simcam-survey", "name": "SimCam Survey", "type": "Organization"}

FILES = {
    "raw": "raw/{name}.fits",
    "simref": "refcat/simref.fits",
    "bias": "calib/bias.fits",
    "dark": "calib/dark.fits",
    "flat": "calib/flat_{physical_filter}.fits",
    "post_isr_image": "drp/post_isr_image/post_isr_image_{exposure}.fits",
    "visit_image": "drp/visit_image/visit_image_{visit}.fits",
    "calibrateImage_metadata": "drp/calibrateImage_metadata/calibrateImage_metadata_{visit}.json",
    "deep_coadd": "drp/deep_coadd/deep_coadd_{tract}_{patch}_{band}.fits",
}
"""Where the datasets of each type lie, from the folder of the records."""

CATEGORIES = {
    **{"raw": "raw", "simref": "reference", "bias": "calibration", "dark": "calibration", "flat": "calibration"},
    **{"post_isr_image": "product", "visit_image": "product", "calibrateImage_metadata": "metric"},
    "deep_coadd": "product",
}
NOT_KEPT = {"post_isr_image"}
"""Types that are recorded and not written: what ``calibrateImage`` needs once can be made again from the raw."""

SECONDS = {"biasGen": 20, "darkGen": 25, "flatGen": 30, "isr": 4, "calibrateImage": 9, "assembleCoadd": 75}
"""What each task takes by the ledger's clock."""


@dataclass(frozen=True)
class Dataset:
    """One dataset, with the bytes of its file: what a task is given is what a file holds, no digit more."""

    id: UUID
    type: str
    run: str
    data_id: dict[str, Scalar]
    file: str
    content: bytes
    name: str | None = None

    @classmethod
    def make(
        cls, type_: str, run: str, data_id: dict[str, Scalar], product: Any, at: datetime, name: str | None = None
    ) -> Dataset:
        """Give a new dataset its ID and its file."""
        file = FILES[type_].format(name=name, **data_id)
        if isinstance(product, fits.HDUList):
            compressed = any(isinstance(hdu, fits.CompImageHDU) for hdu in product)
            file, content = file + ".fz" * compressed, layout.encode(product)
        else:
            content = json.dumps(product, indent=1).encode() + b"\n"
        return cls(uuid7(at, run, type_, json.dumps(data_id)), type_, run, data_id, file, content, name)

    def save(self, root: Path) -> None:
        """Write the file, unless the type is not kept."""
        if self.type not in NOT_KEPT:
            path = root / self.file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(self.content)


class Run:
    """One run of the pipeline, and its record.

    Parameters
    ----------
    name
        The run collection.
    start
        When the ledger's clock begins.
    environment
        The software that runs, as `environment` gives it.
    """

    def __init__(self, name: str, start: datetime, environment: dict[str, Any]) -> None:
        self.name = name
        self.now = start
        self.environment = environment
        self.datasets: list[Dataset] = []
        self.made: list[Dataset] = []
        self.types: set[str] = set()
        self.activities: list[dict[str, Any]] = []
        self.events: list[dict[str, Any]] = []

    def declare(self, *datasets: Dataset) -> None:
        """Note datasets that exist and that nothing in this run made."""
        self.datasets += datasets
        self.types |= {dataset.type for dataset in datasets}

    def do(
        self, task: str, config: dict[str, Any], data_id: dict[str, Scalar], **used: Sequence[Dataset]
    ) -> list[Dataset]:
        """Do a task with the datasets `used`, by role; note it, and return what it made."""
        inputs = {role: [layout.decode(dataset.content) for dataset in datasets] for role, datasets in used.items()}
        products = tasks.TASKS[task](inputs, **config)
        started, self.now = self.now, self.now + timedelta(seconds=SECONDS[task])
        made = [Dataset.make(type_, self.name, data_id, each, self.now) for type_, each in products.items()]
        self.made += made
        unused = tasks.presented_only(products)
        self.types |= {dataset.type for datasets in (made, *used.values()) for dataset in datasets}
        self.activities.append(
            {
                "id": uuid7(started, self.name, task, json.dumps(data_id)),
                "task": task,
                "version": simcam.__version__,
                "config": Line(config),
                "started": started,
                "ended": self.now,
                "status": "success",
                "used": [
                    Line({"id": dataset.id, "role": role} | ({"actual": False} if i in unused else {}))
                    for role, datasets in used.items()
                    for i, dataset in enumerate(datasets)
                ],
                "generated": [{"id": d.id, "type": d.type, "data_id": Line(d.data_id), "file": d.file} for d in made],
            }
        )
        return made

    def event(self, component: str, kind: str, before: str, after: str, time: datetime) -> None:
        """Note a change outside any activity."""
        self.events.append({"component": component, "kind": kind, "from": before, "to": after, "time": time})

    def record(self) -> str:
        """Write up the run as the YAML that ``fitsprov record`` loads."""
        record = {
            "fitsprov": 1,
            "run": self.name,
            "agent": Line(AGENT),
            "types": {type_: Line(category=CATEGORIES[type_]) for type_ in CATEGORIES if type_ in self.types},
            "environment": self.environment | {"packages": [Line(package) for package in self.environment["packages"]]},
            "datasets": [
                {"id": d.id, "type": d.type, "run": d.run, "data_id": Line(d.data_id)}
                | ({"name": d.name} if d.name else {})
                | {"file": d.file}
                for d in self.datasets
            ],
            "events": self.events,
            "activities": self.activities,
        }
        filled = {key: value for key, value in record.items() if value}
        return yaml.dump(filled, Dumper=_Dumper, sort_keys=False, width=110, allow_unicode=True)


def uuid7(moment: datetime, *names: str) -> UUID:
    """A UUIDv7 of one moment whose other 74 bits are drawn from `names`."""
    bits = int.from_bytes(hashlib.sha256("\n".join(names).encode()).digest()[:10])
    value = int(moment.timestamp() * 1000) << 80 | bits
    value = value & ~(0xF << 76) | 7 << 76
    return UUID(int=value & ~(0b11 << 62) | 0b10 << 62)


def environment() -> dict[str, Any]:
    """The software that runs now."""
    packages = [("pip", "astropy", version("astropy")), ("pip", "numpy", version("numpy"))]
    packages.append(("source", "simcam", simcam.__version__))
    return {
        "os": platform.freedesktop_os_release()["PRETTY_NAME"],
        "libc": " ".join(platform.libc_ver()),
        "python": platform.python_version(),
        "hardware": platform.machine(),
        "packages": [{"manager": m, "name": n, "version": v} for m, n, v in packages],
    }


class Line(dict[str, Any]):
    """A mapping that YAML writes on one line, as far as it fits."""


class _Dumper(yaml.SafeDumper):
    """YAML as a person would write it."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        super().increase_indent(flow, indentless=False)

    def ignore_aliases(self, data: Any) -> bool:
        return True


_Dumper.add_representer(Line, lambda d, v: d.represent_mapping("tag:yaml.org,2002:map", v.items(), flow_style=True))
_Dumper.add_representer(UUID, lambda d, v: d.represent_str(str(v)))
_Dumper.add_representer(
    datetime, lambda d, v: d.represent_scalar("tag:yaml.org,2002:timestamp", f"{v:%Y-%m-%dT%H:%M:%SZ}")
)
