"""A batch of claims as rows: what is pointed to before what points, in the order of keys."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Connection, Table, delete, select

from fitsprov.registry.adjacency.changes import note_grown
from fitsprov.registry.engines.compiled import among, as_keys
from fitsprov.registry.harvests.batch import Batch
from fitsprov.registry.harvests.bulk import insert_rows, select_by, update_rows
from fitsprov.registry.harvests.claims import Claim
from fitsprov.registry.harvests.nodes import Maker, Row
from fitsprov.registry.schema import activity, artifact, entity, ingest, listed_raw, stamp, used

__all__ = ["write"]


ACTIVITY = ("uuid", "task_id", "run_id", "config_id", "software_env_id", "n_used", "id")
DATASET = ("uuid", "dataset_type_id", "run_id", "data_id", "name", "publisher_did", "gen_aid", "stub", "id")
USAGE = ("activity_id", "position", "entity_id", "role_id", "actual")
STAMP = ("artifact_id", "convention", "time")
FOUND = ("entity_id", "id")
COPY = ("uri", "entity_id", "size", "modified", "fingerprint")


class Copy(NamedTuple):
    """A copy that the registry knows."""

    key: int
    dataset: int
    modified: int | None


def write(connection: Connection, batch: Batch) -> None:
    """Write what a batch has changed."""
    loaded = batch.loaded
    makers = sorted((maker for maker in loaded.makers.values() if maker.namer), key=lambda maker: maker.key)
    nodes = sorted((node for node in loaded.nodes.values() if node.namer), key=lambda node: node.key)
    save(connection, activity, ACTIVITY, [(one, (one.id, *one.facts, one.n_used, one.key)) for one in makers])
    kinds = loaded.add_kinds(nodes)
    rows = [
        (one, (one.id, kinds[one.facts[0], one.facts[-1]], *one.facts[1:-1], one.maker, one.stub, one.key))
        for one in nodes
    ]
    save(connection, entity, DATASET, rows)
    for maker in makers:
        batch.gains[maker.namer]["activities"] += maker.fresh
    for node in nodes:
        batch.gains[node.namer]["stubs"] += node.fresh and node.stub
    write_usages(connection, batch, makers)
    write_raws(connection, batch)
    drop(connection, loaded.dropped)
    write_copies(connection, batch)
    write_stamps(connection, batch)


def save(
    connection: Connection, table: Table, columns: Sequence[str], rows: Iterable[tuple[Row, tuple[Any, ...]]]
) -> None:
    """Insert the rows that are new and change those that have changed; the last column is the key."""
    rows = list(rows)
    insert_rows(connection, table, columns, [values for row, values in rows if row.fresh])
    changed = [values for row, values in rows if row.changed and not row.fresh]
    update_rows(connection, table, columns[:-1], changed)


def write_usages(connection: Connection, batch: Batch, makers: Iterable[Maker]) -> None:
    """Write the edges of activities that were completed."""
    grown = [maker for maker in makers if maker.used and (maker.changed or maker.grown)]
    if older := [maker.key for maker in grown if not maker.fresh]:
        note_grown(connection, older)
    if again := [maker.key for maker in grown if maker.held]:
        connection.execute(delete(used).where(among(used.c.activity_id)), as_keys(again))
    rows = [
        (maker.key, position, key, role, actual)
        for maker in grown
        for position, (key, (role, actual)) in enumerate(maker.used.items())
    ]
    insert_rows(connection, used, USAGE, rows)
    for maker in grown:
        batch.gains[maker.namer]["edges"] += len(maker.used) - maker.held


def write_raws(connection: Connection, batch: Batch) -> None:
    """Write the raws that headers list."""
    if not batch.listed:
        return
    known = set()
    query = select(listed_raw).where(among(listed_raw.c.entity_id))
    for row in connection.execute(query, as_keys({dataset for dataset, _ in batch.listed})):
        known.add(tuple(row))
    insert_rows(connection, listed_raw, ("entity_id", "raw_id"), sorted(batch.listed.keys() - known))


def drop(connection: Connection, makers: Iterable[Maker]) -> None:
    """Remove activities whose place others took."""
    keys = as_keys(maker.key for maker in makers)
    if makers:
        connection.execute(delete(used).where(among(used.c.activity_id)), keys)
        connection.execute(delete(activity).where(among(activity.c.id)), keys)


def write_copies(connection: Connection, batch: Batch) -> None:
    """Note where the files are.

    A file that holds another dataset than when it was read last is no copy of that, and one whose header was copied to
    other data is none of any.
    """
    known: defaultdict[str, list[Copy]] = defaultdict(list)
    uris = [claim.uri for claim in batch.claims]
    for uri, *copy in select_by(connection, artifact, "uri", ("id", "entity_id", "modified"), uris):
        known[uri].append(Copy(*copy))
    stated = stated_copies(connection, [row for rows in known.values() for row in rows])
    fresh, changed, gone = [], [], []
    for claim in batch.claims:
        key = batch.loaded.nodes[claim.id].key
        there = known.get(claim.uri, ())
        mine = [row.key for row in there if row.dataset == key and not claim.inherited]
        gone += [row.key for row in there if row.key not in mine and row.key not in stated]
        values = (claim.size, claim.modified, claim.fingerprint)
        if mine:
            changed.append((*values, mine[0]))
        elif claim.inherited:
            continue
        elif any(row.key in stated for row in there):
            batch.report(claim, other_dataset(batch, claim))
        else:
            fresh.append((claim.uri, key, *values))
    if gone:
        connection.execute(delete(stamp).where(among(stamp.c.artifact_id)), as_keys(gone))
        connection.execute(delete(artifact).where(among(artifact.c.id)), as_keys(gone))
    update_rows(connection, artifact, COPY[2:], changed)
    insert_rows(connection, artifact, COPY, fresh)


def stated_copies(connection: Connection, known: Sequence[Copy]) -> set[int]:
    """Find the copies that somebody stated, in a record or by adopting them: no header overrules that."""
    harvested = [row.key for row in known if row.modified is not None]
    adopted = select(ingest.c.artifact_id).where(among(ingest.c.artifact_id))
    found = set(connection.scalars(adopted, as_keys(harvested))) if harvested else set()
    return found | {row.key for row in known if row.modified is None}


def write_stamps(connection: Connection, batch: Batch) -> None:
    """Note which conventions the header of each copy carried when it was read, as the file was then."""
    read = {(claim.uri, batch.loaded.nodes[claim.id].key): claim for claim in batch.claims}
    uris = [claim.uri for claim in batch.claims]
    copies = {
        key: read.get((uri, dataset)) for uri, dataset, key in select_by(connection, artifact, "uri", FOUND, uris)
    }
    keys = [key for key, claim in copies.items() if claim is not None]
    connection.execute(delete(stamp).where(among(stamp.c.artifact_id)), as_keys(keys))
    rows = [
        (key, convention, claim.modified // 1_000)
        for key, claim in sorted(copies.items())
        if claim is not None
        for convention in sorted({claim.convention, *claim.others})
    ]
    insert_rows(connection, stamp, STAMP, rows)


def other_dataset(batch: Batch, claim: Claim) -> str:
    """Say that a file was stated to be another dataset."""
    return f"dataset {UUID(bytes=claim.id)}: this file was recorded or adopted as another dataset, which stands"
