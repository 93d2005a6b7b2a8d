"""The registry speaks IVOA ProvenanceDM 1.0: every class, attribute and relation of the VO-DML, with the right rows."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import text

from fitsprov.model.facts import Description, Relation, Responsibility
from fitsprov.model.lineage import Agent, Category, Dataset, Usage
from fitsprov.registry import Registry
from fitsprov.registry.engines.engine import open_engine, parse_url, release
from fitsprov.registry.facts.views import VIEWS
from tests.registry.facts.test_writing import T, facts
from tests.registry.making import AGENT, dataset, record, step, survey, uid

# attributes and references of Provenance.vo-dml.xml 1.0; those of a superclass are its subclasses', too
ENTITY = "id name location generatedAtTime invalidatedAtTime comment entityDescription"
DESCRIPTION = "name description docurl type"
VODML = {
    "Agent": "id name type comment email affiliation phone address url",
    "WasAssociatedWith": "role agent",
    "WasAttributedTo": "role agent",
    "Activity": "id name startTime endTime comment activityDescription",
    "Used": "role time entity usageDescription",
    "Entity": ENTITY,
    "WasGeneratedBy": "role activity generationDescription",
    "Collection": ENTITY,
    "ValueEntity": f"{ENTITY} value",
    "DatasetEntity": ENTITY,
    "ActivityDescription": "name version description docurl type subtype",
    "UsageDescription": "role description type multiplicity entityDescription",
    "GenerationDescription": "role description type multiplicity entityDescription",
    "EntityDescription": DESCRIPTION,
    "ValueDescription": f"{DESCRIPTION} valueType unit ucd utype",
    "DatasetDescription": f"{DESCRIPTION} contentType",
    "ParameterDescription": "name valueType unit ucd utype min max default options description",
    "ConfigFileDescription": "name contentType description",
    "Parameter": "value name valueEntity parameterDescription",
    "ConfigFile": "name location comment configFileDescription",
    "WasConfiguredBy": "artefactType configFile parameter",
}
# references to many, and the compositions that the rows of a relation belong to
TIES = {
    "WasInformedBy": "activity informant",
    "WasDerivedFrom": "entity usedEntity",
    "HadMember": "collection entity",
    "WasAssociatedWith": "activity",
    "WasAttributedTo": "entity",
    "Used": "activity",
    "WasGeneratedBy": "entity",
    "WasConfiguredBy": "activity",
    "UsageDescription": "activityDescription",
    "GenerationDescription": "activityDescription",
    "ParameterDescription": "activityDescription",
    "ConfigFileDescription": "activityDescription",
}


@pytest.fixture
def rows(url: str, registry: Registry) -> Any:
    """Read a view: a list of mappings, names in lower case."""
    engine = open_engine(parse_url(url))

    def read(view: str) -> list[dict[str, Any]]:
        with engine.connect() as connection:
            found = connection.execute(text(f"SELECT * FROM provtap_{view.lower()}"))
            names = [*map(str.lower, found.keys())]
            return [{n: str(v) if v is not None else None for n, v in zip(names, row, strict=True)} for row in found]

    yield read
    release(engine)


def test_every_class_and_attribute_is_there(url: str) -> None:
    engine = open_engine(parse_url(url))
    with engine.connect() as connection:
        for name, attributes in (*VODML.items(), *TIES.items()):
            found = connection.execute(text(f"SELECT * FROM provtap_{name} WHERE 1 = 0")).keys()
            assert {one.lower() for one in found} >= set(attributes.lower().split()), name
    release(engine)
    assert {f"provtap_{name.lower()}" for name in (*VODML, *TIES)} == set(VIEWS)


@pytest.fixture
def filled(registry: Registry) -> Registry:
    """The survey with facts of each kind."""
    registry.record(survey())
    registry.record(facts())
    content = {
        "activity": ("isr", {"type": "Calibration", "docurl": "https://x.org/isr"}),
        "agent": ("org:simcam", {"email": "who@x.org", "affiliation": "SimCam"}),
        "dataset": ("image", {"contentType": "image/fits", "description": "what was calibrated"}),
        "usage": ("isr.flat", {"role": "flat", "type": "Calibration", "activityDescription": "isr"}),
        "generation": ("isr.image", {"multiplicity": "1"}),
        "parameter": ("sigma", {"valueType": "double", "default": "3", "min": "0"}),
        "configfile": ("pars", {"contentType": "text/yaml"}),
    }
    described = tuple(Description(kind=kind, name=name, content=said) for kind, (name, said) in content.items())
    last = step("last", [Usage(uid("coadd")), Usage(uid("pars file"))], ["catalogue"], task="detect", started=T)
    registry.record(
        record(
            last,
            descriptions=described,
            responsible=(Responsibility(activity=uid("activity last"), agent=Agent(id="me"), role="operator"),),
            informed=(Relation(uid("activity last"), uid("activity assemble")),),
        )
    )
    return registry


def test_entities_are_told_with_their_subclasses(filled: Registry, rows: Any) -> None:
    filled.retract("SC_1", "stray light")
    entities = {row["id"]: row for row in rows("Entity")}
    raw = entities[str(uid("raw 1"))]
    assert (raw["name"], raw["location"], raw["entitydescription"]) == ("SC_1", "file:///data/raw_1.fits", "raw")
    assert raw["comment"] == "retracted: stray light"
    assert raw["invalidatedattime"].startswith(f"{datetime.now(UTC):%Y}")
    filled.restore("SC_1")
    assert {row["comment"] for row in rows("Entity")} == {None}
    assert [(row["name"], row["value"]) for row in rows("ValueEntity")] == [("gain", "1.5")]
    assert [row["id"] for row in rows("Collection")] == [str(uid("night"))]
    assert len(rows("DatasetEntity")) == len(entities) - 1


def test_a_type_is_described_once_whatever_categories_its_datasets_have(registry: Registry, rows: Any) -> None:
    nameless, typed = (Dataset(id=uid(name), category=Category.CALIBRATION, stub=True) for name in "ab")
    registry.record(record(datasets=(nameless, typed)))
    registry.record(record(datasets=(dataset("b", "frame"), dataset("c", "frame"))))
    assert [row["name"] for row in rows("EntityDescription")] == ["frame"]
    assert [row["name"] for row in rows("DatasetDescription")] == ["frame"]
    described = {row["id"]: row["entitydescription"] for row in rows("Entity")}
    assert described == {str(uid("a")): None, str(uid("b")): "frame", str(uid("c")): "frame"}


def test_activities_and_agents_are_told(filled: Registry, rows: Any) -> None:
    last = next(row for row in rows("Activity") if row["id"] == str(uid("activity last")))
    assert (last["name"], last["starttime"], last["endtime"]) == ("detect", "2026-01-01T00:00:00.000000Z", None)
    agents = {row["id"]: row for row in rows("Agent")}
    assert (agents["org:simcam"]["name"], agents["org:simcam"]["email"]) == (AGENT.name, "who@x.org")
    tied = {(row["activity"], row["agent"], row["role"]) for row in rows("WasAssociatedWith")}
    assert (str(uid("activity last")), "me", "operator") in tied
    assert (str(uid("activity isr 1")), "org:simcam", None) in tied
    assert [(row["entity"], row["agent"], row["role"]) for row in rows("WasAttributedTo")] == [
        (str(uid("raw 1")), "me", "observer")
    ]


def test_relations_are_told(filled: Registry, rows: Any) -> None:
    used = {(row["activity"], row["entity"], row["role"], row["usagedescription"]) for row in rows("Used")}
    isr = str(uid("activity isr 1"))
    assert (isr, str(uid("raw 1")), "exposure", None) in used
    assert (isr, str(uid("flat")), "flat", "isr.flat") in used
    assert str(uid("image 10")) not in {entity for _, entity, *_ in used}  # presented, not used
    made = {(row["entity"], row["activity"], row["generationdescription"]) for row in rows("WasGeneratedBy")}
    assert (str(uid("image 1")), isr, "isr.image") in made
    informed = {(row["activity"], row["informant"]) for row in rows("WasInformedBy")}
    assert (str(uid("activity last")), str(uid("activity assemble"))) in informed
    assert [tuple(row.values()) for row in rows("WasDerivedFrom")] == [(str(uid("coadd")), str(uid("elsewhere")))]
    assert [tuple(row.values()) for row in rows("HadMember")] == [(str(uid("night")), str(uid("raw 1")))]


def test_configurations_are_told_by_parameter(filled: Registry, rows: Any) -> None:
    parameters = {row["id"]: row for row in rows("Parameter")}
    sigma = {(row["value"], row["parameterdescription"]) for row in parameters.values() if row["name"] == "sigma"}
    assert sigma == {("3.5", "sigma")}
    isr = [row for row in rows("WasConfiguredBy") if row["activity"] == str(uid("activity isr 1"))]
    assert {parameters[row["parameter"]]["name"] for row in isr} == {"doFlat", "sigma"}
    assert {row["artefacttype"] for row in isr} == {"Parameter"}
    (described,) = rows("ParameterDescription")
    assert (described["name"], described["valuetype"], described["default"]) == ("sigma", "double", "3")


def test_a_string_is_a_parameter_without_quotes(registry: Registry, rows: Any) -> None:
    config = {"s": 'it\'s "so"\n%', "l": ["a", 1], "n": None, "long": "x" * 1000}
    registry.record(record(step("s", [], ["a"], task="t", config=config)))
    values = {row["name"]: row["value"] for row in rows("Parameter")}
    assert (values["s"], values["l"], values["n"]) == ('it\'s "so"\n%', '["a",1]', "null")
    assert values["long"].startswith("sha256:")


def test_descriptions_are_told(filled: Registry, rows: Any) -> None:
    (isr,) = (row for row in rows("ActivityDescription") if row["name"] == "isr")
    assert (isr["id"], isr["version"], isr["type"]) == ("isr 1.0", "1.0", "Calibration")
    assert isr["docurl"] == "https://x.org/isr"
    entities = {row["name"]: row for row in rows("EntityDescription")}
    assert entities["flat"]["type"] == "calibration"
    assert entities["image"]["description"] == "what was calibrated"
    (image,) = (row for row in rows("DatasetDescription") if row["name"] == "image")
    assert image["contenttype"] == "image/fits"
    assert [(row["name"], row["unit"]) for row in rows("ValueDescription")] == [("gain", "electron/adu")]
    (usage,) = rows("UsageDescription")
    assert (usage["id"], usage["role"], usage["type"], usage["activitydescription"]) == (
        "isr.flat",
        "flat",
        "Calibration",
        "isr",
    )
    assert [row["multiplicity"] for row in rows("GenerationDescription")] == ["1"]
    assert [(row["name"], row["contenttype"]) for row in rows("ConfigFileDescription")] == [("pars", "text/yaml")]


def test_a_file_of_parameters_is_one(filled: Registry, rows: Any) -> None:
    assert rows("ConfigFile") == []
    filled.record(record(datasets=(dataset("pars file", "pars", uri="file:///data/pars.yaml"),)))
    assert [(row["id"], row["name"], row["location"]) for row in rows("ConfigFile")] == [
        (str(uid("pars file")), "pars", "file:///data/pars.yaml")
    ]
    configured = [row for row in rows("WasConfiguredBy") if row["configfile"]]
    assert [(row["activity"], row["configfile"], row["artefacttype"]) for row in configured] == [
        (str(uid("activity last")), str(uid("pars file")), "Configfile")
    ]


def test_times_before_1970_are_told_too(registry: Registry, rows: Any) -> None:
    early = datetime(1969, 12, 31, 23, 59, 59, 250000, tzinfo=UTC)
    registry.record(record(step("s", [], ["plate"], started=datetime(1893, 1, 1, tzinfo=UTC), ended=early)))
    (activity,) = rows("Activity")
    assert activity["starttime"] == "1893-01-01T00:00:00.000000Z"
    assert activity["endtime"] == "1969-12-31T23:59:59.250000Z"
