"""What changed of the graph where an adjacency file has it already: written by triggers, read with the file."""

from __future__ import annotations

from sqlalchemy import Column, Table

from fitsprov.registry.schema.columns import Key, metadata

__all__ = ["graph_change"]

graph_change = Table(
    "graph_change",
    metadata,
    Column("id", Key, primary_key=True, autoincrement=True),
    Column("activity_id", Key),  # its inputs, or what it is found by
    Column("entity_id", Key),  # its maker, type or run
    sqlite_autoincrement=True,  # keys that were used once stay used
)
