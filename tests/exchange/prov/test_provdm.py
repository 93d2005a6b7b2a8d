"""The classes of ProvenanceDM as a VOTable: valid, read by astropy, and joined by their keys."""

from __future__ import annotations

import io
import json
import subprocess
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

import pytest
from astropy.io.votable import parse
from astropy.table import Table
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from fitsprov.exchange.prov.prov import Name
from fitsprov.exchange.prov.prov_json import read_document
from fitsprov.exchange.prov.provdm import write_votable
from fitsprov.exchange.prov.provdm_classes import CLASSES
from fitsprov.model.lineage import Activity, Agent, Dataset, Environment, Lineage, Package, Usage
from tests.exchange.conftest import tell
from tests.exchange.prov.test_saying import document as said

PRODUCT, USED, UNUSED, MAKER = (uuid5(UUID(int=0), name) for name in ("product", "used", "unused", "maker"))


@pytest.fixture
def full_lineage() -> Lineage:
    """A product with an instance of each class."""
    activity = Activity(
        id=MAKER,
        task="isr",
        version="1.4.0",
        started=datetime(2026, 3, 16, 10, tzinfo=UTC),
        config={"doFlat": True, "name": "é\x00\r<", "sigma": [3, 4.5]},
        environment=Environment(packages=(Package("pip", "numpy", "2.0"),)),
        agent=Agent(id="org:sim", name="SimCam", type="Organization"),
    )
    return Lineage(
        focus=PRODUCT,
        datasets={
            PRODUCT: Dataset(id=PRODUCT, type="post", run="u/a", data_id={"visit": 1}, uri="file:///p.fits", size=9),
            USED: Dataset(id=USED, type="flat"),
            UNUSED: Dataset(id=UNUSED, type="raw", stub=True),
        },
        activities={MAKER: activity},
        generated_by={PRODUCT: MAKER},
        used={MAKER: (Usage(USED, "flat"), Usage(UNUSED, "spare", False))},
        complete=False,
    )


def read(lineage: Lineage, **more: Any) -> dict[str, Table]:
    """The tables, as astropy has them; it faults what is against the standard."""
    votable = parse(io.BytesIO(write_votable(tell(lineage, **more)).encode()), verify="exception")
    return {table.name: table.to_table() for table in votable.iter_tables()}


def test_each_class_is_a_table(full_lineage: Lineage) -> None:
    tables = read(full_lineage)
    assert list(tables) == [each.name for each in CLASSES if each.name in tables]
    assert len(tables) >= 12
    assert {name: len(table) for name, table in tables.items() if len(table) > 1} == {
        "Entity": 4,
        "Used": 2,
        "EntityDescription": 3,
        "Parameter": 3,
    }


def test_keys_join_the_tables(full_lineage: Lineage) -> None:
    tables = read(full_lineage)
    keys = {name: set(tables[name]["id"]) for name in ("Entity", "Activity", "Agent", "Parameter")}
    for name, table in tables.items():
        for column, target in (
            ("entity", "Entity"),
            ("activity", "Activity"),
            ("agent", "Agent"),
            ("parameter", "Parameter"),
        ):
            if column in table.colnames:
                assert set(table[column]) <= keys[target], name
    assert set(tables["Entity"]["entityDescription"]) - {""} == set(tables["EntityDescription"]["id"])
    assert set(tables["Activity"]["activityDescription"]) == set(tables["ActivityDescription"]["id"])


def test_values_are_those_of_the_lineage(full_lineage: Lineage) -> None:
    tables = read(full_lineage, authority="ivo://example.org/simcam")
    product = tables["Entity"][0]
    assert product["id"] == f"ivo://example.org/simcam?{PRODUCT}"
    assert (product["location"], product["size"], json.loads(product["dataId"])) == ("file:///p.fits", 9, {"visit": 1})
    assert tables["Activity"]["startTime"][0] == "2026-03-16T10:00:00Z"
    assert dict(tables["Parameter"].iterrows("name", "value")) == {
        "doFlat": "true",
        "name": "é\\x00\r<",
        "sigma": "[3,4.5]",
    }
    assert list(tables["Presented"]["role"]) == ["spare"]
    assert "spare" not in tables["Used"]["role"]


def test_a_configuration_of_many_activities_stands_once(survey_lineage: Lineage) -> None:
    config = {"a": 1, "b": "two"}
    activities = {key: replace(each, config=config) for key, each in survey_lineage.activities.items()}
    tables = read(replace(survey_lineage, activities=activities))
    assert len(tables["Parameter"]) == 2
    assert len(tables["WasConfiguredBy"]) == len(tables["Activity"]) == 76


def test_a_lone_dataset_has_one_table() -> None:
    assert list(read(Lineage(focus=USED, datasets={USED: Dataset(id=USED)}))) == ["Entity"]


def test_utypes_are_those_of_the_model(full_lineage: Lineage) -> None:
    text = write_votable(tell(full_lineage))
    for utype in ("Entity.id", "Used.entity", "WasGeneratedBy.activity", "ActivityConfiguration.Parameter.value"):
        assert f'utype="voprov:{utype}"' in text


@pytest.fixture(scope="module")
def xsd() -> etree.XMLSchema:
    """The schema of VOTable 1.4, which astropy brings."""
    return etree.XMLSchema(etree.parse(str(files("astropy") / "io" / "votable" / "data" / "VOTable.v1.4.xsd")))


@pytest.fixture(params=["full_lineage", "survey_lineage", "hostile_lineage", "ring_lineage", "facts"])
def document(request: pytest.FixtureRequest) -> bytes:
    if request.param == "facts":
        return write_votable(read_document(said(members=True, steps=True))).encode()
    return write_votable(tell(request.getfixturevalue(request.param))).encode()


def test_the_schema_holds(document: bytes, xsd: etree.XMLSchema) -> None:
    xsd.assertValid(etree.fromstring(document))


def test_votlint_is_clean(document: bytes, tmp_path: Path, needs_tool: Callable[[str], str]) -> None:
    path = tmp_path / "provenance.vot"
    path.write_bytes(document)
    done = subprocess.run([needs_tool("stilts"), "votlint", path], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@given(data=st.data())
@settings(deadline=None, max_examples=30)
def test_any_lineage_is_a_votable(data: st.DataObject, any_graph: st.SearchStrategy[Lineage]) -> None:
    lineage = data.draw(any_graph)
    tables, statements = read(lineage), tell(lineage).statements
    datasets = [each for each in statements if ("prov:type", Name("fitsprov:Dataset")) in each.attributes]
    assert len(tables["Entity"]) == len(datasets)
    assert len(tables.get("Used", ())) == sum(each.kind == "used" for each in statements)
