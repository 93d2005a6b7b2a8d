"""Know where a FITS file came from: provenance stamps in headers, DataLink, and a registry that resolves them.

>>> import fitsprov
>>> fitsprov.Stamp(run="demo", type="raw", data_id={"exposure": 1}).run
'demo'
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from fitsprov.actions.adopting import Adoption, adopt
    from fitsprov.actions.fetching import Fetched, fetch
    from fitsprov.actions.following import Online
    from fitsprov.actions.harvesting import Harvest, harvest
    from fitsprov.actions.reading import inspect, read
    from fitsprov.actions.registry import Counts, Registry
    from fitsprov.actions.repointing import repoint
    from fitsprov.actions.resolution import Resolution, Status
    from fitsprov.actions.resolving import resolve
    from fitsprov.actions.stamping import Outcome, export, stamp, strip
    from fitsprov.actions.verifying import Verdict, verdict_of, verify
    from fitsprov.conventions.reading import ConventionReading, Reading
    from fitsprov.errors import FitsprovError
    from fitsprov.model.finding import Finding
    from fitsprov.model.impact import Cause, Hit, Impact, Incident, Requirement
    from fitsprov.model.lineage import Activity, Dataset, Lineage
    from fitsprov.model.reached import Paths, Reached
    from fitsprov.model.stamp import Input, Software, Stamp

__all__ = [
    "Activity",
    "Adoption",
    "Cause",
    "ConventionReading",
    "Counts",
    "Dataset",
    "Fetched",
    "Finding",
    "FitsprovError",
    "Harvest",
    "Hit",
    "Impact",
    "Incident",
    "Input",
    "Lineage",
    "Online",
    "Outcome",
    "Paths",
    "Reached",
    "Reading",
    "Registry",
    "Requirement",
    "Resolution",
    "Software",
    "Stamp",
    "Status",
    "Verdict",
    "adopt",
    "export",
    "fetch",
    "harvest",
    "inspect",
    "read",
    "repoint",
    "resolve",
    "stamp",
    "strip",
    "verdict_of",
    "verify",
]

HOMES = {
    "actions.adopting": ("Adoption", "adopt"),
    "actions.fetching": ("Fetched", "fetch"),
    "actions.following": ("Online",),
    "actions.harvesting": ("Harvest", "harvest"),
    "actions.reading": ("inspect", "read"),
    "actions.registry": ("Counts", "Registry"),
    "actions.repointing": ("repoint",),
    "actions.resolution": ("Resolution", "Status"),
    "actions.resolving": ("resolve",),
    "actions.stamping": ("Outcome", "export", "stamp", "strip"),
    "actions.verifying": ("Verdict", "verdict_of", "verify"),
    "conventions.reading": ("ConventionReading", "Reading"),
    "errors": ("FitsprovError",),
    "model.finding": ("Finding",),
    "model.impact": ("Cause", "Hit", "Impact", "Incident", "Requirement"),
    "model.lineage": ("Activity", "Dataset", "Lineage"),
    "model.reached": ("Paths", "Reached"),
    "model.stamp": ("Input", "Software", "Stamp"),
}


def __getattr__(name: str) -> Any:
    """Load a name on first use (PEP 562): the command line starts without what it does not need."""
    for module, names in HOMES.items():
        if name in names:
            value = getattr(import_module(f"{__name__}.{module}"), name)
            globals()[name] = value
            return value
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
