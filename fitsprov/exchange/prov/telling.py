"""A lineage told in the words of W3C PROV, and of IVOA ProvenanceDM 1.0.

A dataset is an ``entity``, what made it an ``activity``, who answers for that an ``agent``; ``used``,
``wasGeneratedBy`` and ``wasAssociatedWith`` tie them. A configuration or environment is an entity, one per content,
that an activity used in that role (ProvenanceDM 1.0, 2.7: an entity "referenced in Used relations with a given role
and type Setup").

What was presented to an activity and not used by it is told by no relation, because each of PROV's says that it had an
effect: it is the attribute ``fitsprov:presented`` of the activity, with its place among what that used.
``wasDerivedFrom`` is not told: that a product comes from *each* input of its activity is more than anyone has said.
``wasInformedBy`` follows from what is told (PROV-CONSTRAINTS, inference 6).

It is told as PROV-JSON at once, statement by statement from rows, because most who ask want that, of thousands of
datasets; `prov_json` reads it as a document for the other formats.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from itertools import chain
from typing import Any
from uuid import UUID

from fitsprov.exchange.drawings.labels import printable
from fitsprov.exchange.prov.prov import Link, Name, Told, flat_json_text, json_text, legal
from fitsprov.exchange.prov.prov_json import file_document, quote, spell, spell_attributes
from fitsprov.exchange.prov.shown import (
    content_id,
    described,
    description_id,
    environment_object,
    job_object,
)
from fitsprov.model.identifiers import publisher_did
from fitsprov.model.lineage import Agent, Category, Environment
from fitsprov.model.traced import Traced

__all__ = ["AGENT_TYPES", "FITSPROV", "SETUP", "USAGE_TYPES", "VOPROV", "Model", "Wanted", "tell_json"]

FITSPROV = "urn:fitsprov:"
"""The namespace of what PROV has no word for."""
VOPROV = "http://www.ivoa.net/documents/ProvenanceDM/index.html#"
"""The namespace of ProvenanceDM as the ``voprov`` package has it; the standard names none."""

AGENT_TYPES = ("Person", "Organization", "SoftwareAgent")
"""Of PROV-DM, 5.3.1, and of ProvenanceDM, 2.4.1."""
SETUP = "setup"
USAGE_TYPES = {
    Category.CALIBRATION.value: "Calibration",
    Category.LOG.value: "Log",
    Category.METRIC.value: "Quality",
    SETUP: "Setup",
}
"""The types of usage that a category settles (ProvenanceDM 1.0, 2.5.4)."""
NIL = UUID(int=0)
PLAIN = re.compile(r'\{"\w+":(?:"[\w.+/-]*"|-?\d+)(?:,"\w+":(?:"[\w.+/-]*"|-?\d+))*\}', re.ASCII)
"""A dataId without anything that would have to be escaped, or that looks like what stands between its parts."""

# the part of a publisher DID before its UUID, without what PROV-N, [56] IRI_REF, excludes
HEAD = re.compile(r"ivo://[!#-;=?-\[\]_a-z~]+[?=/]")
URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[!#-;=?-\[\]_a-z~]+")


class Model(StrEnum):
    """In whose words a lineage is told."""

    W3C = "W3C"
    """Those of PROV, and our own where it has none."""
    IVOA = "IVOA"
    """The same, and what ProvenanceDM adds: its attributes, descriptions, types of usage."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is told, and in whose words."""

    model: Model = Model.IVOA
    agents: bool = True
    """Who is responsible."""
    setup: bool = True
    """Configurations and environments."""
    descriptions: bool = True
    """What ProvenanceDM says of kinds of entities and activities."""


