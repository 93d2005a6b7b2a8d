"""PROV-JSON, PROV-N and PROV-XML: three spellings of one document, which the `prov` library reads back equal."""

from __future__ import annotations

import json
import re
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree
from prov.constants import XSD_LONG
from prov.model import Identifier, Literal, ProvDocument, ProvRecord

from fitsprov.errors import UsageError
from fitsprov.exchange.prov.prov import Document, Link, Name, Value
from fitsprov.exchange.prov.prov_json import write_prov_json
from fitsprov.exchange.prov.prov_n import write_prov_n
from fitsprov.exchange.prov.prov_xml import write_prov_xml
from fitsprov.exchange.prov.words import Model
from fitsprov.model.identifiers import publisher_did
from fitsprov.model.lineage import Activity, Agent, Category, Dataset, Direction, Environment, Lineage, Package, Usage
from tests.exchange.conftest import tell

WRITERS: dict[str, Callable[[Document], str]] = {
    "json": write_prov_json,
    "provn": write_prov_n,
    "xml": write_prov_xml,
}
AUTHORITY = "ivo://example.org/simcam"

hostile = st.text(st.sampled_from("a\"'\\<>&]:,=%@-1 é☃😀\t\n\r\x00\x1b\x7f\x85\u2028\u202e\ufffe\ud800"), max_size=12)
plain = st.sampled_from(["isr", "SimCam/runs/a", "", "0", "true", "prov:Person", "urn:x"])
words = st.none() | plain | hostile
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | hostile,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(hostile, inner, max_size=2),
    max_leaves=4,
)
times = st.datetimes(datetime(1000, 1, 2), datetime(9999, 12, 30), timezones=st.sampled_from([UTC, None]))
agents = st.builds(Agent, id=hostile | plain, name=words, type=words | st.sampled_from(["Person", "Organization"]))
environments = st.builds(
    Environment,
    container=words,
    packages=st.lists(st.builds(Package, hostile, hostile, hostile), max_size=2).map(tuple),
    platform=st.dictionaries(plain, hostile, max_size=2),
)


@st.composite
def dressed(draw: Callable[[Any], Any], bare: st.SearchStrategy[Lineage]) -> Lineage:
    """Any lineage, with hostile text wherever one may stand."""
    lineage = draw(bare)
    heads = st.sampled_from([None, "ivo://example.org/a?", "ivo://o/p?repo=dp1&id=", "ivo://bad>?", "ivo://é?", "x"])
    for key, dataset in lineage.datasets.items():
        if draw(st.booleans()):
            head = draw(heads)
            more: dict[str, Any] = {"publisher_did": None if head is None else f"{head}{key}"}
            more |= {
                "type": draw(words),
                "run": draw(words),
                "name": draw(words),
                "size": draw(st.integers(0, 2**63 - 1)),
            }
            more["uri"] = draw(words | st.sampled_from(["file:///a%20b.fits", "s3://b/k?v=1&w"]))
            lineage.datasets[key] = replace(dataset, **more)  # type: ignore[index]  # a dict that the test made
    for key, activity in lineage.activities.items():
        if draw(st.booleans()):
            lineage.activities[key] = replace(  # type: ignore[index]
                activity,
                task=draw(words),
                version=draw(words),
                run=draw(words),
                status=draw(words),
                started=draw(st.none() | times),
                ended=draw(st.none() | times),
                config=draw(st.none() | st.dictionaries(hostile, json_values, max_size=3)),
                environment=draw(st.none() | environments),
                agent=draw(st.none() | agents),
            )
    return lineage


def read(text: str, form: str) -> ProvDocument:
    return ProvDocument.deserialize(content=text, format=form)


def build(document: Document) -> ProvDocument:
    """Make the same document through the library's own calls."""
    made = ProvDocument()
    spaces = {prefix: made.add_namespace(prefix, uri) for prefix, uri in document.namespaces.items()}

    def name(text: str) -> Any:
        prefix, local = text.split(":", 1)
        return made.valid_qualified_name(text) if prefix == "prov" else spaces[prefix][local]

    def value(item: Value) -> Any:
        if type(item) is int:
            return Literal(str(item), XSD_LONG)
        return name(item) if isinstance(item, Name) else Identifier(item) if isinstance(item, Link) else item

    for each in document.statements:
        first, second, third = (*each.arguments, None, None, None)[:3]
        told = [(name(key), value(item)) for key, item in each.attributes]
        if each.kind in ("entity", "agent"):
            getattr(made, each.kind)(name(each.id or ""), told)
        elif each.kind == "activity":
            made.activity(name(each.id or ""), first, second, told)
        else:
            makers = {"used": made.usage, "wasGeneratedBy": made.generation, "wasAssociatedWith": made.association}
            names = [None if item is None else name(item) for item in (first, second)]
            makers[each.kind](*names, third, other_attributes=told)
    return made


def records(lineage: Lineage, **more: Any) -> list[ProvRecord]:
    return list(read(write_prov_json(tell(lineage, **more)), "json").get_records())


def count(lineage: Lineage, **more: Any) -> dict[str, int]:
    return dict(Counter(record.get_type().localpart for record in records(lineage, **more)))


