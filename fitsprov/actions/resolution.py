"""What is known about where a file, or a dataset, came from."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from fitsprov.actions.fact_objects import facts_object
from fitsprov.actions.json_objects import activity_object, dataset_object, input_object
from fitsprov.model.facts import DatasetFacts
from fitsprov.model.finding import Finding
from fitsprov.model.lineage import Activity, Dataset, Lineage
from fitsprov.model.stamp import Stamp

if TYPE_CHECKING:
    from astropy.table import Table

__all__ = ["Resolution", "Status"]


class Status(StrEnum):
    """How sure a resolution is."""

    RESOLVED = "resolved"
    INHERITED = "inherited"
    """The stamp came with a copied header: the data are derived from the dataset that it names."""
    CONFLICT = "conflict"
    """The header and the registry, or two conventions, contradict each other."""
    UNKNOWN = "unknown"
    """There is a stamp, and nobody to ask who knows the dataset."""
    UNSTAMPED = "unstamped"


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Resolution:
    """What is known about where a file, or a dataset, came from; in a notebook it shows itself, escaped."""

    name: str
    """The file or ID that was asked for."""
    status: Status
    source: str
    """Who answered: ``registry``, ``service`` or ``header``."""
    stamp: Stamp | None = None
    lineage: Lineage | None = None
    known_raws: tuple[Dataset, ...] | None = None
    """From a header that lists raws without the steps between; None where the lineage tells."""
    facts: DatasetFacts | None = None
    """What the registry, or the service, says of the dataset beside its lineage."""
    findings: tuple[Finding, ...] = ()

    def __repr__(self) -> str:
        """One line: a lineage may have thousands of datasets."""
        return f"<Resolution of {self.name!r}: {self.status}, from the {self.source}>"

    def __str__(self) -> str:
        """The lineage as a tree, and the findings."""
        from fitsprov.actions.notebook import to_text

        return to_text(self)

    def _repr_html_(self) -> str:
        """What a notebook shows."""
        from fitsprov.actions.notebook import to_html

        return to_html(self)

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        """The same in each form, so that a notebook keeps the tree as text beside it."""
        return {"text/plain": str(self), "text/html": self._repr_html_()}

    @property
    def dataset(self) -> Dataset | None:
        """The dataset that was found."""
        return None if self.lineage is None else self.lineage.dataset

    @property
    def activity(self) -> Activity | None:
        """The activity that made it."""
        return None if self.lineage is None else self.lineage.activity_of(self.lineage.focus)

    @property
    def parents(self) -> Table:
        """Immediate parents, calibrations included: id, name, role, category, type, run, data_id, uri."""
        return input_table(self.parent_rows(), "Immediate parents")

    @property
    def raws(self) -> Table:
        """Raw observations among the ancestors, with the same columns."""
        return input_table(self.raw_rows(), "Raw observations")

    def parent_rows(self) -> list[dict[str, Any]]:
        """The parents as JSON objects."""
        return [] if self.lineage is None else [input_object(d, u.role) for d, u in self.lineage.parents()]

    def raw_rows(self) -> list[dict[str, Any]]:
        """The raws as JSON objects."""
        if self.known_raws is not None:
            return [input_object(dataset, None) for dataset in self.known_raws]
        if self.lineage is None:
            return []
        roles = {usage.dataset: usage.role for usages in self.lineage.used.values() for usage in usages}
        return [input_object(dataset, roles.get(dataset.id)) for dataset in self.lineage.raws()]

    def to_json(self) -> dict[str, Any]:
        """The object that ``--json`` prints."""
        return {
            "file": self.name,
            "status": self.status.value,
            "source": self.source,
            "dataset": dataset_object(self.dataset, self.stamp),
            "activity": activity_object(self.activity),
            "parents": self.parent_rows(),
            "raws": self.raw_rows(),
            "facts": facts_object(self.facts),
            "lineage_complete": self.lineage is not None and self.lineage.complete,
            "findings": [finding.to_json() for finding in self.findings],
        }


def input_table(rows: list[dict[str, Any]], title: str) -> Table:
    """Parents or raws as an astropy table."""
    from astropy.table import MaskedColumn, Table

    columns = {
        "id": "Dataset ID",
        "name": "Name, where it has one",
        "role": "What it was to the activity",
        "category": "Kind of dataset",
        "type": "Dataset type",
        "run": "Run collection",
        "data_id": "Data identifier",
        "uri": "Where a copy is",
    }
    table = Table(meta={"description": title})
    for name, description in columns.items():
        if name == "data_id":
            table[name] = MaskedColumn([row[name] for row in rows], dtype=object, description=description)
            continue
        values = [row[name] or "" for row in rows]
        table[name] = MaskedColumn(values, dtype=str, mask=[row[name] is None for row in rows], description=description)
    return table
