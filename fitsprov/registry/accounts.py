"""All about one dataset out of the registry: what is asked of a file in hand."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import Connection

from fitsprov.model.account import Account
from fitsprov.model.lineage import Direction
from fitsprov.registry.copies import copies, datasets_of_uris
from fitsprov.registry.engines.compiled import Asked, rows_there
from fitsprov.registry.facts.reading import facts_of, heard_of, standing_of
from fitsprov.registry.gathering.datasets import by_uuid
from fitsprov.registry.graph.lineage import lineage_of
from fitsprov.registry.schema import annotation

__all__ = ["account_of", "asked_for_account"]


def asked_for_account(focus: UUID, uri: str | None) -> list[Asked]:
    """Say what `account_of` asks in any case."""
    about = [by_uuid().asked(uuid=focus), heard_of().asked(uuid=focus), rows_there(annotation).asked()]
    return about if uri is None else [*about, copies().asked(uris=[uri])]


def account_of(
    connection: Connection, focus: UUID, direction: Direction, depth: int | None, uri: str | None
) -> Account:
    """Follow a dataset, and fetch what is said of it, how what was found stands, and of what a file is a copy.

    Raises
    ------
    DatasetNotFound
    UsageError
        Where the depth is negative.
    """
    lineage = lineage_of(connection, focus, direction, depth)
    return Account(
        lineage=lineage,
        facts=facts_of(connection, focus),
        standing=standing_of(connection, lineage.datasets),
        of_file=() if uri is None else tuple(datasets_of_uris(connection, [uri]).get(uri, ())),
    )
