"""The classes of IVOA ProvenanceDM 1.0, as tables; what has no utype is ours."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from fitsprov.exchange.prov.provdm_instances import Class, Column, Instances
from fitsprov.exchange.prov.saying import PLACES

__all__ = ["CLASSES"]

Rows = Callable[[Instances], Iterable[dict[str, Any]]]


def table(name: str, description: str, rows: str | Rows, *columns: Column, utype: str | None = None) -> Class:
    """A class: its rows may be the statements of a kind, its utype is its name unless it is said.

    The utype of a column that begins with a dot goes on from that of its class.
    """
    utype = name if utype is None else utype
    whole = tuple(one._replace(utype=utype + one.utype) if one.utype.startswith(".") else one for one in columns)
    return Class(name, description, whole, (lambda it: it.of(rows)) if isinstance(rows, str) else rows, utype)


def refer(name: str, utype: str = "", key: str = "") -> Column:
    """A column that refers to an instance."""
    return Column(name, key or name, utype, "meta.ref", "id")


def said(*names: str) -> tuple[Column, ...]:
    """Columns of attributes of ProvenanceDM, by their names."""
    return tuple(Column(name, f"voprov:{name}", f".{name}") for name in names)


ID = Column("id", "id", ".id", "meta.id;meta.main", "id")
KEY = ID._replace(utype="")
"""An ID of which the model does not speak."""
NAME = Column("name", "voprov:name", ".name", "meta.title")
LOCATION = Column("location", "prov:location", ".location", "meta.ref.url")
ROLE = Column("role", "prov:role", ".role", "meta.code")
RUN = Column("run", "fitsprov:run", description="Run collection")
TIME = Column("time", "fitsprov:time", "", "time", "time")
ABOUT = (ID._replace(utype="Entity.id"), refer("about", "", "fitsprov:about"))
"""Of an entity that says something of another thing."""
ENTITY = refer("entity", "Entity.id")
ACTIVITY = refer("activity", "Activity.id")
IN_COMMON = {
    "UsageDescription": ("", "uses in one role by one task", "role description type multiplicity"),
    "GenerationDescription": ("", "datasets of one type made by one task", "role description type multiplicity"),
    "ValueDescription": ("", "values of one name", "valueType unit ucd utype"),
    "DatasetDescription": ("", "datasets of one type", "contentType"),
    "ParameterDescription": (
        "ActivityConfiguration.",
        "parameters of one name",
        "name valueType unit ucd utype min max default options description",
    ),
    "ConfigFileDescription": (
        "ActivityConfiguration.",
        "configuration files of one type",
        "name contentType description",
    ),
}
"""Descriptions of which attributes alone are told: the package of their utype, of what they are, the attributes."""

# ProvenanceDM 1.0, 2.2 to 2.7; the order is that of the text
CLASSES = (
    table(
        "Entity",
        "Datasets, environments that activities ran in, metrics, annotations, and runs of which something is said",
        Instances.entities,
        ID,
        NAME,
        LOCATION,
        Column("generatedAtTime", "generated", ".generatedAtTime", "time.creation", "time"),
        Column("invalidatedAtTime", "voprov:invalidatedAtTime", ".invalidatedAtTime", "time.end", "time"),
        Column("comment", "voprov:comment", ".comment", "meta.note"),
        refer("entityDescription", ".entityDescription", "voprov:entityDescription"),
        Column("type", "fitsprov:type", description="Dataset type"),
        RUN,
        Column("dataId", "fitsprov:dataId", description="Data identifier, as JSON"),
        Column("category", "fitsprov:category", description="Kind of dataset"),
        Column("datasetName", "fitsprov:name", description="Name that a header or record gave it"),
        Column("size", "fitsprov:size", "", "phys.size;meta.file", "size", "Of the copy at the location"),
        Column("publisherDid", "fitsprov:publisherDid", "", "meta.ref.ivoid", description="As it was recorded"),
        Column("origin", "fitsprov:origin", description="external where it was made elsewhere, and brought back"),
        Column("stub", "fitsprov:stub", type="flag", description="Whether it is only named, and not described"),
    ),
    table(
        "ValueEntity",
        "Entities that are a value: environments, as JSON; metrics, annotations, and datasets that are one",
        Instances.values,
        ID._replace(ucd="meta.id"),
        Column("value", "prov:value", ".value"),
    ),
    table(
        "Activity",
        "What made the entities",
        "activity",
        ID,
        NAME,
        Column("startTime", "startTime", ".startTime", "time.start", "time"),
        Column("endTime", "endTime", ".endTime", "time.end", "time"),
        refer("activityDescription", ".activityDescription", "voprov:activityDescription"),
        RUN,
        Column("status", "fitsprov:status", "", "meta.code.status", description="How it ended"),
        Column("job", "fitsprov:job", description="The job above it, as JSON"),
        Column("epoch", "fitsprov:epoch", type="number", description="The epoch in which it started"),
    ),
    table(
        "Used",
        "Which activity used which entity",
        Instances.uses,
        ACTIVITY,
        refer("entity", ".entity"),
        ROLE,
        Column("type", "prov:type", "UsageDescription.type", "meta.code.class"),
        refer("usageDescription", ".usageDescription", "voprov:usageDescription"),
    ),
    table(
        "WasGeneratedBy",
        "Which activity made which entity",
        "wasGeneratedBy",
        ENTITY,
        refer("activity", ".activity"),
        refer("generationDescription", ".generationDescription", "voprov:generationDescription"),
    ),
    table(
        "Agent",
        "Who is responsible",
        "agent",
        ID,
        NAME,
        Column("type", "voprov:type", ".type", "meta.code.class"),
        *said("comment", "email", "affiliation", "phone", "address", "url"),
        Column("agentId", "fitsprov:agentId", "", "meta.id", description="As it was recorded"),
    ),
    table(
        "WasAssociatedWith",
        "Who is responsible for which activity",
        "wasAssociatedWith",
        ACTIVITY,
        refer("agent", ".agent"),
        ROLE,
    ),
    table(
        "WasAttributedTo",
        "Who is responsible for which entity",
        "wasAttributedTo",
        ENTITY,
        refer("agent", ".agent"),
        ROLE._replace(key="voprov:role"),
    ),
    table(
        "WasDerivedFrom",
        "Which entity was recorded to be derived from which",
        "wasDerivedFrom",
        refer("entity", "Entity.id", "generatedEntity"),
        refer("usedEntity", "Entity.usedEntity"),
        utype="",
    ),
    table(
        "WasInformedBy",
        "Which activity was recorded to be informed by which",
        "wasInformedBy",
        refer("activity", "Activity.id", "informed"),
        refer("informant", "Activity.informant"),
        utype="",
    ),
    table(
        "HadMember",
        "Which collection has which member",
        "hadMember",
        refer("collection", ".id"),
        refer("entity", ".entity"),
        utype="Collection",
    ),
    table(
        "HadStep",
        "Which job ran which activity",
        "wasInfluencedBy",
        refer("job", "", "influencee"),
        refer("activity", "Activity.id", "influencer"),
        utype="",
    ),
    table(
        "EntityDescription",
        "What entities of one dataset type have in common",
        "voprov:EntityDescription",
        KEY,
        NAME,
        *said("description", "docurl", "type"),
    ),
    table(
        "ActivityDescription",
        "What activities of one task have in common",
        "voprov:ActivityDescription",
        KEY,
        NAME,
        Column("version", "voprov:version", ".version", "meta.version"),
        *said("description", "docurl", "type", "subtype"),
    ),
    *(
        table(
            name, f"What {some} have in common", f"voprov:{name}", KEY, *said(*attributes.split()), utype=package + name
        )
        for name, (package, some, attributes) in IN_COMMON.items()
    ),
    table(
        "Parameter",
        "How activities were configured",
        Instances.parameters,
        Column("id", "id", "", "meta.id", "id", "Of the configuration to which it belongs"),
        Column("name", "name", ".name", "meta.title"),
        Column("value", "value", ".value", description="A string, else JSON"),
        refer("parameterDescription", ".parameterDescription", "description"),
        utype="ActivityConfiguration.Parameter",
    ),
    table(
        "ConfigFile",
        "Files by which activities were configured",
        lambda instances: instances.config_files().values(),
        KEY,
        NAME,
        LOCATION,
        refer("configFileDescription", ".configFileDescription", "voprov:entityDescription"),
        utype="ActivityConfiguration.ConfigFile",
    ),
    table(
        "WasConfiguredBy",
        "Which activity had which configuration",
        Instances.configured,
        ACTIVITY,
        refer("parameter", ".parameter"),
        refer("configFile", ".configFile"),
        Column("artefactType", "is", ".artefactType", "meta.code.class"),
        utype="ActivityConfiguration.WasConfiguredBy",
    ),
    table(
        "Presented",
        "Which entity was presented to which activity and not used by it",
        Instances.presented,
        ACTIVITY,
        ENTITY,
        Column("role", "role", "", "meta.code"),
        utype="",
    ),
    table(
        "Observation",
        "Where datasets were observed",
        Instances.observations,
        refer("entity", "Entity.id", "id"),
        *(Column(name, f"fitsprov:{name}") for name in PLACES.values()),
        Column("startTime", "fitsprov:observationStart", "", "time.start", "time"),
        Column("endTime", "fitsprov:observationEnd", "", "time.end", "time"),
        utype="",
    ),
    table(
        "Telemetry",
        "Where the telemetry of observations can be asked for",
        Instances.telemetry,
        refer("entity", "Entity.id", "id"),
        Column("url", "url", "", "meta.ref.url"),
        utype="",
    ),
    table(
        "Metric",
        "What was measured of an entity, an activity or a run",
        "fitsprov:Metric",
        *ABOUT,
        Column("name", "fitsprov:name", "", "meta.title"),
        Column("value", "prov:value"),
        Column("unit", "fitsprov:unit", "", "meta.unit"),
        Column("verdict", "fitsprov:verdict", "", "meta.code"),
        TIME,
        utype="",
    ),
    table(
        "Annotation",
        "What someone said of an entity, an activity or a run",
        "fitsprov:Annotation",
        *ABOUT,
        Column("kind", "fitsprov:kind", "", "meta.code.class"),
        Column("text", "prov:value", "", "meta.note"),
        TIME,
        refer("successor", "", "fitsprov:successor"),
        utype="",
    ),
)
