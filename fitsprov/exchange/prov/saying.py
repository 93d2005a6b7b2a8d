"""What is said beside the graph, in the words of PROV and ProvenanceDM.

A metric is an ``entity`` that is a value, an annotation one that is attributed to who made it; ``fitsprov:about`` names
what each is about: a dataset, an activity, or a run, which is a ``prov:Collection`` of its datasets. Where something
was observed, and what it was retracted for, are attributes of the dataset.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any
from uuid import UUID

from fitsprov.exchange.drawings.labels import printable
from fitsprov.exchange.prov.prov import Link, Name, Statement, Told, json_text, legal, spell_time
from fitsprov.exchange.prov.shown import content_id
from fitsprov.model.facts import About, Annotation, Metric, Observation, ValueEntity
from fitsprov.model.lineage import Agent
from fitsprov.model.said import Said
from fitsprov.model.traced import Traced

__all__ = ["PLACES", "URI", "Sayings", "agent_name", "attributes", "run_name", "run_statement", "texts"]

URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[!#-;=?-\[\]_a-z~]+")
"""Without what PROV-N, [56] IRI_REF, excludes."""
INVALID = ("retracted", "superseded", "missing")
"""Annotations after which a dataset is not valid any more, until it is restored."""
PLACES = {
    "instrument": "instrument",
    "sensor": "sensor",
    "site": "site",
    "program": "program",
    "field": "field",
    "script": "script",
    "script_version": "scriptVersion",
}
"""What an observation has, and its name as an attribute."""
DESCRIBED = (
    *("description", "docurl", "type", "subtype", "version", "contentType", "multiplicity"),
    *("valueType", "unit", "ucd", "utype", "min", "max", "default", "options"),
    *("comment", "email", "affiliation", "phone", "address", "url"),
)
"""The attributes of ProvenanceDM that descriptions and agents may have."""


class Sayings:
    """What is said of the datasets, activities and runs of one lineage.

    Attributes
    ----------
    of_dataset : dict
        Key → attributes beside those that every dataset has.
    values : dict
        Key → the value that it is.
    collections : set
        Keys of those that have members.
    descriptions : dict
        Kind and name → what is said of all things of that name.
    runs : dict
        Run collections of which something is said.
    agents : dict of str to Agent
        Who said something or answers for it.
    """

    def __init__(self, lineage: Traced, names: Mapping[Any, str], *, ivoa: bool, agents: bool) -> None:
        said = lineage.said
        self.ivoa = ivoa
        self.said = said
        self.keys = {text: key for key, text in lineage.ids.items()} if said != Said() else {}
        self.names = {text: names[key] for text, key in self.keys.items()}
        self.activities = {row[0] for row in lineage.activities.values()} if self.keys else set()
        self.of_dataset: dict[Any, Told] = {}
        self.values: dict[Any, ValueEntity] = {
            self.keys[key]: one for one in said.values if (key := str(one.dataset)) in self.keys
        }
        self.collections = {self.keys[key] for one in said.members if (key := str(one.subject)) in self.keys}
        self.descriptions = {(one.kind, one.name): one.content for one in said.descriptions}
        self.who = agents
        who = [one.agent for one in said.annotations] + [one.agent for one in said.responsible] if agents else []
        self.agents: dict[str, Agent] = {one.id: one for one in who if one}
        held = (*said.metrics, *said.annotations, *(said.responsible if agents else ()))
        self.runs = dict.fromkeys(one.run for one in held if one.run is not None)
        for observation in said.observations:
            self.observe(observation)
        for dataset, urls in said.telemetry.items():
            self.add(dataset, [("fitsprov:telemetry", Link(url) if URI.fullmatch(url) else legal(url)) for url in urls])
        for annotation in {one.dataset: one for one in said.annotations if one.kind in (*INVALID, "restored")}.values():
            if annotation.dataset is not None and annotation.kind in INVALID:
                self.invalidate(annotation.dataset, annotation)

    def add(self, dataset: UUID, told: Told) -> None:
        """Say more of a dataset."""
        self.of_dataset.setdefault(self.keys.get(str(dataset)), []).extend(told)

    def observe(self, one: Observation) -> None:
        """Say where an exposure comes from."""
        told = texts(*((f"fitsprov:{name}", getattr(one, field)) for field, name in PLACES.items()))
        spans = (
            ("fitsprov:observationStart", spell_time(one.started)),
            ("fitsprov:observationEnd", spell_time(one.ended)),
        )
        self.add(one.dataset, told + texts(*spans))

    def invalidate(self, dataset: UUID, why: Annotation) -> None:
        """Say how a dataset stands."""
        told = texts(("fitsprov:standing", why.kind))
        if self.ivoa:
            comment = f"{why.kind}: {why.text}" if why.text else why.kind
            told += texts(("voprov:invalidatedAtTime", spell_time(why.time)), ("voprov:comment", comment))
        self.add(dataset, told)

    def statements(self) -> Iterator[Statement]:
        """Metrics, annotations and runs, and what ties them and others."""
        said = self.said
        for run in self.runs:
            yield run_statement(run, ivoa=self.ivoa)
        yield from map(self.metric, said.metrics)
        for annotation in said.annotations:
            yield self.annotation(annotation)
            if annotation.agent and self.who:
                told = (annotation_name(annotation), agent_name(annotation.agent.id))
                yield Statement("wasAttributedTo", None, told)
        role = "voprov:role" if self.ivoa else "fitsprov:role"
        for held in said.responsible if self.who else ():
            pair = (self.about(held), agent_name(held.agent.id))
            if held.activity is not None:
                yield Statement("wasAssociatedWith", None, (*pair, None), texts(("prov:role", held.role)))
            else:
                yield Statement("wasAttributedTo", None, pair, texts((role, held.role)))
        for other in said.derived:
            yield Statement("wasDerivedFrom", None, (self.name(other.subject), self.name(other.object)))
        for other in said.informed:
            if str(other.object) in self.activities:
                yield Statement("wasInformedBy", None, (f"uuid:{other.subject}", f"uuid:{other.object}"))
        for other in said.members:
            yield Statement("hadMember", None, (self.name(other.subject), self.name(other.object)))

    def name(self, dataset: UUID) -> str:
        """A dataset, which may be one that nothing else is told of."""
        return self.names.get(str(dataset), f"uuid:{dataset}")

    def about(self, one: About) -> str:
        """What something is said of."""
        if one.dataset is not None:
            return self.name(one.dataset)
        return f"uuid:{one.activity}" if one.activity is not None else run_name(one.run or "")

    def metric(self, one: Metric) -> Statement:
        """A measured value, or a verdict."""
        value = one.verdict or "" if one.value is None else repr(one.value)
        label = printable(" ".join(filter(None, (one.name, value, one.unit))))
        told: Told = [("prov:label", label), ("prov:type", Name("fitsprov:Metric"))]
        told += [("prov:type", Name("voprov:ValueEntity"))] if self.ivoa else []
        told += texts(("prov:value", value), ("voprov:name" if self.ivoa else "", one.name))
        told += texts(("fitsprov:name", one.name), ("fitsprov:unit", one.unit), ("fitsprov:verdict", one.verdict))
        told += [*texts(("fitsprov:time", spell_time(one.time))), ("fitsprov:about", Name(self.about(one)))]
        return Statement("entity", f"uuid:{one.identify()}", (), told)

    def annotation(self, one: Annotation) -> Statement:
        """What someone said."""
        label = printable(f"{one.kind}: {one.text}" if one.text else one.kind)
        told: Told = [("prov:label", label), ("prov:type", Name("fitsprov:Annotation"))]
        told += [("prov:type", Name("voprov:ValueEntity"))] if self.ivoa else []
        told += texts(("prov:value", one.text or one.kind), ("voprov:name" if self.ivoa else "", one.kind))
        told += [*texts(("fitsprov:kind", one.kind), ("fitsprov:time", spell_time(one.time)))]
        told.append(("fitsprov:about", Name(self.about(one))))
        if one.successor is not None:
            told.append(("fitsprov:successor", Name(self.name(one.successor))))
        return Statement("entity", annotation_name(one), (), told)


def attributes(content: Mapping[str, Any], *without: str) -> Told:
    """What a description says, by ProvenanceDM's names."""
    pairs = ((name, value) for name, value in sorted(content.items()) if name in DESCRIBED and name not in without)
    return [
        (f"voprov:{name}", legal(value) if isinstance(value, str) else json_text(value))
        for name, value in pairs
        if value is not None
    ]


def annotation_name(one: Annotation) -> str:
    """The name of an annotation."""
    return f"uuid:{one.identify()}"


def agent_name(agent: str) -> str:
    """The name of an agent, by its ID, which may be any text."""
    return f"uuid:{content_id('agent', agent)}"


def run_name(run: str) -> str:
    """The name of a run collection."""
    return f"uuid:{content_id('run', run)}"


def run_statement(run: str, *, ivoa: bool) -> Statement:
    """A run collection."""
    label = printable(run)
    told: Told = [("prov:label", label), ("prov:type", Name("fitsprov:Run")), ("prov:type", Name("prov:Collection"))]
    told += [("prov:type", Name("voprov:Collection")), ("voprov:name", label)] if ivoa else []
    return Statement("entity", run_name(run), (), [*told, ("fitsprov:name", legal(run))])


def texts(*pairs: tuple[str, str | None]) -> Told:
    """Those of the attributes that are known, and have a name in these words."""
    return [(name, legal(text)) for name, text in pairs if name and text]
