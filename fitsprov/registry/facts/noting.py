"""What a registry is told and asked beside the graph: facts, events, epochs, and how datasets stand."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from uuid import UUID

from sqlalchemy import URL, Connection, Engine, select

from fitsprov.errors import DatasetNotFound, UsageError
from fitsprov.model.facts import Annotation, Change, Copy, DatasetFacts, Epoch, Happening, Job, Validity
from fitsprov.model.identifiers import is_id, parse_id
from fitsprov.model.lineage import Agent
from fitsprov.model.record import Record
from fitsprov.model.said import Said
from fitsprov.registry.datasets import find_one, resembles
from fitsprov.registry.engines.engine import reading, transact
from fitsprov.registry.schema import entity, utc, validity

if TYPE_CHECKING:
    from fitsprov.registry.engines.reader import Reader
    from fitsprov.registry.facts.task_changes import Moment
    from fitsprov.registry.records.copies import Content

__all__ = ["Noting"]


class Noting:
    """The part of a registry that notes what was said, and tells of it; its queries load on first use."""

    _engine: Engine
    _url: URL
    _reader: Reader

    def epoch(self, number: int | None = None) -> Epoch:
        """Fetch the current epoch, or one by its number.

        Raises
        ------
        UsageError
            Where there has never been one of that number.
        """
        from fitsprov.registry.facts.epochs import current_epoch, epochs_between

        if number is None:
            return self._reader.snapshot(current_epoch)
        for one in self._reader.snapshot(lambda connection: epochs_between(connection, number - 1, number)):
            return one
        raise UsageError(f"epoch {number} is none; expected one of 1 to {self.epoch().number}")

    def epochs(self) -> list[Epoch]:
        """List all epochs, in the order in which changes were learnt."""
        from fitsprov.registry.facts.epochs import epochs_between

        return self._reader.snapshot(epochs_between)

    def validity(self, component: str | None = None, *, at: datetime | None = None) -> list[Validity]:
        """List which states of components held from when to when.

        Parameters
        ----------
        component : str, optional
            ``*`` and ``?`` match.
        at : datetime, optional
            Only those that held then.
        """
        columns = ("component", "kind", "state", "since", "until", "epoch_id")
        query = select(*(validity.c[name] for name in columns)).order_by(validity.c.component, validity.c.kind)
        query = query.order_by(validity.c.until.is_(None), validity.c.until, validity.c.state)
        if component is not None:
            query = query.where(resembles(validity.c.component, component))
        if at is not None:
            query = query.where((validity.c.since <= utc(at)) | validity.c.since.is_(None))
            query = query.where((validity.c.until > utc(at)) | validity.c.until.is_(None))

        def read(connection: Connection) -> list[Validity]:
            rows = connection.execute(query).all()
            return [
                Validity(component=name, kind=kind, state=state, since=since, until=until, epoch=epoch)
                for name, kind, state, since, until, epoch in rows
            ]

        return self._reader.snapshot(read)

    def changes(self, task: str, a: Moment, b: Moment) -> list[Change]:
        """Say what changed between two moments that matters to a task: nothing, where the list is empty.

        Parameters
        ----------
        task : str
        a, b : int, datetime or UUID
            The number of an epoch; a time; or an activity or dataset, whose epoch counts. Either may be the earlier.

        Returns
        -------
        list of Change
            Parameters of its configuration and packages by name, hardware of the nodes that it ran on, and all that
            events tell of.

        Raises
        ------
        UsageError
            Where the task is not known, an epoch has never been, or an activity belongs to none.
        ActivityNotFound
        """
        from fitsprov.registry.facts.task_changes import changes_between

        return self._reader.snapshot(lambda connection: changes_between(connection, task, a, b))

    def events(
        self,
        dataset: UUID | str | None = None,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        component: str | None = None,
        limit: int | None = None,
    ) -> list[Happening]:
        """Collate annotations, metrics, logs, events and incidents, whatever system they came from, by time.

        Parameters
        ----------
        dataset : UUID or str, optional
            Those about it, about the activity that made it and about its run; events while it was observed; incidents
            that hit it.
        since, until : datetime, optional
            Those that were going on then.
        component : str, optional
            Events of this component alone; ``*`` and ``?`` match.

        Raises
        ------
        DatasetNotFound
        """
        from fitsprov.registry.facts.events import Window, happenings

        def read(connection: Connection) -> list[Happening]:
            found = None if dataset is None else find_one(connection, dataset)
            run = None if found is None else connection.scalar(select(entity.c.run_id).where(entity.c.id == found.key))
            return happenings(connection, Window(found, run, since, until, component, limit))

        return self._reader.snapshot(read)

    def jobs(self, id: UUID | str) -> list[Job]:
        """Fetch what is known of a job: software, container, node, resources, and which tasks ran in it.

        Parameters
        ----------
        id : UUID or str
            What the batch system calls it, so that several systems may have one; or its UUID.
        """
        from fitsprov.registry.facts.jobs import find_jobs

        return self._reader.snapshot(lambda connection: find_jobs(connection, str(id)))

    def facts(self, dataset: UUID | str) -> DatasetFacts:
        """Fetch what is said of a dataset: its observation, telemetry, metrics, annotations, relations.

        Raises
        ------
        DatasetNotFound
        """
        from fitsprov.registry.facts.reading import facts_of

        def read(connection: Connection) -> DatasetFacts:
            return facts_of(
                connection, dataset if isinstance(dataset, UUID) else find_one(connection, dataset).dataset.id
            )

        return self._reader.snapshot(read)

    def said(self, datasets: Iterable[UUID], activities: Iterable[UUID]) -> Said:
        """Fetch what is said of datasets, of activities, and of the runs of the datasets.

        The number of queries does not depend on how many there are.
        """
        from fitsprov.registry.facts.saying import said_of_ids

        return self._reader.snapshot(lambda connection: said_of_ids(connection, datasets, activities))

    def standing(self, ids: Iterable[UUID]) -> dict[UUID, Annotation]:
        """Find which of some datasets are retracted, superseded or missing, and the last word about each."""
        from fitsprov.registry.facts.reading import standing_of

        return self._reader.snapshot(lambda connection: standing_of(connection, ids))

    def annotate(
        self,
        subject: UUID | str,
        kind: str,
        text: str | None = None,
        *,
        by: Agent | str | None = None,
        successor: UUID | str | None = None,
        time: datetime | None = None,
    ) -> Annotation:
        """Note what someone says of a dataset, or of an activity; nothing else changes, the lineage least of all.

        Parameters
        ----------
        subject : UUID or str
            A dataset by its ID or name; an activity by its UUID.
        kind : str
            ``note``, or ``retracted``, ``superseded``, ``missing``, ``restored``: how the dataset stands from now on.
        text : str, optional
            What is said, and why.
        by : Agent or str, optional
            Who says it.
        successor : UUID or str, optional
            The dataset that supersedes it.
        time : datetime, optional
            Now by default.

        Raises
        ------
        DatasetNotFound
            Where the registry knows neither a dataset nor an activity of this ID.
        UsageError
            Where only a dataset can stand so, or supersede something.
        """
        from fitsprov.registry.records.recording import take_in

        agent = Agent(id=by) if isinstance(by, str) else by
        said_at = time or datetime.now(UTC)

        def note(connection: Connection) -> Annotation:
            about = subject_of(connection, subject)
            instead = None if successor is None else find_one(connection, successor).dataset.id
            check(kind, about, instead)
            annotation = Annotation(
                dataset=about.get("dataset"),
                activity=about.get("activity"),
                kind=kind,
                text=text,
                agent=agent,
                time=said_at,
                successor=instead,
            )
            take_in(connection, Record(source=f"annotation of {subject}", annotations=(annotation,)))
            return annotation

        return transact(self._engine, self._url, note)

    def adopt(self, record: Record, copy: Copy, time: datetime, by: str | None = None) -> None:
        """Take in the record of a dataset together with the copy that holds it.

        Raises
        ------
        Conflict, InvalidRecord
            Where the record contradicts the registry, or the copy had other data: nothing is taken.
        """
        from fitsprov.registry.records.copies import keep_copy
        from fitsprov.registry.records.recording import take_in

        def keep(connection: Connection) -> None:
            take_in(connection, record)
            keep_copy(connection, copy, time, by)

        transact(self._engine, self._url, keep)

    def note_contents(self, contents: Iterable[Content]) -> int:
        """Note what the data of copies are, so that their datasets are found by them; give how many were new.

        Parameters
        ----------
        contents : iterable of tuple
            Each a dataset, the URI of a copy, and the fingerprint of its data.

        Raises
        ------
        Conflict
            Where a copy had other data: nothing is noted.
        """
        from fitsprov.registry.records.copies import keep_contents

        listed = list(contents)
        if not listed:
            return 0
        return transact(self._engine, self._url, lambda connection: keep_contents(connection, listed))

    def knows_contents(self) -> bool:
        """Whether any dataset can be found by its data."""
        from fitsprov.registry.records.copies import knows_contents

        return self._reader.snapshot(knows_contents)

    def retract(self, dataset: UUID | str, why: str, *, by: Agent | str | None = None) -> Annotation:
        """Say that a dataset must not be used any more; it stays, and so does all that was made from it."""
        return self.annotate(dataset, "retracted", why, by=by)

    def supersede(
        self, dataset: UUID | str, successor: UUID | str, why: str | None = None, *, by: Agent | str | None = None
    ) -> Annotation:
        """Say that another dataset takes the place of one."""
        return self.annotate(dataset, "superseded", why, by=by, successor=successor)

    def mark_missing(self, dataset: UUID | str, why: str | None = None, *, by: Agent | str | None = None) -> Annotation:
        """Say that no copy of a dataset is left."""
        return self.annotate(dataset, "missing", why, by=by)

    def restore(self, dataset: UUID | str, why: str | None = None, *, by: Agent | str | None = None) -> Annotation:
        """Say that a dataset stands again as it was recorded."""
        return self.annotate(dataset, "restored", why, by=by)

    def dump(self) -> Iterator[str]:
        """Give all that the registry holds, as lines of JSON; it is one state, whatever others write meanwhile."""
        from fitsprov.registry.engines.dumping import dump_rows

        with reading(self._engine, self._url) as connection:
            yield from dump_rows(connection)

    def load(self, lines: Callable[[], AbstractContextManager[Iterable[str]]], source: str = "dump") -> int:
        """Load what `dump` gave, whole or not at all; the same again changes nothing.

        Parameters
        ----------
        lines : callable
            Opens the lines, again where a server was restarted meanwhile.
        source : str
            What they are called in messages.

        Returns
        -------
        int
            How many rows are new.

        Raises
        ------
        InvalidRecord
            Where they are no lines of a whole dump.
        Conflict
            Where the registry holds something else.
        """
        from fitsprov.registry.engines.dumping import load_rows

        def work(connection: Connection) -> int:
            with lines() as opened:
                return load_rows(connection, opened, source)

        return transact(self._engine, self._url, work)


def subject_of(connection: Connection, subject: UUID | str) -> dict[str, UUID]:
    """Find what an annotation is about: a dataset, else an activity."""
    from fitsprov.registry.activities import activities_by_uuid

    try:
        return {"dataset": find_one(connection, subject).dataset.id}
    except DatasetNotFound:
        uuid = subject if isinstance(subject, UUID) else parse_id(subject) if is_id(subject) else None
        if uuid is None or not activities_by_uuid(connection, [uuid]):
            raise
        return {"activity": uuid}


def check(kind: str, about: dict[str, UUID], successor: UUID | None) -> None:
    """Refuse what cannot be said."""
    from fitsprov.registry.facts.reading import STANDINGS

    if kind in STANDINGS and "dataset" not in about:
        raise UsageError(f"activity {about['activity']}: {kind}; expected a dataset that stands so")
    if (successor is not None) != (kind == "superseded"):
        raise UsageError(f"{kind} {'with' if successor else 'without'} a successor; expected superseded by a dataset")
    if successor is not None and successor == about.get("dataset"):
        raise UsageError(f"{successor}: superseded by itself; expected another dataset")
