"""Saved impacts: each hit is worked off, and the incident is closed."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import URL, Connection, Engine, Select, func, insert, literal, select, update

from fitsprov.errors import Conflict, IncidentNotFound, UsageError
from fitsprov.model.impact import Cause, Hit, Incident
from fitsprov.model.lineage import Agent
from fitsprov.registry.datasets import chunks, datasets_by_key
from fitsprov.registry.engines.engine import reading, transact
from fitsprov.registry.impacts.impact import seeds, touched_by
from fitsprov.registry.records.vocabulary import Vocabulary
from fitsprov.registry.schema import agent, entity, incident, incident_hit

__all__ = ["Incidents"]


def open_incident(
    connection: Connection, uuid: UUID, cause: Cause, title: str, time: datetime, who: Agent | None, text: str | None
) -> None:
    """Save what a cause touched; where the incident is there already, what it has touched since."""
    told = json.dumps(cause.to_json())
    key, known_cause, closed = connection.execute(
        select(incident.c.id, incident.c.cause, incident.c.closed).where(incident.c.uuid == uuid)
    ).one_or_none() or (None, told, None)
    if known_cause != told or closed is not None:
        state = "closed" if closed is not None else f"of another cause, {known_cause}"
        raise UsageError(f"incident {uuid}: {state}; expected an open one of {told}")
    if key is None:
        row = {"uuid": uuid, "title": title, "cause": told, "opened": time, "text": text}
        inserted = insert(incident).values({**row, "agent_id": agent_key(connection, who)})
        key = connection.scalar(inserted.returning(incident.c.id))
    touched = touched_by(seeds(connection, cause).query()).subquery()
    known = select(incident_hit.c.entity_id).where(incident_hit.c.incident_id == key)
    new = select(literal(key, incident.c.id.type), touched.c.id, touched.c.direct == 1).where(
        touched.c.id.not_in(known)
    )
    connection.execute(insert(incident_hit).from_select(["incident_id", "entity_id", "direct"], new))


def agent_key(connection: Connection, who: Agent | None) -> int | None:
    """Take an agent in, and give its key."""
    if who is None:
        return None
    quarrels: list[str] = []
    words = Vocabulary(connection, quarrels)
    words.add_agents([who])
    if quarrels:
        raise Conflict(f"{quarrels[0]}; expected no contradiction")
    return words.key(agent, who.id)


def incidents() -> Select[Any]:
    """Select incidents with the numbers of their hits."""
    return (
        select(
            incident.c.uuid,
            incident.c.title,
            incident.c.cause,
            incident.c.opened,
            incident.c.closed,
            agent.c.uri,
            incident.c.text,
            func.count(incident_hit.c.entity_id),
            func.count(incident_hit.c.done),
        )
        .select_from(
            incident.outerjoin(agent, agent.c.id == incident.c.agent_id).outerjoin(
                incident_hit, incident_hit.c.incident_id == incident.c.id
            )
        )
        .group_by(incident.c.id, agent.c.uri)
        .order_by(incident.c.opened, incident.c.id)
    )


def find_incidents(connection: Connection, uuid: UUID | None = None) -> list[Incident]:
    """List all incidents, or give the one of a UUID.

    Raises
    ------
    IncidentNotFound
    """
    query = incidents() if uuid is None else incidents().where(incident.c.uuid == uuid)
    found = [
        Incident(
            id=id_,
            title=title,
            cause=Cause.from_json(json.loads(cause)),
            opened=opened,
            closed=closed,
            agent=who,
            text=text,
            hits=hits,
            done=done,
        )
        for id_, title, cause, opened, closed, who, text, hits, done in connection.execute(query)
    ]
    if uuid is not None and not found:
        raise IncidentNotFound(uuid)
    return found


def hits_of_incident(connection: Connection, uuid: UUID, *, done: bool | None) -> list[Hit]:
    """List the hits of an incident; only those that are worked off, or are not, if asked."""
    hit = incident_hit.c
    query = select(hit.entity_id, hit.direct, hit.done, hit.text).where(hit.incident_id == key_of(connection, uuid))
    if done is not None:
        query = query.where(hit.done.is_not(None) if done else hit.done.is_(None))
    hits = {key: facts for key, *facts in connection.execute(query)}
    found = [Hit(one.dataset, *hits[one.key]) for chunk in chunks(hits) for one in
             datasets_by_key(connection, chunk).values()]  # fmt: skip
    return sorted(found, key=place_of_hit)


def place_of_hit(hit: Hit) -> tuple[str, ...]:
    """Order hits by run, type and dataId."""
    one = hit.dataset
    return one.run or "", one.type or "", str(one.data_id), str(one.id)


def work_off(connection: Connection, uuid: UUID, wanted: Iterable[UUID], time: datetime, text: str | None) -> int:
    """Note that hits are dealt with; give how many were not so yet.

    Raises
    ------
    IncidentNotFound
    UsageError
        Where a dataset is no hit of it.
    """
    key, changed = key_of(connection, uuid), 0
    for chunk in chunks(wanted):
        query = select(entity.c.uuid, entity.c.id, incident_hit.c.done)
        query = query.join(incident_hit, incident_hit.c.entity_id == entity.c.id)
        query = query.where(incident_hit.c.incident_id == key, entity.c.uuid.in_(chunk))
        hits = {one: (entity_id, done) for one, entity_id, done in connection.execute(query)}
        for one in chunk:
            if one not in hits:
                raise UsageError(f"{one}: not touched by incident {uuid}; expected one of its hits")
        left = [entity_id for entity_id, done in hits.values() if done is None]
        change = update(incident_hit).where(incident_hit.c.incident_id == key, incident_hit.c.entity_id.in_(left))
        connection.execute(change.values(done=time, text=text))
        changed += len(left)
    return changed


def close_incident(connection: Connection, uuid: UUID, time: datetime, text: str | None) -> None:
    """Close an incident whose hits are all worked off; to say the same of a closed one changes nothing.

    Raises
    ------
    IncidentNotFound
    UsageError
        Where hits are left.
    Conflict
        Where it was closed with another text.
    """
    [found] = find_incidents(connection, uuid)
    if found.closed is not None:
        if text not in (None, found.text):
            stands = "no text" if found.text is None else f"'{found.text}'"
            raise Conflict(
                f"incident {uuid}: closed {found.closed:%Y-%m-%d} with {stands}, not '{text}'; expected that"
            )
        return
    if found.done < found.hits:
        raise UsageError(f"incident {uuid}: {found.hits - found.done} of {found.hits} hits are open; expected none")
    values = {"closed": time, **({} if text is None else {"text": text})}
    connection.execute(update(incident).where(incident.c.uuid == uuid).values(values))


def key_of(connection: Connection, uuid: UUID) -> int:
    """Give the key of an incident."""
    key: int | None = connection.scalar(select(incident.c.id).where(incident.c.uuid == uuid))
    if key is None:
        raise IncidentNotFound(uuid)
    return key


class Incidents:
    """The incidents of a registry: open one, work its hits off, close it."""

    def __init__(self, engine: Engine, url: URL) -> None:
        self._engine = engine
        self._url = url

    def __iter__(self) -> Iterator[Incident]:
        with reading(self._engine, self._url) as connection:
            return iter(find_incidents(connection))

    def __getitem__(self, id: UUID) -> Incident:
        with reading(self._engine, self._url) as connection:
            return find_incidents(connection, id)[0]

    def open(
        self,
        cause: Cause,
        title: str,
        *,
        id: UUID,
        time: datetime,
        agent: Agent | None = None,
        text: str | None = None,
    ) -> Incident:
        """Save what a cause touched; the same ID again adds what it has touched since.

        Raises
        ------
        UsageError
            Where the cause names what the registry does not know, or the incident is of another cause or closed.
        """

        def work(connection: Connection) -> Incident:
            open_incident(connection, id, cause, title, time, agent, text)
            return find_incidents(connection, id)[0]

        return transact(self._engine, self._url, work)

    def hits(self, id: UUID, *, done: bool | None = None) -> list[Hit]:
        """List what an incident touched; only what is dealt with, or is not, if asked.

        Raises
        ------
        IncidentNotFound
        """
        with reading(self._engine, self._url) as connection:
            return hits_of_incident(connection, id, done=done)

    def work_off(self, id: UUID, datasets: Iterable[UUID], *, time: datetime, text: str | None = None) -> int:
        """Note that datasets are dealt with; give how many were not so yet.

        Raises
        ------
        IncidentNotFound
        UsageError
            Where one is no hit of the incident.
        """
        wanted = list(dict.fromkeys(datasets))
        return transact(self._engine, self._url, lambda connection: work_off(connection, id, wanted, time, text))

    def close(self, id: UUID, *, time: datetime, text: str | None = None) -> Incident:
        """Close an incident whose hits are all dealt with; to say the same of a closed one changes nothing.

        Raises
        ------
        IncidentNotFound
        UsageError
            Where hits are left.
        Conflict
            Where it was closed with another text.
        """

        def work(connection: Connection) -> Incident:
            close_incident(connection, id, time, text)
            return find_incidents(connection, id)[0]

        return transact(self._engine, self._url, work)
