"""The words in which a lineage is told, and how much of it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from fitsprov.model.lineage import Category

__all__ = ["AGENT_TYPES", "DESCRIPTIONS", "FITSPROV", "SETUP", "USAGE_TYPES", "VOPROV", "Model", "Wanted"]

FITSPROV = "urn:uuid:5f0b7f0e-3d0c-5b43-9e0f-6a1f6f7cf1d5#"
"""The namespace of what PROV has no word for: a UUID is nobody else's, needs no home page, and no register of URNs."""
VOPROV = "http://www.ivoa.net/documents/ProvenanceDM/index.html#"
"""The namespace of ProvenanceDM as the ``voprov`` package has it; the standard names none."""

AGENT_TYPES = ("Person", "Organization", "SoftwareAgent")
"""Of PROV-DM, 5.3.1, and of ProvenanceDM, 2.4.1."""
SETUP = "setup"
USAGE_TYPES = {
    Category.CALIBRATION.value: "Calibration",
    Category.LOG.value: "Log",
    Category.METRIC.value: "Quality",
    SETUP: "Setup",
}
"""The types of usage that a category settles (ProvenanceDM 1.0, 2.5.4)."""
DESCRIPTIONS = {
    "EntityDescription": {
        "entity": "EntityDescription",
        "dataset": "DatasetDescription",
        "value": "ValueDescription",
        "configfile": "ConfigFileDescription",
    },
    "ActivityDescription": {"activity": "ActivityDescription"},
    "UsageDescription": {"usage": "UsageDescription"},
    "GenerationDescription": {"generation": "GenerationDescription"},
    "ParameterDescription": {"parameter": "ParameterDescription"},
}
"""Classes of ProvenanceDM that are told of by name; kinds of descriptions, and the class that each makes of them."""


class Model(StrEnum):
    """In whose words a lineage is told."""

    W3C = "W3C"
    """Those of PROV, and our own where it has none."""
    IVOA = "IVOA"
    """The same, and what ProvenanceDM adds: its attributes, descriptions, types of usage."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is told, and in whose words."""

    model: Model = Model.IVOA
    agents: bool = True
    """Who is responsible."""
    setup: bool = True
    """Configurations and environments."""
    descriptions: bool = True
    """What ProvenanceDM says of kinds of entities and activities."""
    members: bool = False
    """Runs, as collections of their datasets."""
    steps: bool = False
    """Jobs, as activities of which those that they ran are steps."""