def texts(record: ProvRecord, name: str) -> set[str]:
    return {str(value) for value in record.get_attribute(name)}


def full_lineage() -> Lineage:
    """One product with all that can be said about it."""
    ids = [uuid5(UUID(int=0), name) for name in ("product", "input", "unused", "activity")]
    product, used, unused, act = ids
    activity = Activity(
        id=act,
        task="isr",
        version="1.4.0",
        run="u/a",
        started=datetime(2026, 3, 16, 12, tzinfo=timezone(timedelta(hours=2))),
        ended=datetime(2026, 3, 16, 10, 0, 7, 250000, tzinfo=UTC),
        status="ok",
        config={"doFlat": True, "sigma": [3, 4.5]},
        environment=Environment(container="c@sha256:0", packages=(Package("pip", "numpy", "2.0"),)),
        agent=Agent(id="org:sim", name="SimCam", type="Organization"),
    )
    return Lineage(
        focus=product,
        datasets={
            product: Dataset(id=product, type="post", run="u/a", data_id={"visit": 1}, uri="file:///p.fits", size=9),
            used: Dataset(id=used, type="raw", publisher_did=publisher_did("ivo://example.org/raws", used)),
            unused: Dataset(id=unused, type="raw", stub=True),
        },
        activities={act: activity},
        generated_by={product: act},
        used={act: (Usage(used, "exposure", True), Usage(unused, "spare", False))},
        complete=False,
    )


@given(data=st.data())
@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None, max_examples=60)
def test_three_formats_say_what_the_library_says(data: st.DataObject, any_graph: st.SearchStrategy[Lineage]) -> None:
    lineage = data.draw(dressed(any_graph))
    document = tell(
        lineage, model=data.draw(st.sampled_from(Model)), authority=data.draw(st.sampled_from([None, AUTHORITY]))
    )
    made = build(document)
    for form, write in WRITERS.items():
        text = write(document)
        assert read(text, form) == made, form
        assert text == write(document)
        text.encode()


@pytest.mark.parametrize("model", Model)
@pytest.mark.parametrize("name", ["survey_lineage", "hostile_lineage", "ring_lineage"])
def test_awkward_lineages_are_read_equal(name: str, model: Model, request: pytest.FixtureRequest) -> None:
    document = tell(request.getfixturevalue(name), model=model)
    assert all(read(write(document), form) == build(document) for form, write in WRITERS.items())


def test_all_that_is_known_is_said() -> None:
    lineage = full_lineage()
    assert count(lineage, model=Model.W3C) == {
        "Entity": 5,  # three datasets, a configuration, an environment
        "Activity": 1,
        "Agent": 1,
        "Usage": 3,
        "Generation": 1,
        "Association": 1,
    }
    product = records(lineage)[0]
    assert texts(product, "fitsprov:dataId") == {'{"visit":1}'}
    assert texts(product, "prov:location") == {"file:///p.fits"}
    assert product.get_attribute("fitsprov:size") == {Literal("9", XSD_LONG)}
    assert product.get_attribute("fitsprov:complete") == {False}


def test_times_are_utc() -> None:
    assert 'prov:startTime":"2026-03-16T10:00:00Z","prov:endTime":"2026-03-16T10:00:07.250000Z"' in write_prov_json(
        tell(full_lineage())
    )


def test_what_was_presented_and_not_used_is_in_no_relation() -> None:
    lineage = full_lineage()
    (unused,) = (d for d in lineage.datasets.values() if d.stub)
    said = [r for r in records(lineage) if any(str(unused.id) in str(v) for _, v in r.attributes)]
    assert [r.get_type().localpart for r in said] == ["Entity", "Activity"]
    assert texts(said[1], "fitsprov:presented") == {
        json.dumps({"id": str(unused.id), "place": 1, "role": "spare"}, separators=(",", ":"))
    }


def test_datasets_are_named_by_publisher_did_else_authority_else_uuid() -> None:
    lineage = full_lineage()
    product, used, _ = lineage.datasets
    uris = {r.identifier.uri for r in records(lineage, authority=AUTHORITY) if r.identifier}
    assert {f"{AUTHORITY}?{product}", f"ivo://example.org/raws?{used}"} < uris
    assert f"urn:uuid:{product}" in {r.identifier.uri for r in records(lineage) if r.identifier}


def test_a_publisher_did_that_is_no_namespace_is_said_and_names_nothing() -> None:
    key = uuid5(UUID(int=0), "odd")
    for did in (f"ivo://bad>?{key}", f"ivo://example.org/a?{key}#x", "mine", f"https://example.org/{key}"):
        (record,) = records(Lineage(focus=key, datasets={key: Dataset(id=key, publisher_did=did)}), authority=AUTHORITY)
        assert record.identifier is not None
        assert record.identifier.uri == f"urn:uuid:{key}"
        assert texts(record, "fitsprov:publisherDid") == {did}


def test_an_authority_that_is_no_ivoid_is_refused() -> None:
    with pytest.raises(UsageError, match="is no IVOID"):
        tell(full_lineage(), authority="ivo://x> <y")


