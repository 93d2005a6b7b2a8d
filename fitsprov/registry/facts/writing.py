"""Facts into the registry: what a record says of datasets, activities and runs beside the graph.

What is known is completed, what contradicts it is a quarrel, and the same again changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Table, and_, insert, select, tuple_, update

from fitsprov.model.facts import About, Annotation, Event
from fitsprov.model.record import Record
from fitsprov.registry.datasets import chunks
from fitsprov.registry.facts.epochs import extend_event
from fitsprov.registry.facts.reading import standing_of
from fitsprov.registry.records.statement import canonical, differs
from fitsprov.registry.records.vocabulary import Vocabulary
from fitsprov.registry.schema import (
    agent,
    annotation,
    derived,
    description,
    event,
    informed,
    member,
    metric,
    observation,
    responsibility,
    run,
    telemetry_source,
    utc,
    value,
)

__all__ = ["FactWriter"]

Values = dict[str, Any]
UNDESCRIBED = "{}"
"""The content of a description that was only named."""
PLACES = ("instrument", "sensor", "site", "program", "field", "script", "script_version", "started", "ended")


class FactWriter:
    """Takes the facts of a record in, once its datasets and activities are there.

    Parameters
    ----------
    words : Vocabulary
        Has taken in the runs and agents that facts name.
    datasets, activities : mapping
        The key of each that the record names.
    """

    def __init__(
        self, connection: Connection, words: Vocabulary, datasets: Mapping[UUID, int], activities: Mapping[UUID, int]
    ) -> None:
        self.connection = connection
        self.words = words
        self.datasets = datasets
        self.activities = activities
        self.added = 0

    def write(self, record: Record) -> int:
        """Take all in; give the number of new facts."""
        self.write_events(record.events)
        self.settle(annotation, ("uuid",), map(self.annotation_row, record.annotations))
        self.compare_successors(record.annotations)
        self.settle(metric, ("uuid",), map(self.metric_row, record.metrics))
        self.settle(observation, ("entity_id",), map(self.observation_row, record.observations))
        rows = [{name: getattr(one, name) for name in ("name", "site", "instrument", "url_template")}
                for one in record.telemetry_sources]  # fmt: skip
        self.settle(telemetry_source, ("name",), rows)
        rows = [{"kind": one.kind, "name": one.name, "content": canonical(one.content)} for one in record.descriptions]
        self.settle(description, ("kind", "name"), rows)
        self.write_values(record)
        for table, pairs, keys in (
            (derived, record.derived, self.datasets),
            (member, record.members, self.datasets),
            (informed, record.informed, self.activities),
        ):
            names = table.primary_key.columns.keys()
            rows = [dict(zip(names, (keys[pair.subject], keys[pair.object]), strict=True)) for pair in pairs]
            self.settle(table, tuple(names), rows)
        columns = ("agent_id", "entity_id", "activity_id", "run_id", "role")
        rows = [
            self.about(one) | {"agent_id": self.words.key(agent, one.agent.id), "role": one.role}
            for one in record.responsible
        ]
        self.settle(responsibility, columns, rows)
        return self.added

    def about(self, one: About) -> Values:
        """Point to what something is said of."""
        return {
            "entity_id": None if one.dataset is None else self.datasets[one.dataset],
            "activity_id": None if one.activity is None else self.activities[one.activity],
            "run_id": self.words.key(run, one.run),
        }

    def annotation_row(self, one: Any) -> Values:
        """Spell an annotation as a row."""
        return {
            "uuid": one.identify(),
            **self.about(one),
            "agent_id": None if one.agent is None else self.words.key(agent, one.agent.id),
            "kind": one.kind,
            "text": one.text,
            "time": utc(one.time),
            "successor_id": None if one.successor is None else self.datasets[one.successor],
        }

    def compare_successors(self, annotations: Iterable[Annotation]) -> None:
        """Follow those that take the place of others: a dataset that leads back to itself has no successor."""
        begun = {one.dataset for one in annotations if one.dataset is not None and one.successor is not None}
        successors: dict[UUID, UUID | None] = {}
        frontier = set(begun)
        while frontier:
            standing = standing_of(self.connection, frontier)
            successors |= {one: standing[one].successor if one in standing else None for one in frontier}
            frontier = {last for one in frontier if (last := successors[one]) is not None} - successors.keys()
        for one in sorted(begun):
            chain = [one]
            while (last := successors[chain[-1]]) is not None and last not in chain:
                chain.append(last)
            if last == one:
                what = f"dataset {one}: superseded by '{chain[1]}'"
                self.words.quarrels.append(f"{what} but stands as what supersedes that, unless it is restored first")

    def metric_row(self, one: Any) -> Values:
        """Spell a metric as a row."""
        return {
            "uuid": one.identify(),
            **self.about(one),
            "name": one.name,
            "value": None if one.value is None else float(one.value) + 0.0,  # SQLite knows no negative zero
            "unit": one.unit,
            "verdict": one.verdict,
            "time": one.time and utc(one.time),
        }

    def observation_row(self, one: Any) -> Values:
        """Spell where an exposure comes from as a row."""
        facts = {name: getattr(one, name) for name in PLACES}
        times = {name: utc(facts[name]) for name in ("started", "ended") if facts[name]}
        return {"entity_id": self.datasets[one.dataset], **facts, **times}

    def write_values(self, record: Record) -> None:
        """Take values in, with what describes them."""
        query = select(description.c.name, description.c.id).where(description.c.kind == "value")
        known = dict(map(tuple, self.connection.execute(query))) if record.values else {}
        missing = {one.description for one in record.values if one.description} - known.keys()
        if missing:
            self.settle(
                description,
                ("kind", "name"),
                [{"kind": "value", "name": n, "content": UNDESCRIBED} for n in sorted(missing)],
            )
            known = dict(map(tuple, self.connection.execute(query)))
        rows = [
            {
                "entity_id": self.datasets[one.dataset],
                "value": one.value,
                "description_id": known[one.description] if one.description else None,
            }
            for one in record.values
        ]
        self.settle(value, ("entity_id",), rows)

    def new_events(self, events: Sequence[Event]) -> list[Event]:
        """Give the events that are not known yet, each once."""
        told = {one.identify(): one for one in events}
        for chunk in chunks(told):
            for uuid in self.connection.scalars(select(event.c.uuid).where(event.c.uuid.in_(chunk))).all():
                told.pop(uuid, None)
        return list(told.values())

    def write_events(self, events: Iterable[Event]) -> None:
        """Take events in; one that is known may be over by now."""
        for one in events:
            row = {
                "uuid": one.identify(),
                "component": one.component,
                "kind": one.kind,
                "time": utc(one.time),
                "until": one.until and utc(one.until),
                "before": one.before,
                "after": one.after,
                "entity_id": None if one.dataset is None else self.datasets[one.dataset],
            }
            if "until" in self.settle(event, ("uuid",), [row]):
                extend_event(self.connection, one)

    def settle(self, table: Table, identity: Sequence[str], rows: Iterable[Values]) -> set[str]:
        """Add rows, or complete those that are known by their identity; give the columns that were completed."""
        said: dict[tuple[Any, ...], Values] = {}
        for row in rows:
            known = said.setdefault(tuple(row[name] for name in identity), row)
            self.compare(table, identity, known, row)
        if not said:
            return set()
        completed: set[str] = set()
        held = self.fetch(table, identity, said)
        for address in said.keys() & held.keys():
            changes = self.compare(table, identity, held[address], said[address])
            if changes:
                where = (table.c[name] == one for name, one in zip(identity, address, strict=True))
                self.connection.execute(update(table).where(*where).values(changes))
                completed |= changes.keys()
        new = [row for address, row in said.items() if address not in held]
        if new:
            self.connection.execute(insert(table), new)
            self.added += len(new)
        return completed

    def fetch(
        self, table: Table, identity: Sequence[str], said: Mapping[tuple[Any, ...], Values]
    ) -> dict[tuple[Any, ...], Values]:
        """Fetch the rows that are known by what identifies them."""
        columns = [table.c[name] for name in next(iter(said.values()))]
        held = {}
        for where in self.wanted(table, identity, said):
            for row in self.connection.execute(select(*columns).where(where)).mappings():
                held[tuple(row[name] for name in identity)] = dict(row)
        return held

    def wanted(self, table: Table, identity: Sequence[str], said: Iterable[tuple[Any, ...]]) -> Iterable[Any]:
        """Give the conditions that find rows, a chunk of them each."""
        if len(identity) == 1:
            return (table.c[identity[0]].in_([one for (one,) in chunk]) for chunk in chunks(said))
        if any(None in address for address in said):
            same: Callable[[Any, Any], Any] = lambda name, one: table.c[name].is_not_distinct_from(one)  # noqa: E731
            return (and_(*map(same, identity, address)) for address in said)
        columns = tuple_(*(table.c[name] for name in identity))
        return (columns.in_(chunk) for chunk in chunks(said, 8_000 // len(identity)))

    def spell(self, column: str, value: Any) -> str:
        """Spell a part of what identifies a fact: of a dataset its ID, for its key tells nobody anything."""
        keys = self.datasets.items() if column == "entity_id" else ()
        return str(next((uuid for uuid, key in keys if key == value), value))

    def compare(self, table: Table, identity: Sequence[str], held: Values, said: Values) -> Values:
        """Say what a row adds to a known one; what contradicts it is a quarrel."""
        changes = {}
        for fact, new in said.items():
            old = held.get(fact)
            if new is None or old == new:
                continue
            if old is None or old == UNDESCRIBED:
                changes[fact] = new
            else:
                name = held.get("name") or " ".join(self.spell(column, held[column]) for column in identity)
                self.words.quarrels.append(differs(f"{table.name.replace('_', ' ')} '{name}'", fact, new, old))
        held |= changes
        return changes
