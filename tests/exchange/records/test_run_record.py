"""A run record says what it says, and what it cannot mean is refused in one line that says where."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from fitsprov.errors import InvalidRecord
from fitsprov.exchange.records.run_record import parse_record
from fitsprov.model.facts import Event
from fitsprov.model.identifiers import activity_id, name_id
from fitsprov.model.lineage import Activity, Agent, Category, Dataset, Environment, Package, Usage
from fitsprov.model.record import Record, Step

A, B, C = (UUID(f"00000000-0000-4000-8000-00000000000{n}") for n in "abc")
ROOT = Path("/data/run 1")

WHOLE = """
fitsprov: 1
run: LSSTCam/runs/DRP/v30/DM-53697/20251229T044807Z
agent: {id: "org:rubin", name: Rubin Observatory, type: Organization}
types: {raw: {category: raw}, flat: {category: calibration}}
environment: {container: "r@sha256:1", os: Debian 12, packages: [{manager: eups, name: lsst_distrib, version: 1.10}]}
datasets:
  - {id: f315c01b-0cd6-51f0-95e8-fce95e84df78, type: raw, run: LSSTCam/raw/all,
     data_id: {instrument: LSSTCam, exposure: 2025052000177, detector: 85}, name: MC_O_20250520_000177_R21_S11}
activities:
  - id: 019b68f5-824c-7ebd-9f7b-bf0d08b412b1
    task: isr
    version: v30_0_0
    config: {doFlat: true, sigma: 3.5}
    started: 2025-12-29T04:48:07Z
    ended: 2025-12-29 05:49:00+01:00
    used: [{id: f315c01b-0cd6-51f0-95e8-fce95e84df78, role: ccdExposure}, {id: the flat, role: flat, actual: false}]
    generated: [{id: 019b3e1c-4e9a-7824-901b-e81813c952f1, type: post_isr_image,
                 data_id: {instrument: LSSTCam, exposure: 2025052000177, detector: 85}, file: out/post isr.fits}]
