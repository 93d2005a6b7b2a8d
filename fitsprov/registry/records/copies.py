"""Copies of datasets, and how they came in."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy import Connection, delete, insert, select, update

from fitsprov.errors import Conflict
from fitsprov.model.facts import Copy
from fitsprov.registry.schema import agent, artifact, entity, ingest, stamp, utc

__all__ = ["Content", "keep_contents", "keep_copy", "knows_contents"]

Content = tuple[UUID, str, str]
"""A dataset, the URI of a copy, and the fingerprint of its data."""

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
    forget_headers(connection, copy.uri, key)
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
    connection.execute(delete(stamp).where(stamp.c.artifact_id == number))
    changed = datetime.fromtimestamp(copy.modified / 1e9, UTC)
    for convention in sorted(copy.conventions):
        connection.execute(insert(stamp).values(artifact_id=number, convention=convention, time=changed))


def keep_contents(connection: Connection, contents: Iterable[Content]) -> int:
    """Note what the data of copies are, and give how many were new; whether their headers were read is another matter.

    Raises
    ------
    Conflict
        Where a copy had other data.
    """
    new = 0
    for dataset, uri, fingerprint in contents:
        key = connection.scalars(select(entity.c.id).where(entity.c.uuid == dataset)).one()
        mine = (artifact.c.uri == uri, artifact.c.entity_id == key)
        held = connection.execute(select(artifact.c.id, artifact.c.fingerprint).where(*mine)).first()
        if held is None:
            connection.execute(insert(artifact).values(uri=uri, entity_id=key, fingerprint=fingerprint))
        elif held.fingerprint is None:
            connection.execute(update(artifact).where(artifact.c.id == held.id).values(fingerprint=fingerprint))
        elif held.fingerprint != fingerprint:
            raise Conflict(f"{uri}: its data are {fingerprint} but stand as {held.fingerprint}")
        new += held is None or held.fingerprint is None
    return new


def forget_headers(connection: Connection, uri: str, key: int) -> None:
    """Forget that a harvest took a file for another dataset, because its header was copied from there."""
    mistaken = (artifact.c.uri == uri, artifact.c.entity_id != key, artifact.c.modified.is_not(None))
    stated = artifact.c.id.in_(select(ingest.c.artifact_id))
    keys = list(connection.scalars(select(artifact.c.id).where(*mistaken, ~stated)))
    connection.execute(delete(stamp).where(stamp.c.artifact_id.in_(keys)))
    connection.execute(delete(artifact).where(artifact.c.id.in_(keys)))


def knows_contents(connection: Connection) -> bool:
    """Whether the data of any copy are known by their SHA-256."""
    known = select(artifact.c.id).where(artifact.c.fingerprint >= "sha256:", artifact.c.fingerprint < "sha256;")
    return connection.execute(known.limit(1)).first() is not None