def tell_json(lineage: Traced, wanted: Wanted, *, authority: str | None = None) -> str:
    """Tell a lineage, as PROV-JSON.

    Parameters
    ----------
    lineage : Traced
    wanted : Wanted
    authority : str, optional
        The IVOID under which datasets are published, ``ivo://…``: it names those that bring no publisher DID.

    Returns
    -------
    str
        All that can be reached from the focus. Equal lineages give equal documents.

    Raises
    ------
    UsageError
        Where the authority is no IVOID.
    """
    teller = Teller(lineage, wanted, authority)
    activities = list(teller.activities())
    return file_document(
        teller.namespaces,
        {
            "entity": chain(teller.entities(), teller.extras()),
            "activity": activities,
            "agent": map(teller.agent, teller.agents.values()),
            "used": teller.uses(),
            "wasGeneratedBy": teller.generations(),
            "wasAssociatedWith": teller.associations(),
        },
    )


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
        self.names = {key: self.name(text, lineage.datasets[key][10], head) for key, text in lineage.ids.items()}
        agents = (row[9] for row in lineage.activities.values())
        self.agents = {agent.id: agent for agent in agents if agent} if wanted.agents else {}
        self.agent_names = {key: f"uuid:{content_id('agent', key)}" for key in self.agents}
        self.setups: dict[tuple[int, int], list[tuple[str, str]]] = {}
        self.contents: dict[str, str] = {}
        """Configurations and environments."""
        self.descriptions: dict[str, dict[str, str]] = {"EntityDescription": {}, "ActivityDescription": {}}
        self.places: dict[str | None, tuple[str, str]] = {None: ("", "")}
        self.kinds: dict[Any, tuple[str, str]] = {}
        self.tasks: dict[Any, str] = {}

    def name(self, text: str, did: str | None, head: str | None) -> str:
        """Name a dataset by its publisher DID where that ends in its UUID; one that has none, under the authority."""
        if did:
            own = did.removesuffix(text)
            head = own if own != did and HEAD.fullmatch(own) else None
        prefix = self.prefixes.get(head)
        if prefix is None:
            number = len(self.prefixes)
            prefix = self.prefixes[head] = f"did-{number}" if number > 1 else "did"
            self.namespaces[prefix] = head or ""
        return f"{prefix}:{text}"

    def entities(self) -> Iterator[str]:
        """The datasets."""
        rows, special = self.lineage.datasets, {self.lineage.focus, *self.lineage.listed_raws}
        for key, name in self.names.items():
            _, _, _, type_, run, data_id, called, category, uri, size, did, origin, stub = rows[key]
            head, kind = self.kinds.get((type_, run, category)) or self.kind(type_, run, category)
            pairs, place = self.places.get(data_id) or self.place(data_id)
            label = f'{head}{pairs or inside(called or self.lineage.ids[key])}"'
            where = f',"prov:location":{self.location(uri)}' if uri else ""
            ivoa = f',"voprov:name":{label}' if self.ivoa else ""
            more = f',"fitsprov:name":{quote(legal(called))}' if called else ""
            if did or size is not None or origin or stub or key in special:
                more += self.more(key, did, size, origin, stub)
            yield f'"{name}":{{"prov:label":{label}{where},{kind}{ivoa}{place}{more}}}'

    def kind(self, type_: str | None, run: str | None, category: str | None) -> tuple[str, str]:
        """What a dataset shares with others: how its label begins; its type, run and category."""
        told: Told = [("prov:type", Name("fitsprov:Dataset"))]
        if self.ivoa:
            told.append(("prov:type", Name("voprov:DatasetEntity")))
            if type_ and self.wanted.descriptions:
                told.append(("voprov:entityDescription", self.description("EntityDescription", type_)))
        told += texts(("fitsprov:type", type_), ("fitsprov:run", run), ("fitsprov:category", category))
        found = self.kinds[type_, run, category] = f'"{inside(type_ or "dataset")} ', spell_attributes(told)
        return found

    def place(self, data_id: str) -> tuple[str, str]:
        """A dataId, as a label and as an attribute."""
        if PLAIN.fullmatch(data_id):
            label = data_id[1:-1].replace('"', "").replace(":", "=").replace(",", " ")
            told = data_id.replace('"', '\\"')
        else:
            pairs: dict[str, Any] = json.loads(data_id)
            label = inside(" ".join([f"{key}={value}" for key, value in pairs.items()]))
            told = quote(flat_json_text(pairs))[1:-1]  # the canonical text escapes more than JSON wants
        found = self.places[data_id] = label, f',"fitsprov:dataId":"{told}"'
        return found

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
        return f",{spell_attributes(told)}" if told else ""

    def extras(self) -> Iterator[str]:
        """Configurations, environments and descriptions: all that has been met meanwhile."""
        for told in (self.contents, *self.descriptions.values()):
            yield from told.values()

    def activities(self) -> Iterator[str]:
        """The activities, with what was presented to them and not used."""
        for key, activity in self.lineage.activities.items():
            name, task, version, run, started, ended, status, config, environment, _, job, epoch = activity
            self.setup(config, environment)
            kind = (task, version, run, status, epoch)
            told = self.tasks.get(kind) or self.task(*kind)
            begun = f'"prov:startTime":"{started}",' if started else ""
            done = f'"prov:endTime":"{ended}",' if ended else ""
            presented = self.lineage.presented.get(key)
            if job is not None or presented:
                more: Told = [] if job is None else [("fitsprov:job", json_text(job_object(job)))]
                for place, dataset, role in presented or ():
                    said = {"id": self.lineage.ids[dataset], "place": place, "role": role}
                    more.append(("fitsprov:presented", json_text(said)))
                told = f"{told},{spell_attributes(more)}"
            yield f'"uuid:{name}":{{{begun}{done}{told}}}'

    def task(
        self, task: str | None, version: str | None, run: str | None, status: str | None, epoch: int | None
    ) -> str:
        """What an activity shares with others."""
        label = described(task or "task not named", version)
        told: Told = [("prov:label", label)]
        if self.ivoa:
            told.append(("voprov:name", label))
            if task and self.wanted.descriptions:
                told.append(("voprov:activityDescription", self.description("ActivityDescription", task, version)))
        told += texts(("fitsprov:task", task), ("fitsprov:version", version))
        told += texts(("fitsprov:run", run), ("fitsprov:status", status))
        if epoch is not None:
            told.append(("fitsprov:epoch", epoch))
        found = self.tasks[task, version, run, status, epoch] = spell_attributes(told)
        return found

    def agent(self, agent: Agent) -> str:
        """An agent."""
        label = printable(agent.name or agent.id)
        told: Told = [("prov:label", label)]
        if agent.type in AGENT_TYPES:
            told.append(("prov:type", Name(f"prov:{agent.type}")))
        if self.ivoa:
            told += [("voprov:name", label), *texts(("voprov:type", agent.type))]
        told += texts(("fitsprov:agentId", agent.id), ("fitsprov:name", agent.name), ("fitsprov:agentType", agent.type))
        return f'"{self.agent_names[agent.id]}":{{{spell_attributes(told)}}}'

    def uses(self) -> Iterator[str]:
        """What activities used, their configurations and environments included."""
        names, used, parts, number = self.names, self.lineage.used, Parts(self.part), 0
        categories = {key: row[7] for key, row in self.lineage.datasets.items()}
        for key, (activity, *_, config, environment, _, _, _) in self.lineage.activities.items():
            head = f'":{{"prov:activity":"uuid:{activity}","prov:entity":"'
            for _, dataset, role, actual in used.get(key, ()):
                number += 1
                yield f'"_:used{number}{head}{names[dataset]}"{parts[role, actual, categories[dataset]]}}}'
            for role, name in self.setup(config, environment):
                number += 1
                yield f'"_:used{number}{head}{name}"{parts[role, None, SETUP]}}}'

    def part(self, role: str | None, actual: bool | None, category: str | None) -> str:
        """Which part a used dataset played."""
        told = texts(("prov:role", role))
        if self.ivoa and category in USAGE_TYPES:
            told.append(("prov:type", Name(f"voprov:{USAGE_TYPES[category]}")))
        if actual:
            told.append(("fitsprov:actual", True))
        return f",{spell_attributes(told)}" if told else ""

    def generations(self) -> list[str]:
        """What made which dataset."""
        names, activities = self.names, self.lineage.activities
        return [
            f'"_:wasGeneratedBy{n}":{{"prov:entity":"{names[dataset]}","prov:activity":"uuid:{activities[maker][0]}"}}'
            for n, (dataset, maker) in enumerate(self.lineage.made.items(), 1)
        ]

    def associations(self) -> list[str]:
        """Who is responsible for which activity."""
        if not self.agents:
            return []
        told = [(row[0], self.agent_names[row[9].id]) for row in self.lineage.activities.values() if row[9]]
        return [
            f'"_:wasAssociatedWith{n}":{{"prov:activity":"uuid:{activity}","prov:agent":"{agent}"}}'
            for n, (activity, agent) in enumerate(told, 1)
        ]

    def description(self, kind: str, name: str, version: str | None = None) -> Name:
        """What many entities or activities have in common (ProvenanceDM 1.0, 2.5)."""
        found = f"uuid:{description_id(kind, name, version)}"
        if found not in self.descriptions[kind]:
            told: Told = [("prov:label", described(name, version))]
            told += [("prov:type", Name(f"voprov:{kind}")), *texts(("voprov:name", name), ("voprov:version", version))]
            self.descriptions[kind][found] = f'"{found}":{{{spell_attributes(told)}}}'
        return Name(found)

    def setup(self, config: Mapping[str, Any] | None, environment: Environment | None) -> list[tuple[str, str]]:
        """Roles and names of the configuration and the environment of an activity, where they are known."""
        both = (id(config), id(environment))
        known = self.setups.get(both)
        if known is None:
            given = (("configuration", config), ("environment", environment)) if self.wanted.setup else ()
            told = [(role, self.content(role, value)) for role, value in given if value is not None]
            known = self.setups[both] = told
        return known

    def content(self, role: str, value: Mapping[str, Any] | Environment) -> str:
        """Name a value by its content, and tell it: the same content is the same thing, whoever used it."""
        text = json_text(environment_object(value) if isinstance(value, Environment) else value)
        name = f"uuid:{content_id(role, text)}"
        told: Told = [("prov:label", role), ("prov:type", Name(f"fitsprov:{role.capitalize()}"))]
        told += [("prov:type", Name("voprov:ValueEntity"))] if self.ivoa else []
        told.append(("prov:value", text))
        told += [("voprov:name", role)] if self.ivoa else []
        self.contents[name] = f'"{name}":{{{spell_attributes(told)}}}'
        return name


class Parts(dict[Any, str]):
    """What is said of each use, made when it is first met."""

    def __init__(self, make: Callable[..., str]) -> None:
        self.make = make

    def __missing__(self, key: Any) -> str:
        """Make it."""
        self[key] = made = self.make(*key)
        return made


def inside(text: str) -> str:
    """A text as it stands between the quotes of a label."""
    return quote(printable(text))[1:-1]


def texts(*pairs: tuple[str, str | None]) -> Told:
    """Those of the attributes that are known."""
    return [(name, legal(text)) for name, text in pairs if text]
