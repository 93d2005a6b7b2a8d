"""A lineage told in the words of W3C PROV, and of IVOA ProvenanceDM 1.0.

A dataset is an ``entity``, what made it an ``activity``, who answers for that an ``agent``; ``used``,
``wasGeneratedBy`` and ``wasAssociatedWith`` tie them. A configuration or environment is an entity, one per content,
that an activity used in that role (ProvenanceDM 1.0, 2.7: an entity "referenced in Used relations with a given role
and type Setup").

What was presented to an activity and not used by it is told by no relation, because each of PROV's says that it had an
effect: it is the attribute ``fitsprov:presented`` of the activity, with its place among what that used.
``wasDerivedFrom`` is not told: that a product comes from *each* input of its activity is more than anyone has said.
``wasInformedBy`` follows from what is told (PROV-CONSTRAINTS, inference 6).
"""

from __future__ import annotations

import re
from enum import StrEnum
from uuid import UUID

from fitsprov.exchange.drawings.labels import printable
from fitsprov.exchange.prov.prov import (
    Document,
    Link,
    Name,
    Statement,
    Told,
    flat_json_text,
    json_text,
    legal,
    spell_time,
)
from fitsprov.exchange.prov.shown import (
    Content,
    Shown,
    activity_label,
    content_id,
    dataset_label,
    description_id,
    job_object,
)
from fitsprov.model.identifiers import publisher_did
from fitsprov.model.lineage import Activity, Agent, Category, Dataset, Lineage, Usage

__all__ = ["AGENT_TYPES", "FITSPROV", "SETUP", "USAGE_TYPES", "VOPROV", "Model", "tell"]

FITSPROV = "urn:fitsprov:"
"""The namespace of what PROV has no word for."""
VOPROV = "http://www.ivoa.net/documents/ProvenanceDM/index.html#"
"""The namespace of ProvenanceDM as the ``voprov`` package has it; the standard names none."""

AGENT_TYPES = ("Person", "Organization", "SoftwareAgent")
"""Of PROV-DM, 5.3.1, and of ProvenanceDM, 2.4.1."""
USAGE_TYPES = {Category.CALIBRATION: "Calibration", Category.LOG: "Log", Category.METRIC: "Quality"}
"""The types of usage that a category settles (ProvenanceDM 1.0, 2.5.4)."""
SETUP = "Setup"
NIL = UUID(int=0)

