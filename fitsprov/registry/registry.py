"""The registry as the rest of fitsprov sees it: SQL stays in this room, values of the model come out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self
from uuid import UUID

from sqlalchemy import Connection

from fitsprov.errors import ActivityNotFound, DatasetNotFound, InvalidRecord
from fitsprov.model.dataid import DataId
from fitsprov.model.identifiers import parse_id
from fitsprov.model.limit import parse_limit
from fitsprov.model.lineage import Activity, Dataset, Direction, Lineage, Neighbourhood, Surroundings
from fitsprov.model.record import Record
from fitsprov.model.stamp import Stamp
from fitsprov.model.traced import Traced
from fitsprov.registry.activities import activities_by_uuid
from fitsprov.registry.adjacency.graph import Graph
from fitsprov.registry.copies import Copies
from fitsprov.registry.datasets import datasets_by_uuid, find_datasets, find_one, uuid_of
from fitsprov.registry.engines.engine import open_engine, parse_url, reading, release, shown, transact
from fitsprov.registry.engines.opening import create_registry, read_about
from fitsprov.registry.engines.reader import Reader
from fitsprov.registry.engines.version import version_of
from fitsprov.registry.facts.filters import conditions
from fitsprov.registry.facts.noting import Noting
from fitsprov.registry.gathering.datasets import by_uuid
from fitsprov.registry.graph.following import Following
from fitsprov.registry.graph.lineage import lineage_of
from fitsprov.registry.graph.many_lineages import lineages_of
from fitsprov.registry.graph.neighbours import ids_of, neighbourhoods_of, surroundings_of
from fitsprov.registry.records.recording import Counts, take_in
from fitsprov.registry.schema import REVISIONS
from fitsprov.registry.stamping import stamp_of
from fitsprov.registry.status import Status, count_all

if TYPE_CHECKING:
    from fitsprov.model.account import Account
    from fitsprov.model.impact import Cause, Impact
    from fitsprov.registry.harvests.harvesting import Harvester
    from fitsprov.registry.impacts.incidents import Incidents

__all__ = ["Registry"]


class Registry(Following, Noting, Copies):
    """A registry of provenance, opened; threads may share it, processes open their own.

    Every query sees one state of the registry, whatever others write meanwhile, and every record is taken in whole or
    not at all.

    Parameters
    ----------
    url : str or Path
        ``sqlite:///FILE``, or the file itself; or ``postgresql+psycopg://USER@HOST/DATABASE``.

    Raises
    ------
    RegistryError
        Where there is no registry, or it is of another version. Any other method, too, where the database fails.
    """

    def __init__(self, url: str | Path) -> None:
        self._url = parse_url(url)
        self._engine = open_engine(self._url)
        self._open = True
        try:
            self._about = read_about(self._engine, self._url)
        except BaseException:
            release(self._engine)
            raise
        self._reader = Reader(self._engine, self._url)
        self._graph = Graph(self._engine, self._url, self._reader)

    @classmethod
    def create(cls, url: str | Path, *, base_url: str | None = None, authority: str | None = None) -> Self:
        """Make a registry, or bring an older one up to date; what is there is kept.

        Parameters
        ----------
        base_url : str, optional
            Where DATALINK cards point, ``http(s)://…``; kept in the registry.
        authority : str, optional
            The registered part of publisher DIDs, ``ivo://authority[/path]``; kept in the registry.

        Raises
        ------
        UsageError
            Where one of them is malformed.
        RegistryError
            Where the file is something else, or the registry is newer than this fitsprov.
        """
        create_registry(parse_url(url), base_url, authority)
        return cls(url)

    @property
    def base_url(self) -> str | None:
        """Where DATALINK cards point."""
        return self._about.get("base_url")

    @property
    def authority(self) -> str | None:
        """The registered part of publisher DIDs."""
        return self._about.get("authority")

    def version(self) -> int:
        """Give a number that grows whenever the registry changes, whoever changes it; for ETags and caches.

        What is asked after a number was given is at least as new as that number.
        """
        return self._reader.look(version_of)

    def close(self) -> None:
        """Close all connections."""
        self._reader.close()
        if self._open:
            self._open = False
            release(self._engine)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def record(self, record: Record, *, strict: bool = False) -> Counts:
        """Take a record in: what is new is added, what was unknown completed; the same record again changes nothing.

        Parameters
        ----------
        strict : bool
            Refuse IDs that are used and described nowhere.

        Raises
        ------
        Conflict
            Where it contradicts the registry: nothing of it is taken.
        InvalidRecord
            Where a dataset would be among its own ancestors; with ``strict``, where IDs are not described.
        """
        try:
            return transact(self._engine, self._url, lambda connection: take_in(connection, record, strict=strict))
        except UnicodeEncodeError as error:
            raise InvalidRecord(f"{record.source}: {error.object!r} is no Unicode text: {error.reason}") from None

    def harvester(self) -> Harvester:
        """Begin a harvest: what headers claim is taken in batch by batch, and contradictions become findings."""
        from fitsprov.registry.harvests.harvesting import Harvester  # who only asks does not pay for it

        return Harvester(self._engine, self._url)

    def dataset(self, identifier: UUID | str) -> Dataset:
        """Find a dataset by its ID in any spelling, or by its name.

        Raises
        ------
        DatasetNotFound
        UsageError
            Where a name is that of several.
        """
        return self._reader.look(lambda connection: find_one(connection, identifier)).dataset

    def datasets(self, ids: Iterable[UUID]) -> dict[UUID, Dataset]:
        """Fetch many datasets; those that are not known are left out."""
        found = self._reader.snapshot(lambda connection: datasets_by_uuid(connection, ids))
        return {uuid: one.dataset for uuid, one in found.items()}

    def activity(self, id: UUID | str) -> Activity:
        """Fetch an activity with its configuration and environment.

        Raises
        ------
        ActivityNotFound
        """
        uuid = id if isinstance(id, UUID) else parse_id(id)
        found = self._reader.snapshot(lambda connection: activities_by_uuid(connection, [uuid]))
        if not found:
            raise ActivityNotFound(id)
        return next(iter(found.values()))

    def find(
        self,
        *,
        run: str | None = None,
        type: str | None = None,
        data_id: DataId | None = None,
        name: str | None = None,
        metrics: Iterable[str] = (),
        since: datetime | None = None,
        until: datetime | None = None,
        limit: int | None = None,
    ) -> list[Dataset]:
        """Find datasets by what they are, ordered by run, type, dataId and name.

        Parameters
        ----------
        run, name : str, optional
            ``*`` stands for any text, ``?`` for one character.
        data_id : mapping, optional
            Dimensions that the dataId must have with these values; a number is not its text.
        metrics : iterable of str
            Conditions like ``seeing<0.8`` or ``seeing=pass`` on the dataset or on the activity that made it; a name
            with blanks or signs stands in double quotes. All must hold.
        since, until : datetime, optional
            Those that were observed, or made, then.
        """
        where = conditions(map(parse_limit, metrics), since, until)
        with reading(self._engine, self._url) as connection:
            return find_datasets(
                connection, run_name=run, type_name=type, data_id=data_id, name=name, limit=limit, where=where
            )

    def lineage(
        self,
        id: UUID | str,
        *,
        direction: Direction | str = Direction.UP,
        depth: int | None = None,
    ) -> Lineage:
        """Follow a dataset to what it was made from, or down to what was made from it.

        Parameters
        ----------
        depth : int, optional
            How many generations; all by default.

        Raises
        ------
        DatasetNotFound
        """
        way, focus = Direction(direction), uuid_of(self._reader, id)
        begin = by_uuid().asked(uuid=focus)
        return self._reader.snapshot(lambda connection: lineage_of(connection, focus, way, depth), begin)

    def account(
        self,
        id: UUID | str,
        *,
        direction: Direction | str = Direction.UP,
        depth: int | None = None,
        uri: str | None = None,
    ) -> Account:
        """Tell all of a dataset in one state of the registry: its lineage, how that stands, and what is said of it.

        Parameters
        ----------
        uri : str, optional
            The absolute ``file://`` URI of a file that may be a copy of it.

        Raises
        ------
        DatasetNotFound
        """
        from fitsprov.registry.accounts import account_of, asked_for_account

        way, focus = Direction(direction), uuid_of(self._reader, id)
        asked = asked_for_account(focus, uri)
        return self._reader.snapshot(lambda connection: account_of(connection, focus, way, depth, uri), *asked)

    def trace(self, id: UUID | str, *, depth: int | None = None) -> Traced:
        """Follow a dataset to what it was made from, as rows; the parameters are those of `lineage`.

        Raises
        ------
        DatasetNotFound
        """
        from fitsprov.registry.graph.tracing import trace_of  # who only asks for lineages does not pay for it

        focus = uuid_of(self._reader, id)
        return self._reader.snapshot(partial(trace_of, focus=focus, depth=depth), by_uuid().asked(uuid=focus))

    def stamp(self, id: UUID | str) -> Stamp:
        """Say what the header of a dataset should say; a list that is not known to be complete is None.

        Raises
        ------
        DatasetNotFound
        """
        return stamp_of(self.lineage(id), self.base_url, self.authority)

    def stamps(self, ids: Iterable[UUID]) -> dict[UUID, Stamp]:
        """Say what the headers of many datasets should say; those that are not known are left out.

        The number of queries is that of the generations above them, however many there are.
        """
        listed = list(ids)
        if len(listed) == 1:
            try:
                return {listed[0]: self.stamp(listed[0])}
            except DatasetNotFound:
                return {}

        def made(connection: Connection) -> dict[UUID, Stamp]:
            lineages = lineages_of(connection, listed)
            return {lineage.focus: stamp_of(lineage, self.base_url, self.authority) for lineage in lineages}

        return self._reader.snapshot(made)

    def impact(self, cause: Cause) -> Impact:
        """Count what a flaw touched: the datasets that its activities made, and all that was made from these.

        Raises
        ------
        DatasetNotFound, ActivityNotFound, UsageError
            Where the cause names what the registry does not know.
        """
        from fitsprov.registry.impacts.impact import impact_of  # who only asks for a lineage does not pay for it

        return self._reader.snapshot(lambda connection: impact_of(connection, cause, self._graph))

    def named(self, identifier: UUID | str) -> dict[str, Any]:
        """Say what an ID or a name is of, as a part of a cause: a dataset, an activity, a job or a run.

        Raises
        ------
        DatasetNotFound
            Where it is of nothing here.
        """
        from fitsprov.registry.impacts.impact import named

        with reading(self._engine, self._url) as connection:
            return named(connection, identifier)

    def touched(
        self, cause: Cause, *, type: str | None = None, run: str | None = None, limit: int | None = None
    ) -> list[tuple[Dataset, bool]]:
        """List what a flaw touched, each with whether an activity of the cause made it; by run, type and dataId."""
        from fitsprov.registry.impacts.impact import hits_of

        with reading(self._engine, self._url) as connection:
            return list(hits_of(connection, cause, type_name=type, run_name=run, limit=limit))

    @property
    def incidents(self) -> Incidents:
        """Saved impacts, to be worked off."""
        from fitsprov.registry.impacts.incidents import Incidents

        return Incidents(self._engine, self._url)

    def neighbourhoods(self, ids: Sequence[UUID]) -> dict[UUID, Neighbourhood]:
        """Fetch what stands one step from each of many datasets; those that are not known are left out.

        The number of queries does not depend on the number of datasets.
        """
        return self._reader.snapshot(lambda connection: neighbourhoods_of(connection, ids))

    def surroundings(self, ids: Sequence[str]) -> dict[str, Surroundings]:
        """Fetch as much as links tell of many datasets and what stands one step from each; unknown ones are left out.

        Parameters
        ----------
        ids : sequence of str
            UUIDs in lower case.
        """
        return self._reader.snapshot(lambda connection: surroundings_of(connection, ids))

    def ids_of(self, texts: Iterable[str]) -> dict[str, list[str]]:
        """Find what texts name: publisher DIDs as they were recorded, or else names, and the UUIDs of their datasets.

        What names nothing is left out.
        """
        return self._reader.snapshot(lambda connection: ids_of(connection, texts))

    def status(self) -> Status:
        """Count what is in the registry."""
        with reading(self._engine, self._url) as connection:
            counts: dict[str, Any] = count_all(connection, self._url)
        return Status(
            url=shown(self._url),
            revision=REVISIONS[-1],
            base_url=self.base_url,
            authority=self.authority,
            **counts,
        )
