"""One batch of claims held against the registry: every row is read once, and merged in memory."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from graphlib import CycleError, TopologicalSorter
from uuid import UUID

from sqlalchemy import Connection, Table

from fitsprov.model.finding import Finding
from fitsprov.model.identifiers import activity_id
from fitsprov.model.runs import is_short_for
from fitsprov.registry.harvests.claims import Claim, Named
from fitsprov.registry.harvests.nodes import Loaded, Maker, Node, parent_keys
from fitsprov.registry.schema import dataset_type, run, task

__all__ = ["Batch"]

DATASET_FACTS = ("type", "run", "data_id", "name", "publisher_did", "category")
UNKNOWN = (None,) * len(DATASET_FACTS)
UNSTATED = (None,) * 4
"""The facts of an activity of which nothing is known."""
RUN = 1
"""Place of the run among the facts."""


class Batch:
    """Claims that are taken in together; `apply` merges them in memory.

    Parameters
    ----------
    connection : Connection
        In a transaction that writes.
    claims : sequence of Claim
        The earlier counts more.
    """

    def __init__(self, connection: Connection, claims: Sequence[Claim]) -> None:
        self.claims = claims
        self.loaded = Loaded(connection, claims)
        self.findings: dict[tuple[str, Finding], None] = {}
        """With the URI of the file; a header that names a raw among its inputs and its raws is told of once."""
        self.gains: defaultdict[str, Counter[str]] = defaultdict(Counter)
        """By convention."""
        self.described: list[int] = []
        """Keys of older stubs that are none any more."""
        self.listed: dict[tuple[int, int], None] = {}
        """Pairs of dataset and raw."""

    def apply(self) -> None:
        """Merge all claims."""
        for claim in self.claims:
            node = self.loaded.nodes[claim.id]
            node.touch(claim.convention)
            self.describe(node, claim)
            for item in claim.raws:
                self.listed[node.key, self.name(item, claim).key] = None
            maker = self.find_maker(node, claim)
            if maker is not None:
                self.settle_maker(maker, node, claim)
                self.use(maker, node, claim, claim.used, claim.n_used)
            self.take_steps(claim)
        self.break_circles()

    def describe(self, node: Node, claim: Claim) -> None:
        """Take in what a header says of its own dataset; that replaces what only others said of it."""
        words = self.loaded
        facts = words.types.get(claim.type), words.runs.get(claim.run), claim.data_id, claim.name, claim.publisher_did
        self.settle(node, (*facts, None), claim, own=node.stub)
        if node.stub:
            node.stub, node.changed = False, True
            self.gains[claim.convention]["datasets"] += 1
            if not node.fresh:
                self.described.append(node.key)

    def name(self, item: Named, claim: Claim) -> Node:
        """Take in what a header says of another dataset."""
        node = self.loaded.nodes[item.id]
        node.touch(claim.convention)
        words = self.loaded
        said = (words.types.get(item.type), words.runs.get(item.run), item.data_id, item.name, None, item.own)
        if node.facts != said:
            self.settle(node, said, claim)
        return node

    def settle(self, node: Node, said: tuple[int | str | None, ...], claim: Claim, *, own: bool = False) -> None:
        """Complete the facts of a dataset; what differs is kept or replaced, and found."""
        if node.facts == UNKNOWN:
            node.facts, node.changed = said, True
            return
        for place, (old, new) in enumerate(zip(node.facts, said, strict=True)):
            if new is None or old == new:
                continue
            if old is not None:
                texts = [self.spelled(place, value) for value in (old, new)]
                if place == RUN and is_short_for(texts[1], texts[0]):
                    continue
                if place != RUN or not is_short_for(texts[0], texts[1]):
                    kept = "what others said: " if own else "what stands: "
                    what = f"dataset {UUID(bytes=node.id)}: {DATASET_FACTS[place]}"
                    self.report(claim, f"{what} '{texts[1]}' differs from {kept}'{texts[0]}'")
                    if not own:
                        continue
            node.facts = (*node.facts[:place], new, *node.facts[place + 1 :])
            node.changed = True

    def spelled(self, place: int, value: int | str) -> str:
        """Show a fact."""
        tables: tuple[Table, ...] = (dataset_type, run)
        return self.loaded.word(tables[place], value) or "" if isinstance(value, int) else value

    def find_maker(self, node: Node, claim: Claim) -> Maker | None:
        """Find the activity that a claim is about; None where it names none, or another than the one that is known."""
        if claim.activity is None:
            return None
        said, held = self.loaded.makers[claim.activity], self.loaded.maker_of(node)
        if held is None or held is said:
            if held is None:
                node.maker, node.changed = said.key, True
            return said
        if claim.derived:
            return held
        if not self.is_derived(held, node, claim):
            ids = UUID(bytes=said.id), UUID(bytes=held.id)
            self.report(claim, f"dataset {UUID(bytes=node.id)}: made by {ids[0]} differs from what stands: {ids[1]}")
            return None
        node.maker, node.changed = said.key, True
        self.loaded.replace(held, said)
        return said

    def is_derived(self, held: Maker, node: Node, claim: Claim) -> bool:
        """Whether the ID of an activity was derived from this dataset, because no header had stated one."""
        runs = {self.loaded.word(run, held.facts[1]), claim.run, None}
        tasks = {self.loaded.word(task, held.facts[0]), claim.task, None}
        product = UUID(bytes=node.id)
        return held.id in {activity_id(one, other, [product]).bytes for one in runs for other in tasks}

    def settle_maker(self, maker: Maker, node: Node, claim: Claim) -> None:
        """Complete the facts of an activity; a header has but a part of a configuration or environment."""
        maker.touch(claim.convention)
        said = self.loaded.activity_facts(node, claim)
        if maker.facts == said:
            return
        if maker.fresh and maker.facts == UNSTATED:
            maker.facts, maker.changed = said, True
            return
        texts = [self.loaded.word(task, facts[0]) for facts in (maker.facts, said)]
        if None not in texts and texts[0] != texts[1]:
            what = f"activity {UUID(bytes=maker.id)}: task"
            self.report(claim, f"{what} '{texts[1]}' differs from what stands: '{texts[0]}'")
        completed = tuple(new if old is None else old for old, new in zip(maker.facts, said, strict=True))
        if completed != maker.facts:
            maker.facts, maker.changed = completed, True

    def take_steps(self, claim: Claim) -> None:
        """Take in what a header says of the steps behind its parents, where nobody who knows better has."""
        for item, activity, inputs in claim.steps:
            node = self.name(item, claim)
            if node.maker is None:
                maker = self.loaded.makers[activity]
                maker.touch(claim.convention)
                node.maker, node.changed = maker.key, True
                self.use(maker, node, claim, inputs, None)

    def use(self, maker: Maker, node: Node, claim: Claim, inputs: tuple[Named, ...], n_used: int | None) -> None:
        """Take in what a header says was used."""
        nodes, roles = self.loaded.nodes, self.loaded.roles
        said = {nodes[item.id].key: roles.get(item.role) for item in inputs}
        if said.pop(node.key, 0) != 0:
            self.report(claim, f"dataset {UUID(bytes=node.id)}: is listed as its own parent, which is left out")
        if not maker.admits(said, n_used):
            here, there = len(said), len(maker.used)
            what = f"activity {UUID(bytes=maker.id)}: used {here} datasets"
            self.report(claim, f"{what}, which differ from what stands: {there} others")
            return
        maker.add(said, n_used)
        for item in inputs:
            self.name(item, claim)

    def break_circles(self) -> None:
        """Leave out what would make a dataset its own ancestor: what the last header of a circle says."""
        nodes, makers = self.loaded.nodes, self.loaded.by_key
        made = [(n, nodes[one]) for n, c in enumerate(self.claims) for one in (c.id, *(s[0].id for s in c.steps))]
        last = {node.maker: number for number, node in made}
        grown = {node.key for _, node in made if node.maker and makers[node.maker].grown}
        while circle := find_circle(parent_keys(self.loaded, grown)):
            steps = [(last.get(self.loaded.maker_key(child), -1), child, parent) for child, parent in circle]
            number, child, parent = max(steps)
            maker = makers[self.loaded.maker_key(child) or 0]
            del maker.used[parent]
            maker.changed = True
            ids = self.loaded.id_of(child), self.loaded.id_of(parent)
            what = f"dataset {ids[0]}: is an ancestor of its parent {ids[1]}, which is left out"
            self.report(self.claims[number], what)

    def report(self, claim: Claim, message: str) -> None:
        """Note a contradiction."""
        found = claim.uri, Finding("differs-from-registry", message)
        if found not in self.findings:
            self.findings[found] = None
            self.gains[claim.convention]["findings"] += 1


def find_circle(parents: dict[int, list[int]]) -> list[tuple[int, int]]:
    """Find pairs of child and parent that lead back to where they began; empty where there are none."""
    try:
        TopologicalSorter(parents).prepare()
    except CycleError as error:
        ring: list[int] = error.args[1]
        return list(zip(ring[1:], ring, strict=False))
    return []