events: [{component: LSSTCam/REB, kind: firmware, from: 31395008, to: 3139500e, time: 2025-05-01T12:00:00}]
"""


def parse(text: str) -> Record:
    return parse_record(text, source="drp.yaml", root=ROOT)


def test_a_whole_record_is_read() -> None:
    run = "LSSTCam/runs/DRP/v30/DM-53697/20251229T044807Z"
    agent = Agent(id="org:rubin", name="Rubin Observatory", type="Organization")
    environment = Environment(
        container="r@sha256:1", packages=(Package("eups", "lsst_distrib", "1.10"),), platform={"os": "Debian 12"}
    )
    place = {"instrument": "LSSTCam", "exposure": 2025052000177, "detector": 85}
    raw = Dataset(
        id=UUID("f315c01b-0cd6-51f0-95e8-fce95e84df78"),
        type="raw",
        run="LSSTCam/raw/all",
        data_id=place,
        name="MC_O_20250520_000177_R21_S11",
        category=Category.RAW,
    )
    isr = Activity(
        id=UUID("019b68f5-824c-7ebd-9f7b-bf0d08b412b1"),
        task="isr",
        version="v30_0_0",
        run=run,
        started=datetime(2025, 12, 29, 4, 48, 7, tzinfo=UTC),
        ended=datetime(2025, 12, 29, 4, 49, tzinfo=UTC),
        config={"doFlat": True, "sigma": 3.5},
        environment=environment,
        agent=agent,
    )
    image = Dataset(
        id=UUID("019b3e1c-4e9a-7824-901b-e81813c952f1"),
        type="post_isr_image",
        run=run,
        data_id=place,
        uri="file:///data/run%201/out/post%20isr.fits",
    )
    flat = Dataset(id=name_id("the flat"), name="the flat", stub=True)
    used = (Usage(raw.id, "ccdExposure"), Usage(flat.id, "flat", False))
    assert parse(WHOLE) == Record(
        source="drp.yaml",
        run=run,
        agent=agent,
        environment=environment,
        categories={"raw": Category.RAW, "flat": Category.CALIBRATION},
        datasets=(raw, flat),
        steps=(Step(activity=isr, used=used, generated=(image,)),),
        events=(
            Event(
                component="LSSTCam/REB",
                kind="firmware",
                time=datetime(2025, 5, 1, 12, tzinfo=UTC),
                before="31395008",
                after="3139500e",
            ),
        ),
    )


def test_json_says_the_same_as_yaml() -> None:
    text = WHOLE.replace("version: 1.10", "version: '1.10'").replace("from: 31395008", "from: '31395008'")
    plain = yaml.load(text, Loader=yaml.BaseLoader)
    plain["fitsprov"] = 1
    for place in (plain["datasets"][0], plain["activities"][0]["generated"][0]):
        place["data_id"] |= {"exposure": 2025052000177, "detector": 85}
    plain["activities"][0]["config"] = {"doFlat": True, "sigma": 3.5}
    plain["activities"][0]["used"][1]["actual"] = False
    assert parse(json.dumps(plain)) == parse(WHOLE)


def test_only_the_version_is_required() -> None:
    assert parse("fitsprov: 1") == Record(source="drp.yaml")


def one_step(**facts: Any) -> str:
    return json.dumps({"fitsprov": 1, "run": "r", "activities": [facts]})


def test_a_run_is_its_own_else_the_activity_s_else_the_record_s() -> None:
    generated = [{"id": str(A), "type": "t", "run": "own"}, {"id": str(B), "type": "t"}]
    (step,) = parse(one_step(run="activity", generated=generated)).steps
    assert [d.run for d in step.generated] == ["own", "activity"]
    (step,) = parse(one_step(generated=generated)).steps
    assert [d.run for d in step.generated] == ["own", "r"]
    assert step.activity.run == "r"


def test_a_missing_activity_id_follows_from_what_it_did() -> None:
    two = [{"id": str(B), "type": "t"}, {"id": str(A), "type": "t"}]
    ids = [parse(one_step(task="isr", generated=outputs)).steps[0].activity.id for outputs in (two, two[::-1])]
    assert ids == [activity_id("r", "isr", [A, B])] * 2
    assert ids[0].version == 5
    others = [
        parse(one_step(task="isr", generated=two[:1])),
        parse(one_step(generated=two)),
        parse(one_step(task="isr", run="r2", generated=two)),
    ]
    assert len({ids[0], *(other.steps[0].activity.id for other in others)}) == 4


@pytest.mark.parametrize("spelling", ["{}", "ivo://x.org/dr1?{}", "ivo://x.org/dr1?repo=d&id={}", "butler://dr1/{}"])
def test_any_spelling_of_an_id_is_the_id(spelling: str) -> None:
    text = spelling.format(str(A).upper())
    record = parse(one_step(id=text, used=[{"id": text}], generated=[{"id": str(B), "type": "t"}]))
    assert (record.steps[0].activity.id, record.steps[0].used[0].dataset) == (A, A)
    assert record.datasets == ()


def test_a_name_stands_for_one_dataset_everywhere() -> None:
    text = json.dumps(
        {
            "fitsprov": 1,
            "datasets": [{"id": "raw_1.fits", "type": "raw"}],
            "activities": [
                {"used": [{"id": "raw_1.fits"}], "generated": [{"id": "a b", "type": "t", "name": "better"}]},
                {"used": [{"id": "a b"}, {"id": "who?"}], "generated": [{"id": str(C), "type": "t"}]},
            ],
        }
    )
    record = parse(text)
    assert [(d.id, d.name, d.stub) for d in record.datasets] == [
        (name_id("raw_1.fits"), "raw_1.fits", False),
        (name_id("who?"), "who?", True),
    ]
    assert record.steps[0].generated[0].name == "better"
    assert [u.dataset for u in record.steps[1].used] == [name_id("a b"), name_id("who?")]


@pytest.mark.parametrize(
    ("file", "uri"),
    [
        ("a.fits", "file:///data/run%201/a.fits"),
        ("../x/./a.fits", "file:///data/x/a.fits"),
        ("/abs/é.fits", "file:///abs/%C3%A9.fits"),
        ("s3://bucket/a.fits", "s3://bucket/a.fits"),
    ],
)
def test_a_file_becomes_an_absolute_uri(file: str, uri: str) -> None:
    record = parse(json.dumps({"fitsprov": 1, "datasets": [{"id": str(A), "type": "t", "file": file}]}))
    assert record.datasets[0].uri == uri


def test_a_relative_root_is_made_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    text = json.dumps({"fitsprov": 1, "datasets": [{"id": str(A), "type": "t", "file": "a.fits"}]})
    record = parse_record(text, source="x", root=Path("sub"))
    assert record.datasets[0].uri == (tmp_path / "sub" / "a.fits").as_uri()


def dataset(**facts: Any) -> str:
    return json.dumps({"fitsprov": 1, "datasets": [{"id": str(A), "type": "t"} | facts]})


MAKES_A, MAKES_B = ({"generated": [{"id": str(x), "type": "t"}]} for x in (A, B))

REFUSED = [
    ("", "the record: null; expected object"),
    ("[]", "the record: []; expected object"),
    ("hello", 'the record: "hello"; expected object'),
    ("{}", "the record: no 'fitsprov'; expected fitsprov"),
    ("fitsprov: 2", "fitsprov: 2; expected 1"),
    ("fitsprov: '1'", 'fitsprov: "1"; expected 1'),
    (
        "fitsprov: 1\ndataset: []",
        "the record: key 'dataset'; expected one of activities, agent, annotations,",
    ),
    ("fitsprov: 1\nrun:", "run: null; expected string"),
    ("fitsprov: 1\nrun: ''", 'run: ""; expected text'),
    ("fitsprov: 1\ntypes: {raw: {category: bogus}}", 'types.raw.category: "bogus"; expected raw or calibration or'),
    ('{"fitsprov": 1, "events": [{"component": "c", "kind": "k", "time": 5}]}', "events[0].time: 5; expected string"),
    (dataset(id=31395008), "datasets[0].id: 31395008; expected string"),
    (dataset(id="00000000-0000-4000-8000-00000000000"), "datasets[0].id: '00000000-0000-4000-8000-00000000000'; exp"),
    (dataset(id="00000000-0000-4000-8000-00000000000g"), "expected a UUID (8-4-4-4-12 hex digits)"),
    (dataset(id="00000000000040008000000000000000"), "expected a UUID (8-4-4-4-12 hex digits)"),
    (dataset(id="ivo://x.org/dr1?17"), "datasets[0].id: 'ivo://x.org/dr1?17'; expected a UUID"),
    (dataset(id=f"urn:uuid:{A}"), "expected a UUID"),
    (dataset(typo=1), "datasets[0]: key 'typo'; expected one of data_id, derived_from, file, id, members, name,"),
    (dataset(data_id={"a": None}), "datasets[0].data_id.a: null; expected string or number or boolean"),
    (dataset(data_id={"a": [1]}), "datasets[0].data_id.a: [1]; expected string or number or boolean"),
    (dataset(data_id={"": 1}), "expected"),
    (dataset(data_id="x" * 100), f'datasets[0].data_id: "{"x" * 58}…; expected object'),
    ('{"fitsprov": 1, "datasets": [{"id": "a"}]}', "datasets[0]: no 'type'; expected id and type"),
    (one_step(), "activities[0]: neither 'id' nor 'generated'; expected one of them"),
    (one_step(id="isr-1"), "activities[0].id: 'isr-1'; expected a UUID"),
    (one_step(id=str(A), started="yesterday 12"), "activities[0].started: 'yesterday 12'; expected a time like 2025-"),
    (one_step(id=str(A), ended="5"), 'activities[0].ended: "5"; expected a time'),
    (one_step(id=str(A), started="0001-01-01T00:00+05:00"), "expected a time like 2025-"),
    (dataset(**{"a\nkey": 1}), r"datasets[0]: key 'a\nkey'; expected"),
    (one_step(id=str(A), config=[1]), "activities[0].config: [1]; expected object"),
    (one_step(id=str(A), used=[{"id": "x", "actual": "no"}]), 'used[0].actual: "no"; expected boolean'),
    (one_step(id=str(A), used=[{"id": "x"}, {"id": "y"}, {"id": "x"}]), "activities[0].used[2]: 'x' twice; expected"),
    (
        json.dumps({"fitsprov": 1, "datasets": [{"id": x, "type": "t", "file": "./f"} for x in "ab"]}),
        "datasets[1].file: './f' is that of dataset a, too; expected one dataset in a file",
    ),
    (
        json.dumps({"fitsprov": 1, "datasets": [{"id": str(A), "type": "t"}] * 2}),
        f"dataset {A}: given as it is and again as it is; expected once",
    ),
    (
        json.dumps({"fitsprov": 1, "activities": [MAKES_A | {"task": "one"}, MAKES_A | {"task": "two"}]}),
        f"dataset {A}: given by activity {activity_id(None, 'one', [A])} and again by activity",
    ),
    (
        json.dumps({"fitsprov": 1, "datasets": [{"id": str(A), "type": "t"}], "activities": [MAKES_A]}),
        f"dataset {A}: given as it is and again by activity",
    ),
    (
        json.dumps({"fitsprov": 1, "activities": [{"id": str(C)}, {"id": str(C)}]}),
        f"activity {C}: given twice; expected once",
    ),
    (
        json.dumps(
            {"fitsprov": 1, "activities": [MAKES_A | {"used": [{"id": str(B)}]}, MAKES_B | {"used": [{"id": str(A)}]}]}
        ),
        "a cycle: ",
    ),
    (json.dumps({"fitsprov": 1, "activities": [MAKES_A | {"used": [{"id": str(A)}]}]}), f"a cycle: {A} → {A};"),
]


@pytest.mark.parametrize(("text", "problem"), REFUSED, ids=[problem[:40] for _, problem in REFUSED])
def test_what_cannot_be_meant_is_refused(text: str, problem: str) -> None:
    with pytest.raises(InvalidRecord) as error:
        parse(text)
    said = str(error.value)
    assert said.startswith("drp.yaml: ")
    assert problem in said
    assert "expected" in said
    assert "\n" not in said


LEAVES = st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.just(str(A))
KEYS = st.sampled_from(
    [
        "run",
        "datasets",
        "activities",
        "used",
        "generated",
        "id",
        "type",
        "data_id",
        "file",
        "config",
        "started",
        "agent",
    ]
)
JUNK = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(KEYS | st.text(max_size=3), inner, max_size=4),
    max_leaves=15,
)


@settings(max_examples=100)
@given(junk=st.dictionaries(KEYS, JUNK, max_size=5))
def test_junk_is_a_record_or_refused(junk: dict[str, Any]) -> None:
    said = ""
    try:
        parse(json.dumps({**junk, "fitsprov": 1}))
    except InvalidRecord as error:
        said = str(error)
    assert not said or (said.startswith("drp.yaml: ") and said.isprintable())
