"""What stands once in the registry and is pointed to: names, tasks, agents, configurations, environments."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Select, Table, bindparam, func, insert, select, update

from fitsprov.model.lineage import Activity, Agent, Category, Environment
from fitsprov.registry.datasets import chunks
from fitsprov.registry.engines.compiled import compiled
from fitsprov.registry.records.memory import memory_of
from fitsprov.registry.records.statement import canonical, differs, digest, parameters
from fitsprov.registry.schema import (
    agent,
    config,
    config_param,
    dataset_type,
    env_package,
    package,
    role,
    run,
    software_env,
    task,
)

__all__ = ["Vocabulary", "next_key"]

Values = tuple[Any, ...]


@compiled
def greatest_key(table: Table) -> Select[Any]:
    """Select the greatest key of a table."""
    return select(func.max(table.c.id))


@compiled
def rows_with(table: Table, indexed: str, columns: tuple[str, ...]) -> Select[Any]:
    """Select rows by a list of values of one column."""
    return select(*(table.c[name] for name in columns)).where(table.c[indexed].in_(bindparam("values", expanding=True)))


@compiled
def rows_without(table: Table, indexed: str, columns: tuple[str, ...]) -> Select[Any]:
    """Select rows that have nothing in one column."""
    return select(*(table.c[name] for name in columns)).where(table.c[indexed].is_(None))


def next_key(connection: Connection, table: Table) -> int:
    """Give the first free key; good until the transaction ends, because writers queue."""
    ((greatest,),) = greatest_key(table).rows(connection)
    return (greatest or 0) + 1


class Vocabulary:
    """The keys of all that the rows of one transaction point to; what is new is added first.

    Parameters
    ----------
    quarrels : list of str
        Takes a line for each fact that contradicts what the registry holds.
    """

    def __init__(self, connection: Connection, quarrels: list[str]) -> None:
        self.connection = connection
        self.quarrels = quarrels
        self.memory = memory_of(connection)
        self.fresh: set[tuple[Table, int]] = set()
        """Added by this transaction, which may fail yet."""
        self.keys: defaultdict[Table, dict[Values, int]] = defaultdict(dict)
        self.digests: dict[int, bytes] = {}
        """Of configurations and environments, by identity: thousands of activities share one."""

    def key(self, table: Table, *values: Any) -> int | None:
        """Give the key of something that was added; None has none."""
        return None if values[0] is None else self.keys[table][values]

    def kind(self, name: str | None, own: str | None) -> int | None:
        """Give the key of a dataset type that was added, of those datasets of it that have a category of their own."""
        return None if name is None and own is None else self.keys[dataset_type][name, own]

    def content_key(self, table: Table, content: object) -> int | None:
        """Give the key of a configuration or environment that was added."""
        return None if content is None else self.keys[table][(self.digests[id(content)],)]

    def add_names(self, runs: Iterable[str | None], roles: Iterable[str | None]) -> None:
        """Take runs and roles in."""
        for table, names in ((run, runs), (role, roles)):
            self.add(table, "name", {(name,): {"name": name} for name in names if name is not None})

    def add_types(self, names: Iterable[str | None], categories: Mapping[str, Category]) -> None:
        """Take dataset types in, with the categories that were stated."""
        words = {name: category.value for name, category in categories.items()}
        self.settle(dataset_type, "name", {name: {"category": word} for name, word in words.items()})
        wanted = dict.fromkeys(name for name in (*names, *words) if name is not None)
        rows = {(name, None): {"name": name, "own": None, "category": words.get(name)} for name in wanted}
        self.add(dataset_type, "name", rows)

    def add_own(self, kinds: Iterable[tuple[str | None, str]]) -> None:
        """Take in names of types that were added, or none, with categories that some of their datasets alone have."""
        rows = {(name, own): {"name": name, "own": own} for name, own in dict.fromkeys(kinds)}
        if self.add(dataset_type, "name", rows):
            type_of_all = dataset_type.alias("type_of_all")
            known = select(func.max(type_of_all.c.category)).where(type_of_all.c.name == dataset_type.c.name)
            unknown = dataset_type.c.own.is_not(None), dataset_type.c.category.is_(None)
            self.connection.execute(update(dataset_type).where(*unknown).values(category=known.scalar_subquery()))

    def add_activities(self, activities: Iterable[Activity]) -> None:
        """Take in what activities point to, but for agents."""
        tasks, configs, environments = {}, {}, {}
        for activity in activities:
            if activity.task is not None:
                tasks[activity.task, activity.version] = {"name": activity.task, "version": activity.version}
            if activity.config is not None:
                configs[id(activity.config)] = activity.config
            if activity.environment is not None:
                environments[id(activity.environment)] = activity.environment
        self.add(task, "name", tasks)
        self.add_configs(configs)
        self.add_environments(environments)

    def add_agents(self, agents: Iterable[Agent | None]) -> None:
        """Take agents in."""
        about: dict[str, dict[str, str | None]] = {}
        for one in {one: None for one in agents if one is not None}:
            facts = about.setdefault(one.id, {"name": None, "type": None})
            for fact, value in (("name", one.name), ("type", one.type)):
                if value is not None and facts[fact] not in (None, value):
                    self.quarrels.append(f"agent '{one.id}': {fact} is both '{facts[fact]}' and '{value}'")
                facts[fact] = value or facts[fact]
        self.settle(agent, "uri", about)
        self.add(agent, "uri", {(uri,): {"uri": uri, **facts} for uri, facts in about.items()})

    def add_configs(self, configs: Mapping[int, Mapping[str, Any]]) -> None:
        """Take configurations in, each content once."""
        rows = {}
        for identity, content in configs.items():
            text = canonical(content)
            self.digests[identity] = digest(text)
            rows[(digest(text),)] = {"digest": digest(text), "content": text}
        self.add_config_rows(rows)

    def add_config_rows(self, rows: Mapping[Values, Mapping[str, Any]]) -> None:
        """Take configurations in by their digests, and the leaves of the new ones."""
        found = [
            {"config_id": key, "name": name, "value": value}
            for address, key in self.add(config, "digest", rows).items()
            for name, value in parameters(json.loads(rows[address]["content"])).items()
        ]
        if found:
            self.connection.execute(insert(config_param), found)

    def add_environments(self, environments: Mapping[int, Environment]) -> None:
        """Take environments in, each content once, and the packages of the new ones."""
        rows, packages = {}, {}
        for identity, environment in environments.items():
            distinct = sorted(set(environment.packages))
            about = {"container": environment.container, "platform": canonical(environment.platform)}
            built = {"container_base": environment.container_base, "recipe": environment.recipe}
            content = about | {name: value for name, value in built.items() if value is not None}
            address = digest(canonical([content, [[p.manager, p.name, p.version] for p in distinct]]))
            self.digests[identity] = address
            rows[(address,)] = {"digest": address, **about, **built}
            packages[(address,)] = [(p.name, p.version, p.manager) for p in distinct]
        added = self.add(software_env, "digest", rows)
        wanted = dict.fromkeys(one for address in added for one in packages[address])
        self.add(package, "name", {(n, v, m): {"name": n, "version": v, "manager": m} for n, v, m in wanted})
        pairs = [
            {"software_env_id": key, "package_id": self.keys[package][one]}
            for address, key in added.items()
            for one in packages[address]
        ]
        if pairs:
            self.connection.execute(insert(env_package), pairs)

    def add(self, table: Table, indexed: str, rows: Mapping[Values, Mapping[str, Any]]) -> dict[Values, int]:
        """Find rows by what identifies them, or add them; give the keys of those added.

        Parameters
        ----------
        indexed : str
            The first of the identifying columns; it has an index.
        rows : mapping
            Identifying values, in the order of the row's columns → the whole row, should it be new.
        """
        known, held = self.keys[table], self.memory.keys[table]
        known.update((values, held[values]) for values in rows if values in held)
        missing = self.look_up(table, indexed, rows, [values for values in rows if values not in known])
        if not missing:
            return {}
        added = dict(zip(missing, range(next_key(self.connection, table), 2**63), strict=False))
        self.connection.execute(insert(table), [{"id": key, **rows[values]} for values, key in added.items()])
        self.fresh.update((table, key) for key in added.values())
        known |= added
        return added

    def look_up(
        self, table: Table, indexed: str, rows: Mapping[Values, Mapping[str, Any]], unknown: Sequence[Values]
    ) -> list[Values]:
        """Find rows that others have added; give those that nobody has."""
        if not unknown:
            return []
        known = self.keys[table]
        columns = "id", *list(rows[unknown[0]])[: len(unknown[0])]
        query, firsts = rows_with(table, indexed, columns), dict.fromkeys(values[0] for values in unknown)
        names = chunks(first for first in firsts if first is not None)
        found = [row for chunk in names for row in query.rows(self.connection, values=chunk)]
        if None in firsts:
            found += rows_without(table, indexed, columns).rows(self.connection)
        for key, *values in found:
            known[tuple(values)] = key
            if (table, key) not in self.fresh:
                self.memory.keep_key(table, tuple(values), key)
        return [values for values in unknown if values not in known]

    def settle(self, table: Table, name: str, stated: Mapping[Any, Mapping[str, Any]]) -> None:
        """Complete rows by what is stated of them; what contradicts them is a quarrel."""
        completed = []
        names = tuple(table.c.keys())
        unsure = [value for value, facts in stated.items() if not self.memory.holds(table, value, dict(facts))]
        for chunk in chunks(unsure):
            for values in rows_with(table, name, names).rows(self.connection, values=chunk):
                row = dict(zip(names, values, strict=True))
                facts = {fact: value for fact, value in stated[row[name]].items() if value is not None}
                for fact, value in facts.items():
                    if row[fact] is not None and row[fact] != value:
                        what = f"{table.name.replace('_', ' ')} '{row[name]}'"
                        self.quarrels.append(differs(what, fact, value, row[fact]))
                completed += [{"key": row["id"], "value": v, "fact": f} for f, v in facts.items() if row[f] is None]
                if (table, row["id"]) not in self.fresh and not completed:
                    self.memory.keep_facts(table, row[name], row)
        for one in completed:
            self.connection.execute(update(table).where(table.c.id == one["key"]).values({one["fact"]: one["value"]}))
