"""``/links``, as clients and validators meet it."""

from __future__ import annotations

import csv
import gzip
import io
import re
import shutil
import socket
import subprocess
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote, urlencode

import httpx
import pytest
from astropy.io import fits
from astropy.io.votable import parse
from click.testing import CliRunner
from lxml import etree
from pyvo.dal import DALQueryError
from pyvo.dal.adhoc import DatalinkResults
from pyvo.dal.tap import TAPResults

import fitsprov
from fitsprov.cli import main
from fitsprov.datalink.client import offline_vocabulary, read_links
from fitsprov.datalink.lint import lint
from tests.service.conftest import AUTHORITY, COADD, MANY, UNKNOWN, visit

DID = f"{AUTHORITY}?{COADD}"
MEDIA_TYPE = "application/x-votable+xml;content=datalink"
NEWER_TERMS = {"documentation", "detached-header", "coderived", "counterpart", "package", "thumbnail"}
VOTABLE = '<VOTABLE version="1.4" xmlns="http://www.ivoa.net/xml/VOTable/v1.3">'
ID_FIELD = '<FIELD name="ID" ID="ID" datatype="char" arraysize="*" ucd="meta.id;meta.main"/>'
RAW = "01a1f867-a340-788f-8d25-a8d3a57bfc6a"


def statuses(data: bytes) -> list[str]:
    return [str(item.get("value")) for item in etree.fromstring(data).iterfind(".//{*}INFO[@name='QUERY_STATUS']")]


def ids(data: bytes) -> list[str]:
    """The distinct IDs of a document, in order."""
    return list(dict.fromkeys(row[0].text or "" for row in etree.fromstring(data).iterfind(".//{*}TR")))


def test_answer_is_a_links_document_without_a_fault(client: httpx.Client) -> None:
    answer = client.get("/links", params={"ID": DID})
    assert answer.status_code == 200
    assert answer.headers["content-type"] == MEDIA_TYPE
    assert lint(answer.content) == []
    assert statuses(answer.content) == ["OK"]
    assert ids(answer.content) == [DID]


def test_links_lead_to_where_the_service_was_told_to_be(client: httpx.Client, base: str) -> None:
    text = client.get("/links", params={"ID": COADD}).text
    assert f"{base}/files/{COADD}" in text
    assert "old.example" not in text


def test_java_clients_get_no_html(client: httpx.Client) -> None:
    accept = {"Accept": "text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2"}
    assert client.get("/links", params={"ID": COADD}, headers=accept).headers["content-type"] == MEDIA_TYPE


@pytest.mark.parametrize("name", ["ID", "id", "Id"])
def test_parameter_names_have_no_case(client: httpx.Client, name: str) -> None:
    assert ids(client.get("/links", params={name: COADD}).content) == [COADD]


@pytest.mark.parametrize("how", ["data", "files"])
def test_form_is_taken_as_a_query_is(client: httpx.Client, how: str) -> None:
    asked = [DID, COADD, f"{AUTHORITY}?{RAW}"]
    if how == "data":
        answer = client.post("/links?MAXREC=1000", data={"id": asked})
    else:
        answer = client.post("/links?MAXREC=1000", files=[("id", (None, one)) for one in asked])
    assert answer.status_code == 200
    assert ids(answer.content) == asked
    assert lint(answer.content) == []


def test_form_that_is_cut_off_is_refused(client: httpx.Client) -> None:
    head = {"Content-Type": "multipart/form-data; boundary=xyz"}
    answer = client.post("/links", content=b'--xyz\r\nContent-Disposition: form-data; name="ID"\r\n\r\nx', headers=head)
    assert answer.status_code == 400
    assert statuses(answer.content) == ["ERROR"]


def test_head_is_the_head_of_get(client: httpx.Client) -> None:
    got, head = (client.request(method, "/links", params={"ID": COADD}) for method in ("GET", "HEAD"))
    assert head.status_code == 200
    assert head.content == b""
    same = {"content-type", "content-length", "etag"}
    assert {name: got.headers[name] for name in same} == {name: head.headers[name] for name in same}


def test_no_id_gives_an_empty_table_that_says_how_to_ask(client: httpx.Client) -> None:
    data = client.get("/links").content
    assert ids(data) == []
    assert statuses(data) == ["OK"]
    assert etree.fromstring(data).find("{*}RESOURCE[@utype='adhoc:this']") is not None
    assert lint(data) == []


def test_unknown_id_is_a_row_and_no_failure(client: httpx.Client) -> None:
    answer = client.get("/links", params={"ID": [UNKNOWN, COADD, "nonsense"]})
    assert answer.status_code == 200
    assert ids(answer.content) == [UNKNOWN, COADD, "nonsense"]
    assert answer.content.count(b"<TD>NotFoundFault: ") == 2
    assert lint(answer.content) == []


