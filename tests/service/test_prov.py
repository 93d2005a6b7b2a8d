"""``/prov`` and ``/resolve``."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import httpx
import pytest
from astropy.io import fits
from click.testing import CliRunner
from prov.model import ProvDocument

import fitsprov
from fitsprov.cli import main
from tests.service.conftest import AUTHORITY, COADD, UNKNOWN, visit

DID = f"{AUTHORITY}?{COADD}"


def ask(client: httpx.Client, **query: object) -> dict[str, object]:
    answer = client.get("/prov", params={"RESPONSEFORMAT": "json", **query})
    assert answer.status_code == 200, answer.text
    (found,) = answer.json()
    return found


def test_json_is_what_resolve_prints(client: httpx.Client, survey: Path, base: str) -> None:
    found = ask(client, ID=DID, DEPTH="ALL")
    with fitsprov.Registry(survey / "fitsprov.db") as registry:
        lineage = registry.lineage(COADD)
    assert found["status"] == "resolved"
    assert found["dataset"]["id"] == COADD
    assert found["dataset"]["publisher_did"] == DID
    assert found["lineage_complete"] is True
    assert {raw["id"] for raw in found["raws"]} == {str(raw.id) for raw in lineage.raws()}
    assert {raw["uri"] for raw in found["raws"]} == {f"{base}/files/{raw.id}" for raw in lineage.raws()}


def test_one_generation_is_the_default(client: httpx.Client) -> None:
    found = ask(client, ID=COADD)
    assert len(found["parents"]) == 32
    assert found["raws"] == []
    assert found == ask(client, id=COADD, depth="1", direction="back")


def test_forth_leads_to_products(client: httpx.Client) -> None:
    answer = client.get("/prov", params={"ID": visit(5), "DIRECTION": "FORTH", "RESPONSEFORMAT": "SVG"})
    assert answer.status_code == 200
    assert "wide&lt;coadd&gt;" in answer.text


@pytest.mark.parametrize(
    ("name", "media_type"),
    [
        ("PROV-JSON", "application/json"),
        ("PROV-N", "text/provenance-notation"),
        ("PROV-XML", "application/provenance+xml"),
        ("PROV-VOTABLE", "application/x-votable+xml"),
        ("VOTable", "application/x-votable+xml"),
        ("PROV-SVG", "image/svg+xml"),
        ("SVG", "image/svg+xml"),
        ("DOT", "text/vnd.graphviz"),
        ("tree", "text/plain"),
    ],
)
def test_every_format_that_can_be_drawn_is_offered(
    client: httpx.Client, survey: Path, name: str, media_type: str
) -> None:
    answer = client.get("/prov", params={"ID": COADD, "DEPTH": "ALL", "RESPONSEFORMAT": name})
    assert answer.status_code == 200
    assert answer.headers["content-type"].split(";")[0] == media_type
    assert str(survey) not in answer.text
    if media_type.endswith("xml"):
        ElementTree.fromstring(answer.content)
    if media_type.endswith("json"):
        json.loads(answer.content)


def test_words_of_the_w3c_alone(client: httpx.Client) -> None:
    both = [client.get(f"/prov?ID={COADD}&MODEL={model}").json() for model in ("IVOA", "w3c")]
    assert both[0] != both[1]
    assert client.get(f"/prov?ID={COADD}").json() == both[0]
    assert client.get(f"/prov?ID={COADD}&MODEL=OPM").status_code == 400


PROV_FORMATS = ["prov-json", "prov-n", "prov-xml", "votable"]


@pytest.mark.parametrize("format", [*PROV_FORMATS, "svg", "dot"])
@pytest.mark.parametrize("depth", ["ALL", "2"])
def test_document_is_what_resolve_writes_but_for_where_copies_are(
    client: httpx.Client, survey: Path, base: str, format: str, depth: str
) -> None:
    command = ["resolve", COADD, "--format", format, "--registry", f"{survey}/fitsprov.db"]
    command += [] if depth == "ALL" else ["--depth", depth]
    ours = CliRunner().invoke(main, command).stdout
    theirs = client.get("/prov", params={"ID": DID, "DEPTH": depth, "RESPONSEFORMAT": format}).text
    assert "file://" not in theirs
    assert [without_places(ours, base)] == [without_places(theirs, base)]


def without_places(text: str, base: str) -> str:
    """A document without the URIs of copies."""
    return re.sub(rf"(file://|{re.escape(base)}/files/)[^\"<>]*", "PLACE", text).rstrip("\n")


def read_prov(text: str) -> ProvDocument:
    return ProvDocument.deserialize(content=text, format="json")


@pytest.mark.parametrize("format", PROV_FORMATS)
def test_several_ids_are_one_document(client: httpx.Client, format: str) -> None:
    query = {"ID": [COADD, visit(-1)], "RESPONSEFORMAT": format}
    together = client.get("/prov", params=query).text
    alone = [client.get("/prov", params={**query, "ID": one}).text for one in query["ID"]]
    if format == "prov-json":
        whole, *parts = map(json.loads, (together, *alone))
        assert set(whole["entity"]) == set(parts[0]["entity"]) | set(parts[1]["entity"])
        assert len(whole["used"]) == sum(len(part["used"]) for part in parts)
        assert len(read_prov(together).get_records()) > len(read_prov(alone[0]).get_records())
    for identifier in (COADD, visit(-1)):
        assert identifier in together


def test_several_ids_do_not_fit_in_one_drawing(client: httpx.Client) -> None:
    answer = client.get("/prov", params={"ID": [COADD, visit(-1)], "RESPONSEFORMAT": "svg"})
    assert answer.status_code == 400
    assert answer.text == "UsageFault: 2 IDs; expected one in this format\n"


def test_more_ids_than_the_limit_are_refused(limited: Callable[..., httpx.Client]) -> None:
    answer = limited(max_traced=2).get("/prov", params={"ID": [visit(n) for n in range(3)]})
    assert answer.status_code == 400
    assert "3 IDs; expected 1 to 2" in answer.text


def test_agents_configurations_and_descriptions_can_be_left_out(client: httpx.Client) -> None:
    def ask_for(**switches: object) -> str:
        return client.get("/prov", params={"ID": COADD, "DEPTH": "ALL", **switches}).text

    whole = ask_for(AGENT="true", CONFIGURATION=1, DESCRIPTIONS=1, MEMBERS=0, STEPS="TRUE")
    assert whole == ask_for()
    for switch, told in {
        "AGENT": "wasAssociatedWith",
        "CONFIGURATION": "fitsprov:Configuration",
        "DESCRIPTIONS": "voprov:EntityDescription",
    }.items():
        less = ask_for(**{switch: "0"})
        assert told in whole
        assert told not in less
        assert len(read_prov(less).get_records()) < len(read_prov(whole).get_records())


@pytest.mark.parametrize("name", ["AGENT", "MEMBERS", "STEPS", "DESCRIPTIONS", "CONFIGURATION"])
def test_switch_that_is_none_is_refused(client: httpx.Client, name: str) -> None:
    answer = client.get("/prov", params={"ID": COADD, name: "maybe"})
    assert answer.status_code == 400
    assert answer.text == f"UsageFault: {name} is 'maybe'; expected 1 or 0, true or false\n"


def test_no_more_datasets_than_are_wanted(client: httpx.Client) -> None:
    query = {"ID": COADD, "DEPTH": "ALL", "MAXREC": 10}
    found = client.get("/prov", params=query).json()["entity"]
    datasets = [one for one in found.values() if "fitsprov:Dataset" in str(one.get("prov:type"))]
    assert len(datasets) == 10
    table = client.get("/prov", params={**query, "RESPONSEFORMAT": "votable"}).text
    assert '<INFO name="QUERY_STATUS" value="OVERFLOW"/>\n</RESOURCE>' in table
    assert '<INFO name="complete" value="false"/>' in table
    enough = client.get("/prov", params={**query, "RESPONSEFORMAT": "votable", "MAXREC": 1000}).text
    assert "OVERFLOW" not in enough


def test_limit_of_the_service_cuts_as_well(limited: Callable[..., httpx.Client]) -> None:
    (found,) = limited(max_rows=5).get(f"/prov?ID={COADD}&DEPTH=ALL&RESPONSEFORMAT=json").json()
    assert found["lineage_complete"] is False
    assert len(found["parents"]) == 4


def test_many_ids_are_one_list(client: httpx.Client) -> None:
    answer = client.post("/prov", data={"ID": [COADD, visit(-1)], "RESPONSEFORMAT": "JSON"})
    assert [one["dataset"]["id"] for one in answer.json()] == [COADD, visit(-1)]


def test_unknown_id_is_not_found(client: httpx.Client) -> None:
    for identifier in (UNKNOWN, "nonsense", "<b>"):
        answer = client.get("/prov", params={"ID": identifier, "RESPONSEFORMAT": "json"})
        assert answer.status_code == 404
        assert answer.headers["content-type"] == "text/plain;charset=utf-8"
        assert answer.text.startswith("NotFoundFault: ")


@pytest.mark.parametrize(
    "query", ["", "ID=", f"ID={COADD}&DEPTH=-1", f"ID={COADD}&DEPTH=1001", f"ID={COADD}&DIRECTION=UP"]
)
def test_bad_parameter_is_said_in_a_line(client: httpx.Client, query: str) -> None:
    answer = client.get(f"/prov?RESPONSEFORMAT=JSON&{query}")
    assert answer.status_code == 400
    assert answer.text.startswith("UsageFault: ")
    assert answer.text.count("\n") == 1


def test_record_that_links_offer_is_there(client: httpx.Client) -> None:
    rows = client.get("/links", params={"ID": COADD, "RESPONSEFORMAT": "json"}).json()["links"]
    urls = [row["access_url"] for row in rows if row.get("local_semantics") == "provenance" and "access_url" in row]
    assert len(urls) == 3
    for url in urls:
        assert client.get(url).status_code == 200


def test_same_provenance_is_not_sent_again(client: httpx.Client) -> None:
    url = f"/prov?ID={COADD}&RESPONSEFORMAT=json"
    tag = client.get(url).headers["etag"]
    assert client.get(url, headers={"If-None-Match": tag}).status_code == 304


@pytest.fixture
def stamped(client: httpx.Client) -> bytes:
    return client.get(f"/files/{COADD}").content


@pytest.mark.parametrize("size", [None, 40_000, 14_400])
def test_first_bytes_of_a_file_are_enough(client: httpx.Client, stamped: bytes, size: int | None) -> None:
    answer = client.post("/resolve", content=stamped[:size])
    assert answer.status_code == 200
    found = answer.json()
    assert found["status"] == "resolved"
    assert found["dataset"]["id"] == COADD
    assert len(found["raws"]) == 45
    assert "file://" not in answer.text


@pytest.mark.parametrize("lists", ["cards", "table"])
def test_headers_alone_are_enough(client: httpx.Client, stamped: bytes, tmp_path: Path, lists: str) -> None:
    path = tmp_path / "one.fits"
    path.write_bytes(stamped)
    stamp = fitsprov.read(path)
    assert stamp is not None
    fitsprov.stamp(path, stamp, lists=lists, force=True)
    content = path.read_bytes()
    with fits.open(path) as hdus:
        places = [hdu.fileinfo() for hdu in hdus]
    headers = b"".join(content[place["hdrLoc"] : place["datLoc"]] for place in places)
    found = client.post("/resolve?DATA=0", content=headers).json()
    assert (found["status"], found["dataset"]["id"], len(found["raws"])) == ("resolved", COADD, 45)
    assert client.post("/resolve", content=content[: places[-1]["datLoc"] + 10]).json()["status"] == "resolved"
    assert client.post("/resolve?DATA=perhaps", content=headers).status_code == 400


def test_stamp_that_came_along_is_told_so_before_the_data_have_come(client: httpx.Client, stamped: bytes) -> None:
    with fits.open(io.BytesIO(stamped)) as hdus:
        sums = [hdu.header.get("DATASUM") for hdu in hdus]
    old = next(one for one in sums if one and one != "0")
    derived = stamped.replace(f"DATASUM = '{old}'".encode(), f"DATASUM = '{int(old) - 1}'".encode())
    assert len(derived) == len(stamped)
    assert client.post("/resolve", content=derived).json()["status"] == "inherited"


def test_header_of_something_else_is_unstamped(client: httpx.Client) -> None:
    content = io.BytesIO()
    fits.PrimaryHDU().writeto(content)
    assert client.post("/resolve", content=content.getvalue()).json()["status"] == "unstamped"


@pytest.mark.parametrize("content", [b"", b"\x89PNG\r\n", b"SIMPLE  =                    T"])
def test_what_is_no_header_is_refused(client: httpx.Client, content: bytes) -> None:
    answer = client.post("/resolve", content=content)
    assert answer.status_code == 400
    assert answer.text.startswith("UsageFault: ")


def test_form_is_taken_for_bytes_and_get_for_nothing(client: httpx.Client, stamped: bytes) -> None:
    head = {"Content-Type": "multipart/form-data"}
    assert client.post("/resolve", content=stamped[:28_800], headers=head).status_code == 200
    assert client.get("/resolve").status_code == 405


def test_large_header_is_refused(stamped: bytes, limited: Callable[..., httpx.Client]) -> None:
    assert limited(max_body=10_000).post("/resolve", content=stamped).status_code == 413
