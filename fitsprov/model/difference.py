"""How two products differ in provenance: software, configuration and inputs, wherever in their lineages."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from fitsprov.model.config import leaves
from fitsprov.model.dataid import canonical_text
from fitsprov.model.lineage import Activity, Category, Dataset, Environment, Lineage

__all__ = ["Difference", "differences", "environment_differences"]


@dataclass(frozen=True, slots=True, order=True)
class Difference:
    """One thing that stands differently in two lineages; None where it does not stand at all."""

    kind: str
    """``task``, ``version``, ``config``, ``container``, ``platform``, ``package`` or ``input``."""
    where: str
    """The task, or the dataset type of inputs; empty for what is the whole environment's."""
    what: str
    one: str | None
    other: str | None


Facts = Mapping[tuple[str, str, str], frozenset[str]]
"""Kind, where and what → the values that are seen."""


def differences(one: Lineage, other: Lineage) -> list[Difference]:
    """List what differs between two lineages, in software, configuration and inputs.

    Tasks are compared by name, whatever activities ran them; inputs that nothing made, by type and dataId.
    """
    return list(compared(facts_of(one), facts_of(other)))


def environment_differences(one: Environment, other: Environment) -> list[Difference]:
    """List what differs between two environments."""
    return list(compared(collected(facts_of_environment("", one)), collected(facts_of_environment("", other))))


def compared(one: Facts, other: Facts) -> Iterator[Difference]:
    """Give what is not the same."""
    for key in sorted(one.keys() | other.keys()):
        left, right = one.get(key, frozenset()), other.get(key, frozenset())
        if left != right:
            yield Difference(*key, shown(left), shown(right))


def shown(values: frozenset[str]) -> str | None:
    """Spell the values of one fact."""
    return ", ".join(sorted(values)) if values else None


def facts_of(lineage: Lineage) -> Facts:
    """Collect what a product depends on."""
    parts = (facts_of_activity(one) for one in lineage.activities.values())
    sources = (dataset for dataset in lineage.ancestors() if lineage.activity_of(dataset.id) is None)
    return collected(fact for facts in (*parts, facts_of_sources(sources)) for fact in facts)


def collected(facts: Iterator[tuple[str, str, str, str]]) -> Facts:
    """Collect the values of each fact."""
    found: defaultdict[tuple[str, str, str], set[str]] = defaultdict(set)
    for kind, where, what, value in facts:
        found[kind, where, what].add(value)
    return {key: frozenset(values) for key, values in found.items()}


def facts_of_activity(one: Activity) -> Iterator[tuple[str, str, str, str]]:
    """Name what an activity's results depend on."""
    task = one.task or ""
    yield "task", task, "", "ran"
    if one.version is not None:
        yield "version", task, "", one.version
    for name, value in leaves(one.config or {}):
        yield "config", task, name, json.dumps(value, sort_keys=True, ensure_ascii=False)
    if one.environment is not None:
        yield from facts_of_environment(task, one.environment)


def facts_of_environment(where: str, one: Environment) -> Iterator[tuple[str, str, str, str]]:
    """Name the parts of an environment."""
    for name in ("container", "container_base", "recipe"):
        if (value := getattr(one, name)) is not None:
            yield "container", where, name, value
    for name, value in one.platform.items():
        yield "platform", where, name, value
    for package in one.packages:
        yield "package", where, f"{package.manager}:{package.name}", package.version


def facts_of_sources(datasets: Iterator[Dataset]) -> Iterator[tuple[str, str, str, str]]:
    """Name the inputs that nothing made."""
    for dataset in datasets:
        place = dataset.name or (None if dataset.data_id is None else canonical_text(dataset.data_id))
        what = place or str(dataset.id)
        kind = dataset.type or (dataset.category or Category.RAW).value
        yield "input", kind, what, str(dataset.id)
