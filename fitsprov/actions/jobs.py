"""What is known of a job, by its ID."""

from __future__ import annotations

from typing import Any

from fitsprov.actions.json_objects import job_object
from fitsprov.actions.registering import open_registry
from fitsprov.exchange.prov.shown import environment_object

__all__ = ["jobs"]


def jobs(registry_url: str, id: str) -> list[dict[str, Any]]:
    """Say what is known of the jobs of an ID, as JSON objects: one for each system that has such a job."""
    with open_registry(registry_url) as registry:
        found = registry.jobs(id)
    return [
        {
            **(job_object(one.execution) or {}),
            "environments": [environment_object(environment) for environment in one.environments],
            "tasks": [{"task": name, "version": version, "activities": count} for name, version, count in one.tasks],
        }
        for one in found
    ]
