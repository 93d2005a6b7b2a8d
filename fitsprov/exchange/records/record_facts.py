"""What a run record says beside datasets and activities."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from fitsprov.exchange.records.record_parts import Json, Parts, read_agent
from fitsprov.model.facts import (
    Annotation,
    Description,
    Event,
    Metric,
    Observation,
    TelemetrySource,
    ValueEntity,
)

__all__ = ["read_facts"]

ABOUT = ("dataset", "activity", "run")
PLACEHOLDER = re.compile(r"\{(.*?)\}")
PLACES = ("instrument", "sensor", "site", "program", "field", "script", "script_version")


def read_facts(parts: Parts, document: Json) -> dict[str, Any]:
    """Read the lists of facts; fields of `Record` by their names."""
    reader = FactReader(parts)

    def each(key: str) -> Iterator[tuple[Json, str]]:
        return ((one, f"{key}[{n}]") for n, one in enumerate(document.get(key, ())))

    return {
        "events": tuple(reader.event(one, where) for one, where in each("events")),
        "observations": tuple(reader.observation(one, where) for one, where in each("observations")),
        "telemetry_sources": tuple(reader.telemetry(one, where) for one, where in each("telemetry_sources")),
        "metrics": tuple(reader.metric(one, where) for one, where in each("metrics")),
        "annotations": tuple(reader.annotation(one, where) for one, where in each("annotations")),
        "descriptions": tuple(Description(**one) for one, _ in each("descriptions")),
        "values": tuple(reader.value(one, where) for one, where in each("values")),
    }


class FactReader:
    """Reads facts one by one."""

    def __init__(self, parts: Parts) -> None:
        self.parts = parts

    def about(self, one: Json, where: str) -> dict[str, Any]:
        """Read the one thing that something is said of."""
        given = [key for key in ABOUT if key in one]
        if len(given) != 1:
            said = " and ".join(f"'{key}'" for key in given) or "nothing that it is about"
            raise self.parts.refuse(where, f"{said}; expected one of {', '.join(ABOUT)}")
        (key,) = given
        if key == "run":
            return {key: one[key]}
        read = self.parts.dataset_id if key == "dataset" else self.parts.uuid
        return {key: read(one[key], f"{where}.{key}")}

    def common(self, one: Json, where: str) -> dict[str, Any]:
        """Read the ID and the time of something that was said."""
        return {
            "id": self.parts.uuid(one["id"], f"{where}.id") if "id" in one else None,
            "time": self.parts.time(one, "time", where),
        }

    def interval(self, one: Json, begin: str, end: str, where: str) -> tuple[datetime | None, datetime | None]:
        """Read from when to when something was."""
        since, until = self.parts.time(one, begin, where), self.parts.time(one, end, where)
        if since is not None and until is not None and until < since:
            raise self.parts.refuse(
                f"{where}.{end}", f"{one[end]!r} is before '{begin}', {one[begin]!r}; expected later"
            )
        return since, until

    def telemetry(self, one: Json, where: str) -> TelemetrySource:
        """Read where telemetry can be asked for."""
        template, places = one["url_template"], ("start", "end", *PLACES)
        unknown = [name for name in PLACEHOLDER.findall(template) if name not in places]
        if not template.startswith(("http://", "https://")) or unknown:
            expected = f"an http(s) URL with {', '.join(f'{{{name}}}' for name in places)}"
            raise self.parts.refuse(f"{where}.url_template", f"{template!r}; expected {expected}")
        return TelemetrySource(**one)

    def event(self, one: Json, where: str) -> Event:
        """Read an event."""
        return Event(
            component=one["component"],
            kind=one["kind"],
            until=self.interval(one, "time", "until", where)[1],
            before=one.get("from"),
            after=one.get("to"),
            dataset=self.parts.dataset_id(one["dataset"], f"{where}.dataset") if "dataset" in one else None,
            **self.common(one, where),
        )

    def observation(self, one: Json, where: str) -> Observation:
        """Read where an exposure comes from."""
        started, ended = self.interval(one, "start", "end", where)
        return Observation(
            dataset=self.parts.dataset_id(one["dataset"], f"{where}.dataset"),
            started=started,
            ended=ended,
            **{name: one.get(name) for name in PLACES},
        )

    def metric(self, one: Json, where: str) -> Metric:
        """Read a measured value, or a verdict."""
        if not {"value", "verdict"} & one.keys():
            raise self.parts.refuse(where, "neither 'value' nor 'verdict'; expected one of them")
        return Metric(
            name=one["name"],
            value=one.get("value"),
            unit=one.get("unit"),
            verdict=one.get("verdict"),
            **self.about(one, where),
            **self.common(one, where),
        )

    def annotation(self, one: Json, where: str) -> Annotation:
        """Read what someone said."""
        successor = one.get("successor")
        return Annotation(
            kind=one["kind"],
            text=one.get("text"),
            agent=read_agent(one.get("agent")),
            successor=None if successor is None else self.parts.dataset_id(successor, f"{where}.successor"),
            **self.about(one, where),
            **self.common(one, where),
        )

    def value(self, one: Json, where: str) -> ValueEntity:
        """Read a value; what is no text is spelled as JSON."""
        value = one["value"]
        return ValueEntity(
            dataset=self.parts.dataset_id(one["dataset"], f"{where}.dataset"),
            value=value if isinstance(value, str) else json.dumps(value),
            description=one.get("description"),
        )
