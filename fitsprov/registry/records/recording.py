"""Taking a record in: what is new is added, what was unknown is completed, and a contradiction refuses the whole."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import Connection, Select, Table, bindparam, delete, insert, select, update

from fitsprov.errors import Conflict, InvalidRecord
from fitsprov.model.dataid import canonical_text
from fitsprov.model.identifiers import activity_id
from fitsprov.model.lineage import Activity, Dataset, Execution
from fitsprov.model.record import Record, cycle_message
from fitsprov.registry.activities import activities_by_uuid
from fitsprov.registry.adjacency.changes import note_grown
from fitsprov.registry.datasets import chunks, datasets_by_key, datasets_by_uuid
from fitsprov.registry.engines.compiled import among, as_keys, compiled
from fitsprov.registry.engines.engine import together
from fitsprov.registry.facts.epochs import place_activities
from fitsprov.registry.facts.jobs import take_executions
from fitsprov.registry.facts.writing import FactWriter
from fitsprov.registry.harvests.bulk import MANY, insert_rows, update_rows
from fitsprov.registry.records.reconciling import Plan, reconcile
from fitsprov.registry.records.statement import Statement, collate, told_of
from fitsprov.registry.records.vocabulary import Vocabulary
from fitsprov.registry.schema import (
    activity,
    agent,
    artifact,
    config,
    entity,
    microseconds,
    role,
    run,
    software_env,
    task,
    used,
)

__all__ = ["Counts", "take_in"]

Fact = TypeVar("Fact", Activity, Dataset)
Row = tuple[Any, ...]

ACTIVITY = "uuid task_id run_id agent_id config_id software_env_id started ended status execution_id epoch_id id"
DATASET = "uuid dataset_type_id run_id gen_aid data_id name publisher_did origin stub id"
COLUMNS = {activity: ACTIVITY.split(), entity: DATASET.split()}
USAGE = ("activity_id", "position", "entity_id", "role_id", "actual")


@dataclass(frozen=True, slots=True)
class Counts:
    """What was new in a record."""

    files: int = 0
    datasets: int = 0
    """Described for the first time."""
    activities: int = 0
    edges: int = 0
    stubs: int = 0
    """Named for the first time, and not described."""
    findings: int = 0
    facts: int = 0
    """Jobs, events, observations, metrics, annotations and relations."""

    def __add__(self, other: Counts) -> Counts:
        """Sum up several records."""
        return Counts(*(getattr(self, name) + getattr(other, name) for name in self.__slots__))


def take_in(connection: Connection, record: Record, *, strict: bool = False) -> Counts:
    """Take a record in, inside the caller's transaction.

    Raises
    ------
    InvalidRecord
        Where the record closes a circle with what is known; with ``strict``, where it uses IDs that nobody describes.
    Conflict
        Where it contradicts the registry.
    """
    said = collate(record)
    held = datasets_by_uuid(connection, said.datasets)
    name_derived(connection, said, [uuid for uuid in said.maker if uuid in held and held[uuid].maker is not None])
    plan = reconcile(connection, said, held)
    words = gather_words(connection, plan, said, record)
    jobs, told = take_executions(connection, words, executions_of(plan, said, record))
    refuse_quarrels(said.source, plan)
    if strict:
        refuse_stubs(said.source, plan)
    facts = FactWriter(connection, words, plan.dataset_keys, plan.activity_keys)
    events = facts.new_events(record.events)
    starting = [one for one in (*plan.new_activities, *plan.completed_activities) if one.id in said.used]
    epochs = place_activities(connection, said.source, starting, lambda content: words.digests[id(content)], events)
    edges = Writer(connection, words, plan, said, jobs, epochs).write()
    added = facts.write(record)
    refuse_quarrels(said.source, plan)
    if plan.joined:
        refuse_circles(connection, said.source, plan.joined)
    stubs = sum(dataset.stub for dataset in plan.new_datasets)
    return Counts(
        files=1,
        datasets=len(plan.new_datasets) - stubs + plan.described,
        activities=len(plan.new_activities),
        edges=edges,
        stubs=stubs,
        facts=added + told,
    )


def refuse_quarrels(source: str, plan: Plan) -> None:
    """Refuse a record that contradicts what is known."""
    if quarrels := list(dict.fromkeys(plan.quarrels)):
        more = f"; and {len(quarrels) - 3} more" if len(quarrels) > 3 else ""
        raise Conflict(f"{source}: {'; '.join(quarrels[:3])}{more}; expected no contradiction")


@compiled
def makers_of() -> Select[Any]:
    """Select who made datasets, by a list of their UUIDs."""
    query = select(entity.c.uuid, activity.c.id, activity.c.uuid, run.c.name, task.c.name).select_from(
        entity.join(activity, activity.c.id == entity.c.gen_aid)
        .outerjoin(run, run.c.id == activity.c.run_id)
        .outerjoin(task, task.c.id == activity.c.task_id)
    )
    return query.where(entity.c.uuid.in_(bindparam("uuids", expanding=True)))


@compiled
def copies_at() -> Select[Any]:
    """Select copies by a list of URIs."""
    return select(artifact.c.uri, artifact.c.entity_id).where(artifact.c.uri.in_(bindparam("uris", expanding=True)))


def name_derived(connection: Connection, said: Statement, made: Iterable[UUID]) -> None:
    """Give activities whose IDs were derived from what they generated, because no header had stated one, their own."""
    renamed = {}
    for chunk in chunks(made):
        for dataset, key, uuid, *words in makers_of().rows(connection, uuids=chunk):
            stated = said.maker[dataset]
            if uuid.version == 5 and uuid not in said.activities and uuid in derived_ids(dataset, *words):
                renamed[key] = stated
    known = activities_by_uuid(connection, renamed.values())
    taken = {one.id for one in known.values()}
    for key, stated in renamed.items():
        if stated not in taken:
            taken.add(stated)
            connection.execute(update(activity).where(activity.c.id == key).values(uuid=stated))


def derived_ids(dataset: UUID, run_name: str | None, task_name: str | None) -> set[UUID]:
    """The IDs that an activity may have been given for this dataset, as much as was known of it then."""
    return {activity_id(one, other, [dataset]) for one in {run_name, None} for other in {task_name, None}}


def gather_words(connection: Connection, plan: Plan, said: Statement, record: Record) -> Vocabulary:
    """Take in what the rows will point to."""
    words = Vocabulary(connection, plan.quarrels)
    datasets = [*plan.new_datasets, *plan.completed_datasets]
    activities = [*plan.new_activities, *plan.completed_activities]
    words.add_types((dataset.type for dataset in datasets), said.categories)
    if plan.own:
        words.add_own((dataset.type, plan.own[dataset.id]) for dataset in datasets if dataset.id in plan.own)
    words.add_names(
        [*(one.run for one in datasets), *(one.run for one in activities), *(one.run for one in told_of(record))],
        (usage.role for usages in plan.usages.values() for usage in usages),
    )
    words.add_activities(activities)
    words.add_agents(one.agent for one in (*said.activities.values(), *plan.completed_activities))
    words.add_agents([*(one.agent for one in record.annotations), *(one.agent for one in record.responsible)])
    return words


def executions_of(plan: Plan, said: Statement, record: Record) -> Iterator[Execution]:
    """The jobs that a record names, and those that completed activities had."""
    yield from record.executions
    for one in (*said.activities.values(), *plan.completed_activities):
        if one.execution is not None:
            yield one.execution


class Writer:
    """Turns values into rows, what is pointed to before what points."""

    def __init__(
        self,
        connection: Connection,
        words: Vocabulary,
        plan: Plan,
        said: Statement,
        jobs: Mapping[UUID, int],
        epochs: Mapping[UUID, int],
    ) -> None:
        self.connection = connection
        self.words = words
        self.plan = plan
        self.said = said
        self.jobs = jobs
        self.epochs = epochs

    def write(self) -> int:
        """Write all of a plan; give the number of new edges."""
        plan = self.plan
        rows = len(plan.new_activities) + len(plan.new_datasets) + sum(map(len, plan.usages.values()))
        with together(self.connection) if rows <= MANY else nullcontext():
            self.add(activity, plan.activity_keys, plan.new_activities, self.activity_row)
            self.change(activity, plan.activity_keys, plan.completed_activities, self.activity_row)
            self.add(entity, plan.dataset_keys, plan.new_datasets, self.dataset_row)
            self.change(entity, plan.dataset_keys, plan.completed_datasets, self.dataset_row)
            edges = self.write_usages()
        self.write_copies()
        return edges

    def add(self, table: Table, keys: dict[UUID, int], values: Sequence[Fact], row: Callable[[Fact, int], Row]) -> None:
        """Insert rows and note their keys."""
        if not values:
            return
        start = self.words.memory.greatest[table] + 1
        keys |= {value.id: key for key, value in enumerate(values, start)}
        insert_rows(self.connection, table, COLUMNS[table], [row(value, keys[value.id]) for value in values])

    def change(
        self, table: Table, keys: dict[UUID, int], values: Sequence[Fact], row: Callable[[Fact, int], Row]
    ) -> None:
        """Write completed rows again."""
        rows = [row(value, keys[value.id]) for value in values]
        update_rows(self.connection, table, COLUMNS[table][:-1], rows)

    def activity_row(self, one: Activity, number: int) -> Row:
        """Spell an activity as a row."""
        key = self.words.key
        return (
            one.id.bytes,
            key(task, one.task, one.version),
            key(run, one.run),
            None if one.agent is None else key(agent, one.agent.id),
            self.words.content_key(config, one.config),
            self.words.content_key(software_env, one.environment),
            microseconds(one.started),
            microseconds(one.ended),
            one.status,
            None if one.execution is None else self.jobs[one.execution.id],
            self.epochs.get(one.id),
            number,
        )

    def dataset_row(self, one: Dataset, number: int) -> Row:
        """Spell a dataset as a row."""
        maker = self.said.maker.get(one.id)
        return (
            one.id.bytes,
            self.words.kind(one.type, self.plan.own.get(one.id)),
            self.words.key(run, one.run),
            self.plan.makers.get(one.id) if maker is None else self.plan.activity_keys[maker],
            None if one.data_id is None else canonical_text(one.data_id),
            one.name,
            one.publisher_did,
            one.origin,
            one.stub,
            number,
        )

    def write_usages(self) -> int:
        """Write the edges of new and completed activities."""
        plan = self.plan
        new = {one.id for one in plan.new_activities}
        if grown := [plan.activity_keys[uuid] for uuid in plan.usages if uuid not in new]:
            note_grown(self.connection, grown)
        if plan.replaced:
            again = [plan.activity_keys[uuid] for uuid in plan.usages]
            self.connection.execute(delete(used).where(among(used.c.activity_id)), as_keys(again))
        keys, roles = plan.dataset_keys, {None: None, **{name: key for (name,), key in self.words.keys[role].items()}}
        rows = [
            (maker, position, keys[usage.dataset], roles[usage.role], usage.actual)
            for maker, usages in ((plan.activity_keys[uuid], usages) for uuid, usages in plan.usages.items())
            for position, usage in enumerate(usages)
        ]
        insert_rows(self.connection, used, USAGE, rows)
        return len(rows) - plan.replaced

    def write_copies(self) -> None:
        """Note where copies of datasets are."""
        keys = self.plan.dataset_keys
        copies = {(d.uri, keys[d.id]): d.size for d in self.said.datasets.values() if d.uri is not None}
        for chunk in chunks({uri for uri, _ in copies}):
            for row in copies_at().rows(self.connection, uris=chunk):
                copies.pop(row, None)
        if copies:
            rows = [{"uri": uri, "entity_id": key, "size": size} for (uri, key), size in copies.items()]
            self.connection.execute(insert(artifact), rows)


def refuse_stubs(source: str, plan: Plan) -> None:
    """Refuse IDs that are used and described neither here nor in the registry."""
    if plan.stubs:
        named = ", ".join(dataset.name or str(dataset.id) for dataset in plan.stubs[:3])
        raise InvalidRecord(
            f"{source}: {len(plan.stubs)} used IDs are not described ({named}); expected their datasets"
        )


def refuse_circles(connection: Connection, source: str, joined: set[int]) -> None:
    """Look for a dataset among its own ancestors, above those where new edges meet known ones."""
    query = (
        select(entity.c.id, used.c.entity_id)
        .select_from(entity.join(used, used.c.activity_id == entity.c.gen_aid))
        .where(among(entity.c.id))
    )
    graph: TopologicalSorter[int] = TopologicalSorter()
    seen, frontier = set(joined), joined
    while frontier:
        parents = connection.execute(query, as_keys(frontier)).all()
        for child, parent in parents:
            graph.add(child, parent)
        frontier = {parent for _, parent in parents} - seen
        seen |= frontier
    try:
        graph.prepare()
    except CycleError as error:
        ring = error.args[1][:-1]
        found = datasets_by_key(connection, ring)
        raise InvalidRecord(cycle_message(source, (found[key].dataset.id for key in ring))) from None
