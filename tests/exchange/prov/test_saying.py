"""What is said beside the graph: documents tell it, in all formats the same."""

from __future__ import annotations

import io
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

import pytest
from astropy.io.votable import parse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree

from fitsprov.exchange.prov.prov_json import read_document, write_prov_json
from fitsprov.exchange.prov.prov_n import write_prov_n
from fitsprov.exchange.prov.prov_read import read_prov_json
from fitsprov.exchange.prov.prov_xml import write_prov_xml
from fitsprov.exchange.prov.provdm import write_votable
from fitsprov.exchange.prov.shown import traced
from fitsprov.exchange.prov.telling import tell_json
from fitsprov.exchange.prov.words import FITSPROV, Model, Wanted
from fitsprov.model.facts import (
    Annotation,
    Description,
    Metric,
    Observation,
    Relation,
    Responsibility,
    ValueEntity,
)
from fitsprov.model.lineage import Activity, Agent, Dataset, Execution, Lineage, Usage
from fitsprov.model.said import Said
from tests.exchange.prov.test_prov import agents, hostile, read, words, xsd

__all__ = ["xsd"]

NOON = datetime(2026, 3, 16, 12, tzinfo=UTC)
RAW, FLAT, IMAGE, SET, MAKER, JOB = (uuid5(UUID(int=0), name) for name in ("raw", "flat", "image", "set", "isr", "job"))
WHO = Agent(id="mailto:a@example.org", name="A. Author", type="Person")
LINEAGE = Lineage(
    focus=IMAGE,
    datasets={
        IMAGE: Dataset(id=IMAGE, type="image", run="drp/1"),
        RAW: Dataset(id=RAW, type="raw", run="raw/all"),
        FLAT: Dataset(id=FLAT, type="flat", run="calib"),
        SET: Dataset(id=SET, type="set"),
    },
    activities={
        MAKER: Activity(
            id=MAKER,
            task="isr",
            config={"doFlat": True, "x": 1},
            agent=WHO,
            execution=Execution(id=JOB, system="slurm", job="77", started=NOON, status="ok"),
        )
    },
    generated_by={IMAGE: MAKER},
    used={MAKER: (Usage(RAW, "exposure"), Usage(FLAT, "flat"), Usage(SET, "set"))},
)
SAID = Said(
    observations=(Observation(dataset=RAW, instrument="SimCam", program="deep", script="s.py", started=NOON),),
    telemetry={RAW: ("https://example.org/efd?from=1&to=2",)},
    metrics=(
        Metric(dataset=IMAGE, name="seeing", value=0.62, unit="arcsec", time=NOON),
        Metric(activity=MAKER, name="quality", verdict="pass"),
        Metric(run="drp/1", name="images", value=1.0),
    ),
    annotations=(
        Annotation(dataset=FLAT, kind="note", text="cloudy", time=NOON),
        Annotation(dataset=RAW, kind="superseded", text="shutter", time=NOON, agent=WHO, successor=IMAGE),
    ),
    values=(ValueEntity(dataset=FLAT, value="3.5", description="gain"),),
    responsible=(
        Responsibility(dataset=IMAGE, agent=WHO, role="owner"),
        Responsibility(activity=MAKER, agent=WHO, role="operator"),
        Responsibility(run="drp/1", agent=WHO),
    ),
    derived=(Relation(IMAGE, RAW),),
    informed=(Relation(MAKER, MAKER),),
    members=(Relation(SET, RAW), Relation(SET, uuid5(UUID(int=0), "away"))),
    descriptions=tuple(
        Description(kind=kind, name=name, content=content)
        for kind, name, content in [
            ("activity", "isr", {"description": "removes", "docurl": "https://example.org/isr", "type": "Calibration"}),
            ("dataset", "image", {"contentType": "image/fits"}),
            ("value", "gain", {"valueType": "double", "unit": "e/adu"}),
            ("configfile", "set", {"contentType": "text/yaml"}),
            ("usage", "isr.flat", {"type": "Calibration", "multiplicity": "1"}),
            ("generation", "isr.image", {"type": "Main"}),
            ("parameter", "doFlat", {"valueType": "boolean", "default": "true"}),
            ("agent", WHO.id, {"email": "a@example.org"}),
        ]
    ),
)


def document(said: Said = SAID, lineage: Lineage = LINEAGE, **wanted: Any) -> str:
    """A lineage with what is said of it, as PROV-JSON."""
    return "".join(tell_json(traced(lineage, said), Wanted(**wanted)))


def readings(text: str) -> list[Any]:
    """What the library reads of a document in each format."""
    told = read_document(text)
    formats = {"json": text, "provn": write_prov_n(told), "xml": write_prov_xml(told)}
    assert write_prov_json(told) == text
    return [read(written, form) for form, written in formats.items()]


@pytest.mark.parametrize("model", Model)
@pytest.mark.parametrize("more", [False, True])
def test_three_formats_say_the_same(model: Model, more: bool, xsd: etree.XMLSchema) -> None:
    text = document(model=model, members=more, steps=more)
    first, *others = readings(text)
    assert all(other == first for other in others)
    xsd.assertValid(etree.fromstring(write_prov_xml(read_document(text)).encode()))
    assert ("voprov" in text) is (model is Model.IVOA)


