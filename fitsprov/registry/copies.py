"""Which files are copies of which datasets."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from functools import partial
from typing import Any
from uuid import UUID

from sqlalchemy import URL, Connection, Engine, Select, bindparam, select

from fitsprov.errors import Conflict
from fitsprov.model.lineage import Dataset
from fitsprov.registry.datasets import chunks, datasets_by_uuid
from fitsprov.registry.engines.compiled import compiled
from fitsprov.registry.engines.engine import reading
from fitsprov.registry.engines.reader import Reader
from fitsprov.registry.schema import artifact, entity

__all__ = ["Copies", "copies", "datasets_of_uris"]


class Copies:
    """The part of a registry that knows files."""

    _engine: Engine
    _url: URL
    _reader: Reader

    def dataset_of_file(self, uri: str) -> UUID | None:
        """Find the dataset whose record gave this absolute ``file://`` URI.

        Raises
        ------
        Conflict
            Where records gave it for several datasets: the path alone does not tell.
        """
        found = self.datasets_of_files([uri]).get(uri, [])
        if len(found) > 1:
            ids = ", ".join(sorted(map(str, found)))
            raise Conflict(f"{uri}: recorded for {len(found)} datasets ({ids}); expected an ID that says which")
        return found[0] if found else None

    def datasets_of_files(self, uris: Iterable[str]) -> dict[str, list[UUID]]:
        """Find the datasets of which these absolute ``file://`` URIs were given; those of which none was are left out.

        The number of queries does not depend on the number of files.
        """
        return self._reader.snapshot(partial(datasets_of_uris, uris=list(uris)))

    def datasets_with(self, fingerprint: str) -> list[Dataset]:
        """List the datasets whose data had this fingerprint when a copy was harvested; no header is needed."""
        query = select(entity.c.uuid).join(artifact, artifact.c.entity_id == entity.c.id)
        with reading(self._engine, self._url) as connection:
            ids = connection.scalars(query.where(artifact.c.fingerprint == fingerprint)).all()
            return [one.dataset for one in datasets_by_uuid(connection, sorted(set(ids))).values()]


@compiled
def copies() -> Select[Any]:
    """Select pairs of URI and dataset by a list of URIs."""
    query = select(artifact.c.uri, entity.c.uuid).join(entity, entity.c.id == artifact.c.entity_id)
    return query.where(artifact.c.uri.in_(bindparam("uris", expanding=True)))


def datasets_of_uris(connection: Connection, uris: Iterable[str]) -> dict[str, list[UUID]]:
    """Find the datasets of which files are copies; files that are no copies are left out."""
    found: defaultdict[str, list[UUID]] = defaultdict(list)
    for chunk in chunks(uris):
        for uri, uuid in copies().rows(connection, uris=chunk):
            found[uri].append(uuid)
    return dict(found)
