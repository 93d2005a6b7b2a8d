"""The classes of IVOA ProvenanceDM 1.0, as tables; what has no utype is ours."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from fitsprov.exchange.prov.provdm_instances import Class, Column, Instances
from fitsprov.exchange.prov.saying import PLACES

__all__ = ["CLASSES"]


def of(*kinds: str) -> Callable[[Instances], Iterable[dict[str, Any]]]:
    """Give the instances of some kinds of statements."""
    return lambda instances: instances.of(*kinds)


def key(name: str = "id", column: str = "id", utype: str = "", main: bool = True) -> Column:
    """A column that identifies, or refers."""
    return Column(name, column, utype, "meta.id;meta.main" if main else "meta.ref", "id")


def plain(class_: str, *names: str) -> tuple[Column, ...]:
    """Columns of attributes of ProvenanceDM, by their names."""
    return tuple(Column(name, f"voprov:{name}", f"{class_}.{name}") for name in names)


FIELD = ("valueType", "unit", "ucd", "utype")
DESCRIPTIONS = (
    (
        "UsageDescription",
        "What uses in one role by one task have in common",
        "UsageDescription",
        ("role", "description", "type", "multiplicity"),
    ),
    (
        "GenerationDescription",
        "What datasets of one type made by one task have in common",
        "GenerationDescription",
        ("role", "description", "type", "multiplicity"),
    ),
    ("ValueDescription", "What values of one name have in common", "ValueDescription", FIELD),
    ("DatasetDescription", "What datasets of one type have in common", "DatasetDescription", ("contentType",)),
    (
        "ParameterDescription",
        "What parameters of one name have in common",
        "ActivityConfiguration.ParameterDescription",
        ("name", *FIELD, "min", "max", "default", "options", "description"),
    ),
    (
        "ConfigFileDescription",
        "What configuration files of one type have in common",
        "ActivityConfiguration.ConfigFileDescription",
        ("name", "contentType", "description"),
    ),
)
"""Classes of descriptions, what they are for, their utypes and attributes."""

# ProvenanceDM 1.0, 2.2 to 2.7; the order is that of the text
CLASSES = (
    Class(
        "Entity",
        "Datasets, environments that activities ran in, metrics, annotations, and runs of which something is said",
        (
            Column("id", "id", "Entity.id", "meta.id;meta.main", "id"),
            Column("name", "voprov:name", "Entity.name", "meta.title"),
            Column("location", "prov:location", "Entity.location", "meta.ref.url"),
            Column("generatedAtTime", "generated", "Entity.generatedAtTime", "time.creation", "time"),
            Column("invalidatedAtTime", "voprov:invalidatedAtTime", "Entity.invalidatedAtTime", "time.end", "time"),
            Column("comment", "voprov:comment", "Entity.comment", "meta.note"),
            Column("entityDescription", "voprov:entityDescription", "Entity.entityDescription", "meta.ref", "id"),
            Column("type", "fitsprov:type", description="Dataset type"),
            Column("run", "fitsprov:run", description="Run collection"),
            Column("dataId", "fitsprov:dataId", description="Data identifier, as JSON"),
            Column("category", "fitsprov:category", description="Kind of dataset"),
            Column("datasetName", "fitsprov:name", description="Name that a header or record gave it"),
            Column("size", "fitsprov:size", "", "phys.size;meta.file", "size", "Of the copy at the location"),
            Column("publisherDid", "fitsprov:publisherDid", "", "meta.ref.ivoid", description="As it was recorded"),
            Column("origin", "fitsprov:origin", description="external where it was made elsewhere, and brought back"),
            Column("stub", "fitsprov:stub", type="flag", description="Whether it is only named, and not described"),
        ),
        Instances.entities,
        "Entity",
    ),
    Class(
        "ValueEntity",
        "Entities that are a value: environments, as JSON; metrics, annotations, and datasets that are one",
        (
            Column("id", "id", "ValueEntity.id", "meta.id", "id"),
            Column("value", "prov:value", "ValueEntity.value"),
        ),
        Instances.values,
        "ValueEntity",
    ),
    Class(
        "Activity",
        "What made the entities",
        (
            Column("id", "id", "Activity.id", "meta.id;meta.main", "id"),
            Column("name", "voprov:name", "Activity.name", "meta.title"),
            Column("startTime", "startTime", "Activity.startTime", "time.start", "time"),
            Column("endTime", "endTime", "Activity.endTime", "time.end", "time"),
            Column(
                "activityDescription", "voprov:activityDescription", "Activity.activityDescription", "meta.ref", "id"
            ),
            Column("run", "fitsprov:run", description="Run collection"),
            Column("status", "fitsprov:status", "", "meta.code.status", description="How it ended"),
            Column("job", "fitsprov:job", description="The job above it, as JSON"),
            Column("epoch", "fitsprov:epoch", type="number", description="The epoch in which it started"),
        ),
        of("activity"),
        "Activity",
    ),
    Class(
        "Used",
        "Which activity used which entity",
        (
            Column("activity", "activity", "Activity.id", "meta.ref", "id"),
            Column("entity", "entity", "Used.entity", "meta.ref", "id"),
            Column("role", "prov:role", "Used.role", "meta.code"),
            Column("type", "prov:type", "UsageDescription.type", "meta.code.class"),
            key("usageDescription", "voprov:usageDescription", "Used.usageDescription", main=False),
        ),
        Instances.uses,
        "Used",
    ),
    Class(
        "WasGeneratedBy",
        "Which activity made which entity",
        (
            Column("entity", "entity", "Entity.id", "meta.ref", "id"),
            Column("activity", "activity", "WasGeneratedBy.activity", "meta.ref", "id"),
            key(
                "generationDescription",
                "voprov:generationDescription",
                "WasGeneratedBy.generationDescription",
                main=False,
            ),
        ),
        of("wasGeneratedBy"),
        "WasGeneratedBy",
    ),
    Class(
        "Agent",
        "Who is responsible",
        (
            Column("id", "id", "Agent.id", "meta.id;meta.main", "id"),
            Column("name", "voprov:name", "Agent.name", "meta.title"),
            Column("type", "voprov:type", "Agent.type", "meta.code.class"),
            *plain("Agent", "comment", "email", "affiliation", "phone", "address", "url"),
            Column("agentId", "fitsprov:agentId", "", "meta.id", description="As it was recorded"),
        ),
        of("agent"),
        "Agent",
    ),
    Class(
        "WasAssociatedWith",
        "Who is responsible for which activity",
        (
            Column("activity", "activity", "Activity.id", "meta.ref", "id"),
            Column("agent", "agent", "WasAssociatedWith.agent", "meta.ref", "id"),
            Column("role", "prov:role", "WasAssociatedWith.role", "meta.code"),
        ),
        of("wasAssociatedWith"),
        "WasAssociatedWith",
    ),
    Class(
        "WasAttributedTo",
        "Who is responsible for which entity",
        (
            key("entity", "entity", "Entity.id", main=False),
            key("agent", "agent", "WasAttributedTo.agent", main=False),
            Column("role", "voprov:role", "WasAttributedTo.role", "meta.code"),
        ),
        of("wasAttributedTo"),
        "WasAttributedTo",
    ),
    Class(
        "WasDerivedFrom",
        "Which entity was recorded to be derived from which",
        (
            key("entity", "generatedEntity", "Entity.id", main=False),
            key("usedEntity", "usedEntity", "Entity.usedEntity", main=False),
        ),
        of("wasDerivedFrom"),
    ),
    Class(
        "WasInformedBy",
        "Which activity was recorded to be informed by which",
        (
            key("activity", "informed", "Activity.id", main=False),
            key("informant", "informant", "Activity.informant", main=False),
        ),
        of("wasInformedBy"),
    ),
    Class(
        "HadMember",
        "Which collection has which member",
        (
            key("collection", "collection", "Collection.id", main=False),
            key("entity", "entity", "Collection.entity", main=False),
        ),
        of("hadMember"),
        "Collection",
    ),
    Class(
        "HadStep",
        "Which job ran which activity",
        (key("job", "influencee", main=False), key("activity", "influencer", "Activity.id", main=False)),
        of("wasInfluencedBy"),
    ),
    Class(
        "EntityDescription",
        "What entities of one dataset type have in common",
        (
            Column("id", "id", "", "meta.id;meta.main", "id"),
            Column("name", "voprov:name", "EntityDescription.name", "meta.title"),
            *plain("EntityDescription", "description", "docurl", "type"),
        ),
        of("voprov:EntityDescription"),
        "EntityDescription",
    ),
    Class(
        "ActivityDescription",
        "What activities of one task have in common",
        (
            Column("id", "id", "", "meta.id;meta.main", "id"),
            Column("name", "voprov:name", "ActivityDescription.name", "meta.title"),
            Column("version", "voprov:version", "ActivityDescription.version", "meta.version"),
            *plain("ActivityDescription", "description", "docurl", "type", "subtype"),
        ),
        of("voprov:ActivityDescription"),
        "ActivityDescription",
    ),
    *(
        Class(
            name,
            about,
            (key(), *plain(utype, *names)),
            of(f"voprov:{name}"),
            utype,
        )
        for name, about, utype, names in DESCRIPTIONS
    ),
    Class(
        "Parameter",
        "How activities were configured",
        (
            Column("id", "id", "", "meta.id", "id", "Of the configuration to which it belongs"),
            Column("name", "name", "ActivityConfiguration.Parameter.name", "meta.title"),
            Column("value", "value", "ActivityConfiguration.Parameter.value", "", "text", "A string, else JSON"),
            key(
                "parameterDescription",
                "description",
                "ActivityConfiguration.Parameter.parameterDescription",
                main=False,
            ),
        ),
        Instances.parameters,
        "ActivityConfiguration.Parameter",
    ),
    Class(
        "ConfigFile",
        "Files by which activities were configured",
        (
            key(),
            Column("name", "voprov:name", "ActivityConfiguration.ConfigFile.name", "meta.title"),
            Column("location", "prov:location", "ActivityConfiguration.ConfigFile.location", "meta.ref.url"),
            key(
                "configFileDescription",
                "voprov:entityDescription",
                "ActivityConfiguration.ConfigFile.configFileDescription",
                main=False,
            ),
        ),
        lambda instances: instances.config_files().values(),
        "ActivityConfiguration.ConfigFile",
    ),
    Class(
        "WasConfiguredBy",
        "Which activity had which configuration",
        (
            Column("activity", "activity", "Activity.id", "meta.ref", "id"),
            key("parameter", "parameter", "ActivityConfiguration.WasConfiguredBy.parameter", main=False),
            key("configFile", "configFile", "ActivityConfiguration.WasConfiguredBy.configFile", main=False),
            Column("artefactType", "is", "ActivityConfiguration.WasConfiguredBy.artefactType", "meta.code.class"),
        ),
        Instances.configured,
        "ActivityConfiguration.WasConfiguredBy",
    ),
    Class(
        "Presented",
        "Which entity was presented to which activity and not used by it",
        (
            Column("activity", "activity", "Activity.id", "meta.ref", "id"),
            Column("entity", "entity", "Entity.id", "meta.ref", "id"),
            Column("role", "role", "", "meta.code"),
        ),
        Instances.presented,
    ),
    Class(
        "Observation",
        "Where datasets were observed",
        (
            key("entity", "id", "Entity.id", main=False),
            *(Column(name, f"fitsprov:{name}") for name in PLACES.values()),
            Column("startTime", "fitsprov:observationStart", "", "time.start", "time"),
            Column("endTime", "fitsprov:observationEnd", "", "time.end", "time"),
        ),
        Instances.observations,
    ),
    Class(
        "Telemetry",
        "Where the telemetry of observations can be asked for",
        (key("entity", "id", "Entity.id", main=False), Column("url", "url", "", "meta.ref.url")),
        Instances.telemetry,
    ),
    Class(
        "Metric",
        "What was measured of an entity, an activity or a run",
        (
            key("id", "id", "Entity.id"),
            key("about", "fitsprov:about", main=False),
            Column("name", "fitsprov:name", "", "meta.title"),
            Column("value", "prov:value"),
            Column("unit", "fitsprov:unit", "", "meta.unit"),
            Column("verdict", "fitsprov:verdict", "", "meta.code"),
            Column("time", "fitsprov:time", "", "time", "time"),
        ),
        of("fitsprov:Metric"),
    ),
    Class(
        "Annotation",
        "What someone said of an entity, an activity or a run",
        (
            key("id", "id", "Entity.id"),
            key("about", "fitsprov:about", main=False),
            Column("kind", "fitsprov:kind", "", "meta.code.class"),
            Column("text", "prov:value", "", "meta.note"),
            Column("time", "fitsprov:time", "", "time", "time"),
            key("successor", "fitsprov:successor", main=False),
        ),
        of("fitsprov:Annotation"),
    ),
)