facts = st.builds(
    Said,
    metrics=st.lists(
        st.builds(Metric, id=st.uuids(), dataset=st.just(IMAGE), name=hostile, unit=words, verdict=words), max_size=2
    ),
    annotations=st.lists(
        st.builds(
            Annotation,
            id=st.uuids(),
            run=hostile,
            kind=hostile | st.just("missing"),
            time=st.just(NOON),
            text=words,
            agent=st.none() | agents,
        ),
        max_size=2,
    ),
    observations=st.builds(Observation, dataset=st.just(RAW), instrument=words, field=words).map(lambda one: (one,)),
    telemetry=st.dictionaries(st.just(RAW), st.lists(hostile, max_size=2)),
    values=st.builds(ValueEntity, dataset=st.just(RAW), value=hostile).map(lambda one: (one,)),
    responsible=st.lists(st.builds(Responsibility, dataset=st.just(IMAGE), agent=agents, role=words), max_size=2),
    descriptions=st.lists(
        st.builds(
            Description,
            kind=st.sampled_from(["dataset", "activity", "usage", "agent"]),
            name=hostile | st.sampled_from(["image", "isr", "isr.flat"]),
            content=st.dictionaries(hostile | st.sampled_from(["docurl", "type"]), hostile, max_size=2),
        ),
        max_size=3,
    ),
)


@given(said=facts, model=st.sampled_from(Model))
@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None, max_examples=25)
def test_no_text_breaks_a_document(said: Said, model: Model) -> None:
    text = document(said, model=model)
    first, *others = readings(text)
    assert all(other == first for other in others)
    if model is Model.IVOA:
        parse(io.BytesIO(write_votable(read_document(text)).encode()), verify="exception")


def test_each_fact_is_told() -> None:
    said = document()
    for text in (
        "SimCam",
        "deep",
        "s.py",
        "efd?from=1",
        "seeing 0.62 arcsec",
        '"pass"',
        "cloudy",
        "superseded: shutter",
    ):
        assert text in said, text
    for relation, number in {"wasAttributedTo": 3, "wasDerivedFrom": 1, "wasInformedBy": 1, "hadMember": 2}.items():
        assert said.count(f'"_:{relation}') == number
    assert said.count('"_:wasAssociatedWith') == 2
    for text in ("removes", "image/fits", "e/adu", "text/yaml", "multiplicity", '"Main"', '"boolean"', "a@example.org"):
        assert text in said, text
    assert '"fitsprov:standing":"superseded"' in said
    assert '"voprov:invalidatedAtTime":"2026-03-16T12:00:00Z"' in said


def test_what_is_restored_stands() -> None:
    restored = Annotation(dataset=RAW, kind="restored", time=NOON)
    assert "standing" not in document(SAID._replace(annotations=(*SAID.annotations, restored)))


def test_who_and_descriptions_can_be_left_out() -> None:
    assert "Author" not in document(agents=False)
    less = document(descriptions=False)
    assert "Description" not in less
    assert "seeing" in less


def test_the_lineage_is_read_back_whatever_is_said() -> None:
    bare, said = (read_prov_json(document(facts), source="test") for facts in (Said(), SAID))
    assert bare == said


def test_members_make_collections_of_runs() -> None:
    text = document(members=True)
    assert text.count('"_:hadMember') == 2 + 3
    assert text.count('"fitsprov:Run"') == 3
    assert document().count('"fitsprov:Run"') == 1


def test_steps_make_activities_of_jobs() -> None:
    text = document(steps=True)
    assert "voprov:hadStep" in text
    assert f'"prov:influencee":"uuid:{JOB}","prov:influencer":"uuid:{MAKER}"' in text
    assert "hadStep" not in document()
    read_prov_json(text, source="test")


def test_votable_has_a_table_for_each() -> None:
    votable = parse(io.BytesIO(write_votable(read_document(document(steps=True))).encode()), verify="exception")
    names = {table.name: table for table in votable.iter_tables()}
    assert {
        *("Metric", "Annotation", "Observation", "Telemetry", "HadMember", "HadStep", "WasDerivedFrom"),
        *("WasInformedBy", "WasAttributedTo", "UsageDescription", "GenerationDescription", "ValueDescription"),
        *("DatasetDescription", "ParameterDescription", "ConfigFile", "ConfigFileDescription"),
    } <= names.keys()
    metrics = names["Metric"].to_table()
    assert sorted(metrics["name"]) == ["images", "quality", "seeing"]
    configured = names["WasConfiguredBy"].to_table()
    assert set(configured["artefactType"]) == {"Parameter", "Configfile"}
    assert len(names["ValueEntity"].to_table()) == 3 + 2 + 1


def test_every_term_is_documented() -> None:
    page = (Path(__file__).parents[3] / "docs" / "reference" / "formats.md").read_text(encoding="utf-8")
    text = "".join(document(model=model, members=True, steps=True) for model in Model)
    terms = set(re.findall(r'"((?:fitsprov|voprov):\w+)"', text))
    assert len(terms) > 60
    assert not {term for term in terms if f"`{term}`" not in page}
    assert f"`{FITSPROV}`" in page