# the part of a publisher DID before its UUID, without what PROV-N, [56] IRI_REF, excludes
HEAD = re.compile(r"ivo://[!#-;=?-\[\]_a-z~]+[?=/]")
URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[!#-;=?-\[\]_a-z~]+")


class Model(StrEnum):
    """In whose words a lineage is told."""

    W3C = "W3C"
    """Those of PROV, and our own where it has none."""
    IVOA = "IVOA"
    """The same, and what ProvenanceDM adds: its attributes, descriptions, types of usage."""


def tell(lineage: Lineage, *, model: Model = Model.IVOA, authority: str | None = None) -> Document:
    """Tell a lineage.

    Parameters
    ----------
    lineage : Lineage
    model : Model
        Whether in W3C's words alone, or in those of the IVOA too.
    authority : str, optional
        The IVOID under which datasets are published, ``ivo://…``: it names those that bring no publisher DID.

    Returns
    -------
    Document
        All that can be reached from the focus. Equal lineages give equal documents.

    Raises
    ------
    UsageError
        Where the authority is no IVOID.
    """
    shown = Shown(lineage)
    teller = Teller(shown, model, authority)
    uses = [use for activity in shown.activities.values() for use in teller.uses(activity)]
    datasets = [teller.entity(dataset) for dataset in shown.datasets.values()]
    activities = [teller.activity(activity) for activity in shown.activities.values()]
    agents = [teller.agent(agent) for agent in shown.agents.values()]
    made = [Statement("wasGeneratedBy", None, (teller.names[d], f"uuid:{a}", None)) for d, a in shown.made.items()]
    responsible = [
        Statement("wasAssociatedWith", None, (f"uuid:{activity.id}", agent_name(activity.agent), None))
        for activity in shown.activities.values()
        if activity.agent
    ]
    things = [*datasets, *teller.extras.values(), *activities, *agents]
    return Document(teller.namespaces, things + uses + made + responsible)


class Teller:
    """Says what is known of one thing at a time; what many say alike is put into words once."""

    def __init__(self, shown: Shown, model: Model, authority: str | None) -> None:
        self.shown = shown
        self.ivoa = model is Model.IVOA
        self.head = None if authority is None else publisher_did(authority, NIL).removesuffix(str(NIL))
        self.namespaces = {"uuid": "urn:uuid:", "fitsprov": FITSPROV} | ({"voprov": VOPROV} if self.ivoa else {})
        self.prefixes: dict[str, str] = {}
        self.names = {d: self.name(dataset) for d, dataset in shown.datasets.items()}
        self.extras: dict[object, Statement] = {}
        """Descriptions, configurations, environments."""
        self.kinds: dict[object, Told] = {}
        self.parts: dict[object, Told] = {}

    def name(self, dataset: Dataset) -> str:
        """Name a dataset by its publisher DID where that ends in its UUID; one that has none, under the authority."""
        text, did, head = str(dataset.id), dataset.publisher_did, self.head
        if did:
            own = did.removesuffix(text)
            head = own if own != did and HEAD.fullmatch(own) else None
        if head is None:
            return f"uuid:{text}"
        if head not in self.prefixes:
            self.prefixes[head] = f"did-{len(self.prefixes) + 1}" if self.prefixes else "did"
            self.namespaces[self.prefixes[head]] = head
        return f"{self.prefixes[head]}:{text}"

    def entity(self, dataset: Dataset) -> Statement:
        """A dataset."""
        label = dataset_label(dataset)
        told: Told = [("prov:label", label)]
        if dataset.uri:
            told.append(("prov:location", (Link if URI.fullmatch(dataset.uri) else legal)(dataset.uri)))
        told += self.kind(dataset)
        if self.ivoa:
            told.append(("voprov:name", label))
        if dataset.data_id is not None:
            told.append(("fitsprov:dataId", flat_json_text(dataset.data_id)))
        if dataset.name:
            told.append(("fitsprov:name", legal(dataset.name)))
        if dataset.publisher_did:
            told.append(("fitsprov:publisherDid", legal(dataset.publisher_did)))
        if dataset.size is not None:
            told.append(("fitsprov:size", dataset.size))
        told += texts(("fitsprov:origin", dataset.origin))
        if dataset.stub:
            told.append(("fitsprov:stub", True))
        told += [("fitsprov:listedRaw", str(raw.id)) for raw in self.shown.lineage.listed_raws.get(dataset.id, ())]
        if dataset.id == self.shown.lineage.focus:
            told.append(("fitsprov:direction", self.shown.lineage.direction.value))
            told.append(("fitsprov:complete", self.shown.lineage.complete))
        return Statement("entity", self.names[dataset.id], (), told)

    def kind(self, dataset: Dataset) -> Told:
        """What a dataset shares with others: its type, run and category."""
        key = (dataset.type, dataset.run, dataset.category)
        if key not in self.kinds:
            told: Told = [("prov:type", Name("fitsprov:Dataset"))]
            if self.ivoa:
                told.append(("prov:type", Name("voprov:DatasetEntity")))
                if dataset.type:
                    told.append(("voprov:entityDescription", self.description("EntityDescription", dataset.type)))
            category = dataset.category and dataset.category.value
            told += texts(("fitsprov:type", dataset.type), ("fitsprov:run", dataset.run))
            self.kinds[key] = told + texts(("fitsprov:category", category))
        return self.kinds[key]

    def activity(self, activity: Activity) -> Statement:
        """An activity, with what was presented to it and not used."""
        label = activity_label(activity)
        told: Told = [("prov:label", label)]
        if self.ivoa:
            told.append(("voprov:name", label))
            if activity.task:
                description = self.description("ActivityDescription", activity.task, activity.version)
                told.append(("voprov:activityDescription", description))
        told += texts(
            ("fitsprov:task", activity.task),
            ("fitsprov:version", activity.version),
            ("fitsprov:run", activity.run),
            ("fitsprov:status", activity.status),
        )
        if activity.epoch is not None:
            told.append(("fitsprov:epoch", activity.epoch))
        if activity.execution is not None:
            told.append(("fitsprov:job", json_text(job_object(activity.execution))))
        usages = (usage for usage in self.shown.lineage.used.get(activity.id, ()) if usage.dataset in self.names)
        for place, usage in enumerate(usages):
            if usage.actual is False:
                said = {"id": str(usage.dataset), "place": place, "role": usage.role}
                told.append(("fitsprov:presented", json_text(said)))
        times = (spell_time(activity.started), spell_time(activity.ended))
        return Statement("activity", f"uuid:{activity.id}", times, told)

    def agent(self, agent: Agent) -> Statement:
        """An agent."""
        label = printable(agent.name or agent.id)
        told: Told = [("prov:label", label)]
        if agent.type in AGENT_TYPES:
            told.append(("prov:type", Name(f"prov:{agent.type}")))
        if self.ivoa:
            told += [("voprov:name", label), *texts(("voprov:type", agent.type))]
        told += texts(("fitsprov:agentId", agent.id), ("fitsprov:name", agent.name), ("fitsprov:agentType", agent.type))
        return Statement("agent", agent_name(agent), (), told)

    def uses(self, activity: Activity) -> list[Statement]:
        """What an activity used, its configuration and environment included."""
        name, names = f"uuid:{activity.id}", self.names
        used = [
            Statement("used", None, (name, found, None), self.part(usage, self.shown.datasets[usage.dataset]))
            for usage in self.shown.lineage.used.get(activity.id, ())
            if usage.actual is not False and (found := names.get(usage.dataset))
        ]
        return used + [
            Statement("used", None, (name, self.setup(content), None), self.role(content.role, SETUP))
            for content in self.shown.setup(activity)
        ]

    def part(self, usage: Usage, dataset: Dataset) -> Told:
        """Which part a used dataset played."""
        key = (usage.role, usage.actual, dataset.category)
        if key not in self.parts:
            told = self.role(usage.role, None if dataset.category is None else USAGE_TYPES.get(dataset.category))
            self.parts[key] = [*told, ("fitsprov:actual", True)] if usage.actual else told
        return self.parts[key]

    def role(self, role: str | None, type_: str | None) -> Told:
        """A role, and of which type of usage it is."""
        told = texts(("prov:role", role))
        return [*told, ("prov:type", Name(f"voprov:{type_}"))] if self.ivoa and type_ else told

    def description(self, kind: str, name: str, version: str | None = None) -> Name:
        """What many entities or activities have in common (ProvenanceDM 1.0, 2.5)."""
        key = (kind, name, version)
        if key not in self.extras:
            told: Told = [("prov:label", printable(f"{name} {version}" if version else name))]
            told += [("prov:type", Name(f"voprov:{kind}")), *texts(("voprov:name", name), ("voprov:version", version))]
            self.extras[key] = Statement("entity", f"uuid:{description_id(kind, name, version)}", (), told)
        return Name(self.extras[key].id)

    def setup(self, content: Content) -> str:
        """A configuration or environment, as an entity that has a value."""
        name = f"uuid:{content.id}"
        if content.id not in self.extras:
            told: Told = [("prov:label", content.role), ("prov:type", Name(f"fitsprov:{content.role.capitalize()}"))]
            told += [("prov:type", Name("voprov:ValueEntity"))] if self.ivoa else []
            told.append(("prov:value", content.text))
            told += [("voprov:name", content.role)] if self.ivoa else []
            self.extras[content.id] = Statement("entity", name, (), told)
        return name


def agent_name(agent: Agent) -> str:
    """The name of an agent, by its ID, which may be any text."""
    return f"uuid:{content_id('agent', agent.id)}"


def texts(*pairs: tuple[str, str | None]) -> Told:
    """Those of the attributes that are known."""
    return [(name, legal(text)) for name, text in pairs if text]
