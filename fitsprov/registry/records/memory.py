"""What a process remembers of a registry from one transaction to the next: words do not change once they are there."""

from __future__ import annotations

from collections import defaultdict
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import Connection, Engine, Select, Table, func, select

from fitsprov.registry.engines.compiled import compiled
from fitsprov.registry.schema import activity, entity, meta

__all__ = ["IDENTITY", "Memory", "memory_of"]

IDENTITY = "id"
"""Key in `meta` under which a registry has a UUID of its own."""
MOST = 50_000
"""Words of one table that are remembered."""


class Memory:
    """Keys of words that were committed, and facts about them; it must be used by who may write alone."""

    def __init__(self, identity: str | None = None) -> None:
        self.identity = identity
        self.keys: defaultdict[Table, dict[tuple[Any, ...], int]] = defaultdict(dict)
        """Identifying values → key."""
        self.facts: defaultdict[Table, dict[Any, dict[str, Any]]] = defaultdict(dict)
        """First identifying value → facts; what is known of a word is never changed."""
        self.greatest: dict[Table, int] = {}
        """Greatest keys of activities and datasets, when the transaction began."""

    def keep_key(self, table: Table, values: tuple[Any, ...], key: int) -> None:
        """Remember a word that was committed."""
        if len(self.keys[table]) >= MOST:
            self.keys[table].clear()
        self.keys[table][values] = key

    def keep_facts(self, table: Table, name: Any, facts: dict[str, Any]) -> None:
        """Remember what is known of a word."""
        if len(self.facts[table]) >= MOST:
            self.facts[table].clear()
        self.facts[table][name] = facts

    def holds(self, table: Table, name: Any, stated: dict[str, Any]) -> bool:
        """Whether all that is stated of a word is known to be so."""
        known = self.facts[table].get(name)
        return known is not None and all(known[fact] == value for fact, value in stated.items() if value is not None)


memories: WeakKeyDictionary[Engine, Memory] = WeakKeyDictionary()


@compiled
def standing_query() -> Select[Any]:
    """Select who a registry is, and the greatest keys of its largest tables."""
    identity = select(meta.c.value).where(meta.c.key == IDENTITY)
    greatest = (select(func.max(table.c.id)) for table in (activity, entity))
    return select(*(query.scalar_subquery() for query in (identity, *greatest)))


def memory_of(connection: Connection) -> Memory:
    """Give what is remembered of the registry of a transaction that writes; nothing of one that stood there before."""
    ((identity, *greatest),) = standing_query().rows(connection)
    memory = memories.get(connection.engine)
    if memory is None or identity is None or memory.identity != identity:
        memory = memories[connection.engine] = Memory(identity)
    memory.greatest = {table: key or 0 for table, key in zip((activity, entity), greatest, strict=True)}
    return memory
