"""What the parts of a run record mean, whichever key they stand under."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from fitsprov.errors import InvalidRecord, MalformedID
from fitsprov.model.facts import fact_id
from fitsprov.model.identifiers import is_id, name_id, parse_id
from fitsprov.model.lineage import Agent, Environment, Execution, Node, Package

__all__ = ["Json", "Parts", "on_node", "read_agent", "read_environment", "read_node"]

Json = Mapping[str, Any]

# what was meant for an ID and is none must not become a name in silence
LIKE_ID = re.compile(
    r"(?:urn:uuid:|ivo://|butler://).*"
    r"|[0-9A-Fa-f]{32}"
    r"|[0-9A-Za-z]{7,9}-[0-9A-Za-z]{3,5}-[0-9A-Za-z]{3,5}-[0-9A-Za-z]{3,5}-[0-9A-Za-z]{11,13}",
    re.IGNORECASE,
)
PLATFORM = ("os", "kernel", "libc", "python", "hardware")
BY_HAND = "host"
"""The system of what ran on a node without any job."""


class Parts:
    """Reads parts of one document; notes the names by which it calls datasets."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.names: dict[UUID, str] = {}

    def refuse(self, where: str, problem: str) -> InvalidRecord:
        """Make the error for one place."""
        return InvalidRecord(f"{self.source}: {where}: {problem}")

    def identify(self, text: str, where: str) -> tuple[UUID, str | None]:
        """Read an ID, or key a name."""
        if is_id(text):
            return parse_id(text), None
        if LIKE_ID.fullmatch(text):
            raise self.refuse(
                where, f"'{text}'; expected a UUID (8-4-4-4-12 hex digits), a DID or URI that ends in one, or a name"
            )
        return name_id(text), text

    def dataset_id(self, text: str, where: str) -> UUID:
        """Read what points to a dataset."""
        uuid, name = self.identify(text, where)
        if name is not None:
            self.names[uuid] = name
        return uuid

    def uuid(self, text: str, where: str) -> UUID:
        """Read a UUID, for which no name can stand."""
        try:
            return parse_id(text)
        except MalformedID:
            raise self.refuse(where, f"'{text}'; expected a UUID (8-4-4-4-12 hex digits)") from None

    def time(self, one: Json, key: str, where: str) -> datetime | None:
        """Read a time; UTC where it has no zone."""
        if key not in one:
            return None
        try:
            time = datetime.fromisoformat(one[key])
            return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)
        except (ValueError, OverflowError):
            raise self.refuse(f"{where}.{key}", f"'{one[key]}'; expected a time like 2025-12-29T04:48:07Z") from None

    def execution(self, one: Json, node: Node | None, where: str) -> Execution:
        """Read a job; ``node`` is where those ran that do not say where."""
        system, job = one["system"], one["job"]
        return Execution(
            id=self.uuid(one["id"], f"{where}.id") if "id" in one else fact_id("execution", system, job),
            system=system,
            job=job,
            node=read_node(one.get("node")) or node,
            environment=read_environment(one.get("environment")),
            started=self.time(one, "started", where),
            ended=self.time(one, "ended", where),
            status=one.get("status"),
            resources=one.get("resources"),
        )


def read_agent(one: Json | None) -> Agent | None:
    """Read who is responsible."""
    return None if one is None else Agent(id=one["id"], name=one.get("name"), type=one.get("type"))


def read_node(one: Json | None) -> Node | None:
    """Read a computer."""
    return None if one is None else Node(name=one["name"], hardware=one.get("hardware"))


def on_node(node: Node) -> Execution:
    """What ran on a node, where nothing is known of a job."""
    return Execution(id=fact_id("execution", BY_HAND, node.name), system=BY_HAND, job=node.name, node=node)


def read_environment(one: Json | None) -> Environment | None:
    """Read software and hardware."""
    if one is None:
        return None
    return Environment(
        container=one.get("container"),
        container_base=one.get("container_base"),
        recipe=one.get("recipe"),
        packages=tuple(Package(p["manager"], p["name"], p["version"]) for p in one.get("packages", ())),
        platform={key: one[key] for key in PLATFORM if key in one},
    )
