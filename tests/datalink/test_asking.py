"""Asking for links and provenance: any bytes give an answer or a `ServiceError`, and nothing else."""

from __future__ import annotations

import re
from typing import Any
from uuid import UUID

import pytest
import requests
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fitsprov.datalink.client import ask_links, find_provenance
from fitsprov.datalink.descriptors import make_descriptors
from fitsprov.datalink.guard import GuardedSession
from fitsprov.datalink.offers import find_offers
from fitsprov.datalink.row import Fault, Row
from fitsprov.datalink.votable import write_error, write_votable
from fitsprov.errors import ServiceError
from fitsprov.model.identifiers import parse_id
from tests.little import http, little

LINKS = "application/x-votable+xml;content=datalink"


ID = "ivo://example.org/a?01a1f86f-ec58-7674-bbaf-ebb2d628a976"
KEY = parse_id(ID)


class Stub:
    """A session that answers everything with the same bytes."""

    def __init__(self, content: bytes, media_type: str = LINKS, status: int = 200) -> None:
        self.content = content
        self.media_type = media_type
        self.status = status
        self.asked: list[str] = []

    def get(self, url: str, params: Any = None, **options: Any) -> requests.Response:
        response = requests.Response()
        response.url, response.status_code, response._content = "http://host/links", self.status, self.content
        response.headers["content-type"] = self.media_type
        self.asked.append(url)
        if params:
            response.headers["content-type"] = "application/json"
        return response


def document() -> bytes:
    """A document with rows and descriptors of every kind."""
    base = "http://host"
    rows = [
        Row(ID, "#this", access_url=f"{base}/files/1", content_length=9, content_type="image/fits"),
        Row(ID, "#documentation", service_def="provenance", local_semantics="provenance"),
        Row(
            ID, "#documentation", access_url=f"{base}/p", content_type="application/json", local_semantics="provenance"
        ),
        Row(ID, "#progenitor", access_url=f"{base}/links?ID=1", content_type=LINKS),
        Row(ID, "#progenitor", service_def="progenitors"),
        Row(ID, "#progenitor", access_url=f"{base}/files/2", link_auth="true", link_authorized=False),
    ]
    return b"".join(write_votable(rows, make_descriptors(base, ID)))


WHOLE = document()
edits = st.lists(
    st.tuples(
        st.floats(0, 1),
        st.integers(0, 12),
        st.binary(max_size=6) | st.sampled_from([b"<", b"&", b'"', b"ID", b"</TD>"]),
    ),
    min_size=1,
    max_size=4,
)


def edited(data: bytes, changes: list[tuple[float, int, bytes]]) -> bytes:
    for place, size, new in changes:
        at = int(place * len(data))
        data = data[:at] + new + data[at + size :]
    return data


def ask_all(session: Any) -> ServiceError | None:
    """Ask for everything; how it fails, if it does."""
    try:
        asks_provenance(session)
        asks_offers(session)
    except ServiceError as error:
        return error
    return None


@given(changes=edits)
@settings(max_examples=100, suppress_health_check=[HealthCheck.too_slow])
def test_any_bytes_give_an_answer_or_a_service_error(changes: list[tuple[float, int, bytes]]) -> None:
    error = ask_all(Stub(edited(WHOLE, changes)))
    assert error is None or (error.code.startswith("service-") and str(error).isprintable() and len(str(error)) < 1000)


@given(data=st.data())
@settings(max_examples=100, suppress_health_check=[HealthCheck.too_slow])
def test_any_words_in_a_document_give_an_answer_or_a_service_error(data: st.DataObject) -> None:
    words = re.split(r"(\w+)", WHOLE.decode())
    places = st.integers(0, len(words) - 1).filter(lambda at: bool(re.fullmatch(r"\w+", words[at])))
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(places)
        words[at] = data.draw(st.sampled_from(["", "0", "-1", "int", "99999", "é", words[data.draw(places)]]))
    error = ask_all(Stub("".join(words).encode()))
    assert error is None or (error.code.startswith("service-") and str(error).isprintable() and len(str(error)) < 1000)


