"""What the service says about itself, as pyvo reads it."""

from __future__ import annotations

import io

import httpx
import pytest
from lxml import etree
from pyvo.io import vosi

from fitsprov.datalink.votable import COLUMNS


def test_service_is_available_since_it_started(client: httpx.Client) -> None:
    found = vosi.parse_availability(io.BytesIO(client.get("/availability").content))
    assert found.available is True
    assert found.upsince is not None


@pytest.mark.filterwarnings("ignore::pyvo.io.vosi.exceptions.W17")  # of a second queryType, which VODataService allows
def test_capabilities_lead_to_what_is_there(client: httpx.Client, base: str) -> None:
    answer = client.get("/capabilities")
    assert answer.headers["content-type"] == "text/xml;charset=utf-8"
    found = {one.standardid: one for one in vosi.parse_capabilities(io.BytesIO(answer.content))}
    (links,) = found["ivo://ivoa.net/std/DataLink#links-1.1"].interfaces
    assert links.accessurls[0].content == f"{base}/links"
    assert {"GET", "POST"} == set(links.querytypes)
    assert links.resulttype.content == "application/x-votable+xml;content=datalink"
    for one in found.values():
        assert client.get(one.interfaces[0].accessurls[0].content).status_code == 200


def test_tables_are_the_columns_of_links(client: httpx.Client) -> None:
    found = vosi.parse_tables(io.BytesIO(client.get("/tables").content))
    (table,) = list(found.iter_tables())
    assert table.name == "links"
    assert [(c.name, c.ucd or "", c.unit) for c in table.columns] == [(c.name, c.ucd, c.unit) for c in COLUMNS]


def test_one_table_is_told_of_alone(client: httpx.Client) -> None:
    told = etree.fromstring(client.get("/tables/links").content)
    assert told.tag == "{http://www.ivoa.net/xml/VOSITables/v1.0}table"
    assert [one.findtext("name") for one in told.iter("column")] == [column.name for column in COLUMNS]
    assert client.get("/tables/raws").status_code == 404


@pytest.mark.parametrize("path", ["/availability", "/capabilities", "/tables", "/tables/links"])
def test_head_is_answered(client: httpx.Client, path: str) -> None:
    assert client.head(path).status_code == 200
