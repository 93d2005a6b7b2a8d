"""Provenance by ID: what the parameters change."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

import pytest
from prov.model import ProvDocument

from fitsprov.actions.access import read_access
from fitsprov.actions.registering import create_registry
from fitsprov.actions.serving import Archive
from fitsprov.actions.tracing import Question, prov_format, write_prov
from fitsprov.settings import Settings


def name(text: str) -> str:
    """An ID."""
    return str(uuid5(UUID(int=3), text))


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Archive]:
    """A table that a job made of a set of images, which are no parents of it, and those of raws."""
    raws = [{"id": name(f"raw {n}"), "type": "raw", "run": "raw/all"} for n in range(3)]
    steps = [
        {
            "task": "isr",
            "used": [{"id": name(f"raw {n}")}],
            "generated": [{"id": name(f"image {n}"), "type": "image"}],
        }
        for n in range(3)
    ]
    table = {
        "task": "measure",
        "job": {"system": "slurm", "job": "77"},
        "used": [{"id": name("set")}],
        "generated": [{"id": name("table"), "type": "table"}],
    }
    record = {
        "fitsprov": 1,
        "run": "drp/1",
        "datasets": [*raws, {"id": name("set"), "type": "set", "members": [name(f"image {n}") for n in range(3)]}],
        "activities": [*steps, table],
        "metrics": [{"name": "depth", "value": 27.5, "unit": "mag", "dataset": name("table")}],
    }
    url = f"sqlite:///{tmp_path}/fitsprov.db"
    with create_registry(url, base_url="https://example.org") as made:
        made.record(record)
    opened = Archive.open(Settings(registry=url))
    yield opened
    opened.close()


def told(archive: Archive, **given: str) -> dict[str, Any]:
    """A document, as the library takes it, too."""
    question = Question.read({"DEPTH": "ALL", **given})
    text = b"".join(write_prov(archive, [name("table")], prov_format(""), question)).decode()
    assert ProvDocument.deserialize(content=text, format="json").get_records()
    document: dict[str, Any] = json.loads(text)
    return document


def ids(document: dict[str, Any]) -> set[str]:
    """What a document tells of."""
    return {key.partition(":")[2] for key in document["entity"]}


def test_members_are_named_always_and_followed_where_they_are_wanted(archive: Archive) -> None:
    bare, whole = told(archive), told(archive, MEMBERS="1")
    assert len(bare["hadMember"]) == 3
    assert name("image 1") not in ids(bare)
    assert {name(f"{kind} {n}") for kind in ("raw", "image") for n in range(3)} < ids(whole)


def test_runs_are_collections_of_what_is_told(archive: Archive) -> None:
    whole = told(archive, MEMBERS="1")
    runs = {key: one["fitsprov:name"] for key, one in whole["entity"].items() if "fitsprov:Run" in str(one)}
    assert sorted(runs.values()) == ["drp/1", "raw/all"]
    pairs = [(one["prov:collection"], one["prov:entity"]) for one in whole["hadMember"].values()]
    assert sum(runs.get(collection) == "raw/all" for collection, _ in pairs) == 3
    assert len(pairs) == len(set(pairs))


def test_members_are_followed_up_to_the_limit(archive: Archive) -> None:
    few = replace(archive, settings=replace(archive.settings, max_traced=2))
    question = Question.read({"DEPTH": "ALL", "MEMBERS": "true"})
    text = b"".join(write_prov(few, [name("table")], prov_format("VOTable"), question)).decode()
    assert '<INFO name="QUERY_STATUS" value="OVERFLOW"/>' in text


def test_steps_tell_of_jobs(archive: Archive) -> None:
    assert "wasInfluencedBy" not in told(archive)
    whole = told(archive, STEPS="1")
    ((step),) = whole["wasInfluencedBy"].values()
    assert whole["activity"][step["prov:influencee"]]["prov:label"] == "slurm 77"
    assert whole["activity"][step["prov:influencer"]]["fitsprov:task"] == "measure"


def test_what_was_measured_is_told(archive: Archive) -> None:
    (metric,) = (one for one in told(archive)["entity"].values() if "fitsprov:Metric" in str(one["prov:type"]))
    assert (metric["prov:value"], metric["fitsprov:unit"]) == ("27.5", "mag")
    assert metric["fitsprov:about"]["$"].endswith(name("table"))


def test_what_is_hidden_is_in_no_document(archive: Archive) -> None:
    rules = {"others": "hidden", "rule": [{"type": "image", "groups": ["survey"]}]}
    access = read_access(rules, "rules")
    seen = replace(archive, access=access).seen_by(access.caller({}, None))
    hidden = {name(f"image {n}") for n in range(3)}
    for switch in ("0", "1"):
        text = json.dumps(told(seen, MEMBERS=switch))
        assert "hadMember" not in text or switch == "1"
        assert not [one for one in hidden if one in text]
        assert "27.5" in text
    assert all(one in json.dumps(told(archive)) for one in hidden)