@pytest.mark.parametrize("column", ["ID", "access_url", "service_def", "semantics", "content_type", "local_semantics"])
@pytest.mark.parametrize("kind", ['"double"', '"int" arraysize="2"', '"boolean"', '"unicodeChar" arraysize="3"'])
def test_columns_of_odd_types_give_an_answer_or_a_service_error(column: str, kind: str) -> None:
    text = WHOLE.decode()
    at = text.index(f'name="{column}"')
    start, stop = text.rindex("<FIELD", 0, at), text.index(">", at)
    field = f'<FIELD name="{column}" ID="{column}" datatype={kind}' + ("/" if text[stop - 1] == "/" else "")
    session: Any = Stub((text[:start] + field + text[stop:]).encode())
    error = ask_all(session)
    assert error is None or error.code.startswith("service-")


def asks_provenance(session: Any) -> None:
    offered = find_provenance(session, ask_links(session, "http://host/links"), KEY)
    offered.ask("PROV-JSON", direction="BACK", depth=3)


def asks_offers(session: Any) -> None:
    find_offers(session, "http://host/links", ["#this", "#progenitor"], KEY)


def test_the_whole_document_leads_to_the_provenance_service() -> None:
    session = Stub(WHOLE)
    asks_provenance(session)
    assert session.asked == ["http://host/links", "http://host/prov"]


def test_offers_are_those_that_can_be_had() -> None:
    session: Any = Stub(WHOLE)
    offers, problems = find_offers(session, "http://host/links", ["#this", "#progenitor"], KEY)
    assert [(offer.url, offer.size, offer.media_type) for offer in offers] == [("http://host/files/1", 9, "image/fits")]
    assert {str(problem) for problem in problems} == {"http://host/files/2: is not for you, the link says"}
    assert session.asked == ["http://host/links", "http://host/links?ID=1"]


def test_an_overflow_is_told_of() -> None:
    cut = WHOLE.replace(b"</TABLE>", b'</TABLE><INFO name="QUERY_STATUS" value="OVERFLOW"/>', 1)
    cut = cut.replace(b'name="QUERY_STATUS" value="OK"', b'name="QUERY_STATUS" value="OVERFLOW"')
    session: Any = Stub(cut)
    _, problems = find_offers(session, "http://host/links", ["#this"], KEY)
    assert "some are left out" in str(problems[0])


@pytest.mark.parametrize(
    ("status", "body", "code"),
    [
        (404, b"<html>", "service-unknown"),
        (410, b"", "service-unknown"),
        (403, b"no", "service-unreachable"),
        (500, b"", "service-unreachable"),
        (200, b"", "service-answer-invalid"),
    ],
)
def test_errors_of_http_are_told_apart(status: int, body: bytes, code: str) -> None:
    session: Any = Stub(body, "text/html", status)
    with pytest.raises(ServiceError) as caught:
        ask_links(session, "http://host/links")
    assert caught.value.code == code


def test_an_error_document_says_its_fault() -> None:
    for fault, code in ((Fault.NOT_FOUND, "service-unknown"), (Fault.TRANSIENT, "service-unreachable")):
        session: Any = Stub(write_error(fault, "not now"), LINKS, 400)
        with pytest.raises(ServiceError, match="Fault: not now") as caught:
            ask_links(session, "http://host/links")
        assert caught.value.code == code


def test_links_without_a_known_dataset_are_taken_as_they_are() -> None:
    session: Any = Stub(WHOLE)
    assert find_offers(session, "http://host/links", ["#this"], None)[0]
    with pytest.raises(ServiceError, match="expected those of") as caught:
        find_offers(session, "http://host/links", ["#this"], UUID(int=1))
    assert caught.value.code == "service-answers-otherwise"


def test_what_pyvo_asks_goes_through_the_guard() -> None:
    def answer(path: str) -> bytes:
        return http(WHOLE.replace(b"http://host", b"http://localhost"), Content_Type=LINKS)

    with little(answer) as server, GuardedSession(lambda host: True, ["127.0.0.1"]) as session:
        links = ask_links(session, f"{server.base}/links")
        for record in links:
            with pytest.raises(ServiceError, match=r"localhost has the address .*, which is not public"):
                record.getdataset()
        assert len(server.requests) == 1