def test_the_words_of_w3c_alone_name_no_voprov() -> None:
    for write in WRITERS.values():
        assert "voprov" not in write(tell(full_lineage(), model=Model.W3C))
        assert "voprov" in write(tell(full_lineage(), model=Model.IVOA))


def test_ivoa_adds_and_changes_nothing() -> None:
    w3c, ivoa = (tell(full_lineage(), model=model).statements for model in (Model.W3C, Model.IVOA))
    richer = {(each.kind, each.id, each.arguments): set(each.attributes) for each in ivoa}
    for each in w3c:
        assert set(each.attributes) <= richer[each.kind, each.id, each.arguments]


def test_one_configuration_is_one_entity_whoever_used_it(survey_lineage: Lineage) -> None:
    activities = {key: replace(each, config={"a": 1}) for key, each in survey_lineage.activities.items()}
    statements = tell(replace(survey_lineage, activities=activities)).statements
    assert sum(("prov:type", Name("fitsprov:Configuration")) in each.attributes for each in statements) == 1
    told = sum(each.kind == "activity" for each in statements)
    assert sum(("prov:role", "configuration") in each.attributes for each in statements) == told == 76


def test_a_lone_dataset_is_a_document() -> None:
    lone = Lineage(focus=UUID(int=7), datasets={UUID(int=7): Dataset(id=UUID(int=7))})
    assert count(lone) == {"Entity": 1}
    document = tell(lone)
    assert all(read(write(document), form) == build(document) for form, write in WRITERS.items())


def test_an_activity_of_which_nothing_is_known_is_bare() -> None:
    lineage = replace(full_lineage(), activities={})
    assert count(lineage, model=Model.W3C) == {"Entity": 3, "Activity": 1, "Usage": 1, "Generation": 1}


def test_downward_the_products_are_told() -> None:
    up = full_lineage()
    product, used, _ = up.datasets
    down = replace(up, focus=used, direction=Direction.DOWN, used={a: u[:1] for a, u in up.used.items()})
    assert count(down, model=Model.W3C)["Usage"] == 3
    assert any(str(product) in str(r.identifier) for r in records(down))


def test_an_activity_of_many_inputs_and_products_is_told_in_linear_time() -> None:
    ids = [uuid5(UUID(int=0), str(n)) for n in range(4000)]
    act, focus = UUID(int=1), UUID(int=2)
    made = dict.fromkeys(ids[2000:], act)
    lineage = Lineage(
        focus=focus,
        datasets={each: Dataset(id=each) for each in [*ids, focus]},
        generated_by=made | {focus: UUID(int=3)},
        used={act: tuple(map(Usage, ids[:2000])), UUID(int=3): tuple(map(Usage, ids[2000:]))},
    )
    start = time.perf_counter()
    assert len(tell(lineage).statements) == 4001 + 2 + 4000 + 2001
    assert time.perf_counter() - start < 2  # 4 million steps take longer


@pytest.fixture(scope="module")
def xsd() -> etree.XMLSchema:
    """The schema of PROV-XML, which some releases of the library bring with its tests."""
    schemas = files("prov") / "tests" / "schemas"
    if not (schemas / "prov.xsd").is_file():
        pytest.skip("this release of prov brings no PROV-XML schema")
    with as_file(schemas) as folder:
        return etree.XMLSchema(etree.parse(Path(folder) / "prov.xsd"))


@pytest.mark.parametrize("model", Model)
@pytest.mark.parametrize("name", ["survey_lineage", "hostile_lineage", "full"])
def test_prov_xml_is_valid(name: str, model: Model, xsd: etree.XMLSchema, request: pytest.FixtureRequest) -> None:
    lineage = full_lineage() if name == "full" else request.getfixturevalue(name)
    xsd.assertValid(etree.fromstring(write_prov_xml(tell(lineage, model=model, authority=AUTHORITY)).encode()))


def test_the_dids_of_rubin_are_namespaces() -> None:
    key = uuid5(UUID(int=0), "rubin")
    did = f"ivo://org.rubinobs/usdac/lsst-dp1?repo=dp1&id={key}"
    (record,) = records(Lineage(focus=key, datasets={key: Dataset(id=key, publisher_did=did)}))
    assert record.identifier is not None
    assert record.identifier.uri == did


def test_every_term_is_documented() -> None:
    page = (Path(__file__).parents[3] / "docs" / "reference" / "formats.md").read_text(encoding="utf-8")
    lineage = full_lineage()
    rich = {
        key: replace(d, category=category, name="n")
        for (key, d), category in zip(lineage.datasets.items(), Category, strict=False)
    }
    more = {uuid5(UUID(int=0), each): Dataset(id=uuid5(UUID(int=0), each), category=each) for each in Category}
    used = {a: (*usages, *map(Usage, more)) for a, usages in lineage.used.items()}
    text = write_prov_n(tell(replace(lineage, datasets=rich | more, used=used)))
    terms = set(re.findall(r"\b(?:fitsprov|voprov):\w+", text))
    assert len(terms) > 25
    assert not {term for term in terms if f"`{term}`" not in page}
