"""Copies of datasets, and how they came in."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, insert, select, update

from fitsprov.errors import Conflict
from fitsprov.model.facts import Copy
from fitsprov.registry.schema import agent, artifact, entity, ingest, utc

__all__ = ["keep_copy", "knows_contents"]

STORED = "stored"
"""The state of a copy that is whole."""


def keep_copy(connection: Connection, copy: Copy, time: datetime, by: str | None) -> None:
    """Note where a copy of a dataset is, what its data are, and that it came in.

    Raises
    ------
    Conflict
        Where the copy that was there had other data.
    """
    key = connection.scalars(select(entity.c.id).where(entity.c.uuid == copy.dataset)).one()
    facts = {"size": copy.size, "modified": copy.modified, "fingerprint": copy.fingerprint}
    mine = (artifact.c.uri == copy.uri, artifact.c.entity_id == key)
    held = connection.execute(select(artifact.c.id, artifact.c.fingerprint).where(*mine)).first()
    if held is None:
        connection.execute(insert(artifact).values(uri=copy.uri, entity_id=key, **facts))
    elif held.fingerprint not in (None, copy.fingerprint):
        raise Conflict(f"{copy.uri}: its data are {copy.fingerprint} but stand as {held.fingerprint}")
    else:
        connection.execute(update(artifact).where(artifact.c.id == held.id).values(**facts))
    number = connection.scalars(select(artifact.c.id).where(*mine)).one()
    who = None if by is None else connection.scalar(select(agent.c.id).where(agent.c.uri == by))
    connection.execute(insert(ingest).values(artifact_id=number, agent_id=who, state=STORED, time=utc(time)))


def knows_contents(connection: Connection) -> bool:
    """Whether the data of any copy are known by their SHA-256."""
    known = select(artifact.c.id).where(artifact.c.fingerprint >= "sha256:", artifact.c.fingerprint < "sha256;")
    return connection.execute(known.limit(1)).first() is not None