@pytest.mark.parametrize(
    "query",
    [
        "RESPONSEFORMAT=fits",
        "MAXREC=-1",
        "MAXREC=many",
        "SEMANTICS=progenitor",
        "RESPONSEFORMAT=csv&responseformat=json",
    ],
)
def test_bad_parameter_fails_as_a_votable(client: httpx.Client, base: str, query: str) -> None:
    answer = client.get(f"/links?ID={COADD}&{query}")
    assert answer.status_code == 400
    assert answer.headers["content-type"] == MEDIA_TYPE
    assert statuses(answer.content) == ["ERROR"]
    assert lint(answer.content) == []
    with pytest.raises(DALQueryError, match="UsageFault: "):
        read_links(answer.content)


@pytest.mark.parametrize(
    "format", ["votable", "application/x-votable+xml", "Application/X-VOTable+XML;content=datalink"]
)
def test_votable_is_known_by_every_name(client: httpx.Client, format: str) -> None:
    answer = client.get("/links", params={"ID": COADD, "RESPONSEFORMAT": format})
    assert answer.headers["content-type"] == MEDIA_TYPE


def test_maxrec_0_is_a_document_without_rows(client: httpx.Client) -> None:
    data = client.get("/links", params={"ID": COADD, "MAXREC": 0}).content
    assert ids(data) == []
    assert statuses(data) == ["OK", "OVERFLOW"]
    assert lint(data) == []


def test_semantics_and_role_keep_some_rows_and_all_of_them(client: httpx.Client) -> None:
    whole = read_links(client.get("/links", params={"ID": visit(-1)}).content)
    assert 5 < len(whole) < 20
    kept = read_links(client.get("/links", params={"ID": visit(-1), "SEMANTICS": "#progenitor"}).content)
    assert len(kept) == MANY
    assert {row.semantics for row in kept} == {"#progenitor"}
    flats = client.get("/links", params={"ID": COADD, "ROLE": "page", "RESPONSEFORMAT": "json"}).json()["links"]
    assert [row["local_semantics"] for row in flats] == ["page"]


def test_link_to_a_collapsed_kind_leads_to_its_rows(client: httpx.Client) -> None:
    rows = read_links(client.get("/links", params={"ID": COADD}).content)
    (url,) = [row.access_url for row in rows if row.semantics == "#progenitor" and row.content_type == MEDIA_TYPE]
    assert len(read_links(client.get(url).content)) == 32


def test_too_many_ids_are_cut_and_told(limited: Callable[..., httpx.Client]) -> None:
    client = limited(max_ids=100)
    answer = client.post("/links", data={"ID": [visit(n) for n in range(250)]})
    assert answer.status_code == 200
    assert ids(answer.content) == [visit(n) for n in range(100)]
    assert statuses(answer.content) == ["OK", "OVERFLOW"]
    assert lint(answer.content) == []


def test_too_many_rows_are_cut_at_a_whole_id(limited: Callable[..., httpx.Client]) -> None:
    client = limited(max_rows=100)
    data = client.post("/links", data={"ID": [visit(n) for n in range(50)]}).content
    assert statuses(data) == ["OK", "OVERFLOW"]
    counts = {one: data.count(f"<TD>{one}</TD>".encode()) for one in ids(data)}
    assert 80 < sum(counts.values()) <= 100
    assert len(set(counts.values())) == 1


def test_too_large_a_body_is_refused(limited: Callable[..., httpx.Client]) -> None:
    answer = limited(max_body=1_000).post("/links", data={"ID": [visit(n) for n in range(50)]})
    assert answer.status_code == 413
    assert statuses(answer.content) == ["ERROR"]


def test_too_long_a_wait_is_told_after_the_rows(limited: Callable[..., httpx.Client]) -> None:
    client = limited(max_seconds=0.001)
    answer = client.post("/links", data={"ID": [visit(n) for n in range(500)]})
    assert answer.status_code == 503
    assert b"TransientFault: took more than 0.001 s" in answer.content
    assert answer.headers["content-type"] == MEDIA_TYPE


def test_body_that_never_ends_is_not_waited_for(limited: Callable[..., httpx.Client]) -> None:
    url = limited(max_seconds=0.5).base_url
    with socket.create_connection((url.host, url.port), timeout=10) as slow:
        slow.sendall(b"POST /links HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nID=")
        assert b"503 Service Unavailable" in slow.recv(4_096)


