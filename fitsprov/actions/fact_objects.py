"""The objects that ``--json`` prints of facts, one function each."""

from __future__ import annotations

from dataclasses import fields
from datetime import datetime
from typing import Any
from uuid import UUID

from fitsprov.actions.json_objects import iso, text
from fitsprov.model.facts import Annotation, Change, DatasetFacts, Happening, Metric, Observation
from fitsprov.model.lineage import Agent

__all__ = ["annotation_object", "change_object", "facts_object", "happening_object"]


def facts_object(facts: DatasetFacts | None) -> dict[str, Any] | None:
    """What is said of a dataset, all keys always."""
    if facts is None:
        return None
    return {
        "observation": observation_object(facts.observation),
        "telemetry": dict(facts.telemetry),
        "metrics": [metric_object(one) for one in facts.metrics],
        "annotations": [annotation_object(one) for one in facts.annotations],
        "value": None if facts.value is None else {"value": facts.value.value, "description": facts.value.description},
        "derived_from": [str(one) for one in facts.derived_from],
        "members": [str(one) for one in facts.members],
        "collections": [str(one) for one in facts.collections],
        "responsible": [
            {**about(one), "agent": agent_object(one.agent), "role": one.role} for one in facts.responsible
        ],
    }


def observation_object(observation: Observation | None) -> dict[str, Any] | None:
    """Where an exposure comes from."""
    return None if observation is None else {name: value for name, value in plain(observation) if name != "dataset"}


def metric_object(metric: Metric) -> dict[str, Any]:
    """A measured value, or a verdict."""
    return dict(plain(metric))


def annotation_object(annotation: Annotation) -> dict[str, Any]:
    """What someone said."""
    return {**dict(plain(annotation)), "agent": agent_object(annotation.agent)}


def happening_object(happening: Happening) -> dict[str, Any]:
    """One thing among what happened."""
    return dict(plain(happening))


def change_object(change: Change) -> dict[str, Any]:
    """One thing that changed."""
    return dict(plain(change))


def agent_object(agent: Agent | None) -> dict[str, Any] | None:
    """Who."""
    return None if agent is None else {"id": agent.id, "name": agent.name, "type": agent.type}


def about(one: Any) -> dict[str, Any]:
    """What something is said of."""
    return {"dataset": text(one.dataset), "activity": text(one.activity), "run": one.run}


def plain(value: Any) -> list[tuple[str, Any]]:
    """The fields of a value as JSON has them."""
    return [(field.name, spelled(getattr(value, field.name))) for field in fields(value)]


def spelled(value: Any) -> Any:
    """A field as JSON has it."""
    match value:
        case datetime():
            return iso(value)
        case UUID():
            return str(value)
    return value
