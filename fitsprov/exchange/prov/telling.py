"""A lineage told in the words of W3C PROV, and of IVOA ProvenanceDM 1.0.

A dataset is an ``entity``, what made it an ``activity``, who answers for that an ``agent``; ``used``,
``wasGeneratedBy`` and ``wasAssociatedWith`` tie them. A configuration or environment is an entity, one per content,
that an activity used in that role (ProvenanceDM 1.0, 2.7: an entity "referenced in Used relations with a given role
and type Setup").

What was presented to an activity and not used by it is told by no relation, because each of PROV's says that it had an
effect: it is the attribute ``fitsprov:presented`` of the activity, with its place among what that used.
``wasDerivedFrom`` and ``wasInformedBy`` are told where they were recorded: that a product comes from *each* input of
its activity is more than anyone has said, and what follows from what is told (PROV-CONSTRAINTS, inference 6) is not.

It is told as PROV-JSON at once, statement by statement from rows, because most who ask want that, of thousands of
datasets; `prov_json` reads it as a document for the other formats.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from itertools import chain, count, repeat
from typing import Any
from uuid import UUID

from fitsprov.compiled import compiled
from fitsprov.exchange.drawings.labels import printable
from fitsprov.exchange.prov.common import Common, Parts
from fitsprov.exchange.prov.prov import Link, Name, Statement, Told, flat_json_text, json_text, legal, spell_time
from fitsprov.exchange.prov.prov_json import blocks, file_document, quote, spell, spell_attributes, spell_statement
from fitsprov.exchange.prov.saying import URI, Sayings, agent_name, attributes, run_name, run_statement, texts
from fitsprov.exchange.prov.shown import described, job_object
from fitsprov.exchange.prov.words import AGENT_TYPES, FITSPROV, SETUP, VOPROV, Model, Wanted
from fitsprov.model.identifiers import publisher_did
from fitsprov.model.lineage import Agent, Execution
from fitsprov.model.traced import ActivityRow, Inputs, Traced

__all__ = ["tell_json"]

NIL = UUID(int=0)
NONE = Inputs((), (), None)
PLAIN = re.compile(r'\{"\w+":(?:"[\w.+/-]*"|-?\d+)(?:,"\w+":(?:"[\w.+/-]*"|-?\d+))*\}', re.ASCII)
"""A dataId without anything that would have to be escaped, or that looks like what stands between its parts."""

# the part of a publisher DID before its UUID, without what PROV-N, [56] IRI_REF, excludes
HEAD = re.compile(r"ivo://[!#-;=?-\[\]_a-z~]+[?=/]")


def tell_json(lineage: Traced, wanted: Wanted, *, authority: str | None = None) -> Iterator[str]:
    """Tell a lineage, as PROV-JSON.

    Parameters
    ----------
    lineage : Traced
    wanted : Wanted
    authority : str, optional
        The IVOID under which datasets are published, ``ivo://…``: it names those that bring no publisher DID; by
        default that of the lineage.

    Returns
    -------
    iterator of str
        Pieces of the document: it tells all that can be reached from the focus, and of equal lineages the same.

    Raises
    ------
    UsageError
        Where the authority is no IVOID.
    """
    teller = Teller(lineage, wanted, authority or lineage.authority)
    activities, uses, made = list(activity_lines(teller)), use_lines(teller), generation_lines(teller)
    if lineage.said.descriptions:  # which stand before what refers to them
        uses, made = iter(list(uses)), iter(list(made))
    filed: dict[str, Iterable[str]] = {
        "entity": chain(entity_lines(teller), blocks(teller.common.extras())),
        "activity": activities,
        "agent": map(teller.agent, teller.agents.values()),
        "used": uses,
        "wasGeneratedBy": made,
        "wasAssociatedWith": association_lines(teller),
    }
    more: dict[str, list[Statement]] = {}
    for statement in teller.statements():
        more.setdefault(statement.kind, []).append(statement)
    for kind, statements in more.items():
        first = 1 + sum(1 for _ in teller.associations()) if kind == "wasAssociatedWith" else 1
        filed[kind] = chain(filed.get(kind, ()), blocks(map(spell_statement, statements, count(first))))
    return file_document(teller.namespaces, filed)


class Teller:
    """Says what is known of one thing at a time; what many say alike is put into words once."""

    def __init__(self, lineage: Traced, wanted: Wanted, authority: str | None) -> None:
        self.lineage = lineage
        self.wanted = wanted
        self.ivoa = wanted.model is Model.IVOA
        self.namespaces = {"uuid": "urn:uuid:", "fitsprov": FITSPROV} | ({"voprov": VOPROV} if self.ivoa else {})
        self.prefixes: dict[str | None, str] = {None: "uuid"}
        """Head of publisher DIDs → prefix."""
        head = None if authority is None else publisher_did(authority, NIL).removesuffix(str(NIL))
        self.names = self.named(head)
        self.sayings = Sayings(lineage, self.names, ivoa=self.ivoa, agents=wanted.agents)
        agents = (row[9] for row in lineage.activities.values())
        self.agents = {agent.id: agent for agent in agents if agent} if wanted.agents else {}
        self.agents |= self.sayings.agents
        self.agent_names = {key: agent_name(key) for key in self.agents}
        self.common = Common(wanted, self.sayings)
        self.special = {lineage.focus, *lineage.listed_raws, *self.sayings.of_dataset}
        """Keys of datasets of which more is said than of others."""
        self.special |= self.sayings.values.keys() | self.sayings.collections
        self.kinds = Parts(self.kind)
        self.places = Parts(spell_data_id)
        self.tasks = Parts(self.task)
        self.jobs_told: dict[int, str] = {}
        self.parts = Parts(self.common.part)
        self.ways = Parts(self.common.way) if self.common.describes("generation") else None

    def named(self, head: str | None) -> dict[Any, str]:
        """Name datasets by publisher DIDs that end in their UUIDs; those that have none, under the authority."""
        names, rows, prefixes, ours = dict[Any, str](), self.lineage.datasets, dict[str, str](), ""
        for key, text in self.lineage.ids.items():
            did = rows[key][10]
            if did:
                own = did[: -len(text)] if did.endswith(text) else ""
                if own not in prefixes:
                    prefixes[own] = self.prefix(own if HEAD.fullmatch(own) else None)
                names[key] = prefixes[own] + text
            else:
                ours = ours or self.prefix(head)
                names[key] = ours + text
        return names

    def prefix(self, head: str | None) -> str:
        """What stands for the head of publisher DIDs, with its colon."""
        prefix = self.prefixes.get(head)
        if prefix is None:
            number = len(self.prefixes)
            prefix = self.prefixes[head] = f"did-{number}" if number > 1 else "did"
            self.namespaces[prefix] = head or ""
        return f"{prefix}:"

    def entity(self, key: Any, name: str) -> str:
        """A dataset."""
        _, _, _, type_, run, data_id, called, category, uri, size, did, origin, stub = self.lineage.datasets[key]
        head, kind = self.kinds[type_, run, category]
        if key in self.special:
            kind = spell_attributes(self.told_kind(type_, run, category, key))
        pairs, place = self.places[data_id,]
        label = f'{head}{pairs or inside(called or self.lineage.ids[key])}"'
        where = f',"prov:location":{self.location(uri)}' if uri else ""
        ivoa = f',"voprov:name":{label}' if self.ivoa else ""
        more = f',"fitsprov:name":{quote(legal(called))}' if called else ""
        if did or size is not None or origin or stub or key in self.special:
            more += self.more(key, did, size, origin, stub)
        return f'"{name}":{{"prov:label":{label}{where},{kind}{ivoa}{place}{more}}}'

    def kind(self, type_: str | None, run: str | None, category: str | None) -> tuple[str, str]:
        """What a dataset shares with others: how its label begins; its type, run and category."""
        return f'"{inside(type_ or "dataset")} ', spell_attributes(self.told_kind(type_, run, category))

    def told_kind(self, type_: str | None, run: str | None, category: str | None, key: Any = None) -> Told:
        """The type, run and category of a dataset; and whether it is a value, or has members."""
        told: Told = [("prov:type", Name("fitsprov:Dataset"))]
        value = self.sayings.values.get(key)
        if key in self.sayings.collections:
            told.append(("prov:type", Name("prov:Collection")))
        if self.ivoa:
            told.append(("prov:type", Name(f"voprov:{'Dataset' if value is None else 'Value'}Entity")))
        if value is not None:
            told.append(("prov:value", legal(value.value)))
        description = (value and value.description) or type_
        if self.ivoa and description and self.wanted.descriptions:
            told.append(("voprov:entityDescription", self.common.description("EntityDescription", description)))
        return told + texts(("fitsprov:type", type_), ("fitsprov:run", run), ("fitsprov:category", category))

    def location(self, uri: str) -> str:
        """Where a copy is."""
        return spell(Link(uri)) if URI.fullmatch(uri) else quote(legal(uri))

    def more(self, key: Any, did: str | None, size: int | None, origin: str | None, stub: bool | None) -> str:
        """What few datasets have."""
        told: Told = texts(("fitsprov:publisherDid", did))
        if size is not None:
            told.append(("fitsprov:size", size))
        told += texts(("fitsprov:origin", origin))
        if stub:
            told.append(("fitsprov:stub", True))
        told += [("fitsprov:listedRaw", raw) for raw in self.lineage.listed_raws.get(key, ())]
        if key == self.lineage.focus:
            told.append(("fitsprov:direction", self.lineage.direction.value))
            told.append(("fitsprov:complete", self.lineage.complete))
        told += self.sayings.of_dataset.get(key, ())
        return f",{spell_attributes(told)}" if told else ""

    def statements(self) -> Iterator[Statement]:
        """What is said beside the graph, then runs and jobs where they are wanted."""
        yield from self.sayings.statements()
        if self.wanted.members:
            yield from self.runs()
        if self.wanted.steps:
            yield from self.jobs()

    def runs(self) -> Iterator[Statement]:
        """Runs, as collections of the datasets that are told of."""
        runs = {key: run for key in self.names if (run := self.lineage.datasets[key][4])}
        for run in dict.fromkeys(runs.values()):
            if run not in self.sayings.runs:
                yield run_statement(run, ivoa=self.ivoa)
        for key, run in runs.items():
            yield Statement("hadMember", None, (run_name(run), self.names[key]))

    def jobs(self) -> Iterator[Statement]:
        """Jobs, as activities that had steps."""
        ran = {row[0]: row[10] for row in self.lineage.activities.values() if row[10]}
        for job in {job.id: job for job in ran.values()}.values():
            told: Told = [("prov:label", printable(f"{job.system} {job.job}")), ("prov:type", Name("fitsprov:Job"))]
            told += texts(("fitsprov:status", job.status))
            times = (spell_time(job.started), spell_time(job.ended))
            yield Statement("activity", f"uuid:{job.id}", times, told)
        step: Told = [("prov:type", Name(f"{'voprov' if self.ivoa else 'fitsprov'}:hadStep"))]
        for activity, job in ran.items():
            yield Statement("wasInfluencedBy", None, (f"uuid:{job.id}", f"uuid:{activity}"), step)

    def activity(self, key: Any, row: ActivityRow) -> str:
        """An activity."""
        name, task, version, run, started, ended, status, config, environment, _, job, epoch = row
        self.common.setup(config, environment)
        begun = f'"prov:startTime":"{started}",' if started else ""
        done = f'"prov:endTime":"{ended}",' if ended else ""
        more = self.circumstances(key, job)
        return f'"uuid:{name}":{{{begun}{done}{self.tasks[task, version, run, status, epoch]}{more}}}'

    def circumstances(self, key: Any, job: Execution | None) -> str:
        """What few activities have: a job above them, and what was presented to them and not used."""
        if job is not None and id(job) not in self.jobs_told:
            self.jobs_told[id(job)] = f",{spell_attributes([('fitsprov:job', json_text(job_object(job)))])}"
        above = "" if job is None else self.jobs_told[id(job)]
        told: Told = []
        for place, dataset, role in self.lineage.presented.get(key, ()):
            said = {"id": self.lineage.ids[dataset], "place": place, "role": role}
            told.append(("fitsprov:presented", json_text(said)))
        return f"{above},{spell_attributes(told)}" if told else above

    def task(
        self, task: str | None, version: str | None, run: str | None, status: str | None, epoch: int | None
    ) -> str:
        """What an activity shares with others."""
        label = described(task or "task not named", version)
        told: Told = [("prov:label", label)]
        if self.ivoa:
            told.append(("voprov:name", label))
            if task and self.wanted.descriptions:
                told.append(
                    ("voprov:activityDescription", self.common.description("ActivityDescription", task, version))
                )
        told += texts(("fitsprov:task", task), ("fitsprov:version", version))
        told += texts(("fitsprov:run", run), ("fitsprov:status", status))
        if epoch is not None:
            told.append(("fitsprov:epoch", epoch))
        return spell_attributes(told)

    def agent(self, agent: Agent) -> str:
        """An agent."""
        label = printable(agent.name or agent.id)
        told: Told = [("prov:label", label)]
        if agent.type in AGENT_TYPES:
            told.append(("prov:type", Name(f"prov:{agent.type}")))
        if self.ivoa:
            told += [("voprov:name", label), *texts(("voprov:type", agent.type))]
            told += attributes(self.sayings.descriptions.get(("agent", agent.id), {}), "type")
        told += texts(("fitsprov:agentId", agent.id), ("fitsprov:name", agent.name), ("fitsprov:agentType", agent.type))
        return f'"{self.agent_names[agent.id]}":{{{spell_attributes(told)}}}'

    def uses(self) -> Iterator[str]:
        """What activities used, their configurations and environments included."""
        names, rows, used, parts, number = self.names, self.lineage.datasets, self.lineage.used, self.parts, 0
        described = self.common.describes("usage")
        for key, (activity, task, *_, config, environment, _, _, _) in self.lineage.activities.items():
            head, what = f'":{{"prov:activity":"uuid:{activity}","prov:entity":"', task if described else None
            inputs = used.get(key, NONE)
            for dataset, role, said in zip(inputs.datasets, inputs.roles, inputs.actual or repeat(None), strict=False):
                number += 1
                part = parts[role, said, rows[dataset][7], what]
                yield f'"_:used{number}{head}{names[dataset]}"{part}}}'
            for role, name in self.common.setup(config, environment):
                number += 1
                yield f'"_:used{number}{head}{name}"{parts[role, None, SETUP, None]}}}'

    def generations(self) -> Iterator[str]:
        """What made which dataset."""
        names, activities, rows, ways = self.names, self.lineage.activities, self.lineage.datasets, self.ways
        for n, (dataset, maker) in enumerate(self.lineage.made.items(), 1):
            way = "" if ways is None else ways[activities[maker][1], rows[dataset][3]]
            made = f'"prov:entity":"{names[dataset]}","prov:activity":"uuid:{activities[maker][0]}"'
            yield f'"_:wasGeneratedBy{n}":{{{made}{way}}}'

    def associations(self) -> Iterator[str]:
        """Who is responsible for which activity."""
        told = ((row[0], self.agent_names[row[9].id]) for row in self.lineage.activities.values() if row[9])
        for n, (activity, agent) in enumerate(told if self.agents else (), 1):
            yield f'"_:wasAssociatedWith{n}":{{"prov:activity":"uuid:{activity}","prov:agent":"{agent}"}}'


def inside(text: str) -> str:
    """A text as it stands between the quotes of a label."""
    return quote(printable(text))[1:-1]


def spell_data_id(data_id: str | None) -> tuple[str, str]:
    """A dataId, as a label and as an attribute."""
    if data_id is None:
        return "", ""
    if PLAIN.fullmatch(data_id):
        label = data_id[1:-1].replace('"', "").replace(":", "=").replace(",", " ")
        told = data_id.replace('"', '\\"')
    else:
        pairs: dict[str, Any] = json.loads(data_id)
        label = inside(" ".join([f"{key}={value}" for key, value in pairs.items()]))
        told = quote(flat_json_text(pairs))[1:-1]  # the canonical text escapes more than JSON wants
    return label, f',"fitsprov:dataId":"{told}"'


@compiled
def entity_lines(teller: Teller) -> Iterator[str]:
    """Tell of the datasets, some lines at a time."""
    return blocks(teller.entity(key, name) for key, name in teller.names.items())


@compiled
def activity_lines(teller: Teller) -> Iterator[str]:
    """Tell of the activities, with what was presented to them and not used."""
    return blocks(teller.activity(key, row) for key, row in teller.lineage.activities.items())


@compiled
def use_lines(teller: Teller) -> Iterator[str]:
    """Tell what activities used, their configurations and environments included."""
    return blocks(teller.uses())


@compiled
def generation_lines(teller: Teller) -> Iterator[str]:
    """Tell what made which dataset."""
    return blocks(teller.generations())


@compiled
def association_lines(teller: Teller) -> Iterator[str]:
    """Tell who is responsible for which activity."""
    return blocks(teller.associations())
