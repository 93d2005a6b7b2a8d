"""What a process remembers of a registry from one transaction to the next: words do not change once they are there."""

from __future__ import annotations

from collections import defaultdict
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import Connection, Engine, Select, Table, select

from fitsprov.registry.compiled import compiled
from fitsprov.registry.schema import meta

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
def identity_query() -> Select[tuple[str]]:
    """Select who a registry is."""
    return select(meta.c.value).where(meta.c.key == IDENTITY)


def memory_of(connection: Connection) -> Memory:
    """Give what is remembered of the registry of a transaction that writes; nothing of one that stood there before."""
    identity = next((value for (value,) in identity_query().rows(connection)), None)
    memory = memories.get(connection.engine)
    if memory is None or identity is None or memory.identity != identity:
        memory = memories[connection.engine] = Memory(identity)
    return memory
