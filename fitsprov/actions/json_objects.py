"""The objects that ``--json`` prints, one function each."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fitsprov.conventions.reading import Reading
    from fitsprov.model.lineage import Activity, Dataset, Execution
    from fitsprov.model.stamp import Input, Stamp

__all__ = ["activity_object", "dataset_object", "found_object", "input_object", "reading_object", "stamp_object"]


def reading_object(name: str, reading: Reading) -> dict[str, Any]:
    """What a header says, merged and in each convention."""
    return {
        "file": name,
        "conventions": list(reading.conventions),
        "stamp": None if reading.stamp is None else stamp_object(reading.stamp),
        "readings": [{"convention": r.convention, "stamp": stamp_object(r.stamp)} for r in reading.readings],
        "findings": [finding.to_json() for finding in reading.findings],
    }


def stamp_object(stamp: Stamp) -> dict[str, Any]:
    """A stamp, all keys always."""
    return {
        "id": text(stamp.id),
        "run": stamp.run,
        "type": stamp.type,
        "data_id": None if stamp.data_id is None else dict(stamp.data_id),
        "activity_id": text(stamp.activity_id),
        "task": stamp.task,
        "software": [{"name": software.name, "version": software.version} for software in stamp.software],
        "parameters": dict(stamp.parameters),
        "publisher_did": stamp.publisher_did,
        "datalink": stamp.datalink,
        "n_parents": stamp.n_parents,
        "n_raws": stamp.n_raws,
        "parents": None if stamp.parents is None else [named_object(item) for item in stamp.parents],
        "raws": None if stamp.raws is None else [named_object(item) for item in stamp.raws],
        "digests": stamp.digests,
        "fingerprint": stamp.fingerprint,
        "stamped": iso(stamp.stamped),
        "extra": dict(stamp.extra),
    }


def named_object(item: Input) -> dict[str, Any]:
    """An input as a header names it."""
    return {
        "id": text(item.id),
        "name": item.name,
        "role": item.role,
        "category": item.category,
        "type": item.type,
        "run": item.run,
        "data_id": None if item.data_id is None else dict(item.data_id),
        "extra": dict(item.extra),
    }


def input_object(dataset: Dataset, role: str | None) -> dict[str, Any]:
    """A parent or raw as a JSON object."""
    return {
        "id": str(dataset.id),
        "name": dataset.name,
        "role": role,
        "category": None if dataset.category is None else dataset.category.value,
        "type": dataset.type,
        "run": dataset.run,
        "data_id": None if dataset.data_id is None else dict(dataset.data_id),
        "uri": dataset.uri,
    }


def dataset_object(dataset: Dataset | None, stamp: Stamp | None) -> dict[str, Any] | None:
    """The dataset itself as a JSON object; without an ID where the header gives none."""
    if dataset is None:
        return None
    return {
        "id": str(dataset.id) if stamp is None or stamp.id is not None else None,
        "run": dataset.run,
        "type": dataset.type,
        "data_id": None if dataset.data_id is None else dict(dataset.data_id),
        "publisher_did": dataset.publisher_did,
        "origin": dataset.origin,
    }


def found_object(dataset: Dataset) -> dict[str, Any]:
    """A dataset of the registry, by itself."""
    item = input_object(dataset, None)
    del item["role"]
    return item


def activity_object(activity: Activity | None) -> dict[str, Any] | None:
    """The activity as a JSON object, configuration and environment inline."""
    from fitsprov.exchange.prov.shown import environment_object  # `show` has no need of it

    if activity is None:
        return None
    agent = activity.agent
    return {
        "id": str(activity.id),
        "task": activity.task,
        "version": activity.version,
        "started": iso(activity.started),
        "ended": iso(activity.ended),
        "status": activity.status,
        "config": None if activity.config is None else dict(activity.config),
        "environment": None if activity.environment is None else environment_object(activity.environment),
        "agent": None if agent is None else {"id": agent.id, "name": agent.name, "type": agent.type},
        "job": job_object(activity.execution),
        "epoch": activity.epoch,
    }


def job_object(execution: Execution | None) -> dict[str, Any] | None:
    """The job above an activity."""
    if execution is None:
        return None
    node = execution.node
    return {
        "id": str(execution.id),
        "system": execution.system,
        "job": execution.job,
        "node": None if node is None else {"name": node.name, "hardware": node.hardware},
        "started": iso(execution.started),
        "ended": iso(execution.ended),
        "status": execution.status,
        "resources": None if execution.resources is None else dict(execution.resources),
    }


def iso(time: datetime | None) -> str | None:
    """A time as ISO 8601, UTC."""
    return None if time is None else time.isoformat().replace("+00:00", "Z")


def text(value: object) -> str | None:
    """A value as text; None stays."""
    return None if value is None else str(value)