def test_the_pointer_of_a_recorded_did_leads_to_its_links(tmp_path: Path, limited: Callable[..., httpx.Client]) -> None:
    did = "ivo://eso.org/ID?ADP.2026-01"
    fits.PrimaryHDU().writeto(tmp_path / "raw.fits")
    with fitsprov.Registry.create(tmp_path / "mine.db", base_url="http://x", authority="ivo://example.org/a") as made:
        told = {"id": COADD, "type": "raw", "publisher_did": did, "file": "raw.fits"}
        made.record({"fitsprov": 1, "run": "r", "datasets": [told]}, root=tmp_path)
    client = limited(registry=f"sqlite:///{tmp_path}/mine.db")
    stamp = fitsprov.read(client.get(f"/files/{COADD}").content)
    assert stamp is not None
    answer = client.get(str(stamp.datalink))
    assert ids(answer.content) == [did]
    assert read_links(answer.content)[0].access_url.endswith(f"/files/{COADD}")


def test_what_a_client_has_is_not_sent_again(client: httpx.Client) -> None:
    first = client.get("/links", params={"ID": COADD})
    again = client.get("/links", params={"ID": COADD}, headers={"If-None-Match": f'"x", {first.headers["etag"]}'})
    assert again.status_code == 304
    assert again.content == b""
    assert again.headers["etag"] == first.headers["etag"]
    other = client.get("/links", params={"ID": DID}, headers={"If-None-Match": first.headers["etag"]})
    assert other.status_code == 200


@pytest.mark.parametrize("count", [1, MANY])
def test_gzip_is_the_same_document(client: httpx.Client, count: int) -> None:
    form = {"ID": [visit(n) for n in range(count)]}
    plain = client.post("/links", data=form, headers={"Accept-Encoding": "identity, gzip;q=0"})
    with client.stream("POST", "/links", data=form, headers={"Accept-Encoding": "gzip"}) as packed:
        raw = b"".join(packed.iter_raw())
    assert "content-encoding" not in plain.headers
    assert packed.headers["content-encoding"] == "gzip"
    assert gzip.decompress(raw) == plain.content
    assert len(raw) < len(plain.content) / 3


def test_browsers_of_other_sites_may_read(client: httpx.Client) -> None:
    asked = {"Origin": "https://aladin.example", "Access-Control-Request-Method": "POST"}
    before = client.options("/links", headers=asked)
    assert before.status_code == 204
    assert "POST" in before.headers["access-control-allow-methods"]
    for answer in (before, client.get("/links?ID=x"), client.get("/links?MAXREC=x"), client.get("/nowhere")):
        assert answer.headers["access-control-allow-origin"] == "*"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["content-security-policy"].startswith("default-src 'none'")


def test_nothing_can_be_written(client: httpx.Client) -> None:
    for method in ("PUT", "DELETE", "PATCH"):
        answer = client.request(method, "/links")
        assert answer.status_code == 405
        assert "GET" in answer.headers["allow"]


def test_registry_that_breaks_is_said_without_its_place(
    survey: Path, tmp_path: Path, limited: Callable[..., httpx.Client]
) -> None:
    shutil.copy(survey / "fitsprov.db", tmp_path / "mine.db")
    client = limited(registry=f"sqlite:///{tmp_path}/mine.db")
    (tmp_path / "mine.db").write_bytes(b"\x55" * (tmp_path / "mine.db").stat().st_size)
    answer = client.get("/links", params={"ID": COADD})
    assert answer.status_code == 503
    assert statuses(answer.content) == ["ERROR"]
    assert b">TransientFault: the registry cannot answer now" in answer.content
    assert str(tmp_path) not in answer.text


def test_json_has_the_rows_of_the_table(client: httpx.Client) -> None:
    answer = client.post("/links", data={"ID": [COADD, UNKNOWN], "RESPONSEFORMAT": "json"})
    assert answer.headers["content-type"] == "application/json"
    found = answer.json()
    assert found["status"] == "OK"
    table = read_links(client.get("/links", params={"ID": COADD}).content)
    assert [row["semantics"] for row in found["links"][:-1]] == [row.semantics for row in table]
    assert found["links"][-1]["error_message"].startswith("NotFoundFault")
    cut = client.get("/links", params={"ID": COADD, "RESPONSEFORMAT": "json", "MAXREC": 0}).json()
    assert cut == {"links": [], "status": "OVERFLOW", "message": "rows were left out"}


