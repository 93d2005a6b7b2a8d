"""What a batch of claims touches, read from the registry into memory with a constant number of queries."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Select, Table, and_, select, update

from fitsprov.model.lineage import Environment, Package
from fitsprov.registry.engines.compiled import among, as_keys
from fitsprov.registry.harvests.bulk import select_by_uuid
from fitsprov.registry.harvests.claims import Claim, Named
from fitsprov.registry.records.statement import digest
from fitsprov.registry.records.vocabulary import Vocabulary, next_key
from fitsprov.registry.schema import (
    activity,
    config,
    dataset_type,
    entity,
    package,
    role,
    run,
    software_env,
    task,
    used,
)

__all__ = ["Loaded", "Maker", "Node", "parent_keys"]

MANAGER = "header"
"""Who vouches for the version of a package that a header states."""


class Row:
    """A row that is there, or may be added: only what is touched will be."""

    __slots__ = ("changed", "facts", "fresh", "id", "key", "namer")

    def __init__(self, key: int, id: bytes, facts: tuple[Any, ...], *, fresh: bool) -> None:
        self.key = key
        self.id = id
        self.facts = facts
        self.fresh = fresh
        self.changed = False
        self.namer = ""
        """The convention that touched it first."""

    def touch(self, convention: str) -> None:
        """Note that a claim is about it."""
        if not self.namer:
            self.namer = convention


class Node(Row):
    """A dataset; its facts are keys of type and run, dataId, name, publisher DID and the category of its own."""

    __slots__ = ("maker", "stub")

    def __init__(
        self, key: int, id: bytes, facts: tuple[Any, ...], maker: int | None, stub: bool, *, fresh: bool
    ) -> None:
        super().__init__(key, id, facts, fresh=fresh)
        self.maker = maker
        """Key of its activity."""
        self.stub = stub


class Maker(Row):
    """An activity; its facts are keys of task, run, configuration and environment."""

    __slots__ = ("held", "n_used", "used")

    def __init__(self, key: int, id: bytes, facts: tuple[Any, ...], n_used: int | None = None, *, fresh: bool) -> None:
        super().__init__(key, id, facts, fresh=fresh)
        self.n_used = n_used
        """How many it is known to have used, where more than are known."""
        self.used: dict[int, tuple[int | None, bool | None]] = {}
        """Key of a dataset → key of its role, and whether it was really used; in the order stated."""
        self.held = 0
        """How many of them the registry has."""

    @property
    def grown(self) -> bool:
        """Whether more is used than the registry has."""
        return len(self.used) > self.held

    def admits(self, said: Mapping[int, int | None], n_used: int | None) -> bool:
        """Whether a list may be one of what was used: a list that is not whole may be longer on the other side."""
        if not said or not self.used:
            return True
        really = {key for key, (_, actual) in self.used.items() if actual is not False}
        lacks, adds = not really <= said.keys(), not said.keys() <= self.used.keys()
        return (not lacks or n_used is not None) and (not adds or self.n_used is not None)

    def add(self, said: Mapping[int, int | None], n_used: int | None) -> None:
        """Complete what was used."""
        for key, role_key in said.items():
            old, actual = self.used.get(key, (None, None))
            if key not in self.used or (old is None and role_key is not None):
                self.used[key] = (role_key, actual)
                self.changed = True
        if n_used is not None and n_used > max(self.n_used or 0, len(self.used)):
            self.n_used, self.changed = n_used, True
        elif self.n_used is not None and (n_used is None and said):
            self.n_used, self.changed = None, True


DATASET = ("id", "gen_aid", "stub", "dataset_type_id", "run_id", "data_id", "name", "publisher_did")
ACTIVITY = ("id", "n_used", "task_id", "run_id", "config_id", "software_env_id")


@cache
def makers_query() -> Select[Any]:
    """Select activities by a list of keys."""
    return select(activity.c.uuid, *(activity.c[name] for name in ACTIVITY)).where(among(activity.c.id))


@cache
def usages_query() -> Select[Any]:
    """Select what a list of activities used, in the order stated."""
    return (
        select(used.c.activity_id, used.c.entity_id, used.c.role_id, used.c.actual)
        .where(among(used.c.activity_id))
        .order_by(used.c.activity_id, used.c.position)
    )


@cache
def own_kinds_query() -> Select[Any]:
    """Select types of datasets that have a category of their own: key, key of the type that others have, category."""
    of = dataset_type.alias("of")
    pairs = dataset_type.outerjoin(of, and_(of.c.name == dataset_type.c.name, of.c.own.is_(None)))
    return (
        select(dataset_type.c.id, of.c.id, dataset_type.c.own).select_from(pairs).where(dataset_type.c.own.is_not(None))
    )


@cache
def makers_of_query() -> Select[Any]:
    """Select pairs of dataset and activity by a list of datasets."""
    return select(entity.c.id, entity.c.gen_aid).where(among(entity.c.id), entity.c.gen_aid.is_not(None))


class Loaded:
    """Words, datasets and activities that claims touch, by ID and by key; what is new has its key already."""

    def __init__(self, connection: Connection, claims: Sequence[Claim]) -> None:
        self.connection = connection
        self.words = Vocabulary(connection, [])
        self.load_words(claims)
        self.nodes: dict[bytes, Node] = {}
        self.node_of: dict[int, Node] = {}
        self.load_nodes(claims)
        self.makers: dict[bytes, Maker] = {}
        self.by_key: dict[int, Maker] = {}
        self.dropped: list[Maker] = []
        """Activities of the registry whose place others took."""
        self.load_makers(claims)

    def load_words(self, claims: Sequence[Claim]) -> None:
        """Take in types, runs, roles, tasks, parameters and packages, in an order that depends on nothing else."""
        items = dict.fromkeys(item for claim in claims for item in claim.items())
        self.add_categories(items)
        self.own_kinds = {key: (of, own) for key, of, own in self.connection.execute(own_kinds_query())}
        """Key of the datasets of a type, or of none, that have a category of their own → key of that type, and this."""
        types = {*(c.type for c in claims), *(item.type for item in items)} - {None}
        self.words.add(dataset_type, "name", {(n, None): {"name": n, "own": None} for n in sorted(types, key=str)})
        self.types = {name: key for (name, own), key in self.words.keys[dataset_type].items() if own is None}
        self.runs = self.add_names(run, {*(c.run for c in claims), *(item.run for item in items)})
        self.roles = self.add_names(role, {item.role for item in items})
        tasks = sorted({claim.task for claim in claims if claim.task is not None})
        self.words.add(task, "name", {(name, None): {"name": name, "version": None} for name in tasks})
        contents = {digest(text): text for text in sorted({c.parameters for c in claims if c.parameters is not None})}
        self.words.add_config_rows({(d,): {"digest": d, "content": text} for d, text in contents.items()})
        self.environments = {
            packages: Environment(packages=tuple(Package(MANAGER, *one) for one in packages))
            for packages in sorted({claim.packages for claim in claims if claim.packages})
        }
        named = sorted({one for packages in self.environments for one in packages})
        rows = {(n, v, MANAGER): {"name": n, "version": v, "manager": MANAGER} for n, v in named}
        self.words.add(package, "name", rows)
        self.words.add_environments({id(one): one for one in self.environments.values()})

    def add_categories(self, items: Iterable[Named]) -> None:
        """Take in what kinds of things types are, where nobody has said so; the first header counts."""
        said = {item.type: item.category for item in reversed([*items]) if item.type and item.category}
        rows = {(name, None): {"name": name, "own": None, "category": said[name]} for name in sorted(said)}
        self.words.add(dataset_type, "name", rows)
        for name, category in said.items():
            query = update(dataset_type).where(dataset_type.c.name == name, dataset_type.c.category.is_(None))
            self.connection.execute(query.values(category=category))

    def add_names(self, table: Table, names: set[str | None]) -> dict[str | None, int]:
        """Take names in; give the key of each."""
        self.words.add(table, "name", {(name,): {"name": name} for name in sorted(names - {None}, key=str)})
        return {name: key for (name,), key in self.words.keys[table].items()}

    def add_kinds(self, nodes: Iterable[Node]) -> dict[tuple[int | None, str | None], int | None]:
        """Take in what datasets are that have a category of their own; give the key of each type, and these of it."""
        found = {(node.facts[0], node.facts[-1]) for node in nodes}
        names = {key: self.word(dataset_type, key) for key, own in found if own is not None}
        own_kinds = {(key, own): (names[key], own) for key, own in found if own is not None}
        if own_kinds:
            self.words.add_own(sorted(own_kinds.values(), key=lambda one: (one[0] or "", one[1])))
        return {(key, own): self.words.kind(*own_kinds[key, own]) if own else key for key, own in found}

    def load_nodes(self, claims: Sequence[Claim]) -> None:
        """Read the datasets that are known, and give keys to those that are not."""
        wanted = {claim.id for claim in claims}
        wanted |= {item.id for claim in claims for item in claim.items()}
        for uuid, key, maker, stub, kind, *facts in select_by_uuid(self.connection, entity, DATASET, wanted):
            type_key, own = self.own_kinds.get(kind, (kind, None))
            self.nodes[uuid] = Node(key, uuid, (type_key, *facts, own), maker, bool(stub), fresh=False)
        # in the order of their IDs, because a sorted index is faster to append to
        for key, one in enumerate(sorted(wanted - self.nodes.keys()), next_key(self.connection, entity)):
            self.nodes[one] = Node(key, one, (None,) * 6, None, True, fresh=True)
        self.node_of = {node.key: node for node in self.nodes.values()}

    def load_makers(self, claims: Sequence[Claim]) -> None:
        """Read the activities that are known, with what they used, and give keys to those that are not."""
        wanted = {claim.activity for claim in claims if claim.activity is not None}
        wanted |= {maker for claim in claims for _, maker, _ in claim.steps}
        for uuid, *row in select_by_uuid(self.connection, activity, ACTIVITY, wanted):
            self.keep_maker(uuid, *row)
        others = {self.nodes[claim.id].maker for claim in claims}
        others |= {self.nodes[item.id].maker for claim in claims for item, _, _ in claim.steps}
        others -= {*self.by_key, None}
        if others:
            for found, *row in self.connection.execute(makers_query(), as_keys(filter(None, others))):
                self.keep_maker(found.bytes, *row)
        if self.by_key:
            for key, dataset, role_key, actual in self.connection.execute(usages_query(), as_keys(self.by_key)):
                self.by_key[key].used[dataset] = (role_key, actual)
        for maker in self.by_key.values():
            maker.held = len(maker.used)
        for key, one in enumerate(sorted(wanted - self.makers.keys()), next_key(self.connection, activity)):
            self.makers[one] = self.by_key[key] = Maker(key, one, (None,) * 4, fresh=True)

    def keep_maker(self, uuid: bytes, key: int, n_used: int | None, *facts: int | None) -> None:
        """Keep an activity of the registry."""
        self.makers[uuid] = self.by_key[key] = Maker(key, uuid, facts, n_used, fresh=False)

    def activity_facts(self, node: Node, claim: Claim) -> tuple[int | None, ...]:
        """Spell what a claim says of its activity as keys; it ran in the run of its dataset."""
        parameters = None if claim.parameters is None else digest(claim.parameters)
        return (
            None if claim.task is None else self.words.keys[task][claim.task, None],
            node.facts[1],
            self.words.key(config, parameters),
            self.words.content_key(software_env, self.environments.get(claim.packages)),
        )

    def maker_of(self, node: Node) -> Maker | None:
        """The activity that made a dataset of a claim."""
        return None if node.maker is None else self.by_key.get(node.maker)

    def replace(self, held: Maker, said: Maker) -> None:
        """Let an activity whose ID is stated take the place of one whose ID was derived."""
        said.facts = tuple(old if new is None else new for new, old in zip(said.facts, held.facts, strict=True))
        said.used = said.used or held.used
        said.n_used = said.n_used or held.n_used
        said.changed = True
        held.namer = ""
        if not held.fresh:
            self.dropped.append(held)

    def maker_key(self, key: int) -> int | None:
        """The key of the activity that made the dataset of a key."""
        node = self.node_of.get(key)
        if node is not None:
            return node.maker
        return self.connection.scalar(select(entity.c.gen_aid).where(entity.c.id == key))

    def word(self, table: Table, key: int | None) -> str | None:
        """The name that has a key."""
        return None if key is None else self.connection.scalar(select(table.c.name).where(table.c.id == key))

    def id_of(self, key: int) -> UUID:
        """The ID of the dataset of a key."""
        node = self.node_of.get(key)
        if node is not None:
            return UUID(bytes=node.id)
        found: UUID = self.connection.scalars(select(entity.c.uuid).where(entity.c.id == key)).one()
        return found


def parent_keys(loaded: Loaded, keys: Iterable[int]) -> dict[int, list[int]]:
    """Find the parents of datasets and of all their ancestors, level by level: in memory, else in the registry.

    Only datasets that have parents are there, as children and as parents: others close no circle.
    """
    graph: dict[int, list[int]] = {}
    frontier = set(keys)
    while frontier:
        makers = {key: loaded.node_of[key].maker for key in frontier if key in loaded.node_of}
        if elsewhere := frontier - makers.keys():
            rows = loaded.connection.execute(makers_of_query(), as_keys(elsewhere))
            makers |= {row[0]: row[1] for row in rows}
        known = {key: list(maker.used) for key in {*makers.values()} if (maker := loaded.by_key.get(key or 0))}
        if unknown := {*makers.values()} - known.keys() - {None}:
            for key, dataset, *_ in loaded.connection.execute(usages_query(), as_keys(filter(None, unknown))):
                known.setdefault(key, []).append(dataset)
        graph |= {key: known.get(makers.get(key) or 0, []) for key in frontier}
        frontier = {parent for key in frontier for parent in graph[key]} - graph.keys()
    return {key: made for key, parents in graph.items() if (made := [parent for parent in parents if graph[parent]])}