def test_csv_has_the_rows_of_the_table(client: httpx.Client) -> None:
    answer = client.get("/links", params={"ID": COADD, "RESPONSEFORMAT": "text/csv"})
    assert answer.headers["content-type"].startswith("text/csv")
    rows = list(csv.DictReader(io.StringIO(answer.text, newline="")))
    assert rows[0]["ID"] == COADD
    assert rows[0]["semantics"] == "#this"
    assert len(rows) == len(read_links(client.get("/links", params={"ID": COADD}).content))
    bare = client.get("/links", params={"ID": COADD, "RESPONSEFORMAT": "text/csv; header=absent"})
    assert bare.headers["content-type"] == "text/csv;charset=utf-8;header=absent"
    assert bare.text == answer.text.partition("\r\n")[2]


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ("application/x-votable+xml", MEDIA_TYPE),
        ("application/x-votable+xml;content=datalink", MEDIA_TYPE),
        ("Application/X-VOTable+XML; serialization=TABLEDATA", MEDIA_TYPE),
        ("text/xml", "text/xml"),
    ],
)
def test_table_has_the_media_type_that_was_asked_for(client: httpx.Client, base: str, asked: str, told: str) -> None:
    for query in (urlencode({"RESPONSEFORMAT": asked}), f"RESPONSEFORMAT={asked.replace(' ', '%20')}"):
        answer = client.get(f"/links?ID={COADD}&{query}")
        assert answer.headers["content-type"] == told
        assert lint(answer.content) == []


def test_manifest_is_every_dataset_once_a_line(client: httpx.Client, base: str) -> None:
    form = {"ID": [visit(-1), UNKNOWN], "RESPONSEFORMAT": "manifest", "SEMANTICS": "#progenitor"}
    lines = client.post("/links", data=form).text.splitlines()
    assert lines[0] == f"{base}/files/{visit(0)}"
    assert len(set(lines)) == MANY + 1
    assert lines[-1].startswith("# NotFoundFault")


def test_any_bytes_for_an_id_give_a_valid_answer(client: httpx.Client) -> None:
    for odd in ("%ff%fe", "%00", "%3Cscript%3E", "%22%27", quote("ü ✓"), "%F0%9F%92%A9", "%ED%A0%80", "a" * 5000):
        answer = client.get(f"/links?ID={odd}")
        assert answer.status_code == 200
        assert etree.fromstring(answer.content) is not None


def test_pyvo_follows_a_url(base: str) -> None:
    with offline_vocabulary():
        found = DatalinkResults.from_result_url(f"{base}/links?{urlencode({'ID': DID})}")
        assert next(found.bysemantics("#this")).access_url == f"{base}/files/{COADD}"
        assert len(list(found.bysemantics("#documentation"))) >= 5


@pytest.mark.filterwarnings("ignore::pyvo.dal.exceptions.DALOverflowWarning")
@pytest.mark.parametrize("limit", [100_000, 100])
def test_pyvo_iterates_over_many_ids(limit: int, limited: Callable[..., httpx.Client]) -> None:
    """pyvo learns from the first answer how many IDs the service takes at once."""
    base = str(limited(max_ids=limit).base_url).rstrip("/")
    rows = "".join(f"<TR><TD>{visit(n)}</TD></TR>" for n in range(MANY))
    table = f"<TABLE>{ID_FIELD}<DATA><TABLEDATA>{rows}</TABLEDATA></DATA></TABLE>"
    status = '<INFO name="QUERY_STATUS" value="OK"/>'
    document = f'{VOTABLE}<RESOURCE type="results">{status}{table}</RESOURCE>{service_for_pyvo(base)}</VOTABLE>'
    results = TAPResults(parse(io.BytesIO(document.encode())))
    found = [row.access_url for links in results.iter_datalinks() for row in links if row.semantics == "#this"]
    assert sorted(found) == sorted(f"{base}/files/{visit(n)}" for n in range(MANY))


def service_for_pyvo(base: str) -> str:
    """The descriptor by which a table of datasets names its links service."""
    return (
        '<RESOURCE type="meta" utype="adhoc:service">'
        '<PARAM name="standardID" datatype="char" arraysize="*" value="ivo://ivoa.net/std/DataLink#links-1.1"/>'
        f'<PARAM name="accessURL" datatype="char" arraysize="*" value="{base}/links"/>'
        '<GROUP name="inputParams"><PARAM name="ID" datatype="char" arraysize="*" ref="ID" value=""/></GROUP>'
        "</RESOURCE>"
    )


def test_error_reaches_a_user_of_pyvo(base: str) -> None:
    with pytest.raises(DALQueryError, match="UsageFault: RESPONSEFORMAT 'fits' is unknown"):
        DatalinkResults.from_result_url(f"{base}/links?ID=x&RESPONSEFORMAT=fits")


def test_stilts_finds_nothing_but_newer_terms(base: str, needs_tool: Callable[[str], str]) -> None:
    url = f"{base}/links?" + urlencode({"ID": [DID, visit(-1), UNKNOWN]}, doseq=True)
    done = subprocess.run(
        [needs_tool("stilts"), "datalinklint", "maxrepeat=1000", f"votable={url}"],
        capture_output=True,
        text=True,
        check=False,
    )
    lines = (done.stdout + done.stderr).splitlines()
    bad = [line for line in lines if re.match("[EWF]-", line)]
    terms = [re.match(r"E-SMCO-\d+ Unknown predicate '([\w-]+)' from core", line) for line in bad]
    assert [line for line, term in zip(bad, terms, strict=True) if term is None or term[1] not in NEWER_TERMS] == []
    assert any("Datalink table rows checked" in line for line in lines)


def test_votlint_finds_nothing(base: str, needs_tool: Callable[[str], str]) -> None:
    url = f"{base}/links?ID={quote(DID, safe='')}"
    command = [needs_tool("stilts"), "votlint", f"votable={url}"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_services_of_the_observatory_are_offered_before_the_provenance(limited: Callable[..., httpx.Client]) -> None:
    data = limited(descriptors=("soda",)).get("/links", params={"ID": DID}).content
    assert lint(data) == []
    found = read_links(data)
    assert [row["service_def"] for row in found if row["service_def"]][:2] == ["soda", "provenance"]
    assert found.get_first_proc().access_url.endswith("/soda")
    described = [item.get("ID") or item.get("utype") for item in etree.fromstring(data).iterfind("{*}RESOURCE")]
    assert described == [None, "soda", "provenance", "progenitors", "adhoc:this"]
    (example,) = etree.fromstring(data).iterfind("{*}RESOURCE[@utype='adhoc:this']/{*}PARAM[@name='exampleURL']")
    assert example.get("value").endswith(f"/links?ID={quote(DID, safe='')}")


def test_first_service_is_the_provenance_where_there_is_no_other(client: httpx.Client, base: str) -> None:
    found = read_links(client.get("/links", params={"ID": DID}).content)
    first = found.get_first_proc()
    assert first.access_url == f"{base}/prov"
    assert client.get("/prov", params={"ID": DID}).status_code == 200


def test_links_of_each_row_are_those_of_its_dataset(base: str) -> None:
    """pyvo's getdatalink() looks for the service of a table, and must not take one of ours for it."""
    rows = "".join(f"<TR><TD>{one}</TD></TR>" for one in (COADD, visit(-1), visit(3)))
    table = f"<TABLE>{ID_FIELD}<DATA><TABLEDATA>{rows}</TABLEDATA></DATA></TABLE>"
    document = f'{VOTABLE}<RESOURCE type="results">{table}</RESOURCE>{service_for_pyvo(base)}</VOTABLE>'
    for record in TAPResults(parse(io.BytesIO(document.encode()))):
        links = record.getdatalink()
        assert {link["ID"] for link in links} == {record["ID"]}
        assert [link.access_url for link in links if link.semantics == "#this"] == [f"{base}/files/{record['ID']}"]


def test_what_firefly_and_aladin_look_for_is_spelled_as_they_want_it(client: httpx.Client) -> None:
    answer = client.get("/links", params={"ID": COADD}, headers={"Origin": "https://aladin.example"})
    assert answer.headers["access-control-allow-origin"] == "*"
    data = answer.content
    (standard,) = etree.fromstring(data).iterfind(".//{*}INFO[@name='standardID']")
    assert standard.get("value").startswith("ivo://ivoa.net/std/DataLink")  # Firefly minds the case
    types = {row["content_type"] for row in read_links(data)}
    assert types <= {
        "",
        "image/fits",
        "text/plain",
        "text/html",
        "text/provenance-notation",
        "application/json",
        "application/x-votable+xml",
        MEDIA_TYPE,
    }
    files = [row for row in read_links(data) if "/files/" in (row.access_url or "")]
    assert {row["content_type"] for row in files if row.semantics == "#this"} == {"image/fits"}
    for row in read_links(data):
        if row["service_def"]:
            assert row["content_type"] == ""


@pytest.mark.parametrize(("path", "code"), [("/links?ID=x", 0), ("/links?MAXREC=x", 0), ("/prov?ID=x", 1), ("/", 1)])
def test_our_own_validator_asks_over_http(base: str, path: str, code: int) -> None:
    ran = CliRunner().invoke(main, ["lint", f"{base}{path}"])
    assert ran.exit_code == code, ran.output
    assert ("expected 'application/x-votable+xml;content=datalink'" in ran.output) is bool(code)
